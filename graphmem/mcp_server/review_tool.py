"""The tool `memory_review`: a person reviews a proposal in a form of the client, or is asked in words.

The arguments of the tool are an agent's and name the proposal alone. The verdict comes from the client's user, through
an elicitation. A client without that gets a question for its user with the command that answers it: nothing is written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from pydantic import ValidationError

from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.mcp_server.tool_callers import ToolCaller
    from graphmem.service import GraphMemory

    Opened = Callable[[], tuple[GraphMemory, ToolCaller]]
    #: Runs work with the caller's memory in a worker thread.
    Run = Callable[[Callable[[Opened], Any]], Awaitable[Any]]

REVIEW_TOOL = "memory_review"
_Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """The form that a client's user fills in, and the answer for a client that shows no forms."""

    request: ElicitRequestFormParams
    question: CallToolResult


async def review(context: _Context, params: CallToolRequestParams, run: Run) -> CallToolResult | InputRequiredResult:
    """Return the result of `memory_review`, or a request that the client must answer first.

    Args:
        context: The request's session.
        params: The call.
        run: Runs work in a worker thread.
    """
    arguments = dict(params.arguments or {})
    key = f"{REVIEW_TOOL} {arguments.get('id')}"
    response = (params.input_responses or {}).get(key)
    if not isinstance(response, ElicitResult):
        form = await run(partial(_form, arguments))
        if not isinstance(form, ReviewForm):
            unasked: CallToolResult | InputRequiredResult = form  # an error, or a request for the client's folders
            return unasked
        if not _shows_forms(context):
            return form.question
        if not context.session.can_send_request:
            return InputRequiredResult(input_requests={key: ElicitRequest(params=form.request)})
        try:
            schema = form.request.requested_schema
            response = await context.session.elicit_form(form.request.message, schema, context.request_id)
        except (MCPError, ValidationError):
            return form.question
    result: CallToolResult | InputRequiredResult = await run(partial(_answered, arguments, response))
    return result


def _shows_forms(context: _Context) -> bool:
    """Return whether the client declares elicitation in forms; an empty declaration means forms."""
    capabilities = context.session.client_capabilities
    declared = None if capabilities is None else capabilities.elicitation
    return declared is not None and (declared.form is not None or declared.url is None)


def _form(arguments: dict[str, Any], open_memory: Opened) -> ReviewForm | CallToolResult:
    from graphmem.mcp_server.review_answers import form_of

    return form_of(arguments, open_memory)


def _answered(arguments: dict[str, Any], response: ElicitResult, open_memory: Opened) -> CallToolResult:
    from graphmem.mcp_server.review_answers import answer_of

    return answer_of(arguments, response, open_memory)

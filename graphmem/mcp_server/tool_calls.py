"""Runs a call of a tool: checks the arguments, marks untrusted text in the answer, and turns errors into results."""

from __future__ import annotations

import json
import logging
import secrets
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult, TextContent

from graphmem.briefing.block import ContextBlock
from graphmem.errors import Conflict, GraphMemError, Unsupported
from graphmem.marks import unmarked
from graphmem.mcp_server.budget import fitted
from graphmem.mcp_server.call_progress import CallCancelled
from graphmem.mcp_server.marked_documents import Marking
from graphmem.mcp_server.tool_arguments import SearchArguments, parse_arguments
from graphmem.mcp_server.tool_callers import ToolCaller
from graphmem.mcp_server.tools import tools_of
from graphmem.model import Scope
from graphmem.retrieval.briefs import BriefAnswer
from graphmem.retrieval.cursors import sealed
from graphmem.secrets.redaction import without_secrets
from graphmem.service import GraphMemory
from graphmem.service.memory import context_of
from graphmem.service.recall_recording import unrecorded
from graphmem.verbs import Profile
from graphmem.vocabulary import Permission

_log = logging.getLogger("graphmem.mcp")


def call_tool(
    name: str, raw: dict[str, Any], open_memory: Callable[[], tuple[GraphMemory, ToolCaller]]
) -> CallToolResult:
    """Return the result of a call.

    An error has its code and message; the message of an unexpected exception is only logged.
    """
    return run_tool(name, raw, open_memory, tools_of(Profile.FULL)[name].run)


def run_tool(
    name: str,
    raw: dict[str, Any],
    open_memory: Callable[[], tuple[GraphMemory, ToolCaller]],
    run: Callable[[GraphMemory, ToolCaller, Any], object],
) -> CallToolResult:
    """Return the result of a call of a tool whose work is done by a function; see `call_tool`."""
    tool = tools_of(Profile.FULL)[name]
    marking: Marking | None = None
    try:
        arguments = parse_arguments(tool.arguments, {key: _bare_id(key, value) for key, value in raw.items()})
        memory, caller = open_memory()
        caller.require(tool.permission)
        # A caller who may write without reading gets an answer too, whose text must be marked.
        marking = _marking(memory, caller.scope_for(arguments.scope, is_write=not tool.is_read_only))
        with nullcontext() if caller.may_write else unrecorded():
            answer = run(memory, caller, arguments)
        if isinstance(answer, ContextBlock):
            # Its Markdown alone: fields besides would cost the reader the budget once more.
            return CallToolResult(content=[TextContent(type="text", text=_block_text(answer))])
        if isinstance(answer, BriefAnswer) and isinstance(arguments, SearchArguments):
            document, text = fitted(answer, arguments.budget, marking.document)
            return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=document)
        document = marking.document(answer)
    except GraphMemError as problem:
        error = _error(problem)
        return _failed(error if marking is None else marking.error(error))
    except CallCancelled:
        raise
    except Exception:  # noqa: BLE001 - the surface's outermost edge
        _log.error("%s failed: %s", name, without_secrets(traceback.format_exc()))
        return _failed(_error(GraphMemError("the server failed; the cause is in its log")))
    return CallToolResult(content=[_text(document)], structured_content=document)


def read_text(
    reading: Callable[[GraphMemory, Scope], object], open_memory: Callable[[], tuple[GraphMemory, ToolCaller]]
) -> str:
    """Return the answer of a reading in the caller's scope as JSON, with marks around untrusted text.

    Raises:
        MCPError: The reading was refused.
    """
    marking: Marking | None = None
    try:
        memory, caller = open_memory()
        caller.require(Permission.READ)
        scope = caller.scope_for(Scope(), is_write=False)
        marking = _marking(memory, scope)
        with nullcontext() if caller.may_write else unrecorded():
            return json.dumps(_bare(marking.document(reading(memory, scope))), ensure_ascii=False)
    except GraphMemError as problem:
        error = _error(problem)
        error = error if marking is None else marking.error(error)
        raise MCPError(INVALID_PARAMS, error["message"]) from problem


def _block_text(block: ContextBlock) -> str:
    """Return a block's Markdown, or a sentence if it is empty."""
    empty = "Nothing is recorded about this." if block.since is None else "Nothing changed."
    return block.markdown or f"{empty} Position {block.at.seq}."


def _bare_id(name: str, value: object) -> object:
    """Return an argument; if it is an id in the mark of an answer, without the mark."""
    return unmarked(value) if name in _IDS and isinstance(value, str) else value


_IDS = frozenset({"id", "old", "new", "by"})


def _marking(memory: GraphMemory, scope: Scope) -> Marking:
    return Marking(scope, partial(_origins, memory, scope), partial(_sign, memory, scope))


def _origins(memory: GraphMemory, scope: Scope, keys: Sequence[str]) -> dict[str, str]:
    """Return the origins of memories by their ids, without memories that the caller cannot see."""
    try:
        view = context_of(memory).content_view(scope, keys)
    except Unsupported:
        return dict(_origins_over_http(memory, scope, keys))
    memories = {key: view.memory(key) for key in keys}
    return {key: item.statement.origin.value for key, item in memories.items() if item is not None and item.statement}


def _origins_over_http(memory: GraphMemory, scope: Scope, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    for key in keys:
        with suppress(GraphMemError):
            yield key, memory.get(key, scope=scope).statement.origin.value


def _sign(memory: GraphMemory, scope: Scope, text: str) -> str:
    """Return a digest under the tenant's secret.

    A memory on a server does not disclose that secret, so its digests use a secret of this process.
    """
    try:
        return context_of(memory).seal(scope, "marks", text)
    except Unsupported:
        return sealed(_PROCESS_SECRET, "marks", text)


_PROCESS_SECRET = secrets.token_hex()


def _error(problem: GraphMemError) -> dict[str, Any]:
    heads = list(problem.heads) if isinstance(problem, Conflict) else []
    message = without_secrets(str(problem))
    return {"code": problem.code, "message": message, "is_retryable": problem.is_retryable, "heads": heads}


def _failed(error: dict[str, Any]) -> CallToolResult:
    document = {"error": error}
    return CallToolResult(content=[_text(document)], structured_content=document, is_error=True)


def _text(document: object) -> TextContent:
    return TextContent(type="text", text=json.dumps(_bare(document), ensure_ascii=False))


def _bare(value: object) -> object:
    """Return the value without empty fields, for the text of a result."""
    if isinstance(value, dict):
        return {key: _bare(entry) for key, entry in value.items() if entry not in (None, [], {}, "")}
    return [_bare(element) for element in value] if isinstance(value, list) else value

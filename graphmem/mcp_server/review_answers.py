"""The question that `memory_review` puts to a person, and the record of the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult

from graphmem.answers import Card
from graphmem.mcp_server.review_question import ReviewAnswer, ReviewArguments, ask_in_words, proposal_of
from graphmem.mcp_server.review_tool import REVIEW_TOOL, ReviewForm
from graphmem.mcp_server.tool_callers import ToolCaller
from graphmem.mcp_server.tool_calls import run_tool
from graphmem.model import Origin
from graphmem.service import GraphMemory, Write
from graphmem.service.capture import Review

_MOST_CHARS = 2_000
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {
            "type": "string",
            "title": "Verdict",
            "description": "accept its words as yours, edit them, or reject it",
            "enum": [verdict.value for verdict in Review],
        },
        "reason": {"type": "string", "title": "Reason", "description": "Why, in a sentence.", "minLength": 1},
        "statement": {"type": "string", "title": "Your words", "description": "Only for edit: the statement."},
    },
    "required": ["verdict", "reason"],
}


def form_of(
    raw: dict[str, Any], open_memory: Callable[[], tuple[GraphMemory, ToolCaller]]
) -> ReviewForm | CallToolResult:
    """Return the form for a proposal; an error as the result of the call."""
    shown: list[Card] = []

    def ask(memory: GraphMemory, caller: ToolCaller, arguments: ReviewArguments) -> ReviewAnswer:
        answer = ask_in_words(memory, caller, arguments)
        shown.append(answer.proposal)
        return answer

    question = run_tool(REVIEW_TOOL, raw, open_memory, ask)
    if question.is_error or not shown:
        return question
    statement = shown[0].statement
    text = "\n\n".join(part for part in (statement.title, statement.body, statement.rationale) if part)
    message = f"A {statement.kind} waits for your review ({shown[0].id}):\n\n{text[:_MOST_CHARS]}"
    return ReviewForm(ElicitRequestFormParams(message=message, requested_schema=_SCHEMA), question)


def answer_of(
    raw: dict[str, Any], response: ElicitResult, open_memory: Callable[[], tuple[GraphMemory, ToolCaller]]
) -> CallToolResult:
    """Record the verdict of a person, and return the result of the call."""
    return run_tool(REVIEW_TOOL, raw, open_memory, partial(_record, response))


def _record(
    response: ElicitResult, memory: GraphMemory, caller: ToolCaller, arguments: ReviewArguments
) -> ReviewAnswer:
    card = proposal_of(memory, caller, arguments)
    if response.action != "accept":
        return ReviewAnswer(False, "The user did not review it; it waits on.", card)  # noqa: FBT003
    fields = {name: value for name, value in (response.content or {}).items() if isinstance(value, str)}
    verdict, words = fields.get("verdict", ""), fields.get("statement", "").strip()
    write = Write(
        scope=caller.scope_for(arguments.scope, is_write=True),
        actor=caller.actor,
        reason=fields.get("reason"),
        origin=Origin.HUMAN,
    )
    statement = (words or None) if verdict == Review.EDIT else None
    written = memory.review(card.id, verdict, statement=statement, write=write)  # type: ignore[arg-type]
    return ReviewAnswer(True, f"The user's verdict: {verdict}.", card, written)  # noqa: FBT003

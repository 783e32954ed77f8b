"""Carrying out a call: arguments in, the written form of the answer out, our codes for errors."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from mcp_types import CallToolResult, TextContent

from graphmem.errors import Conflict, GraphMemError, Unsupported
from graphmem.mcp_server.arguments import SearchArguments, parsed
from graphmem.mcp_server.budget import fitted
from graphmem.mcp_server.callers import Caller
from graphmem.mcp_server.marking import Marking
from graphmem.mcp_server.marks import unmarked
from graphmem.mcp_server.tools import tools_of
from graphmem.model import Scope
from graphmem.retrieval.briefs import BriefAnswer
from graphmem.retrieval.paging import sealed
from graphmem.service import GraphMemory
from graphmem.service.memory import desk_of
from graphmem.verbs import Profile

_log = logging.getLogger("graphmem.mcp")


def called(name: str, given: dict[str, Any], opened: Callable[[], tuple[GraphMemory, Caller]]) -> CallToolResult:
    """The result of a call; what goes wrong is told with its code, and nothing of what nobody foresaw."""
    tool = tools_of(Profile.FULL)[name]
    marking: Marking | None = None
    try:
        asked = parsed(tool.takes, {key: _bare_id(key, one) for key, one in given.items()})
        memory, caller = opened()
        caller.require(tool.permission)
        # As for the call itself: whoever may write need not be allowed to read, and the words told must be marked.
        marking = _marking(memory, caller.place(asked.place, is_write=not tool.is_read_only))
        answer = tool.run(memory, caller, asked)
        if isinstance(answer, BriefAnswer) and isinstance(asked, SearchArguments):
            told, text = fitted(answer, asked.budget, marking.document)
            return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=told)
        told = marking.document(answer)
    except GraphMemError as refusal:
        error = _error(refusal)
        return _refused(error if marking is None else marking.error(error))
    except Exception:  # noqa: BLE001 - the surface's outermost edge
        _log.exception("%s failed", name)
        return _refused(_error(GraphMemError("something went wrong in the server; its log says what")))
    return CallToolResult(content=[_text(told)], structured_content=told)


def _bare_id(name: str, given: object) -> object:
    """An argument that names a memory without the mark in which an answer gave its id; any other as it is."""
    return unmarked(given) if name in _IDS and isinstance(given, str) else given


_IDS = frozenset({"id", "old", "new", "by"})


def _marking(memory: GraphMemory, scope: Scope) -> Marking:
    return Marking(scope, partial(_origins, memory, scope), partial(_sign, memory, scope))


def _origins(memory: GraphMemory, scope: Scope, keys: Sequence[str]) -> dict[str, str]:
    """The origins of memories by their ids; those that the caller does not see are left out."""
    try:
        view = desk_of(memory).view_alone(scope, keys)
    except Unsupported:
        return dict(_origins_over_http(memory, scope, keys))
    found = {key: view.memory(key) for key in keys}
    return {key: one.statement.origin.value for key, one in found.items() if one is not None and one.statement}


def _origins_over_http(memory: GraphMemory, scope: Scope, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    for key in keys:
        with suppress(GraphMemError):
            yield key, memory.get(key, scope=scope).statement.origin.value


def _sign(memory: GraphMemory, scope: Scope, text: str) -> str:
    """A digest under the tenant's secret; of a memory on a server, which does not tell it, under this process's own."""
    try:
        return desk_of(memory).seal(scope, "marks", text)
    except Unsupported:
        return sealed(_OWN_SECRET, "marks", text)


_OWN_SECRET = secrets.token_hex()


def _error(refusal: GraphMemError) -> dict[str, Any]:
    heads = list(refusal.heads) if isinstance(refusal, Conflict) else []
    return {"code": refusal.code, "message": str(refusal), "is_retryable": refusal.is_retryable, "heads": heads}


def _refused(error: dict[str, Any]) -> CallToolResult:
    told = {"error": error}
    return CallToolResult(content=[_text(told)], structured_content=told, is_error=True)


def _text(told: object) -> TextContent:
    return TextContent(type="text", text=json.dumps(_bare(told), ensure_ascii=False))


def _bare(value: object) -> object:
    """Without what is empty: a model reads the rest."""
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items() if one not in (None, [], {}, "")}
    return [_bare(one) for one in value] if isinstance(value, list) else value

"""Carrying out a call: arguments in, the written form of the answer out, our codes for errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from mcp_types import CallToolResult, TextContent

from graphmem.errors import Conflict, GraphMemError, NotFound
from graphmem.mcp_server.arguments import parsed
from graphmem.mcp_server.marking import UNTRUSTED, Outside, marked, named_elsewhere
from graphmem.mcp_server.tools import TOOLS, Caller
from graphmem.model import Scope
from graphmem.service import GraphMemory
from graphmem.wire.documents import document

_log = logging.getLogger("graphmem.mcp")


def called(name: str, given: dict[str, Any], opened: Callable[[], tuple[GraphMemory, Caller]]) -> CallToolResult:
    """The result of a call; what goes wrong is told with its code, and nothing of what nobody foresaw."""
    tool = TOOLS[name]
    try:
        asked = parsed(tool.takes, given)
        memory, caller = opened()
        answer = document(tool.run(memory, caller, asked))
        # As for the call itself: whoever may write need not be allowed to read, and the words told must be marked.
        scope = caller.place(Scope(repo=getattr(asked, "repo", None)), is_write=not tool.is_read_only)
        told = marked(answer, _outside(memory, scope, answer))
    except GraphMemError as refusal:
        return _refused(refusal)
    except Exception:  # noqa: BLE001 - the surface's outermost edge
        _log.exception("%s failed", name)
        return _refused(GraphMemError("something went wrong in the server; its log says what"))
    return CallToolResult(content=[_text(told)], structured_content=told)


def _outside(memory: GraphMemory, scope: Scope, answer: object) -> dict[str, Outside]:
    """The untrusted ones among the memories that an answer names without showing them."""
    found: dict[str, Outside] = {}
    for key in dict.fromkeys(named_elsewhere(answer)):
        try:
            said = memory.get(key, scope=scope).memory.statement
        except NotFound:
            continue
        if said is not None and said.origin.value in UNTRUSTED:
            found[key] = Outside(said.title, said.origin.value)
    return found


def _refused(refusal: GraphMemError) -> CallToolResult:
    heads = list(refusal.heads) if isinstance(refusal, Conflict) else []
    error = {"code": refusal.code, "message": str(refusal), "is_retryable": refusal.is_retryable, "heads": heads}
    told = {"error": error}
    return CallToolResult(content=[_text(told)], structured_content=told, is_error=True)


def _text(told: object) -> TextContent:
    return TextContent(type="text", text=json.dumps(_bare(told), ensure_ascii=False))


def _bare(value: object) -> object:
    """Without what is empty: a model reads the rest."""
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items() if one not in (None, [], {}, "")}
    return [_bare(one) for one in value] if isinstance(value, list) else value

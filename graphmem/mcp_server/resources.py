"""Memories and timelines as resources of MCP: `graphmem://memories/ID` and `graphmem://timelines/SUBJECT`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ListResourceTemplatesResult, ReadResourceResult, ResourceTemplate
from mcp_types import TextResourceContents as Text

if TYPE_CHECKING:
    from graphmem.mcp_server.tool_callers import ToolCaller
    from graphmem.model import Scope
    from graphmem.service import GraphMemory

_MEMORIES, _TIMELINES = "graphmem://memories/", "graphmem://timelines/"
_JSON = "application/json"

TEMPLATES = ListResourceTemplatesResult(
    resource_templates=[
        ResourceTemplate(
            name="memory",
            title="A memory",
            uri_template=f"{_MEMORIES}{{id}}",
            description="A memory as a whole, and why it is in force or not.",
            mime_type=_JSON,
        ),
        ResourceTemplate(
            name="timeline",
            title="A timeline",
            uri_template=f"{_TIMELINES}{{subject}}",
            description="Everything about a subject, such as stack.database, with its times.",
            mime_type=_JSON,
        ),
    ]
)


def read_resource(uri: str, open_memory: Callable[[], tuple[GraphMemory, ToolCaller]]) -> ReadResourceResult:
    """Return a resource, untrusted text between marks.

    Raises:
        MCPError: There is no such resource, or the caller may not read it.
    """
    from graphmem.mcp_server.tool_calls import read_text

    text = read_text(_reading_of(uri), open_memory)
    return ReadResourceResult(contents=[Text(uri=uri, mime_type=_JSON, text=text)])


def _reading_of(uri: str) -> Callable[[GraphMemory, Scope], object]:
    for prefix in (_MEMORIES, _TIMELINES):
        name = unquote(uri.removeprefix(prefix)) if uri.startswith(prefix) else ""
        if name and prefix == _MEMORIES:
            return lambda memory, scope: memory.explain(name, scope=scope)
        if name:
            return lambda memory, scope: memory.timeline(subject=name, scope=scope)
    raise MCPError(INVALID_PARAMS, f"no resource {uri[:200]!r}; there are {_MEMORIES}ID and {_TIMELINES}SUBJECT")

"""Prompts of MCP for people who settle contradictions and proposals that agents left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, GetPromptResult, ListPromptsResult, Prompt, PromptMessage, TextContent

if TYPE_CHECKING:
    from graphmem.mcp_server.tool_callers import ToolCaller
    from graphmem.model import Scope
    from graphmem.service import GraphMemory

#: Proposals that one prompt shows.
_MOST = 50
_CONFLICTS = """These memories contradict each other, and nobody has decided between them. For each conflict, say what
both sides claim, what speaks for each, and which command would settle it. Change nothing before I choose."""
_PROPOSALS = """These memories are proposed and not in force. For each, say who proposed it, why, and what it would
change. Change nothing before I choose."""
_PROMPTS: Mapping[str, tuple[str, str]] = {
    "conflicts": ("Contradictions that nobody has decided", _CONFLICTS),
    "proposals": ("Memories that are only proposed", _PROPOSALS),
}
PROMPTS = ListPromptsResult(prompts=[Prompt(name=name, title=title) for name, (title, _) in _PROMPTS.items()])


def get_prompt(name: str, open_memory: Callable[[], tuple[GraphMemory, ToolCaller]]) -> GetPromptResult:
    """Return a prompt with what is open now, untrusted text between marks.

    Raises:
        MCPError: There is no such prompt, or the caller may not read.
    """
    from graphmem.mcp_server.tool_calls import read_text

    if name not in _PROMPTS:
        raise MCPError(INVALID_PARAMS, f"no prompt {name[:200]!r}; there are {', '.join(_PROMPTS)}")
    title, instruction = _PROMPTS[name]
    text = f"{instruction}\n\n{read_text(_conflicts if name == 'conflicts' else _proposals, open_memory)}"
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=title, messages=[message])


def _conflicts(memory: GraphMemory, scope: Scope) -> object:
    return memory.conflicts(scope=scope)


def _proposals(memory: GraphMemory, scope: Scope) -> object:
    from graphmem.model import Status
    from graphmem.store import Filter

    return memory.list(Filter(statuses=(Status.PROPOSED,)), limit=_MOST, scope=scope)

"""The list of tools for clients, made from their arguments and answers; `tools.json` in this package is its output."""

from __future__ import annotations

from mcp_types import ListToolsResult, ToolAnnotations
from mcp_types import Tool as Listed

from graphmem.briefing.block import ContextBlock
from graphmem.mcp_server.answer_schemas import shape
from graphmem.mcp_server.tool_arguments import schema
from graphmem.mcp_server.tools import Tool, tools_of
from graphmem.verbs import Profile


def listing(profile: Profile = Profile.CORE) -> str:
    """Return the list of a profile as JSON; `tools.json` holds the list of `core`."""
    result = ListToolsResult(tools=[_listed(tool) for tool in tools_of(profile).values()])
    return result.model_dump_json(by_alias=True, exclude_none=True, indent=1) + "\n"


def _listed(tool: Tool) -> Listed:
    # A tool that only reads is neither destructive nor repeatable with an effect: the protocol reads no more into it.
    is_changing = False if not tool.is_read_only else None
    hints = ToolAnnotations(read_only_hint=tool.is_read_only, destructive_hint=is_changing, open_world_hint=False)
    return Listed(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema(tool.arguments),
        output_schema=None if tool.answer is ContextBlock else shape(tool.answer),
        annotations=hints,
    )

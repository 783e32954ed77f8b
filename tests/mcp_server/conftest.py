from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult

from graphmem.mcp_server.tool_callers import LocalCaller
from graphmem.mcp_server.tool_server import make_server
from graphmem.opening import open_memory
from graphmem.service import GraphMemory
from graphmem.verbs import Profile
from tests.fake_embedder import no_embedder
from tests.store_template import place_empty_store

Result = TypeVar("Result")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    with open_memory(str(place_empty_store(tmp_path / "m.db")), actor="ada", embedder=no_embedder) as memory:
        yield memory


@dataclass(frozen=True, slots=True)
class Agent:
    """The SDK's own client, connected for one thing at a time."""

    target: Any

    def __call__(self, act: Callable[[Client], Awaitable[Result]]) -> Result:
        async def connected() -> Result:
            async with Client(self.target) as client:
                return await act(client)

        return anyio.run(connected)

    def call(self, tool: str, **given: object) -> CallToolResult:
        """The result of a tool."""
        return self(lambda client: client.call_tool(tool, given))

    def told(self, tool: str, **given: object) -> dict[str, Any]:
        """The structured result of a call that must succeed."""
        done = self.call(tool, **given)
        assert not done.is_error, done.structured_content
        told: dict[str, Any] = done.structured_content
        return told

    def error(self, tool: str, **given: object) -> dict[str, Any]:
        """What a call that must fail says."""
        done = self.call(tool, **given)
        assert done.is_error
        told: dict[str, Any] = done.structured_content["error"]
        return told


@pytest.fixture
def agent(memory: GraphMemory) -> Agent:
    """A client of a server in this process."""

    def opening(_: Mapping[str, Any] | None) -> tuple[GraphMemory, LocalCaller]:
        return memory, LocalCaller(memory.scope)

    return Agent(make_server(opening))


@pytest.fixture
def full_agent(memory: GraphMemory) -> Agent:
    """A client of a server with all tools."""
    return Agent(make_server(lambda _: (memory, LocalCaller(memory.scope)), profile=Profile.FULL))

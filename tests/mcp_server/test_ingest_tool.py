"""The tool that reads a repository: its progress, its cancellation, and how a cancelled call is continued."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult

from graphmem.mcp_server.tool_callers import LocalCaller
from graphmem.mcp_server.tool_server import make_server
from graphmem.model import Scope
from graphmem.opening import open_memory
from graphmem.service import GraphMemory
from graphmem.verbs import Profile
from tests.fake_embedder import no_embedder
from tests.sources.git.repositories import Repository

RULES = 1_000
Told = Callable[[float, anyio.CancelScope], None]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with many rules."""
    made = Repository.made(tmp_path / "r")
    rules = "".join(f"- Write module {number} without global state\n" for number in range(RULES))
    made.write(AGENTS_dot_md=f"# Rules\n\n{rules}")
    made.commit()
    return made.root


def opened(folder: Path) -> GraphMemory:
    return open_memory(str(folder / "m.db"), create=True, scope=Scope(repo="r"), embedder=no_embedder)


def ingested(
    memory: GraphMemory, folder: Path, told: Callable[[float, anyio.CancelScope], None]
) -> CallToolResult | None:
    """Call the tool with the SDK's client; return its result, or None if the call was cancelled meanwhile."""
    server = make_server(lambda _: (memory, LocalCaller(memory.scope, folder=folder)), profile=Profile.FULL)

    async def act() -> CallToolResult | None:
        async with Client(server) as client:
            with anyio.CancelScope() as scope:

                async def progressed(progress: float, total: float | None, message: str | None) -> None:
                    assert total is not None
                    assert message
                    told(progress, scope)

                return await client.call_tool("memory_ingest", {}, progress_callback=progressed)
        return None

    return anyio.run(act)


def titles(memory: GraphMemory) -> list[str]:
    count = memory.status().memories
    return sorted(card.title for card in memory.list(limit=count).cards) if count else []


def test_a_repository_is_read_with_progress_that_only_grows(tmp_path: Path, repository: Path) -> None:
    steps: list[float] = []
    with opened(tmp_path) as memory:
        result = ingested(memory, repository, lambda done, _: steps.append(done))
        assert result is not None
        told: Any = result.structured_content
        assert [(source["name"], source["added"]) for source in told["sources"]] == [("rules", RULES)]
        assert (told["commits"], told["failed"]) == (1, [])
    assert len(steps) > 2
    assert steps == sorted(set(steps))


def test_a_cancelled_call_stops_between_batches_and_the_next_one_continues(tmp_path: Path, repository: Path) -> None:
    with opened(tmp_path) as memory:

        def cancel_midway(done: float, scope: anyio.CancelScope) -> None:
            if done > 200:  # the first batch of rules is written
                scope.cancel()

        assert ingested(memory, repository, cancel_midway) is None
        recorded = memory.status().memories
        assert recorded < RULES
        assert memory.check() == []
        assert ingested(memory, repository, lambda _done, _scope: None) is not None
        assert len(titles(memory)) == len(set(titles(memory))) == RULES


def test_a_server_elsewhere_cannot_read_the_clients_folder(memory: GraphMemory) -> None:
    server = make_server(lambda _: (memory, LocalCaller(memory.scope)), profile=Profile.FULL)

    async def act() -> CallToolResult:
        async with Client(server) as client:
            return await client.call_tool("memory_ingest", {})

    result: Any = anyio.run(act).structured_content
    assert result["error"]["code"] == "unsupported"

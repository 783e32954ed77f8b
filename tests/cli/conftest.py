"""Runs commands in this process, against a store of its own and a clock that ticks a second a look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from graphmem import GraphMemory, Scope
from graphmem.cli.app import app
from graphmem.opening import open_memory
from tests.fake_embedder import no_embedder
from tests.store_template import place_empty_store

START = datetime(2026, 1, 1, tzinfo=UTC)


class Tool:
    """`graphmem` on one store; every call opens and closes it, as separate processes do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def open(self, url: str | None, stands: Mapping[str, str | None]) -> GraphMemory:
        scope = replace(Scope(), **stands)  # type: ignore[arg-type]
        place = url or str(place_empty_store(self.folder / "memory.db"))
        return open_memory(place, scope=scope, actor="ada", clock=self.clock, embedder=no_embedder)

    def run(self, *words: str, text: str | None = None) -> Result:
        return CliRunner().invoke(app, words, input=text, obj=self.open, prog_name="graphmem")

    def out(self, *words: str, text: str | None = None) -> str:
        """Standard output of a command that must succeed."""
        done = self.run(*words, text=text)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *words: str, text: str | None = None) -> Any:  # noqa: ANN401
        return json.loads(self.out(*words, "--json", text=text))

    def add(self, title: str, *words: str) -> str:
        """Record a memory that holds since 2020; returns its id."""
        key: str = self.json("add", title, "--start", "2020-01-01", *words)["ids"][0]
        return key

    def memory(self) -> closing[GraphMemory]:
        return closing(self.open(None, {}))


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path)


@pytest.fixture
def chain(tool: Tool) -> tuple[str, str]:
    """Ids of two memories, the second of which took over from the first in 2023."""
    old = tool.add("The database is MySQL", "--subject", "stack.database", "--alias", "ADR-1")
    new = tool.json("supersede", old, "The database is PostgreSQL", "--at", "2023-01-01")["ids"][1]
    return old, new

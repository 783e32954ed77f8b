from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import graphmem
from graphmem import GraphMemory, Scope
from tests.fake_embedder import no_embedder

HERE = Scope("acme", "acme/shop")


class Clock:
    """Tells a time that a test sets, a second later at each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


def opened(path: Path, clock: Clock) -> GraphMemory:
    return graphmem.open(str(path), create=True, scope=HERE, actor="ann", clock=clock, embedder=no_embedder)


@pytest.fixture
def memory(path: Path, clock: Clock) -> Iterator[GraphMemory]:
    with opened(path, clock) as memory:
        yield memory

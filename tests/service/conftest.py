from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from graphmem.model import Scope
from graphmem.service import GraphMemory, ServiceContext
from graphmem.store import Store
from tests.fake_embedder import no_embedder
from tests.stores import backend, store

__all__ = ["backend", "store"]

REPO = Scope(repo="r")


class TickingClock:
    """Stands still until told, but for a second at every look: no two writes share a moment."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def memory(store: Store, clock: TickingClock) -> GraphMemory:
    return GraphMemory(ServiceContext(store, scope=REPO, actor="tester", clock=clock, embedder=no_embedder))


def day(number: int, month: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)

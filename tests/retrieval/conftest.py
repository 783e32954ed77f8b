from __future__ import annotations

import pytest

from graphmem.model import Operation, Scope
from graphmem.temporal import View
from tests.laws.world import R, ids_in, send
from tests.oracle.planned import PlannedStore


class World:
    """A store to which operations are sent, and the views that readers have of it."""

    def __init__(self) -> None:
        self.store = PlannedStore()

    def play(self, *operations: Operation, by: Scope = R) -> None:
        for operation in operations:
            send(self.store, f"op{self.store.position(R).seq}", operation, by)

    def view(self, reader: Scope = R) -> View:
        rows = self.store.rows(reader, ids_in(self.store.changes(reader)))
        return View(rows, reader, self.store.position(reader).seq)


@pytest.fixture
def world() -> World:
    return World()

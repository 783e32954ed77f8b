from __future__ import annotations

from datetime import datetime

import pytest

from graphmem.model import Anchor, AnchorKind, Kind, Statement
from graphmem.service import GraphMemory, ServiceContext
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock, day

__all__ = ["day"]


class Told:
    """A memory that decisions are told to by short names; the ids are the names."""

    def __init__(self) -> None:
        self.clock = TickingClock()
        context = ServiceContext(OracleStore(), scope=REPO, actor="", clock=self.clock, embedder=no_embedder)
        self.memory = GraphMemory(context)
        self.ids: dict[str, str] = {}

    def add(self, name: str, start: datetime, *files: str, **said: object) -> str:
        """Record a decision about some files; returns its id."""
        anchors = tuple(Anchor(AnchorKind.FILE, file, "r") for file in files)
        statement = Statement(title=name, kind=Kind.DECISION, anchors=anchors, **said)  # type: ignore[arg-type]
        self.ids[name] = self.memory.add(statement, start=start).ids[0]
        return self.ids[name]

    def supersede(self, old: str, new: str, at: datetime) -> None:
        """Let one that was told take over from another."""
        self.memory.supersede(self.ids[old], self.ids[new], at=at)

    def names(self, *ids: str) -> list[str]:
        """The names of ids."""
        known = {key: name for name, key in self.ids.items()}
        return [known[key] for key in ids]


@pytest.fixture
def told() -> Told:
    return Told()

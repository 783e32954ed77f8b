"""How a projection is kept up to its ledger: a page at a time after writes, and never at the cost of a write."""

from __future__ import annotations

import pytest

from graphmem.errors import StoreUnavailable
from graphmem.service import projector
from graphmem.service.projector import Projector
from tests.oracle import OracleStore
from tests.projection.kept import Kept
from tests.projection.test_drawing import TENANT, opened
from tests.service.conftest import TickingClock, day


def test_vectors_of_another_model_start_it_anew_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what the database says, whatever model the store of this process remembers."""
    kept = Kept(seq=0, model="old", current="old")
    memory = opened(OracleStore(), kept, TickingClock())
    memory.add("First", start=day(1))
    starts: list[str] = []

    def switch_off(tenant: str) -> None:
        assert not starts, "it started anew again"
        starts.append(tenant)
        Kept.switch_off(kept, tenant)

    monkeypatch.setattr(kept, "switch_off", switch_off)
    kept.current = "new"
    memory.add("Second", start=day(1))
    memory.add("Third", start=day(1))
    assert (starts, kept.seq, kept.model) == ([TENANT], 3, "new")


def test_a_write_carries_no_more_than_a_page_of_a_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "_PAGE", 3)
    store, kept = OracleStore(), Kept()
    memory = opened(store, kept, TickingClock())
    for number in range(6):
        memory.add(f"Number {number}", start=day(1))
    kept.switch_on(TENANT)
    memory.add("After it was switched on", start=day(1))
    assert kept.seq == 3
    Projector(store, kept).catch_up(TENANT)
    assert kept.seq == 7


def test_a_write_stands_though_nobody_knows_whether_it_is_to_be_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> bool:
        raise StoreUnavailable("gone")

    kept = Kept(seq=0)
    monkeypatch.setattr(kept, "is_on", fail)
    memory = opened(OracleStore(), kept, TickingClock())
    assert memory.add("First", start=day(1)).ids
    assert "behind its ledger" in caplog.text

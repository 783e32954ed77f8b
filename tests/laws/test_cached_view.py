"""What a view tells of memories whose chains were not read."""

from __future__ import annotations

import pytest

from graphmem.model import FOREVER, Confirm, Operation
from graphmem.rows import CachedRows, Rows
from graphmem.temporal import CachedView, View
from tests.laws.world import ANN, BOB, R, add, day, send, supersede
from tests.oracle.planned import PlannedStore

HELD = ((day(2), FOREVER),)


@pytest.fixture
def cached() -> CachedRows:
    """`B`, settled after it superseded `A`; `P`, settled and Ann's own; `C`, with its chain."""
    store = PlannedStore()
    done: tuple[Operation, ...] = (add("A"), add("B"), supersede("A", "B", 2), Confirm("B"), add("C"))
    for number, operation in enumerate(done):
        send(store, f"o{number}", operation)
    send(store, "private", add("P", home=ANN), ANN)
    rows = store.rows(R, "ABCP")
    return CachedRows(
        chained=store.rows(R, "C"),
        holding=dict.fromkeys("BP", HELD),
        settled={key: rows.memories[key] for key in "BP"},
        confirmations=rows.confirmations,
    )


def test_a_settled_memory_is_in_force_when_the_cache_says_so(cached: CachedRows) -> None:
    view = CachedView(cached, R, 6)
    assert (view.is_settled("B"), view.is_settled("C")) == (True, False)
    assert (view.holding("B"), view.holds("B", day(3)), view.holds("B", day(1))) == (HELD, True, False)
    assert view.holding("C") == ((day(0), FOREVER),)


def test_a_settled_memory_has_its_words_and_its_confirmation_only(cached: CachedRows) -> None:
    view = CachedView(cached, R, 6)
    assert view.memory("B") is not None
    assert view.confirmed_at("B") is not None
    assert (view.moves("B"), view.edges_into("B")) == ([], [])
    assert (view.is_of("C"), view.is_of("BC")) == (True, False)


def test_what_the_reader_may_not_see_is_hidden_although_it_is_settled(cached: CachedRows) -> None:
    assert CachedView(cached, ANN, 6).holds("P", day(3))
    assert CachedView(cached, BOB, 6).memory("P") is None
    assert not CachedView(cached, BOB, 6).holds("P", day(3))
    assert CachedView(cached, R, 1).memory("B") is None


def test_rows_have_nothing_settled(cached: CachedRows) -> None:
    assert cached.ids == {"B", "C", "P"}
    assert View(cached.chained, R, 6).known.keys() == {"C"}
    assert CachedRows().chained == Rows()

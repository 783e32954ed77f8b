"""Feedback on every store: an entry that names its memory, and changes nothing else."""

from __future__ import annotations

import pytest

from graphmem.errors import InvalidInput, NotFound
from graphmem.feedback import Feedback, Opinion
from graphmem.model import Erase
from graphmem.store import Store
from tests.contract.scenario import sorted_rows
from tests.laws.world import ANN, R, add, send


def test_feedback_is_an_entry_about_its_memory(store: Store) -> None:
    send(store, "added", add("A"))
    before = sorted_rows(store.rows(R, ["A"]))
    change = send(store, "rated", Feedback("A", Opinion.USEFUL))
    assert (change.seq, change.operation) == (2, Feedback("A", Opinion.USEFUL))
    assert store.changes_of(R, "A")[-1] == change
    assert sorted_rows(store.rows(R, ["A"])) == before
    assert store.check() == []


def test_feedback_on_what_is_not_seen_is_refused(store: Store) -> None:
    send(store, "added", add("P", home=ANN), ANN)
    for key in ("P", "nobody"):
        with pytest.raises(NotFound):
            send(store, f"rated {key}", Feedback(key, Opinion.WRONG))
    assert send(store, "by ann", Feedback("P", Opinion.WRONG), ANN).seq == 2


def test_feedback_stays_when_its_memory_is_erased(store: Store) -> None:
    send(store, "added", add("A"))
    change = send(store, "rated", Feedback("A", Opinion.WRONG))
    send(store, "gone", Erase("A"))
    assert store.changes(R, after=1, limit=1) == [change]
    assert store.check() == []


@pytest.mark.parametrize("opinion", [Opinion.CONFIRMED, "lovely"])
def test_only_opinions_that_change_nothing_are_feedback(opinion: Opinion) -> None:
    with pytest.raises(InvalidInput, match="is no feedback; there are useful, not_useful, wrong"):
        Feedback("A", opinion)

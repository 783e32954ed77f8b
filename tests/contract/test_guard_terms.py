"""The terms that guard knows, alike on every store."""

from __future__ import annotations

from graphmem.model import Alternative, Outcome
from graphmem.store import Store
from tests.laws.world import R, add, send


def test_the_terms_of_live_memories_are_listed_once(store: Store) -> None:
    rejected = (Alternative("pytz", Outcome.REJECTED, keys=("pkg:pypi/pytz",)),)
    send(store, "1", add("a", subject=None, alternatives=rejected))
    send(store, "2", add("b", subject=None, alternatives=rejected))
    send(store, "3", add("c", subject=None))
    assert store.guard_terms(R) == ["import:python:pytz", "pkg:pypi/pytz"]

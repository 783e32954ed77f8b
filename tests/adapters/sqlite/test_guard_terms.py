"""The terms of guard in a file of an earlier release, and after a change by hand."""

from __future__ import annotations

from pathlib import Path

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.model import Alternative, Outcome
from tests.adapters.sqlite.given import MAIN, add, path, raw, send, store

__all__ = ["path", "store"]

PYTZ = (Alternative("pytz", Outcome.REJECTED, "", ("pkg:pypi/pytz",)),)
TERMS = ["pkg:pypi/pytz"]


def test_an_older_store_gets_the_terms_of_its_memories(store: SQLiteStore, path: Path) -> None:
    send(store, add("a", alternatives=PYTZ), add("b"))
    store.close()
    with raw(path) as database:
        database.execute("DROP TABLE guard_term; UPDATE meta SET value = '6' WHERE key = 'schema_version'")
    with SQLiteStore.open(path, create=False) as again:
        assert again.guarding(MAIN, TERMS, limit=9) == ["a"]
        assert again.check() == []


def test_a_term_that_is_missing_is_found_by_check(store: SQLiteStore, path: Path) -> None:
    send(store, add("a", alternatives=PYTZ))
    with raw(path) as database:
        database.execute("DELETE FROM guard_term")
    assert {one.area for one in store.check()} == {"guard terms"}


def test_the_last_recorded_come_first_up_to_the_limit(store: SQLiteStore) -> None:
    send(store, *(add(key, f"No pytz, said {key}", alternatives=PYTZ) for key in "abc"))
    assert store.guarding(MAIN, TERMS, limit=2) == ["c", "b"]

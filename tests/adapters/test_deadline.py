"""Stores stop reading for an answer that nobody waits for any more, and are as good as new afterwards."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from graphmem.adapters.neo4j.database import Address, Database
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.adapters.sqlite.connection import Connections
from graphmem.deadline import deadline, reading_until
from graphmem.errors import StoreUnavailable
from graphmem.store import Filter, Store
from tests.laws.world import R, add, send
from tests.servers import Access
from tests.stores import BACKENDS, opened

_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
_HOURS_LONG = (
    "UNWIND range(1, 100000) AS i UNWIND range(1, 100000) AS j UNWIND range(1, 1000) AS k RETURN sum(i % (j + k))"
)
_DURABLE = [one for one in BACKENDS if one.is_durable]


@pytest.fixture(params=_DURABLE, ids=lambda backend: backend.name)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with opened(request.param, tmp_path) as store:
        send(store, "first", add("A"))
        yield store


def _listed(store: Store) -> list[str]:
    return store.select(R, Filter(), at=None, before=99, limit=9)


def test_nothing_is_read_past_the_deadline(store: Store) -> None:
    with reading_until(time.monotonic()), pytest.raises(StoreUnavailable, match="in time"):
        _listed(store)
    assert _listed(store) == ["A"]


def test_a_write_is_not_broken_off(store: Store) -> None:
    with reading_until(time.monotonic()):
        send(store, "second", add("B"))
    assert _listed(store) == ["B", "A"]


def test_a_statement_on_a_file_is_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    SQLiteStore.open(path, create=True).close()
    connections = Connections(path)
    with (
        reading_until(time.monotonic() + 0.2),
        pytest.raises(StoreUnavailable, match="in time"),
        connections.reading() as it,
    ):
        it.execute(_ENDLESS).fetchall()
    with connections.reading() as again:
        assert isinstance(again, apsw.Connection)
        assert again.execute("SELECT count(*) FROM (VALUES (1), (2))").fetchall() == [(2,)]
    connections.close(checkpoint=False)


def test_a_statement_on_a_server_is_broken_off(neo4j: Access) -> None:
    link = Database(Address.read(neo4j.url), neo4j.login, patience_s=60)
    with reading_until(time.monotonic() + 0.2), pytest.raises(StoreUnavailable):
        link.records(_HOURS_LONG, {})
    assert link.records("RETURN 1 AS one", {})[0]["one"] == 1
    link.close()


def test_the_earlier_of_two_deadlines_counts() -> None:
    with reading_until(5), reading_until(9):
        assert deadline() == 5
        with reading_until(3):
            assert deadline() == 3
        assert deadline() == 5
    assert deadline() == math.inf

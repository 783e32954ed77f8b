"""What the tests of the embedded store start from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import apsw
import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.adapters.sqlite.connection import connect
from graphmem.model import Add, Change, Memory, Move, Operation, Provenance, Request, Scope, Statement, Status
from graphmem.rows import Rows
from tests.store_template import place_empty_store

MAIN = Scope("acme", repo="shop")
DAY = timedelta(days=1)
START = datetime(2024, 1, 1, tzinfo=UTC)

_numbers = count(1)


def clock() -> datetime:
    """A fixed time: recorded times still rise."""
    return START


def chance(seed: int) -> random.Random:
    """Random choices that are the same in every run."""
    return random.Random(seed)  # noqa: S311 - no secret is made of them


def add(key: str, title: str | None = None, *, scope: Scope = MAIN, at: datetime = START, **said: object) -> Request:
    """A request that records an active memory."""
    statement = Statement(title=title or f"Memory {key}", **said)  # type: ignore[arg-type]
    return Request(f"add {key}", Add(Memory(key, scope, statement), (Move(Status.ACTIVE, at),)), scope)


def send(store: SQLiteStore, *operations: Operation | Request, reason: str | None = None) -> list[Change]:
    """Apply operations in one write."""
    requests = [
        one if isinstance(one, Request) else Request(f"op {next(_numbers)}", one, MAIN, Provenance(reason=reason))
        for one in operations
    ]
    return store.apply(requests, clock=clock)


def ids(store: SQLiteStore, reader: Scope = MAIN) -> list[str]:
    """Ids of all live memories of the reader, in recorded order."""
    return sorted(store.without_vector(reader, 10_000))


def everything(store: SQLiteStore, reader: Scope = MAIN) -> tuple[Rows, list[Change]]:
    """All rows and all entries of a tenant."""
    changes = store.changes(reader, limit=10_000)
    names = [one.operation.memory.id for one in changes if isinstance(one.operation, Add)]
    return store.rows(reader, names), changes


def raw(path: Path) -> closing[apsw.Connection]:
    """A connection past the store, to look and to tamper."""
    return closing(connect(path, is_writer=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore.open(place_empty_store(path), create=False) as opened:
        yield opened

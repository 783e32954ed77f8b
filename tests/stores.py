"""Every store that the suites run on; a backend that is missing skips with its reason, and fails in CI."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from graphmem.store import Store
from tests.oracle import OracleStore
from tests.oracle.planned import PlannedStore
from tests.servers import neo4j_server
from tests.store_template import place_empty_store


@dataclass(frozen=True, slots=True)
class Backend:
    """A way to open a store.

    Attributes:
        open: Opens the store of a folder, made on first use; the same folder gives the same store again.
        missing: Why it cannot be opened here; None if it can.
        is_durable: Whether what was written is there after closing and opening again.
        has_backup: Whether it can write a copy of itself while others go on.
    """

    name: str
    open: Callable[[Path], Store]
    missing: str | None = None
    is_durable: bool = False
    has_backup: bool = True


def _sqlite(folder: Path) -> Store:
    from graphmem.adapters.sqlite import SQLiteStore

    return SQLiteStore.open(place_empty_store(folder / "graphmem.db"), create=False)


def _neo4j(folder: Path) -> Store:
    """A database is wiped when a folder is first opened; what is restored into stands on the calendar release."""
    from graphmem.adapters.neo4j import Neo4jStore

    access = neo4j_server(1 if folder.name == "target" else 0)
    mark = folder / "neo4j"
    if not mark.exists():
        access.wipe()
        mark.touch()
    return Neo4jStore.open(access.url, create=True, login=access.login)


def _missing(module: str) -> str | None:
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    return None if found is not None else f"{module} is not there"


BACKENDS = (
    Backend("oracle", lambda _: OracleStore()),
    Backend("planned", lambda _: PlannedStore()),
    Backend("sqlite", _sqlite, _missing("graphmem.adapters.sqlite.store"), is_durable=True),
    Backend("neo4j", _neo4j, is_durable=True, has_backup=False),
)


def absent() -> list[str]:
    """A line for each backend that cannot be tested here."""
    return [f"{one.name}: {one.missing}" for one in BACKENDS if one.missing is not None]


@contextmanager
def opened(backend: Backend, folder: Path) -> Iterator[Store]:
    """The store, closed afterwards."""
    need(backend)
    store = backend.open(folder)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn."""
    found: Backend = request.param
    need(found)
    return found


@pytest.fixture
def store(backend: Backend, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each backend in turn."""
    with opened(backend, tmp_path) as store:
        yield store


def need(backend: Backend) -> None:
    """Skip a test whose backend is missing, or fail it in CI."""
    if backend.missing is None:
        return
    if os.environ.get("CI"):
        pytest.fail(f"backend {backend.name} is missing in CI: {backend.missing}")
    pytest.skip(backend.missing)

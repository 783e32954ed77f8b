"""Stores on the shared server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.errors import StoreUnavailable
from tests.servers import Access

#: More than any write takes on a busy machine.
PATIENT_S = 120.0


@contextmanager
def opened(place: Access, url: str | None = None, *, patience_s: float = PATIENT_S) -> Iterator[Neo4jStore]:
    """A store there, or behind another URL that leads there."""
    with Neo4jStore.open(url or place.url, create=True, login=place.login, patience_s=patience_s) as store:
        yield store


@contextmanager
def impatient(place: Access, url: str, *, patience_s: float) -> Iterator[Neo4jStore]:
    """A store that gives up soon; opening it is tried until it works, which takes longer where the machine is busy."""
    while True:
        try:
            found = Neo4jStore.open(url, create=True, login=place.login, patience_s=patience_s)
        except StoreUnavailable:
            continue
        with found as store:
            yield store
        return

"""Stores on the session's server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graphmem.adapters.neo4j import Neo4jStore
from tests.servers import Access

#: More than any write takes on a busy machine.
PATIENT_S = 120.0


@contextmanager
def opened(place: Access, url: str | None = None, *, patience_s: float = PATIENT_S) -> Iterator[Neo4jStore]:
    """A store there, or behind another URL that leads there."""
    with Neo4jStore.open(url or place.url, create=True, login=place.login, patience_s=patience_s) as store:
        yield store

"""One of several servers: opened when it is first needed, and tried by one call at a time once it proved to be down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from graphmem.adapters.neo4j.store import Neo4jStore
from graphmem.errors import CommitUnknown, CorruptStore, GraphMemError, StoreUnavailable, Unsupported

Result = TypeVar("Result")

#: Errors that say something of a server, whose name then stands before them.
_OF_A_SERVER = (StoreUnavailable, CommitUnknown, Unsupported, CorruptStore)


class Shard:
    """A named store that is opened lazily.

    A call to a server that is down waits for it as long as its patience lasts. When that has run out for one call, the
    next ones are refused at once while one of them tries again: else calls for this shard would take every thread of a
    process from those for the others.

    Args:
        name: As in the file of shards.
        opening: Opens the store of a name.
    """

    def __init__(self, name: str, opening: Callable[[str], Neo4jStore]) -> None:
        self.name = name
        self._opening = opening
        self._store: Neo4jStore | None = None
        self._guard = threading.Lock()
        self._attempt = threading.Lock()
        self._failure: StoreUnavailable | None = None

    @property
    def store(self) -> Neo4jStore | None:
        """The store if a call opened it; asks no server."""
        return self._store

    def call(self, work: Callable[[Neo4jStore], Result]) -> Result:
        """What `work` returns on the store; errors name the shard."""
        with self._named(), self._trying():
            return work(self._opened())

    def lines(self, work: Callable[[Neo4jStore], Iterator[str]]) -> Iterator[str]:
        """As `call`, line by line."""
        with self._named(), self._trying():
            yield from work(self._opened())

    def close(self) -> None:
        """End every connection; safe to call twice."""
        with self._guard:
            if self._store is not None:
                self._store.close()

    def _opened(self) -> Neo4jStore:
        store = self._store
        if store is None:
            before = self._failure
            with self._guard:
                if self._store is None:
                    if self._failure is not before and self._failure is not None:  # who waited here need not try too
                        raise self._failure
                    self._store = self._open()
                store = self._store
        return store

    def _open(self) -> Neo4jStore:
        try:
            return self._opening(self.name)
        except StoreUnavailable as exc:
            self._failure = exc
            raise

    @contextmanager
    def _trying(self) -> Iterator[None]:
        failure = self._failure
        is_alone = failure is not None
        if failure is not None and not self._attempt.acquire(blocking=False):
            raise StoreUnavailable(f"{failure} (another call is trying again)") from failure
        try:
            yield
        except StoreUnavailable as exc:
            self._failure = exc if _is_down(exc) else None
            raise
        else:
            self._failure = None
        finally:
            if is_alone:
                self._attempt.release()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except _OF_A_SERVER as exc:
            raise self._with_name(exc) from exc

    def _with_name(self, exc: GraphMemError) -> GraphMemError:
        hint = ""
        if _is_refused_login(exc):
            hint = f"; for this shard alone: GRAPHMEM_NEO4J_USER_{self.name.upper()} and so on"
        return type(exc)(f"shard {self.name!r}: {exc}{hint}")


def _is_down(exc: StoreUnavailable) -> bool:
    """Whether the server could not be reached, rather than that it said no."""
    from neo4j.exceptions import DriverError

    return isinstance(exc.__cause__, DriverError)


def _is_refused_login(exc: GraphMemError) -> bool:
    from neo4j.exceptions import Neo4jError

    cause = exc.__cause__
    return isinstance(cause, Neo4jError) and (cause.code or "").startswith("Neo.ClientError.Security")

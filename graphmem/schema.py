"""The schema of a store: its version, its differences from this release's schema, and its vector indexes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from graphmem.deferred_dataclass import dataclass
from graphmem.store import Progress, silent


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """The measured quality of an approximate vector index.

    Attributes:
        recall: The mean share of the exact nearest neighbours that the index returns, 0 to 1.
        neighbours: The number of neighbours per query.
        sample: The number of queries: stored vectors drawn at random.
        measured_at: The time of the measurement.
    """

    recall: float
    neighbours: int
    sample: int
    measured_at: datetime


class Drift(StrEnum):
    """A kind of difference between a store's schema and this release's."""

    PENDING = "pending"
    MISSING = "missing"
    ALTERED = "altered"
    EXTRA = "extra"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """A migration or object of a store's schema that differs from this release's; `what` describes the difference."""

    drift: Drift
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The version of a store's schema.

    Attributes:
        version: The number of the last applied migration; 0 before the first.
        latest: The number of the last migration of this release.
        pending: Names of the migrations not yet applied, in order.
    """

    version: int
    latest: int
    pending: tuple[str, ...]


class Schema(Protocol):
    """The schema of a store; unlike a `Store`, it can be opened in any state."""

    @property
    def makes_missing(self) -> bool:
        """True if `apply` also creates missing objects of migrations that were applied."""
        ...

    def status(self) -> SchemaState:
        """Return the version and the pending migrations."""
        ...

    def apply(self) -> SchemaState:
        """Apply pending migrations; safe to repeat and to run in several processes at once.

        Raises:
            Unsupported: A newer release wrote the schema, or a migration was applied from another text.
            CorruptStore: An existing object prevents a migration, and a person must decide; the message names it.
        """
        ...

    def diff(self) -> list[SchemaDifference]:
        """Return the differences between the store and the migrations; empty if they agree."""
        ...

    def try_write(self) -> None:
        """Begin a write and roll it back; requires a schema of this release.

        Raises:
            StoreUnavailable: A write would be refused, or another writer holds the lock for too long.
        """
        ...

    def close(self) -> None:
        """Close the store."""
        ...


@runtime_checkable
class IndexedSchema(Schema, Protocol):
    """The schema of a store that supports approximate vector indexes."""

    def index_vectors(self, progress: Progress = silent) -> Mapping[str, VectorIndex]:
        """Create, fill and measure an approximate vector index; return it by database name ("" for a single database).

        Raises:
            Unsupported: The store has no vectors yet.
        """
        ...

    def drop_vector_index(self) -> None:
        """Drop the vector indexes; searches compare vectors exactly again."""
        ...

    def vector_indexes(self) -> Mapping[str, VectorIndex | None]:
        """Return the vector indexes that searches can use, by database name; None before a measurement."""
        ...

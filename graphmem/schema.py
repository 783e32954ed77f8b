"""The schema of a store: how far it is, how it differs from this release's, and the index of vectors beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from graphmem.store import Progress, silent


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An approximate index of vectors, as it was measured.

    Attributes:
        recall: The mean share of the truly nearest that it finds, 0 to 1.
        neighbours: How many nearest were asked for.
        sample: For how many stored vectors, drawn at random.
        measured_at: When.
    """

    recall: float
    neighbours: int
    sample: int
    measured_at: datetime


class Drift(StrEnum):
    """In which way a store's schema differs from this release's."""

    PENDING = "pending"
    MISSING = "missing"
    ALTERED = "altered"
    EXTRA = "extra"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """One thing of a schema that is not as this release has it; `what` says how."""

    drift: Drift
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How far a store's schema is.

    Attributes:
        version: The last migration that was applied; 0 if none was.
        latest: The last one of this release.
        pending: Names of those still to be applied, in their order.
    """

    version: int
    latest: int
    pending: tuple[str, ...]


class Schema(Protocol):
    """The schema of one store, which need not be in a state that a `Store` can be opened on."""

    @property
    def makes_missing(self) -> bool:
        """Whether `apply` also makes what is missing of migrations that were applied."""
        ...

    def status(self) -> SchemaState:
        """How far it is."""
        ...

    def apply(self) -> SchemaState:
        """Bring it to this release; changes nothing if it is there, and may run in several processes at once.

        Raises:
            Unsupported: A newer release wrote it, or a migration was applied from another text.
            CorruptStore: Something stands in the way that only a person can decide on; the message names it.
        """
        ...

    def diff(self) -> list[SchemaDifference]:
        """What the store has against what the migrations say; empty if they agree."""
        ...

    def try_write(self) -> None:
        """Begin a write as others do, and give it up: nothing is written. Only on a schema of this release.

        Raises:
            StoreUnavailable: A write would be refused, or waits for somebody who does not let go.
        """
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


@runtime_checkable
class IndexedSchema(Schema, Protocol):
    """The schema of a store that can have an approximate index of vectors."""

    def index_vectors(self, progress: Progress = silent) -> Mapping[str, VectorIndex]:
        """Make, complete and measure an approximate index of vectors, by the name of each database ("" for the only).

        Raises:
            Unsupported: The store has no vectors yet.
        """
        ...

    def drop_vector_index(self) -> None:
        """Remove that index; searches compare exactly again."""
        ...

    def vector_indexes(self) -> Mapping[str, VectorIndex | None]:
        """The indexes of vectors that searches can use, as `index_vectors` names them; None where one is unmeasured."""
        ...

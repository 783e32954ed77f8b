"""The Store port: the methods that a storage engine implements for graphmem.

An adapter executes the result of `graphmem.temporal.plan` under its tenant's write lock, and returns rows: at least
those that a reader sees, more only of branches or of what is not in force, none of another tenant, user or environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from graphmem.deferred_dataclass import dataclass, field
from graphmem.errors import InvalidInput
from graphmem.model import Change, Kind, Origin, Point, Request, Scope, Status
from graphmem.repository.filter_reach import NOTHING_BESIDES, FilterReach
from graphmem.rows import CachedRows, Rows, SourceRow
from graphmem.vocabulary import word_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: A unit vector of 32-bit floats.
    Vector = NDArray[np.float32]

Clock = Callable[[], datetime]
#: Called with the number of finished steps and the total.
Progress = Callable[[int, int], None]


def silent(_done: int, _total: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The filter of a read; an empty field admits every memory, several values admit any of them.

    Attributes:
        paths: Exact paths, folders ending in `/` or globs (`*`, `**`, `?`) of file anchors, symbol files, source keys.
        components: Names of component or module anchors.
        reach: What the paths and components reach besides; answers fill it in.
        statuses: Own states at the requested time; for superseded memories use `include_history`.
        min_confidence: Compared with the stated confidence, not the decayed confidence.
        include_history: Also return memories that are not in force, each with its intervals.
    """

    kinds: tuple[Kind, ...] = ()
    labels: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    reach: FilterReach = NOTHING_BESIDES
    languages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    origins: tuple[Origin, ...] = ()
    min_confidence: float = 0.0
    include_history: bool = False

    def __post_init__(self) -> None:
        for name, words in (("kinds", Kind), ("statuses", Status), ("origins", Origin)):
            object.__setattr__(self, name, tuple(word_of(words, value) for value in getattr(self, name)))
        if not 0.0 <= self.min_confidence <= 1.0:
            raise InvalidInput(f"min_confidence {self.min_confidence!r} is not between 0 and 1")


@dataclass(frozen=True, slots=True)
class Page:
    """The largest number of answers, and the opaque, stable cursor of the previous page."""

    limit: int = 10
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """The query of a search.

    Attributes:
        terms: The query's terms by `graphmem.terms`, without duplicates.
        names: Normalised identifiers and titles (`graphmem.ranking.name_key`) to look up exactly.
        vector: Unit vector of the query, or None for a search without vectors.
        model: The model of the vector: vectors of another model are not compared. None skips this check.
        limit: Largest number of lexical matches, and of vector matches, best first.
        is_weighed: True if each match has full evidence, not only the evidence by which it was found.
    """

    terms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    vector: Vector | None = None
    model: ModelCard | None = None
    limit: int = 100
    is_weighed: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """The similarity of a memory to a probe.

    Attributes:
        words: A value from 0 to 1 for each of the probe's terms, in order: the term's share of its idf in the memory's
            BM25 score.
        cosine: Similarity of the vectors; None if either is missing.
    """

    words: tuple[float, ...] = ()
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """Memories that match a probe, in force or not.

    Attributes:
        lexical: (id, BM25 score by Lucene's formula), best first, ties by id. The corpus of the formula is every
            live memory of the tenant at latest: scores are comparable only within an answer.
        vector: (id, cosine), best first, ties by id.
        named: name key to the ids that carry it as alias or title, ids sorted.
        rows: The rows of all matches.
        seq: The ledger position of the answer.
        model: The embedding model of the store's vectors; None if there are none.
        note: A remark if vectors were not compared exactly as requested.
        weights: The weight of each of the probe's terms, in order. Only for a weighed probe, like the evidence.
        evidence: The evidence of each match.
        unheld: The probe's terms that no memory of the corpus has. Only for a weighed probe.
        last_reading: Ledger position of the tenant's last entry about code (`Store.readings`), 0 if there is none;
            None if the store does not say.
    """

    lexical: tuple[tuple[str, float], ...] = ()
    vector: tuple[tuple[str, float], ...] = ()
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: CachedRows = field(default_factory=CachedRows)
    seq: int = 0
    model: ModelCard | None = None
    note: str | None = None
    weights: tuple[float, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    unheld: frozenset[str] = frozenset()
    last_reading: int | None = field(default=None, compare=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """All matches without duplicates: by name first, then lexical, then by vector."""
        named = [key for ids in self.named.values() for key in ids]
        return tuple(dict.fromkeys([*named, *(key for key, _ in self.lexical), *(key for key, _ in self.vector)]))


@dataclass(frozen=True, slots=True)
class Rivals:
    """Memories that may be in force for some subjects at a point; at most `limit`, last recorded first."""

    subjects: tuple[str, ...]
    at: Point
    limit: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A memory one step from another in the graph: over a typed link, or over a common anchor."""

    memory: str
    of: str
    over: str


@dataclass(frozen=True, slots=True)
class Nearby:
    """The neighbours of some memories: a step for each pair, and the neighbours' rows if requested."""

    steps: tuple[Neighbour, ...] = ()
    rows: CachedRows = field(default_factory=CachedRows)


@dataclass(frozen=True, slots=True)
class Position:
    """A ledger position and its time; before the first entry, `seq` is 0 and the time None.

    Attributes:
        last_reading: As in `Matches`; None unless the position is the last of the ledger.
    """

    seq: int
    recorded_at: datetime | None
    last_reading: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The embedding model of a store's vectors."""

    name: str
    dimension: int
    weights_hash: str


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """The state of a store; counts are those of a single tenant.

    Attributes:
        head: The hash of the tenant's last ledger entry: equal heads mean equal ledgers.
        is_restoring: A restore into the tenant is unfinished; until it finishes, other writes are refused.
        pending_erasures: Number of erased memories whose text is in the log until earlier readers end.
    """

    url: str
    schema_version: int
    model: ModelCard | None
    memories: int
    changes: int
    vectors: int
    size_bytes: int | None
    head: str
    is_restoring: bool
    pending_erasures: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """An inconsistency that `check` found; `what` names the stored and the expected value."""

    area: str
    what: str


class Store(Protocol):
    """An open storage engine. Safe to use from several threads and, if the engine allows it, several processes."""

    # ---- writing

    def apply(
        self,
        requests: Sequence[Request],
        *,
        clock: Clock,
        vectors: Mapping[str, Vector] | None = None,
        model: ModelCard | None = None,
    ) -> list[Change]:
        """Plan and execute requests of a tenant in order, in a single atomic and durable transaction.

        A request whose `op_id` is already in the ledger changes nothing and returns the first entry. If an add
        confirmed an existing memory instead, later requests refer to that memory by the id that the add chose
        (`graphmem.temporal.StandIns`).

        Args:
            requests: At least one; all writers belong to the same tenant.
            clock: Read once per request, inside the transaction.
            vectors: Memory id to unit vector, for memories that these requests add.
            model: The model of the vectors; None for the store's. It is compared in the transaction: a store without a
                model adopts it; vectors of a model other than the store's are dropped, the memories are added.

        Raises:
            GraphMemError: As `graphmem.temporal.plan`, and `Conflict` for an `op_id` used with another payload; then no
                request is written.
        """
        ...

    def restore(
        self, lines: Iterable[str], *, tenant: str, progress: Progress = silent, clock: Clock | None = None
    ) -> int:
        """Copy an export into an empty tenant verbatim, including recorded times; return the number of entries.

        Every line is verified before the first is written: its types, its hashes, and that it is a valid successor of
        the lines before it. Lines are then written in parts, each atomic and durable. An interrupted run continues when
        the same export, or an extension of it, is restored again. Until it finishes, readers see the written part of
        the ledger, `check` reports the unfinished restore, and other writes to the tenant raise `Conflict`. Vectors are
        restored if the store has none of another model. If the tenant has the export's ledger, nothing is written.

        Args:
            lines: The output of `export`.
            tenant: Of the export and of the target.
            progress: Called with the number of entries, first before anything is written and then after each part; an
                exception from it interrupts the restore there.
            clock: Entries recorded more than a day after its time are refused: later entries must follow them.

        Raises:
            InvalidInput: A line is not the output of `export`; the message has its number. Or the tenant holds a ledger
                that is neither this export nor a beginning of it left by an unfinished restore.
            CorruptStore: The hash chain of the export is broken, or a line cannot come from a write; the message has
                its number.
            Conflict: Another export is being restored into the tenant at the same time.
        """
        ...

    def save_vectors(self, reader: Scope, vectors: Mapping[str, Vector], *, model: ModelCard | None = None) -> None:
        """Set vectors of existing memories; those of erased or unknown memories are ignored. `model` is as in `apply`.

        Raises:
            Conflict: The store has adopted another model; nothing was written.
        """
        ...

    def adopt_model(self, card: ModelCard, reader: Scope | None = None) -> None:
        """Record the embedding model; if it differs from the recorded one, all vectors are dropped.

        Args:
            card: The model of future vectors.
            reader: Only the part of the store with this tenant; None for the whole store.
        """
        ...

    # ---- reading

    def tenants(self) -> list[str]:
        """Return the names of all tenants with ledger entries, sorted."""
        ...

    def model(self, reader: Scope | None = None) -> ModelCard | None:
        """Return the embedding model of the stored vectors; None if there are none.

        Args:
            reader: Where this tenant is kept; None for the whole store.
        """
        ...

    def secret(self, reader: Scope) -> str:
        """Return the tenant's random secret, from which keys of digests are derived; "" before the first entry."""
        ...

    def position(self, reader: Scope, moment: datetime | None = None) -> Position:
        """Return the position of the last ledger entry, or of the last at or before a time."""
        ...

    def pin(self, reader: Scope, moment: datetime) -> Position:
        """Return `position`; later entries are recorded after this time, whatever the clocks of writers show.

        A time after the last entry is stored durably, under the tenant's write lock.

        Raises:
            Conflict: The time is after the last entry of a tenant that is being restored.
            StoreUnavailable: The time must be stored, and the store cannot be written.
        """
        ...

    def changes(self, reader: Scope, *, after: int = 0, limit: int = 1000) -> list[Change]:
        """Return ledger entries of the tenant after the position `after`, in order."""
        ...

    def change_by_op_id(self, reader: Scope, op_id: str) -> Change | None:
        """Return the ledger entry of an `op_id`; None if it was never used in the tenant."""
        ...

    def changes_of(self, reader: Scope, memory: str) -> list[Change]:
        """Return the ledger entries that name a memory, and those that revoke such an entry, in order."""
        ...

    def readings(self, reader: Scope, repo: str | None, *, after: int = 0) -> list[Change]:
        """Return the entries in order that are about the code of a repository, or its links to others.

        Args:
            reader: Its tenant.
            repo: The repository; None for readings that no repository is named for.
            after: Only entries after this ledger position.
        """
        ...

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        """Return the rows of memories and of their chains; unknown ids are left out.

        Args:
            reader: The reader's scope.
            ids: Memories, in any home scope of the tenant.
            is_alone: Only the memories and their own moves are needed: their chains may be left out.
        """
        ...

    def rows_with_rivals(self, reader: Scope, ids: Sequence[str], rivals: Rivals) -> CachedRows:
        """Return the rows of memories and of the memories that may be in force for some subjects; none is settled.

        Args:
            reader: The reader's scope.
            ids: Memories, in any home scope of the tenant.
            rivals: Read if the reader admits their home. While the ledger is at their point's position, those that the
                cache marks as not in force at its instant for all readers may be left out.
        """
        ...

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """Return ids of memories that pass the filter, last recorded first.

        Args:
            reader: Only memories whose home it admits.
            where: `statuses` is ignored: the kernel applies it.
            at: If given, the read is of the latest ledger position, and memories that the cache marks as not in force
                at that instant for all readers may be left out.
            before: Only memories recorded before this ledger position.
            limit: Largest number of ids.
        """
        ...

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """Return memories that pass the filter and match the probe, with their rows.

        Args:
            reader: Only memories whose home it admits.
            probe: The query.
            where: `statuses` is ignored: the kernel applies it.
            seq: Only memories recorded at or before it; None for the latest position.
            at: If given, a memory that the cache marks as in force at that instant for all readers may be returned as
                settled, if the ledger is at `seq`, or if no entry after its own names the memory.
        """
        ...

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """Return memories one step away over typed links or shared anchors, those over rarer anchors first.

        Supersessions and anchors of whole repositories do not count. Links and memories recorded after `seq` are left
        out; revoked links are included, because the kernel decides on them.

        Args:
            reader: Only memories whose home it admits.
            ids: The memories from which the steps start.
            seq: The last ledger position that counts.
            limit: Largest number of steps.
            at: If given, also return the rows of the memories, settled as in `match` if no step to them is a link.
        """
        ...

    def contested_subjects(self, reader: Scope) -> dict[str, tuple[str, ...]]:
        """Return the subjects of two or more visible memories, each with the ids of these memories."""
        ...

    def forked(self, reader: Scope) -> list[str]:
        """Return ids of memories with full open-ended edges from two or more ledger entries."""
        ...

    def declared_conflicts(self, reader: Scope) -> list[tuple[str, str]]:
        """Return source and target of `conflicts_with` links between memories whose home the reader admits, sorted."""
        ...

    def ids_beginning(self, reader: Scope, prefix: str, *, limit: int) -> list[str]:
        """Return ids of live memories with this prefix and a home that the reader admits, sorted, at most `limit`."""
        ...

    def guarding(self, reader: Scope, terms: Sequence[str], *, limit: int) -> list[str]:
        """Return ids of live memories with one of `graphmem.guard.index_terms`, last recorded first."""
        ...

    def guard_terms(self, reader: Scope) -> list[str]:
        """Return the distinct terms that `guarding` knows, sorted; at least those of memories the reader sees."""
        ...

    def guiding(self, reader: Scope, names: Sequence[str]) -> list[str]:
        """Return ids of live memories, sorted, that are mandatory or have a file anchor with wildcards or of a name."""
        ...

    def repositories(self, reader: Scope) -> list[str]:
        """Return the repositories with memories, including erased memories, that the reader could see, sorted."""
        ...

    def sources(self, reader: Scope, *, keys: Sequence[str] = (), memories: Sequence[str] = ()) -> list[SourceRow]:
        """Return the source keys of live memories, including other branches, in ledger order.

        Args:
            reader: Only memories whose home it admits.
            keys: Rows with any of these keys; a key that ends in `/` means all keys below it, "" means every key.
            memories: Rows of these memories; unknown ids are left out.
        """
        ...

    def without_vector(self, reader: Scope, limit: int) -> list[str]:
        """Return ids of live memories of the tenant without a vector, in recorded order."""
        ...

    # ---- keeping

    def export(self, reader: Scope) -> Iterator[str]:
        """Yield the tenant's whole ledger as JSON lines, a header first; a restored copy gives equal answers."""
        ...

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the whole store to a new file, while other processes keep writing."""
        ...

    def check(self) -> list[Finding]:
        """Verify every hash chain and recompute every derived value; return the inconsistencies."""
        ...

    def info(self, reader: Scope) -> StoreInfo:
        """Return the state of the store."""
        ...

    def close(self) -> None:
        """Release files, locks and connections; safe to call twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

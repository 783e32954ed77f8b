"""The Store port: what a storage engine must do for graphmem, in the words of the domain.

An adapter stores and finds. It never decides what holds: it executes what `graphmem.temporal.plan` returns under
its tenant's write lock, and hands back rows and candidates. Where exactness would be slow it may return a superset
of the memories that a reader sees on branches or in force; it never returns another tenant's, another user's, or
another environment's, and never less than what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from graphmem.errors import InvalidInput
from graphmem.model import Change, Kind, Origin, Point, Request, Scope, Status
from graphmem.rows import Rows, SourceRow
from graphmem.vocabulary import word_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: A unit vector of 32-bit floats.
    Vector = NDArray[np.float32]

Clock = Callable[[], datetime]
#: Called with how many are done and how many there are in all.
Progress = Callable[[int, int], None]


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a memory must be, beside being visible; empty means anything goes, several values mean any of them.

    Attributes:
        paths: Exact paths, folder prefixes that end in `/`, or globs with `*`, `**` and `?`, of file anchors and of
            source keys.
        components: Names of component or module anchors.
        statuses: Own states at the asked time; `superseded` is asked for by `include_history` alone.
        min_confidence: Tests the confidence as stated, never a decayed one.
        include_history: Return what does not hold too, each with its intervals.
    """

    kinds: tuple[Kind, ...] = ()
    labels: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    origins: tuple[Origin, ...] = ()
    min_confidence: float = 0.0
    include_history: bool = False

    def __post_init__(self) -> None:
        for name, words in (("kinds", Kind), ("statuses", Status), ("origins", Origin)):
            object.__setattr__(self, name, tuple(word_of(words, one) for one in getattr(self, name)))
        if not 0.0 <= self.min_confidence <= 1.0:
            raise InvalidInput(f"min_confidence {self.min_confidence!r} is not between 0 and 1")


@dataclass(frozen=True, slots=True)
class Page:
    """How many answers, and after which: `cursor` is what the answer before gave, opaque and stable."""

    limit: int = 10
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a search looks for.

    Attributes:
        terms: What the query is about, as `graphmem.terms` gives it, each once.
        names: Normalised identifiers and titles (`graphmem.ranking.name_key`) that are looked up exactly.
        vector: Unit vector of the query, or None to leave vectors out.
        model: Which model made the vector: those of another are not compared. None if the store need not look.
        limit: At most so many lexical and so many vector matches, best first.
        is_weighed: Whether each match is to come with all that speaks for it, not only with what it was found by.
    """

    terms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    vector: Vector | None = None
    model: ModelCard | None = None
    limit: int = 100
    is_weighed: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a probe's terms and its vector say of one memory.

    Attributes:
        words: How far each of the probe's terms is said, from 0 up to 1, in the probe's order: its share of the term's
            idf in the memory's BM25 score.
        cosine: Of both vectors; None without one of them.
    """

    words: tuple[float, ...] = ()
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """Memories that answer a probe, whether they hold or not.

    Attributes:
        lexical: (id, BM25 score by Lucene's formula), best first, ties by id. The corpus of the formula is every
            live memory of the tenant at latest: a score orders within one answer and means nothing beyond it.
        vector: (id, cosine), best first, ties by id.
        named: name key to the ids that carry it as alias or title, ids sorted.
        rows: The rows of all of them, as `Store.rows` gives them but for those that are settled.
        seq: The ledger position that this was answered for.
        model: The embedding model that made the vectors of the store, None before there are any.
        note: What is to be said of how vectors were compared, if not exactly as asked for.
        weights: How much each of the probe's terms says of what is asked, in the probe's order. Only of a probe that
            is weighed, as is the evidence.
        evidence: What speaks for each of the matches.
        unheld: The probe's terms that no memory of the corpus has. Only of a probe that is weighed.
    """

    lexical: tuple[tuple[str, float], ...] = ()
    vector: tuple[tuple[str, float], ...] = ()
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)
    seq: int = 0
    model: ModelCard | None = None
    note: str | None = None
    weights: tuple[float, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    unheld: frozenset[str] = frozenset()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every memory that answers, each once: the named ones first, then by words, then by vector."""
        named = [key for ids in self.named.values() for key in ids]
        return tuple(dict.fromkeys([*named, *(key for key, _ in self.lexical), *(key for key, _ in self.vector)]))


@dataclass(frozen=True, slots=True)
class Rivals:
    """Memories that may hold for some subjects at a point; at most `limit`, those recorded last first."""

    subjects: tuple[str, ...]
    at: Point
    limit: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A memory near another in the graph: over a typed link, or over an anchor that both are about."""

    memory: str
    of: str
    over: str


@dataclass(frozen=True, slots=True)
class Nearby:
    """What is beside some memories: one step for each pair, and the rows of where the steps lead, if asked for."""

    steps: tuple[Neighbour, ...] = ()
    rows: Rows = field(default_factory=Rows)


@dataclass(frozen=True, slots=True)
class Position:
    """A ledger position and its clock; `seq` 0 and no clock stand before the first entry."""

    seq: int
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Which embedding model made the vectors that a store holds."""

    name: str
    dimension: int
    weights_hash: str


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store is and how much it holds; counts are of one tenant.

    Attributes:
        head: The hash of the tenant's last ledger entry: where it is the same, so is the whole ledger.
        is_restoring: A restore into the tenant has begun and not finished; until then it takes no other writes.
        pending_erasures: Of so many erased memories words are in the log until a reader that began before ends.
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
    """Something that `check` found to differ from what it must be; `what` names the value stored and expected."""

    area: str
    what: str


class Store(Protocol):
    """One storage engine, open. Safe to use from several threads and, where the engine allows, processes."""

    # ---- writing

    def apply(
        self,
        requests: Sequence[Request],
        *,
        clock: Clock,
        vectors: Mapping[str, Vector] | None = None,
        model: ModelCard | None = None,
    ) -> list[Change]:
        """Plan and execute requests of one tenant in order, as one atomic and durable write.

        A request whose `op_id` is already in the ledger changes nothing and returns the entry of the first time. Where
        an addition confirmed a memory instead, later requests mean that one by the id that the addition chose
        (`graphmem.temporal.StandIns`).

        Args:
            requests: At least one; all writers are of one tenant.
            clock: Read once per request, inside the transaction.
            vectors: Memory id to unit vector, for memories that these requests add.
            model: Which model made the vectors; None for that of the store. It is compared in the transaction: a store
                without one takes it, and of vectors of another model than the store's none is kept, as if the
                memories had come without.

        Raises:
            GraphMemError: As `graphmem.temporal.plan` does, and `Conflict` for an `op_id` reused with another
                payload; nothing of any request was written then.
        """
        ...

    def restore(
        self, lines: Iterable[str], *, tenant: str, progress: Progress = silent, clock: Clock | None = None
    ) -> int:
        """Copy an export into an empty tenant verbatim, recorded times included; returns the number of entries.

        Every line is verified before the first is written: its types, its hashes, and that it can have been accepted
        after the lines before it. Then they are written in parts, each of them atomic and durable. A run that was
        broken off, however that came, is picked up by restoring the same export again, or one that goes on from it.
        Until it has finished, readers see the ledger as far as it was written, `check` says so, and every other write
        to the tenant is refused with `Conflict`. Vectors come along if the store has none of another model. If the
        tenant already is the export's ledger, nothing is written.

        Args:
            lines: What `export` wrote.
            tenant: Of the export and of the target.
            progress: Told how many entries are there, first before anything is written and then after each part; if it
                raises, the restore is broken off at that point.
            clock: Entries recorded more than a day after its time are refused: whatever is written later follows them.

        Raises:
            InvalidInput: A line is not what `export` wrote: its number is named; or the tenant holds something else
                than this export, or the beginning of it that an unfinished restore left.
            CorruptStore: The hash chain of the export is broken, or a line is none that a write left; it is named.
            Conflict: Another export is being restored into the tenant at the same time.
        """
        ...

    def save_vectors(self, reader: Scope, vectors: Mapping[str, Vector], *, model: ModelCard | None = None) -> None:
        """Set vectors of memories that exist, of a model as in `apply`; of those erased or unknown nothing is kept.

        Raises:
            Conflict: The store has another model by now; nothing was written.
        """
        ...

    def adopt_model(self, card: ModelCard, reader: Scope | None = None) -> None:
        """Record the embedding model; if it differs from the recorded one, all vectors are dropped.

        Args:
            card: The model whose vectors are to come.
            reader: Only where this tenant is kept; None for the whole store.
        """
        ...

    # ---- reading

    def tenants(self) -> list[str]:
        """Names of all tenants that have ledger entries here, sorted."""
        ...

    def model(self, reader: Scope | None = None) -> ModelCard | None:
        """The embedding model that made the vectors here; None before there are any.

        Args:
            reader: Where this tenant is kept; None for the whole store.
        """
        ...

    def secret(self, reader: Scope) -> str:
        """What only this store knows of the tenant, at random: keys of digests are made of it; "" before an entry."""
        ...

    def position(self, reader: Scope, moment: datetime | None = None) -> Position:
        """The last ledger entry at or before a moment, or of all."""
        ...

    def pin(self, reader: Scope, moment: datetime) -> Position:
        """As `position`, and from then on no entry is recorded at or before the moment, whatever anybody's clock says.

        A moment past the last entry is noted durably, under the tenant's write lock.

        Raises:
            Conflict: The moment is past the last entry of a tenant that is being restored.
            StoreUnavailable: It must be noted, and the store cannot be written.
        """
        ...

    def changes(self, reader: Scope, *, after: int = 0, limit: int = 1000) -> list[Change]:
        """Ledger entries of the tenant in order, those past `after`."""
        ...

    def change_by_op_id(self, reader: Scope, op_id: str) -> Change | None:
        """The ledger entry of an `op_id`, None if it was never used in the tenant."""
        ...

    def changes_of(self, reader: Scope, memory: str) -> list[Change]:
        """Every ledger entry that names a memory or revokes one that does, in order."""
        ...

    def rows(self, reader: Scope, ids: Sequence[str], *, rivals: Rivals | None = None, is_alone: bool = False) -> Rows:
        """The rows of these memories and of all that they are chained to; unknown ids are left out.

        Args:
            reader: Who asks.
            ids: Memories, wherever they live in the tenant.
            rivals: Memories whose home the reader admits, read too. While the ledger stands at their point's position,
                those may be left out of which the cache says for everybody that they do not hold at its instant.
            is_alone: The memories and their own moves are enough: what they are chained to may be left out.
        """
        ...

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """Ids of memories that fit the filter, those recorded last first.

        Args:
            reader: Only memories whose home it admits.
            where: `statuses` is left to the kernel.
            at: If given, ledger latest is meant, and memories whose cache says for everybody that they do not hold
                at that instant may be left out.
            before: Only those recorded at a ledger position less than this.
            limit: At most so many.
        """
        ...

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """Memories that fit the filter and answer the probe, with their rows.

        Args:
            reader: Only memories whose home it admits.
            probe: What is looked for.
            where: `statuses` is left to the kernel.
            seq: Only memories recorded at or before it; None for where the ledger stands.
            at: If given, a memory whose cache says for everybody that it holds at that instant may come as settled,
                if the ledger stands at `seq`, or no entry has named the memory since the one that recorded it.
        """
        ...

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """Memories one step away over typed links or shared anchors, at most `limit`, those over rarer anchors first.

        Supersession is not a link, and whole repositories are no anchors here. Links and memories recorded after `seq`
        are left out; whether a link was revoked is for the kernel to say.

        Args:
            reader: Only memories whose home it admits.
            ids: From where the steps lead.
            seq: The last ledger position that counts.
            limit: At most so many steps.
            at: If given, the rows of the memories come too, settled as in `match` if no step leads there over a link.
        """
        ...

    def contested_subjects(self, reader: Scope) -> dict[str, tuple[str, ...]]:
        """Subjects that two or more visible memories carry, each with the ids of all of them."""
        ...

    def forked(self, reader: Scope) -> list[str]:
        """Ids of memories with full open-ended edges from two or more ledger entries."""
        ...

    def declared_conflicts(self, reader: Scope) -> list[tuple[str, str]]:
        """Source and target of every `conflicts_with` link between memories whose home the reader's admits, sorted."""
        ...

    def ids_beginning(self, reader: Scope, prefix: str, *, limit: int) -> list[str]:
        """Ids of live memories that begin so and whose home the reader admits, sorted, at most `limit`."""
        ...

    def repositories(self, reader: Scope) -> list[str]:
        """Repositories with memories, erased ones included, that the reader would see from there, sorted."""
        ...

    def sources(self, reader: Scope, *, keys: Sequence[str] = (), memories: Sequence[str] = ()) -> list[SourceRow]:
        """Where sources have the statements of live memories, in ledger order, those of other branches included.

        Args:
            reader: Only memories whose home it admits.
            keys: Rows with one of these keys; a key that ends in `/` means all keys below it, "" means every key.
            memories: Rows of these memories; unknown ids are left out.
        """
        ...

    def without_vector(self, reader: Scope, limit: int) -> list[str]:
        """Ids of live memories of the tenant that have no vector, in recorded order."""
        ...

    # ---- keeping

    def export(self, reader: Scope) -> Iterator[str]:
        """The tenant's whole ledger as JSON lines, a header first; restoring it gives equal answers everywhere."""
        ...

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the whole store to a file that does not exist yet, while others go on."""
        ...

    def check(self) -> list[Finding]:
        """Verify every hash chain and recompute every derived value; empty if there is no problem."""
        ...

    def info(self, reader: Scope) -> StoreInfo:
        """What this store is and holds."""
        ...

    def close(self) -> None:
        """Release files, locks and connections; safe to call twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

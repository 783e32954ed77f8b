"""The rows of the ledger's operations: a store keeps and returns them, and the kernel reads them.

Every row has the `Stamp` of the ledger entry that wrote it. Rows are only appended; `graphmem.temporal` decides whether
a row counts for a reader at a ledger position.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from graphmem.deferred_dataclass import dataclass, field
from graphmem.errors import InvalidInput
from graphmem.model import Change, LinkKind, Memory, Move, SupersessionKind

#: What stands for the hash before the first ledger entry.
GENESIS = "0" * 64
#: A later entry would leave no room for the following entries of the ledger.
LAST_RECORDABLE = datetime(9000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def next_recorded_at(now: datetime, *taken: datetime | None) -> datetime:
    """Return the recorded time of the next ledger entry: now, or just after the last time that is taken.

    Raises:
        InvalidInput: The clock is thousands of years ahead.
    """
    last: datetime | None = None
    for time in taken:
        if time is not None and (last is None or time > last):
            last = time
    moment = now if last is None or now > last else last + _MICROSECOND
    if moment > LAST_RECORDABLE:
        raise InvalidInput(f"nothing can be recorded at {moment.isoformat()}: set the clock of this machine")
    return moment


@dataclass(frozen=True, slots=True)
class Stamp:
    """The ledger entry of a row: its position, recorded time and branch key (None: the main line)."""

    seq: int
    recorded_at: datetime
    branch: str | None


def stamp_of(change: Change) -> Stamp:
    """The stamp that the rows of a ledger entry carry."""
    return Stamp(change.seq, change.recorded_at, change.writer.branch_key)


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """A memory and the entry that recorded it."""

    memory: Memory
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move of a memory; `index` (from 0) counts the moves of its ledger entry."""

    memory: str
    move: Move
    index: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """A `SUPERSEDED_BY` edge. `at` is None for a correction, `until` None for a permanent supersession."""

    old: str
    new: str
    kind: SupersessionKind
    at: datetime | None
    until: datetime | None
    part: str | None
    reason: str | None
    stamp: Stamp

    @property
    def is_full(self) -> bool:
        """False for an amendment, which replaces only a part."""
        return self.kind is not SupersessionKind.AMENDMENT


@dataclass(frozen=True, slots=True)
class RetractRow:
    """The retraction of a memory."""

    memory: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class ConfirmRow:
    """The confirmation of a memory."""

    memory: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The key of a memory's statement in a source; the last row of a memory counts."""

    memory: str
    key: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A typed relation between two memories."""

    source: str
    target: str
    kind: LinkKind
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class RevokeRow:
    """The revocation of the entry `change`, or of its move number `move` only."""

    change: int
    move: int | None
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class BranchRow:
    """The positions at which a branch was opened and closed; `parent` is a branch key, None for the main line.

    `merged_at` is the valid time from which what was written on a merged branch counts on its parent; None for always.

    The first opening of a name has the key of its scope, `repo:name`. A later opening has `repo:name:opened:`, with the
    ledger position of the opening, which is also the key of the scope of its rows.
    """

    key: str
    parent: str | None
    opened: int
    closed: int | None = None
    is_merged: bool = False
    merged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """An entry about the code of a repository (`ReadMainline`, `RecordVerdicts`) or its links to others.

    `Store.readings` finds it; `repo` is None for the whole tenant.
    """

    repo: str | None
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Rows:
    """A set of rows that is closed under supersession: it has the whole chain of each memory.

    `branches` has every branch of the tenant.

    Attributes:
        sources: Only among the rows that an operation appends; `Store.sources` reads them.
        readings: Only among the rows that an operation appends.
        since: The valid time from which some memories count; others count always. It is set for readers of a linked
            repository alone (`graphmem.temporal.carriage`), never by a store.
    """

    memories: Mapping[str, MemoryRow] = field(default_factory=dict)
    moves: tuple[MoveRow, ...] = ()
    edges: tuple[EdgeRow, ...] = ()
    retractions: tuple[RetractRow, ...] = ()
    confirmations: tuple[ConfirmRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    revocations: tuple[RevokeRow, ...] = ()
    branches: Mapping[str, BranchRow] = field(default_factory=dict)
    sources: tuple[SourceRow, ...] = ()
    readings: tuple[ReadingRow, ...] = ()
    since: Mapping[str, datetime] = field(default_factory=dict)

    def plus(self, appended: Rows) -> Rows:
        """Return the union; a memory or branch in both is taken from `appended`."""
        return Rows(
            memories={**self.memories, **appended.memories},
            moves=self.moves + appended.moves,
            edges=self.edges + appended.edges,
            retractions=self.retractions + appended.retractions,
            confirmations=self.confirmations + appended.confirmations,
            links=self.links + appended.links,
            revocations=self.revocations + appended.revocations,
            branches={**self.branches, **appended.branches},
            sources=self.sources + appended.sources,
            readings=self.readings + appended.readings,
            since={**self.since, **appended.since},
        )


@dataclass(frozen=True, slots=True)
class CachedRows:
    """The rows of memories with a store's caches at a point, which may replace the rows of a memory that is in force.

    Attributes:
        chained: The rows of the other memories, with their whole chains.
        holding: The cached valid intervals of memories, equal for all readers: only of memories whose cache is exact at
            the requested ledger position, and never of all.
        settled: Memories without their moves, edges, links and chains, because `holding` shows that they are in force
            at the requested point; none of them is in `chained`.
        confirmations: The confirmations of the settled memories.
    """

    chained: Rows = field(default_factory=Rows)
    holding: Mapping[str, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    settled: Mapping[str, MemoryRow] = field(default_factory=dict)
    confirmations: tuple[ConfirmRow, ...] = ()

    @property
    def ids(self) -> set[str]:
        """The ids of all memories, settled or not."""
        return {*self.chained.memories, *self.settled}


@dataclass(frozen=True, slots=True)
class Needs:
    """The data that a plan reads before it decides.

    Attributes:
        ids: Memories that are read with their whole chains.
        content: A content hash: memories of the tenant with this hash are read with their chains.
        change: A ledger entry that is read with the chains of its memories.
        branch: The key of the first opening of a branch name: the memories of entries on any opening of the name, or
            merged into one, are read with their chains.
    """

    ids: tuple[str, ...] = ()
    content: str | None = None
    change: int | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """A store's answer to `Needs`: the rows, and the requested ledger entry if it exists."""

    rows: Rows
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """Cached values next to a memory, for people who browse the graph and for prefilters at the latest position.

    They are the view of a reader in the memory's home scope, on the main line.

    Attributes:
        status: The memory's last own status; None if the main line does not have the memory.
        holding: The valid intervals in which it is in force, sorted, disjoint, half-open.
        is_common: True if the view is the same for all readers of the memory.
    """

    memory: str
    status: str | None
    holding: tuple[tuple[datetime, datetime], ...]
    is_common: bool


@dataclass(frozen=True, slots=True)
class Transaction:
    """The effect of a planned operation on a store: rows and an entry to append, then caches to set.

    `erased` is the memory whose content is removed permanently.
    """

    change: Change
    appended: Rows
    derived: tuple[Derived, ...]
    erased: str | None = None

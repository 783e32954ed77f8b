"""The rows that operations leave behind: what a store keeps and hands back, and what the kernel reads.

Every row carries the `Stamp` of the ledger entry that wrote it. Rows are only ever appended; whether one counts
for a reader at a ledger position is for `graphmem.temporal` to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from graphmem.errors import InvalidInput
from graphmem.model import Change, LinkKind, Memory, Move, SupersessionKind

#: An entry recorded later would leave the ledger's clock no room to go on.
LAST_RECORDABLE = datetime(9000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def next_recorded_at(now: datetime, *taken: datetime | None) -> datetime:
    """When the next ledger entry is recorded: now, or just after the last of the moments that are taken.

    Raises:
        InvalidInput: The clock is thousands of years ahead.
    """
    last: datetime | None = None
    for one in taken:
        if one is not None and (last is None or one > last):
            last = one
    moment = now if last is None or now > last else last + _MICROSECOND
    if moment > LAST_RECORDABLE:
        raise InvalidInput(f"nothing can be recorded at {moment.isoformat()}: set the clock of this machine")
    return moment


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a row stands in the ledger: its entry's position, clock and branch key (None: the main line)."""

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
    """One move of one memory; `index` is its place (from 0) among the moves of its ledger entry."""

    memory: str
    move: Move
    index: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """One `SUPERSEDED_BY` edge. `at` is None for a correction, `until` None for good."""

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
    """A memory was retracted."""

    memory: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class ConfirmRow:
    """A memory was seen to hold."""

    memory: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source has the statement of a memory under a key; of several rows of one memory the last one counts."""

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
    """Entry `change` was revoked, or only its move number `move`."""

    change: int
    move: int | None
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch's life in ledger positions; `parent` is a branch key, None for the main line."""

    key: str
    parent: str | None
    opened: int
    closed: int | None = None
    is_merged: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A set of rows that is closed under supersession: with a memory come all that it is chained to.

    `branches` always holds every branch of the tenant.

    Attributes:
        holding: When memories hold, as cached for everybody: only of those whose cache tells no more and no less than
            is known at the asked ledger position, and never of all.
        settled: Memories that came without their moves, edges, links and what they are chained to, because `holding`
            says that they hold at the asked point.
        sources: Only among the rows that an operation appends; `Store.sources` reads them.
    """

    memories: Mapping[str, MemoryRow] = field(default_factory=dict)
    moves: tuple[MoveRow, ...] = ()
    edges: tuple[EdgeRow, ...] = ()
    retractions: tuple[RetractRow, ...] = ()
    confirmations: tuple[ConfirmRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    revocations: tuple[RevokeRow, ...] = ()
    branches: Mapping[str, BranchRow] = field(default_factory=dict)
    holding: Mapping[str, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    sources: tuple[SourceRow, ...] = ()

    def plus(self, other: Rows) -> Rows:
        """Both sets together; where both hold a memory or branch, the other's wins."""
        return Rows(
            memories={**self.memories, **other.memories},
            moves=self.moves + other.moves,
            edges=self.edges + other.edges,
            retractions=self.retractions + other.retractions,
            confirmations=self.confirmations + other.confirmations,
            links=self.links + other.links,
            revocations=self.revocations + other.revocations,
            branches={**self.branches, **other.branches},
            holding={**self.holding, **other.holding},
            settled=self.settled | other.settled,
            sources=self.sources + other.sources,
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """What a plan must see before it can decide.

    Attributes:
        ids: Memories whose whole chains are read.
        content: A content hash: memories of the tenant that carry it are read too, with their chains.
        change: A ledger entry that is read together with the chains of the memories it touched.
        branch: A branch key: memories touched by entries written on it or merged into it are read, with their chains.
    """

    ids: tuple[str, ...] = ()
    content: str | None = None
    change: int | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What a store answers to `Needs`: the rows, and the ledger entry that was asked for if it exists."""

    rows: Rows
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """What is cached beside a memory for people who read the graph by eye, and for prefilters at latest.

    It is the view of a reader who stands exactly where the memory lives, on the main line.

    Attributes:
        status: The last own state that it is known to reach; None if the main line does not show the memory.
        holding: The spans of valid time in which it holds, sorted, disjoint, half-open.
        is_common: True if everybody who sees the memory gets this very answer.
    """

    memory: str
    status: str | None
    holding: tuple[tuple[datetime, datetime], ...]
    is_common: bool


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one planned operation does to a store: append these rows and the entry, then set these caches.

    `erased` names the memory whose content goes for good.
    """

    change: Change
    appended: Rows
    derived: tuple[Derived, ...]
    erased: str | None = None

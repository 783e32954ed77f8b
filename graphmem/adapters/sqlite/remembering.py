"""What was read of a tenant's memories, so that no search reads it again."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import apsw

from graphmem.adapters.sqlite.values import Row, Tenant, places_of
from graphmem.model import Scope
from graphmem.rows import BranchRow, EdgeRow, MemoryRow, MoveRow
from graphmem.temporal.spans import Spans

_TOUCHED = """
    SELECT memory, seq FROM touch INDEXED BY touch_by_seq
    WHERE seq > ? AND seq <= ? AND +memory > ? AND +memory < ? ORDER BY seq
"""
_MOST_MEMORIES = 32_768
_MOST_CHAINED = 32_768


@dataclass(frozen=True, slots=True)
class Chain:
    """The stored rows of memories that supersessions join, as they were at a ledger position; links stand in both.

    Attributes:
        seq: The position.
        numbers: The memories, the one with the least number first.
    """

    seq: int
    numbers: list[int]
    moves: list[Row] = field(default_factory=list)
    edges: list[Row] = field(default_factory=list)
    retractions: list[Row] = field(default_factory=list)
    confirmations: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)


class Chains:
    """Chains that were read, each good until an entry names one of its memories."""

    def __init__(self) -> None:
        self._kept: dict[int, Chain] = {}
        #: The last position at which an entry named a memory, of entries that were looked at.
        self._touched: dict[int, int] = {}
        self._seq: int | None = None
        #: Entries up to here were never looked at, so that nothing older is good.
        self._base = 0
        self._guard = threading.Lock()

    def catch_up(self, connection: apsw.Connection, tenant: Tenant) -> None:
        """Look at what entries have named since."""
        with self._guard:
            if self._seq is not None and self._seq < tenant.seq:
                self._touched.update(connection.execute(_TOUCHED, (self._seq, tenant.seq, *places_of(tenant))))
            elif self._seq is None:
                self._base = tenant.seq
            self._seq = max(self._seq or 0, tenant.seq)
            if len(self._touched) > _MOST_CHAINED:
                self._kept, self._touched, self._base = {}, {}, self._seq

    def chain(self, number: int, seq: int) -> Chain | None:
        """The chain that a memory is in, if it was read and is still good at a ledger position."""
        kept = self._kept.get(number)
        if kept is None or not self._base <= kept.seq <= seq:
            return None
        touched = self._touched
        return None if touched and any(touched.get(one, 0) > kept.seq for one in kept.numbers) else kept

    def keep(self, chain: Chain) -> None:
        """Remember a chain that was read at a position up to which entries were looked at."""
        if len(self._kept) > _MOST_CHAINED:
            self._kept = {}
        self._kept.update(dict.fromkeys(chain.numbers, chain))


@dataclass(slots=True)
class Remembered:
    """What was read of one tenant at one ledger position.

    Attributes:
        memories: By number; what erasures alone change.
        chains: What is good at later positions too.
        numbers: Of the memories, by id.
        holding: When memories hold for everybody, by number; None of those whose cache is not for everybody.
        homes: Every home of the tenant, once they were read.
        admitted: Which of them a reader sees.
        hidden: For each user, the homes of other users' private memories.
        branches: Every branch of the tenant, once they were read.
        revocations: What undoes entries, by their places.
        rivals: (number, home, when it holds) of each memory of a subject.
        told: The moves and edges of chains by their first numbers, as the kernel wants them.
        anchors: An anchor's number, and how many memories are about it up to a number.
        about: The memories up to a number that are about an anchor, so many of those recorded last.
    """

    memories: dict[int, MemoryRow] = field(default_factory=dict)
    chains: Chains = field(default_factory=Chains)
    numbers: dict[str, int] = field(default_factory=dict)
    holding: dict[int, Spans | None] = field(default_factory=dict)
    homes: dict[int, Scope] = field(default_factory=dict)
    admitted: dict[Scope, frozenset[int]] = field(default_factory=dict)
    hidden: dict[str | None, frozenset[int]] = field(default_factory=dict)
    branches: dict[str, BranchRow] | None = None
    revocations: dict[int, list[Row]] = field(default_factory=dict)
    rivals: dict[str, list[tuple[int, int, Spans | None]]] = field(default_factory=dict)
    told: dict[int, tuple[Chain, tuple[list[MoveRow], list[tuple[Row, EdgeRow]]]]] = field(default_factory=dict)
    anchors: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    about: dict[tuple[int, int, int], list[int]] = field(default_factory=dict)


class Memo:
    """The tenant that was read last, as of its last erasure and its last ledger entry."""

    def __init__(self) -> None:
        self._last: tuple[tuple[int, int, int], Remembered] = ((0, 0, 0), Remembered())

    def of(self, connection: apsw.Connection, tenant: Tenant) -> Remembered:
        """What is known of a tenant whose row was read in this transaction; readers add to it what they read."""
        key = (tenant.number, tenant.epoch, tenant.seq)
        last, known = self._last
        if last == key and len(known.memories) <= _MOST_MEMORIES:
            return known
        is_near = last[:2] == key[:2]
        chains = known.chains if is_near else Chains()
        chains.catch_up(connection, tenant)
        if is_near and len(known.memories) <= _MOST_MEMORIES:
            known = Remembered(known.memories, chains, known.numbers)
        else:
            known = Remembered(chains=chains)
        if not is_near or last[2] <= tenant.seq:
            self._last = (key, known)
        return known

    def forget(self) -> None:
        """Something was erased."""
        self._last = ((0, 0, 0), Remembered())

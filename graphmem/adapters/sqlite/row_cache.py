"""Row caches: a tenant's memories, chains, homes and anchors as of one ledger position."""

from __future__ import annotations

import threading

import apsw

from graphmem.adapters.sqlite.values import Row, Tenant, rowid_range
from graphmem.deferred_dataclass import dataclass, field, replace
from graphmem.model import Scope
from graphmem.rows import BranchRow, EdgeRow, MemoryRow, MoveRow
from graphmem.temporal.spans import Spans

_TOUCHED = """
    SELECT memory, seq FROM touch INDEXED BY touch_by_seq
    WHERE seq > ? AND seq <= ? AND +memory > ? AND +memory < ? ORDER BY seq
"""
_MOST_MEMORIES = 32_768
#: Most values that are converted to objects at a time: Python's garbage collector visits each of them.
_MOST_CONVERTED = 4_096
_MOST_CHAINED = 32_768


@dataclass(frozen=True, slots=True)
class ChainRows:
    """Stored rows of memories joined by supersessions, as of a ledger position; a link between chains is in both.

    Tuples of plain values are not visited by Python's garbage collector, however many are cached.

    Attributes:
        seq: The ledger position.
        numbers: The memories' row numbers, the least first.
    """

    seq: int
    numbers: tuple[int, ...]
    moves: tuple[Row, ...] = ()
    edges: tuple[Row, ...] = ()
    retractions: tuple[Row, ...] = ()
    confirmations: tuple[Row, ...] = ()
    links: tuple[Row, ...] = ()


class ChainCache:
    """Chains by memory number, each valid until a later entry names one of its memories."""

    def __init__(self) -> None:
        self._chains: dict[int, ChainRows] = {}
        #: The last ledger position at which an entry named each memory, of the entries read so far.
        self._touched: dict[int, int] = {}
        self._seq: int | None = None
        #: Entries up to here were not read; a chain cached before is not trusted.
        self._base = 0
        self._guard = threading.Lock()

    def catch_up(self, connection: apsw.Connection, tenant: Tenant) -> None:
        """Read the memories that entries since the last call name."""
        with self._guard:
            if self._seq is not None and self._seq < tenant.seq:
                self._touched.update(connection.execute(_TOUCHED, (self._seq, tenant.seq, *rowid_range(tenant))))
            elif self._seq is None:
                self._base = tenant.seq
            self._seq = max(self._seq or 0, tenant.seq)
            if len(self._touched) > _MOST_CHAINED:
                self._chains, self._touched, self._base = {}, {}, self._seq

    def chain(self, number: int, seq: int) -> ChainRows | None:
        """Return the cached chain of a memory if it is still valid at a ledger position."""
        chain = self._chains.get(number)
        if chain is None or not self._base <= chain.seq <= seq:
            return None
        touched = self._touched
        return None if touched and any(touched.get(member, 0) > chain.seq for member in chain.numbers) else chain

    def keep(self, chain: ChainRows) -> None:
        """Cache a chain; `catch_up` has read the entries up to its position."""
        if len(self._chains) > _MOST_CHAINED:
            self._chains = {}
        self._chains.update(dict.fromkeys(chain.numbers, chain))


@dataclass(slots=True)
class RowCache:
    """Rows read of one tenant at one ledger position.

    Attributes:
        stored: Stored memory rows by row number, with the number of the home last; only an erasure changes them.
        memories: The same as row values, of the memories read last.
        chains: Chains, which stay valid at later positions too.
        numbers: Row numbers by memory id.
        holding: Cached valid intervals by row number; None if the stored cache does not apply to every reader.
        homes: Every home of the tenant, once read.
        admitted: The homes that each reader sees.
        hidden: For each user, the homes of other users' private memories.
        branches: Every branch of the tenant, once read.
        revocations: Revocations by the row number of the revoked entry.
        rivals: (number, home, valid intervals) of each memory of a subject.
        converted: Moves and edges of chains as row values, by the chain's first number.
        anchors: (anchor number, memory count) by anchor id and last row number.
        about: The latest memories about an anchor, by (anchor number, last row number, limit).
        empty_tables: The names of tables of changes in which no tenant has a row, once read.
    """

    stored: dict[int, Row] = field(default_factory=dict)
    memories: dict[int, MemoryRow] = field(default_factory=dict)
    chains: ChainCache = field(default_factory=ChainCache)
    numbers: dict[str, int] = field(default_factory=dict)
    holding: dict[int, Spans | None] = field(default_factory=dict)
    homes: dict[int, Scope] = field(default_factory=dict)
    admitted: dict[Scope, frozenset[int]] = field(default_factory=dict)
    hidden: dict[str | None, frozenset[int]] = field(default_factory=dict)
    branches: dict[str, BranchRow] | None = None
    revocations: dict[int, tuple[Row, ...]] = field(default_factory=dict)
    rivals: dict[str, list[tuple[int, int, Spans | None]]] = field(default_factory=dict)
    converted: dict[int, tuple[ChainRows, tuple[list[MoveRow], list[tuple[Row, EdgeRow]]]]] = field(
        default_factory=dict
    )
    anchors: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    about: dict[tuple[int, int, int], list[int]] = field(default_factory=dict)
    empty_tables: frozenset[str] | None = None


class LatestRowCache:
    """The row cache of the tenant read last, as of its last erasure and last ledger entry."""

    def __init__(self) -> None:
        self._last: tuple[tuple[int, int, int], RowCache] = ((0, 0, 0), RowCache())

    def of(self, connection: apsw.Connection, tenant: Tenant) -> RowCache:
        """Return the row cache of a tenant whose row was read in this transaction; readers add to it."""
        key = (tenant.number, tenant.epoch, tenant.seq)
        last, cache = self._last
        has_room = len(cache.stored) <= _MOST_MEMORIES
        converted = cache.memories if len(cache.memories) <= _MOST_CONVERTED else {}
        if last == key and has_room:
            if converted is not cache.memories:
                cache = replace(cache, memories=converted)
                self._last = (key, cache)
            return cache
        is_near = last[:2] == key[:2]
        chains = cache.chains if is_near else ChainCache()
        chains.catch_up(connection, tenant)
        if is_near and has_room:
            cache = RowCache(cache.stored, converted, chains, cache.numbers)
        else:
            cache = RowCache(chains=chains)
        if not is_near or last[2] <= tenant.seq:
            self._last = (key, cache)
        return cache

    def forget(self) -> None:
        """Drop all rows: content was erased."""
        self._last = ((0, 0, 0), RowCache())

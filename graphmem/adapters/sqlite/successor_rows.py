"""Successors of the memories that the supersessions of a chunk name, read with one query.

The memories ahead usually decide a supersession (`graphmem.temporal.is_decided_ahead`). Reading them request by
request, after writing all pending rows, makes a supersession ten times as slow as an addition.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphmem import temporal
from graphmem.adapters.sqlite import chains
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import ints, rowid_of
from graphmem.model import Add, Confirm, Request, Supersede, SupersessionKind
from graphmem.rows import Rows, Transaction
from graphmem.temporal import Overlay

_AMENDING = """
    SELECT memory.id FROM json_each(?1) AS input CROSS JOIN superseded_by ON new = input.value
    CROSS JOIN memory ON number = input.value WHERE superseded_by.kind = 'amendment'
"""


class SuccessorRows:
    """Rows ahead of the memories that a chunk of requests supersedes, kept up to date while the chunk is planned."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._connection = snapshot.connection
        self._tenant = snapshot.tenant
        self._world: Overlay | None = None
        #: Memories that supersessions of the chunk name: within the chunk, only these gain edges.
        self._named: set[str] = set()
        #: Memories that amend another: their successors do not decide a supersession.
        self._amending: set[str] = set()

    def look_up(self, requests: Sequence[Request]) -> None:
        """Read the successors if all requests are additions, confirmations and supersessions; no rows are pending."""
        self._world = None
        named = {
            key: None
            for request in requests
            if isinstance(request.operation, Supersede)
            for key in _sides(request.operation)
        }
        if not named or not all(isinstance(request.operation, Add | Confirm | Supersede) for request in requests):
            return
        # The rows change within the transaction: a new snapshot has none cached.
        snapshot = Snapshot(self._connection, self._tenant)
        reached = chains.reached_ahead(self._connection, snapshot.numbers(named))
        self._named = set(named)
        self._world = Overlay(chains.rows_of(snapshot, reached))
        self._amending = {memory_id for (memory_id,) in self._connection.execute(_AMENDING, (ints(reached),))}

    def of(self, request: Request) -> Rows | None:
        """Return the rows that decide a supersession; None if the cached rows do not decide it."""
        operation = request.operation
        if self._world is None or not isinstance(operation, Supersede):
            return None
        ahead = self._world.ahead(_sides(operation))
        is_complete = ahead.memories.keys() >= {*_sides(operation)} and ahead.memories.keys().isdisjoint(self._amending)
        return ahead if is_complete and temporal.is_decided_ahead(request, ahead) else None

    def note(self, transaction: Transaction) -> None:
        """Add the rows of a transaction planned for this chunk."""
        if self._world is None:
            return
        touched = temporal.touched(transaction.change.operation)
        if self._named.isdisjoint(touched):
            return
        if not self._named.issuperset(touched):
            self._world = None  # it names a memory outside the chunk, whose rows were not read
            return
        self._world.append(transaction)
        edges = transaction.appended.edges
        self._amending.update(edge.new for edge in edges if edge.kind is SupersessionKind.AMENDMENT)

    def number(self, memory_id: str) -> int | None:
        """Return the row number of a memory that was read or is added by this chunk; None for any other."""
        row = None if self._world is None else self._world.memory(memory_id)
        return None if row is None else rowid_of(self._tenant.number, row.stamp.seq)


def _sides(operation: Supersede) -> tuple[str, ...]:
    return (*operation.old, *operation.new)

"""What follows the memories that the supersessions of a chunk name: read at once, and kept up with as it is planned.

A supersession is mostly decided by what lies ahead of it (`graphmem.temporal.is_decided_ahead`). Read one by one, with
all that was collected written before each, they cost ten times what an addition does.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from graphmem import temporal
from graphmem.adapters.sqlite import chains, reading
from graphmem.adapters.sqlite.values import Tenant, ints, place_of
from graphmem.model import Add, Confirm, Request, Supersede, SupersessionKind
from graphmem.rows import Rows, Transaction
from graphmem.temporal import Overlay

_AMENDING = """
    SELECT memory.id FROM json_each(?1) AS wanted CROSS JOIN superseded_by ON new = wanted.value
    CROSS JOIN memory ON number = wanted.value WHERE superseded_by.kind = 'amendment'
"""


class Following:
    """Of one tenant, for one chunk of requests after the other."""

    def __init__(self, connection: apsw.Connection, tenant: Tenant) -> None:
        self._connection = connection
        self._tenant = tenant
        self._world: Overlay | None = None
        #: Memories that supersessions of the chunk name: nothing leads to any other within it.
        self._named: set[str] = set()
        #: Memories that amend something: of those, what lies ahead does not decide.
        self._amending: set[str] = set()

    def look_up(self, requests: Sequence[Request]) -> None:
        """Read what lies ahead of the requests, all of it written, if they are of the kinds that it may decide."""
        self._world = None
        named = {key: None for one in requests if isinstance(one.operation, Supersede) for key in _sides(one.operation)}
        if not named or not all(isinstance(one.operation, Add | Confirm | Supersede) for one in requests):
            return
        reached = chains.reached_ahead(self._connection, reading.numbers(self._connection, self._tenant, named))
        self._named = set(named)
        self._world = Overlay(chains.rows_of(self._connection, self._tenant, reached))
        self._amending = {key for (key,) in self._connection.execute(_AMENDING, (ints(reached),))}

    def of(self, request: Request) -> Rows | None:
        """The rows that decide a supersession; None if they do not, or are not known."""
        operation = request.operation
        if self._world is None or not isinstance(operation, Supersede):
            return None
        ahead = self._world.ahead(_sides(operation))
        is_known = ahead.memories.keys() >= {*_sides(operation)} and ahead.memories.keys().isdisjoint(self._amending)
        return ahead if is_known and temporal.is_decided_ahead(request, ahead) else None

    def note(self, done: Transaction) -> None:
        """Take in what a request of the chunk has led to."""
        if self._world is None:
            return
        touched = temporal.touched(done.change.operation)
        if self._named.isdisjoint(touched):
            return
        if not self._named.issuperset(touched):
            self._world = None  # it leads to a memory that stands for another, of which nothing was read
            return
        self._world.append(done)
        edges = done.appended.edges
        self._amending.update(edge.new for edge in edges if edge.kind is SupersessionKind.AMENDMENT)

    def number(self, key: str) -> int | None:
        """The number of a memory that was looked up, or is of this chunk; None of others."""
        row = None if self._world is None else self._world.memory(key)
        return None if row is None else place_of(self._tenant.number, row.stamp.seq)


def _sides(operation: Supersede) -> tuple[str, ...]:
    return (*operation.old, *operation.new)

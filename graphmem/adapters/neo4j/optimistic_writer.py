"""Optimistic writes: additions planned on the state after this process's last write, without reading it again.

A single statement writes them if the tenant still has that state. A usual write takes the lock, reads, plans and
writes, which takes four round trips.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.combiner import QueuedWrite
from graphmem.adapters.neo4j.values import LedgerHead
from graphmem.adapters.neo4j.write_batch import BatchResult, OutdatedPlan, WriteBatch, apply_all, read_parameters
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import GraphMemError
from graphmem.model import Add, Request
from graphmem.rows import BranchRow, Rows
from graphmem.store import Clock, ModelCard
from graphmem.temporal import Overlay

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

#: Larger batches are faster in parts: a part is planned while the server writes the previous part.
_MOST_REQUESTS = 16
#: After this many misses in a row, only every 64th write is attempted.
_MOST_MISSES = 6

#: Executes calls in a transaction; returns None if the plan was outdated, with nothing written.
Attempt = Callable[["ManagedTransaction"], BatchResult | None]


@dataclass(frozen=True, slots=True)
class _TenantState:
    """The state of a tenant after a write, as far as the plan of an addition depends on it."""

    head: LedgerHead
    model: ModelCard | None
    branches: Mapping[str, BranchRow]
    is_indexed: bool
    is_projected: bool


class _RecordingClock:
    """Records the readings of a clock, so that a repeated attempt gives an entry the same time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readings: list[datetime] = []

    def __call__(self) -> datetime:
        self._readings.append(self._clock())
        return self._readings[-1]

    def again(self) -> Clock:
        """Return a clock with the same readings, then new readings."""
        left = iter(self._readings)
        return lambda: next(left, None) or self._clock()


class OptimisticWriter:
    """Plans additions of a tenant on its last known state, for a single writer at a time."""

    def __init__(self) -> None:
        self._state: _TenantState | None = None
        self._misses = 0
        self._pause = 0

    def attempt(self, calls: Sequence[QueuedWrite]) -> Attempt | None:
        """Return an attempt to write the calls in a single statement; None if they must be written as usual.

        The state is used once; the next write supplies a new state. If other processes write too, it is always
        outdated: each miss doubles the number of writes until the next attempt.
        """
        state, self._state = self._state, None
        requests = [request for call in calls for request in call.requests]
        if (
            state is None
            or not _are_additions(requests)
            or (state.model is None and any(call.vectors for call in calls))
        ):
            return None
        if self._pause:
            self._pause -= 1
            return None
        return lambda tx: self._try(tx, calls, state)

    def learn(self, batch: WriteBatch) -> None:
        """Store the state after a committed transaction."""
        if batch.branches is not None and not batch.is_dropping:
            head = replace(batch.head)
            self._state = _TenantState(head, batch.model, batch.branches, batch.is_indexed, batch.is_projected)

    def _try(self, tx: ManagedTransaction, calls: Sequence[QueuedWrite], state: _TenantState) -> BatchResult | None:
        clocks = [_RecordingClock(call.clock) for call in calls]
        timed = [replace(call, clock=clock) for call, clock in zip(calls, clocks, strict=True)]
        try:
            result = _carry_out(tx, timed, state)
        except OutdatedPlan:
            self._misses = min(self._misses + 1, _MOST_MISSES)
            self._pause = 2**self._misses
        except GraphMemError:
            pass  # the state may be outdated: the usual write decides and raises
        else:
            self._misses = 0
            return result
        for call, clock in zip(calls, clocks, strict=True):
            call.clock = clock.again()
        return None


def _are_additions(requests: Sequence[Request]) -> bool:
    return len(requests) <= _MOST_REQUESTS and all(isinstance(request.operation, Add) for request in requests)


def _carry_out(tx: ManagedTransaction, calls: Sequence[QueuedWrite], state: _TenantState) -> BatchResult:
    head, card = state.head, state.model
    precondition = {
        **read_parameters([request for call in calls for request in call.requests]),
        "seq": head.seq,
        "hash": head.hash,
        "documents": head.documents,
        "tokens": head.tokens,
        "vectors": head.vectors,
        "epoch": head.epoch,
        "answered_to": head.answered_to or 0,
        "weights": "" if card is None else card.weights_hash,
        "is_indexed": state.is_indexed,
        "is_projected": state.is_projected,
    }
    batch = WriteBatch(
        tx,
        replace(head),
        card,
        is_indexed=state.is_indexed,
        is_projected=state.is_projected,
        ahead=(Overlay(Rows(branches=dict(state.branches))), {}),
        precondition=precondition,
    )
    for call in calls:
        batch.take_vectors(call.vectors, call.model)
    return BatchResult(apply_all(batch, calls), batch)

"""Additions planned on what the last write of this process left: one statement writes them if that is still so.

A transaction that takes the lock, looks around and writes asks the server four times; who writes alone need not look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.combining import Call
from graphmem.adapters.neo4j.values import Head
from graphmem.adapters.neo4j.writing import Batch, Done, OutdatedPlan, apply_all, asked_of
from graphmem.errors import GraphMemError
from graphmem.model import Add, Request
from graphmem.rows import BranchRow, Rows
from graphmem.store import Clock, ModelCard
from graphmem.temporal import Overlay

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

#: More than this are better planned while the server writes the first of them.
_MOST_REQUESTS = 16
#: After so many in a row, every 64th addition is tried.
_MOST_MISSES = 6

#: Carries out in a transaction; None if it could not, and nothing was written.
Attempt = Callable[["ManagedTransaction"], Done | None]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a write left behind: all that the plan of a new memory depends on."""

    head: Head
    model: ModelCard | None
    branches: Mapping[str, BranchRow]
    is_indexed: bool
    is_projected: bool


class _Noting:
    """A clock whose readings are used once more: an entry has one, however it comes to be written."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readings: list[datetime] = []

    def __call__(self) -> datetime:
        self._readings.append(self._clock())
        return self._readings[-1]

    def again(self) -> Clock:
        """The same readings, then new ones."""
        left = iter(self._readings)
        return lambda: next(left, None) or self._clock()


class Foresight:
    """What is known of one tenant, and how often it was out of date; for one writer at a time."""

    def __init__(self) -> None:
        self._known: _Known | None = None
        self._misses = 0
        self._pause = 0

    def attempt(self, calls: Sequence[Call]) -> Attempt | None:
        """What may carry out the calls in one statement; None if they are to be carried out as usual.

        What is known is used once, and learnt anew from whatever is written next. Where others write too, it is out of
        date each time: after each miss it is tried less often.
        """
        known, self._known = self._known, None
        requests = [request for call in calls for request in call.requests]
        if (
            known is None
            or not _is_foreseeable(requests)
            or (known.model is None and any(call.vectors for call in calls))
        ):
            return None
        if self._pause:
            self._pause -= 1
            return None
        return lambda tx: self._tried(tx, calls, known)

    def learn(self, batch: Batch) -> None:
        """Take in what a transaction left."""
        if batch.branches is not None and not batch.is_dropping:
            head = replace(batch.head)
            self._known = _Known(head, batch.model, batch.branches, batch.is_indexed, batch.is_projected)

    def _tried(self, tx: ManagedTransaction, calls: Sequence[Call], known: _Known) -> Done | None:
        noting = [_Noting(call.clock) for call in calls]
        timed = [replace(call, clock=clock) for call, clock in zip(calls, noting, strict=True)]
        try:
            done = _carried_out(tx, timed, known)
        except OutdatedPlan:
            self._misses = min(self._misses + 1, _MOST_MISSES)
            self._pause = 2**self._misses
        except GraphMemError:
            pass  # it may be right by now, and what is wrong is told by who looks
        else:
            self._misses = 0
            return done
        for call, clock in zip(calls, noting, strict=True):
            call.clock = clock.again()
        return None


def _is_foreseeable(requests: Sequence[Request]) -> bool:
    return len(requests) <= _MOST_REQUESTS and all(isinstance(one.operation, Add) for one in requests)


def _carried_out(tx: ManagedTransaction, calls: Sequence[Call], known: _Known) -> Done:
    head, card = known.head, known.model
    planned_on = {
        **asked_of([request for call in calls for request in call.requests]),
        "seq": head.seq,
        "hash": head.hash,
        "documents": head.documents,
        "tokens": head.tokens,
        "vectors": head.vectors,
        "epoch": head.epoch,
        "answered_to": head.answered_to or 0,
        "weights": "" if card is None else card.weights_hash,
        "is_indexed": known.is_indexed,
        "is_projected": known.is_projected,
    }
    batch = Batch(
        tx,
        replace(head),
        card,
        is_indexed=known.is_indexed,
        is_projected=known.is_projected,
        ahead=(Overlay(Rows(branches=dict(known.branches))), {}),
        planned_on=planned_on,
    )
    for call in calls:
        batch.take_vectors(call.vectors, call.model)
    return Done(apply_all(batch, calls), batch)

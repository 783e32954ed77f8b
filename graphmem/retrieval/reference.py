"""Memories as answers name them: pure functions over a kernel view."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from graphmem.answers import Reference, State, intervals
from graphmem.model import Status
from graphmem.temporal import View

_OWN_STATE = {
    Status.PROPOSED: State.PROPOSED,
    Status.DEFERRED: State.DEFERRED,
    Status.REJECTED: State.REJECTED,
    Status.ENDED: State.ENDED,
}


def reference(view: View, key: str, valid: datetime) -> Reference:
    """The memory as an answer for an instant names it; the id alone if it was erased or the reader does not see it."""
    memory = view.memory(key)
    if memory is None or memory.statement is None:
        return Reference(key)
    statement, spans = memory.statement, view.holding(key)
    return Reference(
        id=key,
        title=statement.title,
        alias=next(iter(statement.aliases), None),
        state=state(view, key, valid),
        origin=statement.origin,
        holding=intervals(spans),
        is_or_later=bool(spans) and starts_or_later(view, key, spans[0][0]),
    )


def references(view: View, keys: Iterable[str], valid: datetime) -> tuple[Reference, ...]:
    """As `reference`, of several memories in their order."""
    return tuple(reference(view, key, valid) for key in keys)


def starts_or_later(view: View, key: str, start: datetime) -> bool:
    """Whether a memory's source tells only the earliest that its start can have been."""
    return any(row.move.is_or_later and row.move.at == start for row in view.moves(key))


def state(view: View, key: str, valid: datetime) -> State:
    """The state of a memory at an instant, in one word."""
    if view.holds(key, valid):
        return State.HOLDS
    if view.is_retracted(key):
        return State.RETRACTED
    if view.is_never(key):
        return State.CORRECTED
    if any(edge.is_full and view.covers(edge, valid) for edge in view.edges_out(key)):
        return State.SUPERSEDED
    decisive = view.status(key, valid)
    if decisive is None:
        return State.NOT_YET
    return _OWN_STATE.get(decisive.move.status, State.FALLEN)

"""Memories as answers show them: pure functions over a kernel view."""

from __future__ import annotations

from datetime import datetime

from graphmem.answers import Card, Sentence, State, Step, Told, intervals
from graphmem.model import Memory, Origin, Status
from graphmem.ranking import decayed_confidence
from graphmem.rows import EdgeRow, MoveRow
from graphmem.temporal import View
from graphmem.temporal.spans import containing

_OWN_STATE = {
    Status.PROPOSED: State.PROPOSED,
    Status.DEFERRED: State.DEFERRED,
    Status.REJECTED: State.REJECTED,
    Status.ENDED: State.ENDED,
}


def card(view: View, key: str, valid: datetime) -> Card | None:
    """The memory at an instant, or None if the reader does not see it or it was erased."""
    memory = view.memory(key)
    if memory is None:
        return None
    stamp = view.known[key].stamp
    decisive = view.status(key, valid)
    return Card(
        memory=memory,
        state=state(view, key, valid),
        holding=intervals(view.holding(key)),
        told=None if decisive is None else next(told for told in moves(view, key) if _is_of(told, decisive)),
        confidence=confidence(view, memory, valid),
        change=stamp.seq,
        recorded_at=stamp.recorded_at,
        confirmed_at=view.confirmed_at(key),
        amended_by=tuple(e.new for e in view.edges_out(key) if not e.is_full and view.holds(e.new, valid)),
    )


def state(view: View, key: str, valid: datetime) -> State:
    """Where the memory stands at an instant, in one word."""
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


def confidence(view: View, memory: Memory, valid: datetime) -> float:
    """The memory's confidence at an instant, decayed since it was last known to be right."""
    assert memory.statement is not None, "only live memories are asked about"  # noqa: S101
    within = containing(view.holding(memory.id), valid)
    started = within[0] if within else view.start(memory.id)
    fresh = max((moment for moment in (started, view.confirmed_at(memory.id)) if moment is not None), default=valid)
    return decayed_confidence(memory.statement, fresh, valid)


def moves(view: View, key: str) -> tuple[Told, ...]:
    """The memory's moves in order, in its source's own words."""
    rows = view.moves(key)
    ends = [row.move.at for row in rows[1:]]
    return tuple(
        Told(
            row.move.status,
            row.move.source_word or row.move.status.value,
            row.move.at,
            end,
            row.stamp.seq,
            row.stamp.recorded_at,
        )
        for row, end in zip(rows, [*ends, None], strict=False)
    )


def step(view: View, edge: EdgeRow, *, other: str) -> Step:
    """A supersession edge as seen from one of its sides; `other` is the id on the far side."""
    far = view.memory(other)
    said = None if far is None else far.statement
    return Step(
        memory=other,
        title=None if said is None else Sentence.quoting(said.title, said.origin),
        kind=edge.kind,
        at=edge.at,
        until=edge.until,
        part=None if edge.part is None else quoted_of(view, edge, edge.part),
        covers=intervals(view.coverage(edge)) if edge.is_full else (),
        evidence=None if edge.reason is None else quoted_of(view, edge, edge.reason),
        change=edge.stamp.seq,
        recorded_at=edge.stamp.recorded_at,
    )


def quoted_of(view: View, edge: EdgeRow, words: str) -> Sentence:
    """Words of a supersession: as far to be trusted as the less trusted of the memories that it relates."""
    return Sentence.quoting(words, min(origin_of(view, edge.old), origin_of(view, edge.new), key=lambda one: one.trust))


def origin_of(view: View, key: str) -> Origin:
    """The origin of a memory; that of an erased or unseen one is not known, and trusted least."""
    memory = view.memory(key)
    return Origin.EXTERNAL if memory is None or memory.statement is None else memory.statement.origin


def _is_of(told: Told, row: MoveRow) -> bool:
    return (told.change, told.at, told.status) == (row.stamp.seq, row.move.at, row.move.status)

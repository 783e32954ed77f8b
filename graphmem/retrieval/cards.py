"""Memories as answers show them: pure functions over a kernel view."""

from __future__ import annotations

from datetime import datetime

from graphmem.answers import Card, Reference, Step, Told, intervals
from graphmem.model import Memory
from graphmem.ranking import freshness, trusted_confidence
from graphmem.relations import Side
from graphmem.retrieval.quotations import quoted_of
from graphmem.retrieval.reference import reference, references, state
from graphmem.retrieval.relation_phrases import edge_words
from graphmem.rows import EdgeRow, MoveRow
from graphmem.temporal import View, dependencies
from graphmem.temporal.spans import containing


def card(view: View, key: str, valid: datetime) -> Card | None:
    """The memory at an instant, or None if the reader does not see it or it was erased."""
    memory = view.memory(key)
    if memory is None:
        return None
    assert memory.statement is not None, "what was erased is not seen"  # noqa: S101
    stamp, fresh_at = view.known[key].stamp, last_right(view, key, valid)
    decisive = view.status(key, valid)
    amendments = [edge.new for edge in view.edges_out(key) if not edge.is_full and view.holds(edge.new, valid)]
    return Card(
        memory=memory,
        state=state(view, key, valid),
        holding=intervals(view.holding(key)),
        told=None if decisive is None else next(move for move in moves(view, key) if _is_of(move, decisive)),
        freshness=freshness(memory.statement.kind, fresh_at or valid, valid),
        fresh_at=fresh_at,
        change=stamp.seq,
        recorded_at=stamp.recorded_at,
        confirmed_at=view.confirmed_at(key),
        amended_by=references(view, amendments, valid),
        depends_on=tuple(Reference(dependency) for dependency in dependencies(view, key)),
    )


def last_right(view: View, key: str, valid: datetime) -> datetime | None:
    """When the memory was last known to be right: confirmed, or come into force; None if neither ever happened."""
    within = containing(view.holding(key), valid)
    started = within[0] if within else view.start(key)
    return max((moment for moment in (started, view.confirmed_at(key)) if moment is not None), default=None)


def confidence(view: View, memory: Memory, valid: datetime) -> float:
    """What the memory is ordered by at an instant: its stated confidence, less for its origin and its age."""
    statement = memory.statement
    assert statement is not None, "only live memories are asked about"  # noqa: S101
    fresh_at = last_right(view, memory.id, valid) or valid
    return trusted_confidence(statement, freshness(statement.kind, fresh_at, valid))


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


def step(view: View, edge: EdgeRow, *, side: Side, valid: datetime) -> Step:
    """A supersession edge as seen from one of its sides at an instant."""
    key = edge.old if side is Side.NEW else edge.new
    before, after = edge_words(view, edge, side, valid)
    return Step(
        memory=reference(view, key, valid),
        kind=edge.kind,
        at=edge.at,
        until=edge.until,
        part=None if edge.part is None else quoted_of(view, edge, edge.part),
        covers=intervals(view.coverage(edge)) if edge.is_full else (),
        evidence=None if edge.reason is None else quoted_of(view, edge, edge.reason),
        change=edge.stamp.seq,
        recorded_at=edge.stamp.recorded_at,
        before=before,
        after=after,
    )


def _is_of(move: Told, row: MoveRow) -> bool:
    return (move.change, move.at, move.status) == (row.stamp.seq, row.move.at, row.move.status)

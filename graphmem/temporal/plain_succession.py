"""The plainest supersession, of which a bulk load has thousands: one active memory takes over from another for good.

Nothing else is chained to either as far as that decides anything, so the answer of all rules is known beforehand. The
tests compare it with what the rules themselves say.
"""

from __future__ import annotations

from graphmem.model import Request, Status, Supersede, SupersessionKind
from graphmem.rows import Derived, MoveRow, Rows
from graphmem.temporal.spans import Spans, difference, intersection, span

_SIDES = 2


def is_plain(request: Request, rows: Rows) -> bool:
    """Whether a request is one that nothing can be said against but that its writer is not trusted enough.

    Args:
        request: Anything.
        rows: What it was planned on: as `graphmem.temporal.is_decided_ahead` has it, or all that is chained to it.

    Returns:
        True only for an update from one memory to another of its scope, both on the main line, active by their one move
        and unretracted, the old one not after the update, with no other edge to or from either.
    """
    operation, writer = request.operation, request.writer
    if not isinstance(operation, Supersede) or operation.kind is not SupersessionKind.UPDATE:
        return False
    if writer.branch is not None or request.seen is not None or operation.at is None or operation.part is not None:
        return False
    if operation.until is not None and operation.until <= operation.at:
        return False
    if len(rows.memories) != _SIDES or len(rows.moves) != _SIDES or len(operation.old) + len(operation.new) != _SIDES:
        return False
    if rows.edges or rows.retractions or rows.revocations or not operation.old or not operation.new:
        return False
    old, new = rows.memories.get(operation.old[0]), rows.memories.get(operation.new[0])
    if old is None or new is None or old.memory.scope != new.memory.scope or not writer.admits(old.memory.scope):
        return False
    if old.memory.is_erased or new.memory.is_erased or old.stamp.branch is not None or new.stamp.branch is not None:
        return False
    moves = {move.memory: move for move in rows.moves}
    if len(moves) != _SIDES or not all(map(_is_simple, moves.values())):
        return False
    return moves[operation.old[0]].move.at <= operation.at


def derived_of(operation: Supersede, rows: Rows) -> tuple[Derived, ...]:
    """What the caches become once a plain supersession is appended; unchanged ones left out."""
    old, new = operation.old[0], operation.new[0]
    moves = {move.memory: move.move.at for move in rows.moves}
    before: Spans = span(moves[old], None)
    covered = intersection(span(operation.at, operation.until), span(moves[new], None))
    after = difference(before, covered)
    return () if after == before else (Derived(old, Status.ACTIVE, after, is_common=True),)


def _is_simple(row: MoveRow) -> bool:
    return row.move.status is Status.ACTIVE and row.stamp.branch is None

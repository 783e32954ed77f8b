"""A shortcut for the most frequent supersession in a bulk load: an active memory supersedes another by an update.

Neither memory has another edge that matters, so the transaction follows without applying the rules. The tests compare
it with the result of the rules.
"""

from __future__ import annotations

from graphmem.model import Request, Status, Supersede, SupersessionKind
from graphmem.rows import Derived, MoveRow, Rows
from graphmem.temporal.spans import Spans, difference, intersection, span

_SIDES = 2


def is_plain(request: Request, rows: Rows) -> bool:
    """Return True if only insufficient trust could stop the request from taking effect.

    Args:
        request: Any request.
        rows: The rows read for planning: the successors only, if `is_decided_ahead` allows it, else the whole chain.

    Returns:
        True only for an update from one memory to another of its scope, both on the main line, active by their one move
        and unretracted, the old one not after the update, with no other edge to or from either.
    """
    operation, writer = request.operation, request.writer
    if not isinstance(operation, Supersede) or operation.kind is not SupersessionKind.UPDATE:
        return False
    if writer.branch is not None or request.seen is not None or operation.at is None or operation.part is not None:
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
    """Recompute the caches after a plain supersession; return those that changed."""
    old, new = operation.old[0], operation.new[0]
    moves = {move.memory: move.move.at for move in rows.moves}
    before: Spans = span(moves[old], None)
    covered = intersection(span(operation.at, operation.until), span(moves[new], None))
    after = difference(before, covered)
    return () if after == before else (Derived(old, Status.ACTIVE, after, is_common=True),)


def _is_simple(row: MoveRow) -> bool:
    return row.move.status is Status.ACTIVE and row.stamp.branch is None

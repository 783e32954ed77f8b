"""Effects of supersessions at a point, in the phrases of `graphmem.relations`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from graphmem.answers import Relation
from graphmem.model import BEGINNING, FOREVER, Status, SupersessionKind
from graphmem.relations import Dates, Effect, Side, Words, chain_words, precedence_words, relation_words
from graphmem.retrieval.quotations import quoted_of
from graphmem.retrieval.reference import reference, references
from graphmem.rows import EdgeRow
from graphmem.temporal import Ruling, View

_OF_STATUS = {
    Status.PROPOSED: Effect.PROPOSED,
    Status.DEFERRED: Effect.DEFERRED,
    Status.REJECTED: Effect.REJECTED,
    Status.ENDED: Effect.UNUSED,
}
_ONLY_NAMED = frozenset({Effect.PROPOSED, Effect.DEFERRED, Effect.REJECTED, Effect.UNUSED})


def effect_of(view: View, edge: EdgeRow, valid: datetime) -> Effect:
    """Return the effect of a supersession at an instant."""
    claimed = _claim(view, edge, valid)
    if claimed in _ONLY_NAMED and edge.kind is SupersessionKind.UPDATE and _has_ended(view, edge.old, valid):
        return Effect.NAMED
    return claimed


def edge_words(view: View, edge: EdgeRow, side: Side, valid: datetime) -> Words:
    """Return the phrase for a supersession at an instant, from the viewpoint of a side."""
    effect = effect_of(view, edge, valid)
    decisive = view.status(edge.new, valid)
    status = Status.PROPOSED if decisive is None else decisive.move.status
    status_phrase = f"only {status.value}" if status in {Status.PROPOSED, Status.DEFERRED} else status.value
    return relation_words(edge.kind, side, effect, _dates(view, edge, effect, valid), status=status_phrase)


def relation(view: View, path: Sequence[str], valid: datetime) -> Relation | None:
    """Return the relation of the last memory of a path over supersessions to the first.

    Args:
        view: Contains all memories of the path.
        path: Ids in resolution order.
        valid: The query's valid time.

    Returns:
        None if the path has a single memory, or the first is erased or not visible.
    """
    first, last = path[0], path[-1]
    if first == last:
        return None
    first_memory = view.memory(first)
    if first_memory is None or first_memory.statement is None:
        return None
    between = tuple(path[1:-1])
    edge, side = _edge_between(view, first, last, valid) if not between else (None, _way(view, path, valid))
    if edge is not None:
        words, effect = edge_words(view, edge, side or Side.NEW, valid), effect_of(view, edge, valid)
        is_superseding = side is Side.NEW and effect is Effect.IN_EFFECT and edge.is_full
    else:
        words, is_superseding = chain_words(side, len(between)), side is Side.NEW
    part = None if edge is None or edge.part is None else quoted_of(view, edge, edge.part)
    return Relation(reference(view, first, valid), *words, part, is_superseding, references(view, between, valid))


def overruling(view: View, ruling: Ruling, memory_id: str, valid: datetime) -> Relation | None:
    """Return the relation to the memory that leads over another, with the rule; None if that leads or has no ruling."""
    rule = dict(ruling.contested).get(memory_id)
    if rule is None or view.memory(ruling.head) is None:
        return None
    return Relation(reference(view, ruling.head, valid), *precedence_words(is_head=False, rule=rule))


def _claim(view: View, edge: EdgeRow, valid: datetime) -> Effect:
    if edge.is_full and view.covers(edge, valid):
        return Effect.IN_EFFECT
    if view.is_retracted(edge.new):
        return Effect.RETRACTED
    if view.is_never(edge.new):
        return Effect.CORRECTED
    if edge.until is not None and edge.until <= valid:
        return Effect.OVER
    start, decisive = view.start(edge.new), view.status(edge.new, valid)
    if start is None:
        return _OF_STATUS.get(Status.PROPOSED if decisive is None else decisive.move.status, Effect.PROPOSED)
    if valid < start or (edge.at is not None and valid < edge.at):
        return Effect.TO_COME
    return Effect.IN_EFFECT if view.holds(edge.new, valid) else Effect.OVER


def _has_ended(view: View, memory_id: str, valid: datetime) -> bool:
    """Return whether a memory has the status ended, as a memory that names its successor does."""
    decisive = view.status(memory_id, valid)
    return decisive is not None and decisive.move.status is Status.ENDED


def _dates(view: View, edge: EdgeRow, effect: Effect, valid: datetime) -> Dates:
    """Return the dates of a supersession; the start is when the new memory begins to cover the old, if known."""
    on = edge.at
    if edge.is_full and edge.kind is not SupersessionKind.CORRECTION and effect in {Effect.IN_EFFECT, Effect.TO_COME}:
        on = next((low for low, high in view.coverage(edge) if valid < high), on)
    elif effect is Effect.TO_COME:
        on = max((start for start in (on, view.start(edge.new)) if start is not None), default=None)
    return Dates("" if on is None else day(on), "" if edge.until is None else day(edge.until))


def _edge_between(view: View, first: str, last: str, valid: datetime) -> tuple[EdgeRow | None, Side]:
    """Return the most informative supersession between two neighbours: in effect before others, then the latest."""
    edges = [(edge, Side.NEW) for edge in view.edges_into(last) if edge.old == first]
    edges += [(edge, Side.OLD) for edge in view.edges_out(last) if edge.new == first]
    if not edges:
        return None, Side.NEW
    return max(edges, key=lambda entry: (effect_of(view, entry[0], valid) is Effect.IN_EFFECT, entry[0].stamp.seq))


def _way(view: View, path: Sequence[str], valid: datetime) -> Side | None:
    """Return the side of the last memory of a path; None if the path changes direction."""
    steps = [_edge_between(view, left, right, valid) for left, right in pairwise(path)]
    if all(edge is not None and edge.is_full and side is Side.NEW and view.covers(edge, valid) for edge, side in steps):
        return Side.NEW
    if all(edge is not None and edge.is_full and side is Side.OLD for edge, side in steps):
        return Side.OLD
    return None


def day(moment: datetime) -> str:
    """Return the date of a midnight, other moments to the second."""
    if moment in (BEGINNING, FOREVER):
        return "the open end"
    text = moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    return text[:10] if text.endswith("00:00:00Z") else text

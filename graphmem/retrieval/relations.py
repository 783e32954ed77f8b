"""What a supersession does at a point, as the kernel has it, put into the words of `graphmem.relations`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from graphmem.answers import Relation
from graphmem.model import BEGINNING, FOREVER, Status, SupersessionKind
from graphmem.relations import Dates, Effect, Side, Words, chain_words, precedence_words, relation_words
from graphmem.retrieval.quoting import quoted_of
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
    """What a supersession does at an instant."""
    claimed = _claim(view, edge, valid)
    if claimed in _ONLY_NAMED and edge.kind is SupersessionKind.UPDATE and _has_ended(view, edge.old, valid):
        return Effect.NAMED
    return claimed


def edge_words(view: View, edge: EdgeRow, side: Side, valid: datetime) -> Words:
    """The phrase for a supersession at an instant, as seen from one of its sides."""
    effect = effect_of(view, edge, valid)
    decisive = view.status(edge.new, valid)
    status = Status.PROPOSED if decisive is None else decisive.move.status
    told = f"only {status.value}" if status in {Status.PROPOSED, Status.DEFERRED} else status.value
    return relation_words(edge.kind, side, effect, _dates(view, edge, effect, valid), status=told)


def relation(view: View, path: Sequence[str], valid: datetime) -> Relation | None:
    """How the last memory of a path over supersessions relates to its first.

    Args:
        view: Has all of them.
        path: Ids, as resolution walked them.
        valid: The asked instant.

    Returns:
        None if the first is the last, or cannot be named.
    """
    other, this = path[0], path[-1]
    if other == this:
        return None
    far = view.memory(other)
    if far is None or far.statement is None:
        return None
    between = tuple(path[1:-1])
    edge, side = _edge_between(view, other, this, valid) if not between else (None, _way(view, path, valid))
    if edge is not None:
        words, effect = edge_words(view, edge, side or Side.NEW, valid), effect_of(view, edge, valid)
        is_over_it = side is Side.NEW and effect is Effect.IN_EFFECT and edge.is_full
    else:
        words, is_over_it = chain_words(side, len(between)), side is Side.NEW
    part = None if edge is None or edge.part is None else quoted_of(view, edge, edge.part)
    return Relation(reference(view, other, valid), *words, part, is_over_it, references(view, between, valid))


def overruling(view: View, ruling: Ruling, key: str, valid: datetime) -> Relation | None:
    """The memory that leads in place of another, with the rule; None if that one leads, or is not ruled on."""
    rule = dict(ruling.contested).get(key)
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


def _has_ended(view: View, key: str, valid: datetime) -> bool:
    """Whether a memory has ended of itself, as one does that names its successor."""
    decisive = view.status(key, valid)
    return decisive is not None and decisive.move.status is Status.ENDED


def _dates(view: View, edge: EdgeRow, effect: Effect, valid: datetime) -> Dates:
    """When a supersession begins and ends: where that is known, since when it covers the old memory."""
    on = edge.at
    if edge.is_full and edge.kind is not SupersessionKind.CORRECTION and effect in {Effect.IN_EFFECT, Effect.TO_COME}:
        on = next((low for low, high in view.coverage(edge) if valid < high), on)
    elif effect is Effect.TO_COME:
        on = max((one for one in (on, view.start(edge.new)) if one is not None), default=None)
    return Dates("" if on is None else day(on), "" if edge.until is None else day(edge.until))


def _edge_between(view: View, other: str, this: str, valid: datetime) -> tuple[EdgeRow | None, Side]:
    """The supersession that says most of two neighbours: one in effect before any other, the latest of those."""
    found = [(edge, Side.NEW) for edge in view.edges_into(this) if edge.old == other]
    found += [(edge, Side.OLD) for edge in view.edges_out(this) if edge.new == other]
    if not found:
        return None, Side.NEW
    return max(found, key=lambda one: (effect_of(view, one[0], valid) is Effect.IN_EFFECT, one[0].stamp.seq))


def _way(view: View, path: Sequence[str], valid: datetime) -> Side | None:
    """Which side of its chain the last memory of a path is on; None if the path turns."""
    steps = [_edge_between(view, one, next_, valid) for one, next_ in pairwise(path)]
    if all(edge is not None and edge.is_full and side is Side.NEW and view.covers(edge, valid) for edge, side in steps):
        return Side.NEW
    if all(edge is not None and edge.is_full and side is Side.OLD for edge, side in steps):
        return Side.OLD
    return None


def day(moment: datetime) -> str:
    """A date if the moment is a midnight, else to the second."""
    if moment in (BEGINNING, FOREVER):
        return "the open end"
    text = moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    return text[:10] if text.endswith("00:00:00Z") else text

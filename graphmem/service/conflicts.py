"""Open conflicts, computed when they are read: rivals for a subject, forks of a memory, and declared conflicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from graphmem.answers import Card, Conflicts, OpenConflict, intervals
from graphmem.model import LinkKind, Point, Scope
from graphmem.retrieval.cards import card
from graphmem.rows import EdgeRow
from graphmem.service.context import ServiceContext
from graphmem.temporal import Ruling, Spans, View, rule
from graphmem.temporal.spans import intersection


def open_conflicts(context: ServiceContext, point: Point, reader: Scope) -> Conflicts:
    """Return the open conflicts at a point; see `ReadVerbs.conflicts`."""
    conflicts = [
        *_by_subject(context, point, reader),
        *_by_fork(context, point, reader),
        *_by_link(context, point, reader),
    ]
    return Conflicts(tuple(conflicts), point)


def _by_subject(context: ServiceContext, point: Point, reader: Scope) -> Iterator[OpenConflict]:
    for subject, ids in sorted(context.store.contested_subjects(reader).items()):
        view = context.view(reader, ids, point.seq)
        homes: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
        for key in ids:
            memory = view.memory(key)
            if memory is not None:
                homes[memory.scope.repo, memory.scope.user, memory.scope.environment].append(key)
        for same in homes.values():
            ruling = rule(view, same, point.valid)
            if ruling is not None and ruling.contested:
                claims = (ruling.head, *(key for key, _ in ruling.contested))
                yield _conflict(view, "subject", subject, claims, point, ruling.contested[0][1])


def _by_fork(context: ServiceContext, point: Point, reader: Scope) -> Iterator[OpenConflict]:
    for old in context.store.forked(reader):
        view = context.view(reader, [old], point.seq)
        # A private successor and a shared successor of the same memory are no fork.
        by_owner: dict[Scope, list[EdgeRow]] = defaultdict(list)
        for edge in view.edges_out(old):
            if edge.is_full and edge.until is None and edge.new in view.known:
                by_owner[replace(view.known[edge.new].memory.scope, branch=None)].append(edge)
        for edges in by_owner.values():
            claims = tuple(dict.fromkeys(edge.new for edge in edges if view.holds(edge.new, point.valid)))
            if len({edge.stamp.seq for edge in edges}) > 1 and len(claims) > 1 and view.memory(old) is not None:
                ordered, why = _ordered(claims, rule(view, claims, point.valid))
                yield _conflict(view, "fork", old, ordered, point, why)


def _by_link(context: ServiceContext, point: Point, reader: Scope) -> Iterator[OpenConflict]:
    seen: set[tuple[str, str]] = set()
    for source, target in context.store.declared_conflicts(reader):
        view = context.view(reader, [source, target], point.seq)
        is_open = any(
            row.kind is LinkKind.CONFLICTS_WITH and {row.source, row.target} == {source, target}
            for row in view.links(source)
        )
        pair = (min(source, target), max(source, target))
        if is_open and pair not in seen and view.holds(source, point.valid) and view.holds(target, point.valid):
            seen.add(pair)
            ruling = rule(view, pair, point.valid)
            ordered, why = _ordered(pair, ruling)
            yield _conflict(view, "link", pair[0], ordered, point, why)


def _ordered(claims: tuple[str, ...], ruling: Ruling | None) -> tuple[tuple[str, ...], str]:
    """Return the claims with the leading claim first, and the rule; unchanged and '' if no rule decides."""
    if ruling is None or not ruling.contested:
        return claims, ""
    return (ruling.head, *(key for key, _ in ruling.contested)), ruling.contested[0][1]


def _conflict(view: View, found_by: str, topic: str, claims: tuple[str, ...], point: Point, why: str) -> OpenConflict:
    cards = tuple(shown for key in claims if (shown := card(view, key, point.valid)) is not None)
    overlap: Spans = view.holding(claims[0])
    for key in claims[1:]:
        overlap = intersection(overlap, view.holding(key))
    return OpenConflict(found_by, topic, cards, why, intervals(overlap), _fix(cards))


def _fix(cards: tuple[Card, ...]) -> str:
    head, last = cards[0].id, cards[-1].id
    return f"graphmem supersede {last} --by {head}, or the reverse; or graphmem end the memory that is no longer true"

"""Open conflicts, computed when they are read: rivals, forks, recorded conflicts, and statements that contradict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

from graphmem.answers import intervals
from graphmem.conflicts import Conflicts, FoundBy, OpenConflict, conflict_id, ways_to_settle
from graphmem.model import LinkKind, Point, Provenance, Scope, Statement
from graphmem.retrieval.cards import card
from graphmem.service.chunks import chunks
from graphmem.service.conflict_rules import (
    Home,
    are_in_succession,
    contradictions,
    forks,
    home_of,
    successors_of,
)
from graphmem.service.context import ServiceContext
from graphmem.store import Filter
from graphmem.temporal import Ruling, Spans, View, rule
from graphmem.temporal.spans import intersection


def open_conflicts(context: ServiceContext, point: Point, reader: Scope, *, is_latest: bool) -> Conflicts:
    """Return the open conflicts at a point; see `ReadVerbs.conflicts`.

    Args:
        context: The context of the opened memory.
        point: The point.
        reader: The reader's scope.
        is_latest: Whether the point is of the latest ledger position, where the store's caches help.
    """
    conflicts = [
        *_by_subject(context, point, reader),
        *_by_fork(context, point, reader),
        *_by_link(context, point, reader),
    ]
    known = {frozenset(card.id for card in conflict.claims) for conflict in conflicts}
    conflicts += _by_statement(context, point, reader, known, point.valid if is_latest else None)
    return Conflicts(tuple(conflicts), point)


def _by_subject(context: ServiceContext, point: Point, reader: Scope) -> Iterator[OpenConflict]:
    for subject, ids in sorted(context.store.contested_subjects(reader).items()):
        view = context.view(reader, ids, point.seq)
        homes = defaultdict[Home, list[str]](list)
        for key in ids:
            memory = view.memory(key)
            if memory is not None:
                homes[home_of(memory.scope)].append(key)
        for same in homes.values():
            ruling = rule(view, same, point.valid)
            if ruling is not None and ruling.contested:
                claims = (ruling.head, *(key for key, _ in ruling.contested))
                yield _conflict(context, view, FoundBy.SUBJECT, subject, claims, point, ruling.contested[0][1])


def _by_fork(context: ServiceContext, point: Point, reader: Scope) -> Iterator[OpenConflict]:
    for old in context.store.forked(reader):
        view = context.view(reader, [old], point.seq)
        for claims in forks(successors_of(view, old, point.valid)) if view.memory(old) is not None else ():
            ordered, why = _ordered(claims, rule(view, claims, point.valid))
            yield _conflict(context, view, FoundBy.FORK, old, ordered, point, why)


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
            yield _conflict(context, view, FoundBy.LINK, pair[0], ordered, point, why)


def _ordered(claims: tuple[str, ...], ruling: Ruling | None) -> tuple[tuple[str, ...], str]:
    """Return the claims with the leading claim first, and the rule; unchanged and '' if no rule decides."""
    if ruling is None or not ruling.contested:
        return claims, ""
    return (ruling.head, *(key for key, _ in ruling.contested)), ruling.contested[0][1]


def _by_statement(
    context: ServiceContext, point: Point, reader: Scope, known: Collection[frozenset[str]], hint: datetime | None
) -> Iterator[OpenConflict]:
    """Yield the conflicts between statements in force in one scope, but those with the claims of a known conflict."""
    homes = defaultdict[Home, dict[str, Statement]](dict)
    for ids in chunks(context, Filter(), reader, point.seq, hint):
        view = context.view(reader, ids, point.seq)
        for key in ids:
            memory = view.memory(key)
            if memory is not None and memory.statement is not None and view.holds(key, point.valid):
                homes[home_of(memory.scope)][key] = memory.statement
    for pair in contradictions(homes, known):
        claims = (pair.first, pair.second)
        view = context.view(reader, claims, point.seq)
        if not are_in_succession(view, *claims):
            ordered, why = _ordered(claims, rule(view, claims, point.valid))
            yield _conflict(context, view, FoundBy(pair.rule.value), pair.topic, ordered, point, why)


def _conflict(  # noqa: PLR0913, PLR0917 - what a conflict is made of
    context: ServiceContext,
    view: View,
    found_by: FoundBy,
    topic: str,
    claims: tuple[str, ...],
    point: Point,
    why: str,
) -> OpenConflict:
    cards = tuple(shown for key in claims if (shown := card(view, key, point.valid)) is not None)
    overlap: Spans = view.holding(claims[0])
    for key in claims[1:]:
        overlap = intersection(overlap, view.holding(key))
    ids = tuple(shown.id for shown in cards)
    known_as = conflict_id(found_by, ids)
    evidence = tuple(_provenance(context, view.reader, shown.change) for shown in cards)
    ways = ways_to_settle(known_as, found_by, ids)
    return OpenConflict(known_as, found_by, topic, cards, evidence, why, intervals(overlap), ways)


def _provenance(context: ServiceContext, reader: Scope, change: int) -> Provenance:
    """Return the provenance of the ledger entry that recorded a memory."""
    return context.store.changes(reader, after=change - 1, limit=1)[0].provenance

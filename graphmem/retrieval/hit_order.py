"""In which order answers come: by what speaks for each, and what leads a subject before what it overrules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphmem.retrieval.cards import confidence
from graphmem.retrieval.fusion import prior
from graphmem.retrieval.heads import Head, behind, fits, subject_of
from graphmem.retrieval.request import Query, Sort
from graphmem.store import Filter
from graphmem.temporal import Resolved, Ruling, Standing, View, rule

_DAY_S = 86_400.0
_YEAR_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A head with what orders it; of the many that are ranked, only those shown are told in full."""

    head: Head
    factor: float
    score: float
    relevance: float
    confidence: float
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Ruled:
    """Who leads the subjects of what comes first."""

    view: View
    led: Mapping[str | None, Ruling | None]


def rank(heads: Iterable[Head], query: Query) -> list[Ranked]:
    """The heads that fit, in the order that the query asks for."""
    ranked = [_ranked(head, query) for head in heads if fits(head, query)]
    return sorted(ranked, key=lambda one: _order(one, query.sort))


def rulings(view: View, subjects: Collection[str], valid: datetime) -> dict[str | None, Ruling | None]:
    """Who leads each of the subjects among the memories of a view; subjects of which it has none are left out."""
    rivals = defaultdict[str | None, list[str]](list)
    for key in view.known:
        memory = view.memory(key)
        if memory is not None and (subject := subject_of(memory)) in subjects:
            rivals[subject].append(key)
    return {subject: rule(view, keys, valid) for subject, keys in rivals.items()}


def _ranked(head: Head, query: Query) -> Ranked:
    view, key = head.view, head.resolved.memory
    row, scored = view.known[key], head.scored
    trusted = confidence(view, row.memory, query.valid)
    recorded_at = row.stamp.recorded_at
    factor = prior(trusted, _recency(recorded_at.timestamp(), query), sum(row.memory.scope.width) / 3)
    score = scored.score * factor - behind(head, query)
    return Ranked(head, factor, score, scored.relevance, trusted, recorded_at)


def leaders_first(ranked: list[Ranked], query: Query) -> list[Ranked]:
    """The same, with what is in force for one subject in the order of precedence, as far as the matches' rows tell.

    An amendment need not be known as one here, and may be moved before what it amends; `with_leaders` mends that.
    """
    if query.sort is not Sort.RELEVANCE:
        return ranked
    groups = defaultdict[tuple[str, int], list[Ranked]](list)
    for one in ranked:
        subject = subject_of(one.head.memory)
        if one.head.holds and subject is not None:
            groups[subject, id(one.head.view)].append(one)
    for group in groups.values():
        if len(group) > 1:
            ruling = rule(group[0].head.view, [one.head.resolved.memory for one in group], query.valid)
            ranked = _by_precedence(ranked, {subject_of(group[0].head.memory): ruling})
    return ranked


def _by_precedence(ranked: Sequence[Ranked], led: Mapping[str | None, Ruling | None]) -> list[Ranked]:
    """The same, with the memories that a ruling orders in its order, in the places that they had."""
    ordered = list(ranked)
    for ruling in led.values():
        ruled = [] if ruling is None else [ruling.head, *(key for key, _ in ruling.contested)]
        ranks = {key: rank for rank, key in enumerate(ruled)}
        places = [place for place, one in enumerate(ordered) if one.head.resolved.memory in ranks]
        some = sorted((ordered[place] for place in places), key=lambda one: ranks[one.head.resolved.memory])
        for place, one in zip(places, some, strict=True):
            ordered[place] = one
    return ordered


def with_leaders(ranked: Sequence[Ranked], ruled: Ruled, query: Query) -> Sequence[Ranked]:
    """The same, with what leads a subject before what it overrules, whether it matches itself or not."""
    if query.sort is not Sort.RELEVANCE or query.where.include_history:
        return ranked
    ordered = list(_by_precedence(ranked, ruled.led))
    for place, one in enumerate(list(ordered)):
        ruling = ruled.led.get(subject_of(one.head.memory)) if one.head.holds else None
        if ruling is None or ruling.head == one.head.resolved.memory:
            continue
        if not any(other.head.resolved.memory == ruling.head for other in ordered) and _is_everything(query.where):
            ordered.insert(ordered.index(one, place), _leading(one, ruling.head, ruled.view))
    return ordered


def _leading(overruled: Ranked, leader: str, view: View) -> Ranked:
    """What leads in the place of what matched."""
    key = overruled.head.resolved.memory
    head = Head(Resolved(leader, Standing.HOLDS, (key, leader)), view, overruled.head.matches)
    return replace(overruled, head=head)


def _is_everything(where: Filter) -> bool:
    """Whether nothing narrows what is looked at."""
    return replace(where, include_history=False) == Filter()


def _recency(recorded_s: float, query: Query) -> float:
    """1 for what was just recorded, halved each year before the asked time."""
    age_days = max(query.valid.timestamp() - recorded_s, 0.0) / _DAY_S
    return float(0.5 ** (age_days / _YEAR_DAYS))


def _order(one: Ranked, sort: Sort) -> tuple[float, float, str]:
    if sort is Sort.RECENCY:
        return (-one.recorded_at.timestamp(), -one.score, one.head.resolved.memory)
    if sort is Sort.CONFIDENCE:
        return (-one.confidence, -one.score, one.head.resolved.memory)
    return (-one.score, 0.0, one.head.resolved.memory)

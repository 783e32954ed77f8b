"""Order of hits: by score, with the leading memory of a subject before those that it overrules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.repository.code_verdict import CodeStatus
from graphmem.retrieval.cards import confidence
from graphmem.retrieval.fusion import GRAPH_WEIGHT, prior
from graphmem.retrieval.heads import Head, not_in_force_penalty, subject_of
from graphmem.retrieval.request import Query, Sort
from graphmem.store import Filter
from graphmem.temporal import CachedView, Resolved, Ruling, Standing, View, rule

#: Factors of the score by the verdict of the last check against the code.
_DOUBTS = {CodeStatus.BROKEN: 0.7, CodeStatus.DRIFTED: 0.9}
_DAY_S = 86_400.0
_YEAR_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A head with its sort keys; only heads that are shown become full hits."""

    head: Head
    factor: float
    score: float
    relevance: float
    confidence: float
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Ruled:
    """The leaders of the subjects of the first hits."""

    view: CachedView
    led: Mapping[str | None, Ruling | None]


def rank(heads: Iterable[Head], query: Query) -> list[Ranked]:
    """Return heads in the query's order."""
    ranked = [_ranked(head, query) for head in heads]
    return sorted(ranked, key=lambda entry: _order(entry, query.sort))


def precede_neighbours(ranked: Sequence[Ranked], count: int, query: Query) -> bool:
    """Return whether so many of the first heads come before every neighbour that a head could bring in."""
    if query.sort is not Sort.RELEVANCE or len(ranked) < count:
        return False
    best = max((entry.head.scored.score for entry in ranked), default=0.0)
    return ranked[count - 1].score > GRAPH_WEIGHT * best * prior(1.0, 1.0, 1.0)


def rulings(view: View, subjects: Collection[str], valid: datetime) -> dict[str | None, Ruling | None]:
    """Return the ruling on each of the subjects that the view's memories have."""
    rivals = defaultdict[str | None, list[str]](list)
    for memory_id in view.known:
        memory = view.memory(memory_id)
        if memory is not None and (subject := subject_of(memory)) in subjects:
            rivals[subject].append(memory_id)
    return {subject: rule(view, ids, valid) for subject, ids in rivals.items()}


def _ranked(head: Head, query: Query) -> Ranked:
    view, memory_id = head.view, head.resolved.memory
    row, scored = view.known[memory_id], head.scored
    trusted = confidence(view, row.memory, query.valid)
    recorded_at = row.stamp.recorded_at
    factor = prior(trusted, _recency(recorded_at.timestamp(), query), sum(row.memory.scope.width) / 3)
    if (verdict := query.verdicts.get(row.memory.id)) is not None:
        factor *= _DOUBTS.get(verdict.status, 1.0)
    score = scored.score * factor - not_in_force_penalty(head, query)
    return Ranked(head, factor, score, scored.relevance, trusted, recorded_at)


def leaders_first(ranked: list[Ranked], query: Query) -> list[Ranked]:
    """Reorder memories in force for the same subject by precedence, using only the rows of matches.

    An amendment may not be recognised here and may move before its base; `with_leaders` corrects that.
    """
    if query.sort is not Sort.RELEVANCE:
        return ranked
    groups = defaultdict[tuple[str, int], list[Ranked]](list)
    for entry in ranked:
        subject = subject_of(entry.head.memory)
        if entry.head.holds and subject is not None:
            groups[subject, id(entry.head.view)].append(entry)
    for group in groups.values():
        if len(group) > 1:
            ruling = rule(group[0].head.view, [entry.head.resolved.memory for entry in group], query.valid)
            ranked = _by_precedence(ranked, {subject_of(group[0].head.memory): ruling})
    return ranked


def _by_precedence(ranked: Sequence[Ranked], led: Mapping[str | None, Ruling | None]) -> list[Ranked]:
    """Reorder the memories of each ruling within their positions."""
    ordered = list(ranked)
    for ruling in led.values():
        ruled = [] if ruling is None else [ruling.head, *(memory_id for memory_id, _ in ruling.contested)]
        ranks = {memory_id: rank for rank, memory_id in enumerate(ruled)}
        positions = [position for position, entry in enumerate(ordered) if entry.head.resolved.memory in ranks]
        members = sorted(
            (ordered[position] for position in positions), key=lambda entry: ranks[entry.head.resolved.memory]
        )
        for position, entry in zip(positions, members, strict=True):
            ordered[position] = entry
    return ordered


def with_leaders(ranked: Sequence[Ranked], ruled: Ruled, query: Query) -> Sequence[Ranked]:
    """Move the leader of a subject before the memories that it overrules; insert it if it did not match."""
    if query.sort is not Sort.RELEVANCE or query.where.include_history:
        return ranked
    ordered = list(_by_precedence(ranked, ruled.led))
    for index, entry in enumerate(list(ordered)):
        ruling = ruled.led.get(subject_of(entry.head.memory)) if entry.head.holds else None
        if ruling is None or ruling.head == entry.head.resolved.memory:
            continue
        if not any(listed.head.resolved.memory == ruling.head for listed in ordered) and _is_everything(query.where):
            ordered.insert(ordered.index(entry, index), _leading(entry, ruling.head, ruled.view))
    return ordered


def _leading(overruled: Ranked, leader: str, view: CachedView) -> Ranked:
    """Return the leader as an entry in place of an overruled match."""
    key = overruled.head.resolved.memory
    head = Head(Resolved(leader, Standing.HOLDS, (key, leader)), view, overruled.head.matches)
    return replace(overruled, head=head)


def _is_everything(where: Filter) -> bool:
    """Return whether the filter has no conditions."""
    return replace(where, include_history=False) == Filter()


def _recency(recorded_s: float, query: Query) -> float:
    """Return 1 for a memory recorded at the query's time, halved with each year of age."""
    age_days = max(query.valid.timestamp() - recorded_s, 0.0) / _DAY_S
    return float(0.5 ** (age_days / _YEAR_DAYS))


def _order(entry: Ranked, sort: Sort) -> tuple[float, float, str]:
    if sort is Sort.RECENCY:
        return (-entry.recorded_at.timestamp(), -entry.score, entry.head.resolved.memory)
    if sort is Sort.CONFIDENCE:
        return (-entry.confidence, -entry.score, entry.head.resolved.memory)
    return (-entry.score, 0.0, entry.head.resolved.memory)

"""Search that resolves: what matches is a way in; the answer is what holds at the asked point (MODEL section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from graphmem.answers import Contest, Hit, SearchAnswer
from graphmem.errors import InvalidInput
from graphmem.model import LinkKind, Memory, Point, Scope
from graphmem.retrieval.cards import card, confidence
from graphmem.retrieval.embedding import Embedder
from graphmem.retrieval.fusion import GRAPH_WEIGHT, Scored, add_up, fuse, prior
from graphmem.retrieval.paging import next_cursor, place_of, question_mark
from graphmem.retrieval.query import MAX_QUERY_CHARS, Question, read_question
from graphmem.retrieval.reasons import because
from graphmem.retrieval.titles import Titles
from graphmem.store import Filter, Matches, Neighbour, Page, Probe, Store
from graphmem.temporal import Resolved, Ruling, Standing, View, resolve, rule

if TYPE_CHECKING:
    from graphmem.store import Vector

MATCH_LIMIT = 35
EXPANDED_HEADS = 3
NEIGHBOUR_LIMIT = 15
MOST_RIVALS = 1_000


class Sort(StrEnum):
    """In which order answers come."""

    RELEVANCE = "relevance"
    RECENCY = "recency"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class Query:
    """One search as it was asked."""

    text: str
    point: Point
    reader: Scope
    where: Filter
    sort: Sort
    page: Page


@dataclass(slots=True)
class _Head:
    """A memory that matches resolve to, while its matches are being collected."""

    resolved: Resolved
    view: View
    matches: list[Scored] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    @property
    def is_named(self) -> bool:
        return any(match.is_named for match in self.matches)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A head with what orders it; of the many that are ranked, only those shown are told in full."""

    head: _Head
    parts: Mapping[str, float]
    factor: float
    score: float
    confidence: float
    recorded_at: datetime


class Searcher:
    """Searches one store.

    Args:
        store: Where memories are.
        embedder: Gives the embedding backend, or a sentence on why there is none; called once per search.
    """

    def __init__(self, store: Store, embedder: Callable[[], Embedder | str]) -> None:
        self._store = store
        self._embedder = embedder

    def search(self, query: Query) -> SearchAnswer:
        """What answers the query at its point, best first."""
        if len(query.text) > MAX_QUERY_CHARS:
            raise InvalidInput(
                f"the query has {len(query.text)} characters, more than {MAX_QUERY_CHARS}: ask for less at once"
            )
        mark = question_mark(query.text, query.where, query.sort, query.reader)
        place = place_of(query.page, query.point, mark)
        query = replace(query, point=place.point)
        question = read_question(query.text, query.point.valid.date())
        vector, note = self._vector(question)
        ranked = self._ranked(question, vector, query, place.offset + query.page.limit)
        hits = [_hit(one, query) for one in ranked[place.offset : place.offset + query.page.limit]]
        return SearchAnswer(
            hits=self._with_contests(hits, query),
            at=place.point,
            mode="hybrid" if note is None else "lexical",
            note=note,
            cursor=next_cursor(place, len(hits), len(ranked), mark),
        )

    def _ranked(self, question: Question, vector: Vector | None, query: Query, wanted: int) -> list[_Ranked]:
        """More answers than wanted if there are: those of the best matches, then those that twice as many add, ...

        So every page continues the one before, whatever its size.
        """
        ranked: dict[str, _Ranked] = {}
        limit = MATCH_LIMIT
        while True:
            matches = self._matches(question, vector, query, limit)
            heads = self._resolve(question, matches, query)
            for one in self._rank(heads.values() if query.where.include_history else self._answering(heads), query):
                ranked.setdefault(one.head.resolved.memory, one)
            if len(ranked) > wanted or max(len(matches.lexical), len(matches.vector)) < limit:
                return list(ranked.values())
            limit *= 2

    # ---- candidates

    def _vector(self, question: Question) -> tuple[Vector | None, str | None]:
        """The question's vector, and why there is none if no vectors can be compared."""
        backend = self._embedder()
        if isinstance(backend, str):
            return None, backend
        return (backend.embed([question.said])[0] if question.said.strip() else None), None

    def _matches(self, question: Question, vector: Vector | None, query: Query, limit: int) -> Matches:
        where = replace(query.where, origins=(), statuses=(), min_confidence=0.0)
        probe = Probe(question.terms, question.names, vector, limit)
        return self._store.match(query.reader, probe, where, seq=query.point.seq)

    def _resolve(self, question: Question, matches: Matches, query: Query) -> dict[str, _Head]:
        view = self._view(_ids(matches), query)
        titles = Titles(_titles(view, _ids(matches)))
        scored = fuse(matches, _named_shares(question, matches, titles), titles.coverage(question.terms))
        heads = _heads(scored, view, query)
        found = self._neighbours(heads, query)
        # What is chained to a match was read with it; the rest is chained to none of them and has a view of its own.
        fresh = [one.memory for one in found if one.memory not in view.known]
        apart = self._view(fresh, query) if fresh else view
        for which in (view, apart):
            near = _scored_beside([one for one in found if one.memory in which.known], which, heads)
            for key, head in _heads(near, which, query).items():
                heads.setdefault(key, head)
        return heads

    def _view(self, ids: Iterable[str], query: Query) -> View:
        rows = self._store.rows(query.reader, list(dict.fromkeys(ids)))
        return View(rows, query.reader, query.point.seq)

    def _neighbours(self, heads: dict[str, _Head], query: Query) -> list[Neighbour]:
        """Memories beside the best heads in the graph, for answers whose words match nothing."""
        best = sorted(heads.values(), key=lambda head: -sum(match.score for match in head.matches))[:EXPANDED_HEADS]
        ids = [head.resolved.memory for head in best if head.resolved.standing is Standing.HOLDS]
        if not ids:
            return []
        found = self._store.neighbours(query.reader, ids, seq=query.point.seq, limit=NEIGHBOUR_LIMIT)
        return [one for one in found if one.memory not in heads]

    # ---- ranking

    def _answering(self, heads: dict[str, _Head]) -> list[_Head]:
        """Heads that hold; what no longer or not yet holds only if it was named, or nothing else answers."""
        holding = any(head.resolved.standing is Standing.HOLDS for head in heads.values())
        return [
            head for head in heads.values() if head.resolved.standing is Standing.HOLDS or head.is_named or not holding
        ]

    def _rank(self, heads: Iterable[_Head], query: Query) -> list[_Ranked]:
        ranked = [_ranked(head, query) for head in heads if _fits(head, query)]
        return sorted(ranked, key=lambda one: _order(one, query.sort))

    def _with_contests(self, hits: Sequence[Hit], query: Query) -> tuple[Hit, ...]:
        subjects = {hit.card.id: _subject(hit.card.memory) for hit in hits if hit.holds}
        rulings = self._rulings({subject for subject in subjects.values() if subject is not None}, query)
        return tuple(_contested(hit, rulings.get(subjects.get(hit.card.id))) for hit in hits)

    def _rulings(self, subjects: set[str], query: Query) -> dict[str | None, Ruling | None]:
        """Who leads each of the subjects."""
        if not subjects:
            return {}
        ids = self._rivals(Filter(subjects=tuple(sorted(subjects))), MOST_RIVALS * len(subjects), query)
        view, rivals = self._view(ids, query), defaultdict[str | None, list[str]](list)
        for key in ids:
            memory = view.memory(key)
            if memory is not None:
                rivals[_subject(memory)].append(key)
        return {subject: rule(view, keys, query.point.valid) for subject, keys in rivals.items()}

    def _rivals(self, same: Filter, most: int, query: Query) -> Sequence[str]:
        """Ids that may hold for the subjects: by the caches if the ledger stands where the answer is pinned."""
        before = query.point.seq + 1
        if self._is_latest(query):
            holding = self._store.select(query.reader, same, at=query.point.valid, before=before, limit=most)
            if self._is_latest(query):
                return holding
        return self._store.select(query.reader, same, at=None, before=before, limit=most)

    def _is_latest(self, query: Query) -> bool:
        return self._store.position(query.reader).seq == query.point.seq


def _ids(matches: Matches) -> list[str]:
    named = [key for ids in matches.named.values() for key in ids]
    return list(dict.fromkeys([*named, *(key for key, _ in matches.lexical), *(key for key, _ in matches.vector)]))


def _titles(view: View, ids: Iterable[str]) -> dict[str, str]:
    found = ((key, view.memory(key)) for key in ids)
    return {key: memory.statement.title for key, memory in found if memory and memory.statement}


def _named_shares(question: Question, matches: Matches, titles: Titles) -> dict[str, float]:
    """Memories that the question names; one name carried by several memories is shared among them."""
    shares: dict[str, float] = {}
    for mention in question.chosen(matches.named):
        ids = matches.named[mention.key]
        if not titles.swallows(mention.key, ids, question.terms):
            for key in ids:
                shares[key] = max(shares.get(key, 0.0), 1.0 / len(ids) ** 0.5)
    return shares


def _scored_beside(found: Iterable[Neighbour], view: View, heads: Mapping[str, _Head]) -> list[Scored]:
    """Neighbours with a share of the score of the head beside them; over a link, only while that is in effect."""
    near: dict[str, Scored] = {}
    for one in found:
        if one.over in _LINKS and not view.is_linked(one.memory, one.of):
            continue
        score = GRAPH_WEIGHT * sum(match.score for match in heads[one.of].matches)
        near.setdefault(one.memory, Scored(one.memory, {"graph": score}))
    return list(near.values())


_LINKS = frozenset(kind.value for kind in LinkKind)

#: What one match knows as the last that held may be, for another, its declared successor.
_STANDINGS = (Standing.HOLDS, Standing.NOT_YET, Standing.LAST)


def _heads(scored: Iterable[Scored], view: View, query: Query) -> dict[str, _Head]:
    heads: dict[str, _Head] = {}
    for match in scored:
        for resolved in _ends(match.memory, view, query):
            head = heads.setdefault(resolved.memory, _Head(resolved, view))
            if _STANDINGS.index(resolved.standing) < _STANDINGS.index(head.resolved.standing):
                head.resolved = resolved
            head.matches.append(match)
            head.sources.append(match.memory)
    return heads


def _ends(key: str, view: View, query: Query) -> list[Resolved]:
    if query.where.include_history and view.memory(key) is not None:
        standing = Standing.HOLDS if view.holds(key, query.point.valid) else Standing.LAST
        return [Resolved(key, standing, (key,))]
    return resolve(view, key, query.point.valid)


def _fits(head: _Head, query: Query) -> bool:
    view, key, where = head.view, head.resolved.memory, query.where
    memory = view.memory(key)
    if memory is None or memory.statement is None:
        return False
    statement = memory.statement
    if statement.confidence < where.min_confidence or (where.origins and statement.origin not in where.origins):
        return False
    told = view.status(key, query.point.valid) if where.statuses else None
    return not where.statuses or (told is not None and told.move.status in where.statuses)


def _ranked(head: _Head, query: Query) -> _Ranked:
    view, key = head.view, head.resolved.memory
    row, parts = view.known[key], add_up(head.matches)
    trusted = confidence(view, row.memory, query.point.valid)
    recorded_at = row.stamp.recorded_at
    factor = prior(trusted, _recency(recorded_at.timestamp(), query), sum(row.memory.scope.width) / 3)
    return _Ranked(head, parts, factor, sum(parts.values()) * factor, trusted, recorded_at)


def _hit(one: _Ranked, query: Query) -> Hit:
    view, resolved = one.head.view, one.head.resolved
    shown = card(view, resolved.memory, query.point.valid)
    assert shown is not None, "what does not fit was left out"  # noqa: S101
    return Hit(
        card=shown,
        standing=resolved.standing,
        score=one.score,
        parts={**one.parts, "prior": one.factor},
        via=resolved.via,
        because=because(view, resolved, query.point.valid),
        beat=tuple(source for source in dict.fromkeys(one.head.sources) if source != resolved.memory),
        head=resolved.memory if resolved.standing is Standing.HOLDS else None,
    )


def _subject(memory: Memory) -> str | None:
    return None if memory.statement is None else memory.statement.subject


def _contested(hit: Hit, ruling: Ruling | None) -> Hit:
    if ruling is None:
        return hit
    contested = tuple(Contest(key, why) for key, why in ruling.contested if key != hit.card.id)
    return replace(hit, head=ruling.head, contested=contested)


_DAY_S = 86_400.0
_YEAR_DAYS = 365.0


def _recency(recorded_s: float, query: Query) -> float:
    """1 for what was just recorded, halved each year before the asked time."""
    age_days = max(query.point.valid.timestamp() - recorded_s, 0.0) / _DAY_S
    return float(0.5 ** (age_days / _YEAR_DAYS))


def _order(one: _Ranked, sort: Sort) -> tuple[float, float, str]:
    if sort is Sort.RECENCY:
        return (-one.recorded_at.timestamp(), -one.score, one.head.resolved.memory)
    if sort is Sort.CONFIDENCE:
        return (-one.confidence, -one.score, one.head.resolved.memory)
    return (-one.score, 0.0, one.head.resolved.memory)

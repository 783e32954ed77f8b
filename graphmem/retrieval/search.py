"""Search that resolves: what matches is a way in; the answer is what holds at the asked point (MODEL section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from graphmem.answers import Contest, Hit, SearchAnswer
from graphmem.errors import InvalidInput
from graphmem.model import Point, Scope
from graphmem.retrieval.cards import card
from graphmem.retrieval.embedding import Embedder
from graphmem.retrieval.fusion import GRAPH_WEIGHT, Scored, add_up, fuse, prior
from graphmem.retrieval.paging import next_cursor, place_of, question_mark
from graphmem.retrieval.query import MAX_QUERY_CHARS, Question, read_question
from graphmem.retrieval.reasons import because
from graphmem.store import Filter, Matches, Page, Probe, Store
from graphmem.temporal import Resolved, Standing, View, resolve, rule

MATCH_LIMIT = 60
EXPANDED_HEADS = 5
NEIGHBOUR_LIMIT = 40


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
    matches: list[Scored] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    @property
    def is_named(self) -> bool:
        return any(match.is_named for match in self.matches)


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
        question = read_question(query.text)
        scored, note = self._candidates(question, query)
        view, heads = self._resolve(scored, query)
        hits = self._rank(self._answering(heads), view, query)
        shown = hits[place.offset : place.offset + query.page.limit]
        return SearchAnswer(
            hits=tuple(self._with_contest(hit, query) for hit in shown),
            at=place.point,
            mode="hybrid" if note is None else "lexical",
            note=note,
            cursor=next_cursor(place, len(shown), len(hits), mark),
        )

    # ---- candidates

    def _candidates(self, question: Question, query: Query) -> tuple[list[Scored], str | None]:
        backend = self._embedder()
        vector = None if isinstance(backend, str) or not question.text.strip() else backend.embed([question.text])[0]
        where = replace(query.where, origins=(), statuses=(), min_confidence=0.0)
        probe = Probe(question.terms, question.names, vector, MATCH_LIMIT + query.page.limit)
        matches = self._store.match(query.reader, probe, where, seq=query.point.seq)
        scored = fuse(matches, _named_shares(question, matches))
        return scored, backend if isinstance(backend, str) else None

    def _resolve(self, scored: list[Scored], query: Query) -> tuple[View, dict[str, _Head]]:
        view = self._view([one.memory for one in scored], query)
        heads = _heads(scored, view, query)
        near = self._neighbours(heads, query)
        if near:
            view = self._view([one.memory for one in [*scored, *near]], query)
            for key, head in _heads(near, view, query).items():
                heads.setdefault(key, head)
        return view, heads

    def _view(self, ids: Iterable[str], query: Query) -> View:
        rows = self._store.rows(query.reader, list(dict.fromkeys(ids)))
        return View(rows, query.reader, query.point.seq)

    def _neighbours(self, heads: dict[str, _Head], query: Query) -> list[Scored]:
        """Memories beside the best heads in the graph, for answers whose words match nothing."""
        best = sorted(heads.values(), key=lambda head: -sum(match.score for match in head.matches))[:EXPANDED_HEADS]
        ids = [head.resolved.memory for head in best if head.resolved.standing is Standing.HOLDS]
        if not ids:
            return []
        found = self._store.neighbours(query.reader, ids, limit=NEIGHBOUR_LIMIT)
        weight = {head.resolved.memory: sum(match.score for match in head.matches) for head in best}
        near = {one.memory: Scored(one.memory, {"graph": GRAPH_WEIGHT * weight[one.of]}) for one in reversed(found)}
        return [one for key, one in near.items() if key not in heads]

    # ---- ranking

    def _answering(self, heads: dict[str, _Head]) -> list[_Head]:
        """Heads that hold; what no longer or not yet holds only if it was named, or nothing else answers."""
        holding = any(head.resolved.standing is Standing.HOLDS for head in heads.values())
        return [
            head for head in heads.values() if head.resolved.standing is Standing.HOLDS or head.is_named or not holding
        ]

    def _rank(self, heads: list[_Head], view: View, query: Query) -> list[Hit]:
        hits = [hit for head in heads if (hit := _hit(head, view, query)) is not None and _fits(hit, query.where)]
        return sorted(hits, key=lambda hit: _order(hit, query.sort))

    def _with_contest(self, hit: Hit, query: Query) -> Hit:
        statement = hit.card.memory.statement
        if statement is None or statement.subject is None or not hit.holds:
            return hit
        same = Filter(subjects=(statement.subject,))
        ids = self._store.select(query.reader, same, at=None, before=query.point.seq + 1, limit=1000)
        ruling = rule(self._view(ids, query), ids, query.point.valid)
        if ruling is None:
            return hit
        contested = tuple(Contest(key, why) for key, why in ruling.contested if key != hit.card.id)
        return replace(hit, head=ruling.head, contested=contested)


def _named_shares(question: Question, matches: Matches) -> dict[str, float]:
    """Memories that the question names; one name carried by several memories is shared among them."""
    shares: dict[str, float] = {}
    for mention in question.chosen(matches.named):
        ids = matches.named[mention.key]
        for key in ids:
            shares[key] = max(shares.get(key, 0.0), 1.0 / len(ids) ** 0.5)
    return shares


def _heads(scored: list[Scored], view: View, query: Query) -> dict[str, _Head]:
    heads: dict[str, _Head] = {}
    for match in scored:
        for resolved in _ends(match.memory, view, query):
            head = heads.setdefault(resolved.memory, _Head(resolved))
            head.matches.append(match)
            head.sources.append(match.memory)
    return heads


def _ends(key: str, view: View, query: Query) -> list[Resolved]:
    if query.where.include_history and view.memory(key) is not None:
        standing = Standing.HOLDS if view.holds(key, query.point.valid) else Standing.LAST
        return [Resolved(key, standing, (key,))]
    return resolve(view, key, query.point.valid)


def _hit(head: _Head, view: View, query: Query) -> Hit | None:
    shown = card(view, head.resolved.memory, query.point.valid)
    if shown is None:
        return None
    parts = add_up(head.matches)
    factor = prior(
        shown.confidence, _recency(shown.recorded_at.timestamp(), query), _nearness(view, head.resolved.memory)
    )
    total = sum(parts.values()) * factor
    return Hit(
        card=shown,
        standing=head.resolved.standing,
        score=total,
        parts={**parts, "prior": factor},
        via=head.resolved.via,
        because=because(view, head.resolved, query.point.valid),
        beat=tuple(source for source in dict.fromkeys(head.sources) if source != head.resolved.memory),
        head=head.resolved.memory if head.resolved.standing is Standing.HOLDS else None,
    )


_DAY_S = 86_400.0
_YEAR_DAYS = 365.0


def _recency(recorded_s: float, query: Query) -> float:
    """1 for what was just recorded, halved each year before the asked time."""
    age_days = max(query.point.valid.timestamp() - recorded_s, 0.0) / _DAY_S
    return float(0.5 ** (age_days / _YEAR_DAYS))


def _nearness(view: View, key: str) -> float:
    """0 for what lives tenant-wide, up to 1 for the reader's very own."""
    return sum(view.known[key].memory.scope.width) / 3


def _fits(hit: Hit, where: Filter) -> bool:
    statement = hit.card.memory.statement
    return (
        statement is not None
        and statement.confidence >= where.min_confidence
        and (not where.origins or statement.origin in where.origins)
        and (not where.statuses or (hit.card.told is not None and hit.card.told.status in where.statuses))
    )


def _order(hit: Hit, sort: Sort) -> tuple[float, float, str]:
    if sort is Sort.RECENCY:
        return (-hit.card.recorded_at.timestamp(), -hit.score, hit.card.id)
    if sort is Sort.CONFIDENCE:
        return (-hit.card.confidence, -hit.score, hit.card.id)
    return (-hit.score, 0.0, hit.card.id)

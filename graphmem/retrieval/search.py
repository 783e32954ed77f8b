"""Search that resolves: what matches is a way in; the answer is what holds at the asked point (MODEL section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice

from graphmem.answers import Contest, Hit, SearchAnswer
from graphmem.errors import InvalidInput
from graphmem.model import LinkKind, Memory, Point, Scope, Status
from graphmem.retrieval.cards import card, confidence
from graphmem.retrieval.embedding import Embedder, card_of, other_model
from graphmem.retrieval.fusion import GRAPH_WEIGHT, Scored, add_up, fuse, prior
from graphmem.retrieval.paging import Cursors, Place, Seal, question_mark
from graphmem.retrieval.query import MAX_QUERY_CHARS, Question, read_question
from graphmem.retrieval.reasons import because
from graphmem.retrieval.relations import overruling, relation
from graphmem.retrieval.titles import Titles
from graphmem.rows import Rows
from graphmem.store import Filter, Matches, ModelCard, Nearby, Neighbour, Page, Probe, Rivals, Store
from graphmem.temporal import Resolved, Resolver, Ruling, Standing, View, rule, standing

MATCH_LIMIT = 35
EXPANDED_HEADS = 3
NEIGHBOUR_LIMIT = 15
MOST_RIVALS = 1_000
#: A hit tells how it relates to so many of the matches that led to it, the best first: a chain may have thousands.
MOST_RELATIONS = 10


class Sort(StrEnum):
    """In which order answers come."""

    RELEVANCE = "relevance"
    RECENCY = "recency"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class Query:
    """One search as it was asked; no `seq` is for where the ledger stands when the store is first looked into."""

    text: str
    valid: datetime
    seq: int | None
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
    #: From each match to this memory, the best match's first.
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def memory(self) -> Memory:
        return self.view.known[self.resolved.memory].memory

    @property
    def holds(self) -> bool:
        return self.resolved.standing is Standing.HOLDS

    @property
    def is_instead(self) -> bool:
        """Whether what has ended by its own word names this as its successor."""
        return self.resolved.standing is Standing.NAMED

    @property
    def is_settled(self) -> bool:
        """Whether not all its rows are there yet."""
        return self.view.is_settled(self.resolved.memory)

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
        seal: Signs cursors; made for the store if not given.
    """

    def __init__(self, store: Store, embedder: Callable[[], Embedder | str], seal: Seal | None = None) -> None:
        self._store = store
        self._embedder = embedder
        self._seal = seal or Seal(store)

    def search(self, query: Query) -> SearchAnswer:
        """What answers the query at its point, best first."""
        if len(query.text) > MAX_QUERY_CHARS:
            raise InvalidInput(
                f"the query has {len(query.text)} characters, more than {MAX_QUERY_CHARS}: ask for less at once"
            )
        mark = question_mark(query.text, query.where, query.sort, query.reader)
        cursors = Cursors(self._seal, query.reader, mark)
        place = cursors.place(query.page, Point(query.valid, query.seq or 0))
        if query.page.cursor is not None:
            query = replace(query, valid=place.point.valid, seq=place.point.seq)
        question = read_question(query.text, query.valid.date())
        backend = self._embedder()
        found = self._found(question, _probe(question, backend), query, place.offset + query.page.limit)
        query = replace(query, seq=found.seq)
        shown = found.ranked[place.offset : place.offset + query.page.limit]
        note = _note(backend, found.model)
        pinned = Place(Point(query.valid, found.seq), place.offset)
        return SearchAnswer(
            hits=self._told(shown, query),
            at=pinned.point,
            mode="hybrid" if note is None else "lexical",
            note=note or found.note,
            cursor=cursors.after(pinned, len(shown), len(found.ranked)),
        )

    def _found(self, question: Question, probe: Probe, query: Query, wanted: int) -> _Found:
        """More answers than wanted if there are: those of the best matches, then those that twice as many add, ...

        So every page continues the one before, whatever its size.
        """
        ranked: dict[str, _Ranked] = {}
        while True:
            matches = self._matches(probe, query)
            query = replace(query, seq=matches.seq)
            heads = self._resolve(question, matches, query)
            fitting = _rank(heads.values() if query.where.include_history else _answering(heads), query)
            for one in _leaders_first(fitting, query):
                ranked.setdefault(one.head.resolved.memory, one)
            if len(ranked) > wanted or max(len(matches.lexical), len(matches.vector)) < probe.limit:
                return _Found(list(ranked.values()), matches.seq, matches.model, matches.note)
            probe = replace(probe, limit=probe.limit * 2)

    # ---- candidates

    def _matches(self, probe: Probe, query: Query) -> Matches:
        where = replace(query.where, origins=(), statuses=(), min_confidence=0.0)
        return self._store.match(query.reader, probe, where, seq=query.seq, at=query.valid)

    def _resolve(self, question: Question, matches: Matches, query: Query) -> dict[str, _Head]:
        view = View(matches.rows, query.reader, matches.seq)
        titles = Titles(_titles(view, matches.ids))
        scored = fuse(matches, _named_shares(question, matches, titles), titles.coverage(question.terms))
        heads = _heads(scored, view, query)
        beside = self._beside(heads, query, matches.seq)
        # What is chained to a match was resolved with it; whatever else is near has a view of its own.
        view = View(beside.rows, query.reader, matches.seq)
        for key, head in _heads(_scored_beside(beside.steps, view, heads), view, query).items():
            heads.setdefault(key, head)
        return heads

    def _beside(self, heads: dict[str, _Head], query: Query, seq: int) -> Nearby:
        """Memories beside the best heads in the graph, for answers whose words match nothing."""
        best = sorted(heads.values(), key=lambda head: -sum(match.score for match in head.matches))[:EXPANDED_HEADS]
        ids = [head.resolved.memory for head in best if head.holds]
        if not ids:
            return Nearby()
        return self._store.neighbours(query.reader, ids, seq=seq, limit=NEIGHBOUR_LIMIT, at=query.valid)

    # ---- telling

    def _told(self, shown: Sequence[_Ranked], query: Query) -> tuple[Hit, ...]:
        """What is shown, in full: with all rows of it, and of those that also hold for its subject."""
        holding = [one.head for one in shown if one.head.holds]
        subjects = {subject for head in holding if (subject := _subject(head.memory)) is not None}
        settled = [head.resolved.memory for head in holding if head.is_settled]
        at = Point(query.valid, query.seq or 0)
        rivals = Rivals(tuple(sorted(subjects)), at, MOST_RIVALS * len(subjects)) if subjects else None
        rows = self._store.rows(query.reader, settled, rivals=rivals) if settled or subjects else Rows()
        view = View(rows, query.reader, at.seq)
        led = rulings(view, subjects, query.valid)
        if query.sort is Sort.RELEVANCE:
            shown = _by_precedence(shown, led)
        hits = ((one.head, _hit(one, view if one.head.is_settled else one.head.view, query)) for one in shown)
        return tuple(
            _contested(hit, led.get(_subject(hit.card.memory)) if head.holds else None, view)
            for head, hit in hits
            if hit is not None
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """All that answers, best first, and where the store stood."""

    ranked: list[_Ranked]
    seq: int
    model: ModelCard | None
    note: str | None


def _probe(question: Question, backend: Embedder | str) -> Probe:
    """What to look for; without a vector where none can be made."""
    if isinstance(backend, str) or not question.said.strip():
        return Probe(question.terms, question.names, limit=MATCH_LIMIT)
    (vector,) = backend.embed([question.said])
    return Probe(question.terms, question.names, vector, card_of(backend), MATCH_LIMIT)


def _note(backend: Embedder | str, stored: ModelCard | None) -> str | None:
    """Why no vectors were compared; None if they were."""
    return backend if isinstance(backend, str) else other_model(backend, stored)


def _answering(heads: dict[str, _Head]) -> list[_Head]:
    """Heads that hold, and successors named by what has ended; others only if named, or if nothing else answers."""
    shown = [head for head in heads.values() if head.holds or head.is_named or head.is_instead]
    return shown if any(head.holds for head in shown) else [*heads.values()]


def _rank(heads: Iterable[_Head], query: Query) -> list[_Ranked]:
    ranked = [_ranked(head, query) for head in heads if _fits(head, query)]
    return sorted(ranked, key=lambda one: _order(one, query.sort))


def rulings(view: View, subjects: Collection[str], valid: datetime) -> dict[str | None, Ruling | None]:
    """Who leads each of the subjects among the memories of a view; subjects of which it has none are left out."""
    rivals = defaultdict[str | None, list[str]](list)
    for key in view.known:
        memory = view.memory(key)
        if memory is not None and (subject := _subject(memory)) in subjects:
            rivals[subject].append(key)
    return {subject: rule(view, keys, valid) for subject, keys in rivals.items()}


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
        if one.memory in heads or one.memory not in view.known:
            continue
        if one.over in _LINKS and not view.is_linked(one.memory, one.of):
            continue
        score = GRAPH_WEIGHT * sum(match.score for match in heads[one.of].matches)
        near.setdefault(one.memory, Scored(one.memory, {"graph": score}))
    return list(near.values())


_LINKS = frozenset(kind.value for kind in LinkKind)

#: Two matches can resolve to the same memory with different standings; the stronger one is kept.
_STANDINGS = (Standing.HOLDS, Standing.NOT_YET, Standing.NAMED, Standing.LAST)


def _heads(scored: Iterable[Scored], view: View, query: Query) -> dict[str, _Head]:
    heads: dict[str, _Head] = {}
    resolver = Resolver(view, query.valid)
    for match in scored:
        for resolved in _ends(match.memory, resolver, view, query):
            head = heads.setdefault(resolved.memory, _Head(resolved, view))
            if _STANDINGS.index(resolved.standing) < _STANDINGS.index(head.resolved.standing):
                head.resolved = resolved
            head.matches.append(match)
            head.paths.setdefault(match.memory, resolved.via)
    return heads


def _ends(key: str, resolver: Resolver, view: View, query: Query) -> list[Resolved]:
    if query.where.include_history and view.memory(key) is not None:
        return [Resolved(key, standing(view, key, query.valid), (key,))]
    return resolver.resolve(key)


def _fits(head: _Head, query: Query) -> bool:
    view, key, where = head.view, head.resolved.memory, query.where
    memory = view.memory(key)
    if memory is None or memory.statement is None:
        return False
    statement = memory.statement
    if statement.confidence < where.min_confidence or (where.origins and statement.origin not in where.origins):
        return False
    return not where.statuses or _own_status(head, query.valid) in where.statuses


def _own_status(head: _Head, valid: datetime) -> Status | None:
    if head.is_settled:
        return Status.ACTIVE  # or it would not hold
    told = head.view.status(head.resolved.memory, valid)
    return None if told is None else told.move.status


def _ranked(head: _Head, query: Query) -> _Ranked:
    view, key = head.view, head.resolved.memory
    row, parts = view.known[key], add_up(head.matches)
    trusted = confidence(view, row.memory, query.valid)
    recorded_at = row.stamp.recorded_at
    factor = prior(trusted, _recency(recorded_at.timestamp(), query), sum(row.memory.scope.width) / 3)
    return _Ranked(head, parts, factor, sum(parts.values()) * factor, trusted, recorded_at)


def _hit(one: _Ranked, view: View, query: Query) -> Hit | None:
    """An answer told in full; None if the memory was erased since it matched."""
    resolved = one.head.resolved
    shown = card(view, resolved.memory, query.valid)
    if shown is None:
        return None
    paths = islice(one.head.paths.values(), MOST_RELATIONS)
    relations = [near for path in paths if (near := relation(one.head.view, path, query.valid)) is not None]
    return Hit(
        card=shown,
        standing=resolved.standing,
        score=one.score,
        parts={**one.parts, "prior": one.factor},
        via=resolved.via,
        because=because(one.head.view, resolved, query.valid),
        beat=tuple(near.memory for near in relations if near.is_successor),
        head=resolved.memory if resolved.standing is Standing.HOLDS else None,
        relations=tuple(relations),
    )


def _subject(memory: Memory) -> str | None:
    return None if memory.statement is None else memory.statement.subject


def _leaders_first(ranked: list[_Ranked], query: Query) -> list[_Ranked]:
    """The same, with what is in force for one subject in the order of precedence, as far as the matches' rows tell.

    An amendment need not be known as one here, and may be moved before what it amends; `_told` mends that.
    """
    if query.sort is not Sort.RELEVANCE:
        return ranked
    groups = defaultdict[tuple[str, int], list[_Ranked]](list)
    for one in ranked:
        subject = _subject(one.head.memory)
        if one.head.holds and subject is not None:
            groups[subject, id(one.head.view)].append(one)
    for group in groups.values():
        if len(group) > 1:
            ruling = rule(group[0].head.view, [one.head.resolved.memory for one in group], query.valid)
            ranked = _by_precedence(ranked, {_subject(group[0].head.memory): ruling})
    return ranked


def _by_precedence(ranked: Sequence[_Ranked], led: Mapping[str | None, Ruling | None]) -> list[_Ranked]:
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


def _contested(hit: Hit, ruling: Ruling | None, view: View) -> Hit:
    if ruling is None:
        return hit
    contested = tuple(Contest(key, why) for key, why in ruling.contested if key != hit.card.id)
    return replace(hit, head=ruling.head, contested=contested, overruled_by=overruling(view, ruling, hit.card.id))


_DAY_S = 86_400.0
_YEAR_DAYS = 365.0


def _recency(recorded_s: float, query: Query) -> float:
    """1 for what was just recorded, halved each year before the asked time."""
    age_days = max(query.valid.timestamp() - recorded_s, 0.0) / _DAY_S
    return float(0.5 ** (age_days / _YEAR_DAYS))


def _order(one: _Ranked, sort: Sort) -> tuple[float, float, str]:
    if sort is Sort.RECENCY:
        return (-one.recorded_at.timestamp(), -one.score, one.head.resolved.memory)
    if sort is Sort.CONFIDENCE:
        return (-one.confidence, -one.score, one.head.resolved.memory)
    return (-one.score, 0.0, one.head.resolved.memory)

"""Search that resolves: what matches is a way in; the answer is what holds at the asked point (MODEL section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import islice

from graphmem.answers import Contest, Hit, SearchAnswer
from graphmem.errors import InvalidInput
from graphmem.model import LinkKind, Memory, Point, Scope, Status
from graphmem.retrieval.cards import card, confidence
from graphmem.retrieval.embedding import Embedder, card_of, other_model
from graphmem.retrieval.fusion import FLOOR, GRAPH_WEIGHT, NOT_HOLDING, Scored, cut, merged, prior
from graphmem.retrieval.paging import Cursors, Place, Seal, question_mark
from graphmem.retrieval.query import MAX_QUERY_CHARS, Question, read_question
from graphmem.retrieval.reasons import because
from graphmem.retrieval.relations import overruling, relation
from graphmem.retrieval.scoring import scored_matches
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
    """One search as it was asked.

    No `seq` is for where the ledger stands when the store is first looked into; no `min_relevance` for what says
    something about the question.
    """

    text: str
    valid: datetime
    seq: int | None
    reader: Scope
    where: Filter
    sort: Sort
    page: Page
    min_relevance: float | None = None


@dataclass
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

    @cached_property
    def scored(self) -> Scored:
        """What speaks for it, from all matches together; asked for once they are all there."""
        return merged(self.resolved.memory, self.matches)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A head with what orders it; of the many that are ranked, only those shown are told in full."""

    head: _Head
    factor: float
    score: float
    relevance: float
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
        mark = question_mark(query.text, query.where, query.sort, query.reader, query.min_relevance)
        cursors = Cursors(self._seal, query.reader, mark)
        place = cursors.place(query.page, Point(query.valid, query.seq or 0))
        if query.page.cursor is not None:
            query = replace(query, valid=place.point.valid, seq=place.point.seq)
        question = read_question(query.text, query.valid.date())
        backend = self._embedder()
        found = self._found(question, _probe(question, backend), query, place.offset + query.page.limit)
        query = replace(query, seq=found.seq)
        ruled = self._ruled(found.ranked[: place.offset + query.page.limit], query)
        ranked = _with_leaders(found.ranked, ruled, query)
        shown = ranked[place.offset : place.offset + query.page.limit]
        note = _note(backend, found)
        pinned = Place(Point(query.valid, found.seq), place.offset)
        return SearchAnswer(
            hits=self._told(shown, ruled, query),
            at=pinned.point,
            mode="hybrid" if note is None else "lexical",
            note=note or found.note or _told_of(found.unread),
            cursor=cursors.after(pinned, len(shown), len(ranked)),
            weaker=found.weaker,
        )

    def _found(self, question: Question, probe: Probe, query: Query, wanted: int) -> _Found:
        """More answers than wanted if there are: those of the best matches, then those that twice as many add, ...

        So every page continues the one before, whatever its size.
        """
        ranked: dict[str, _Ranked] = {}
        while True:
            matches = self._matches(probe, query)
            query = replace(query, seq=matches.seq)
            view = View(matches.rows, query.reader, matches.seq)
            scored = scored_matches(question, matches, Titles(_titles(view, matches.ids)))
            heads = [head for head in self._resolve(scored, view, query).values() if _fits(head, query)]
            telling = _telling(heads, query)
            for one in _leaders_first(_rank(telling, query), query):
                ranked.setdefault(one.head.resolved.memory, one)
            if len(ranked) > wanted or not _goes_on(matches, scored, probe, query):
                weaker = len(heads) - len(telling)
                unread = sum(one.cosine is None for one in matches.evidence.values()) if probe.vector is not None else 0
                return _Found(list(ranked.values()), weaker, matches.seq, matches.model, matches.note, unread)
            probe = replace(probe, limit=probe.limit * 2)

    # ---- candidates

    def _matches(self, probe: Probe, query: Query) -> Matches:
        where = replace(query.where, origins=(), statuses=(), min_confidence=0.0)
        return self._store.match(query.reader, probe, where, seq=query.seq, at=query.valid)

    def _resolve(self, scored: Iterable[Scored], view: View, query: Query) -> dict[str, _Head]:
        heads = _heads(scored, view, query)
        beside = self._beside(heads, query, view.seq)
        # What is chained to a match was resolved with it; whatever else is near has a view of its own.
        view = View(beside.rows, query.reader, view.seq)
        for key, head in _heads(_scored_beside(beside.steps, view, heads), view, query).items():
            heads.setdefault(key, head)
        return heads

    def _beside(self, heads: dict[str, _Head], query: Query, seq: int) -> Nearby:
        """Memories beside the best heads in the graph, for answers whose words match nothing."""
        best = sorted(heads.values(), key=lambda head: -head.scored.score)[:EXPANDED_HEADS]
        ids = [head.resolved.memory for head in best if head.holds]
        if not ids:
            return Nearby()
        return self._store.neighbours(query.reader, ids, seq=seq, limit=NEIGHBOUR_LIMIT, at=query.valid)

    # ---- telling

    def _ruled(self, ranked: Sequence[_Ranked], query: Query) -> _Ruled:
        """All rows of what comes first, and of those that also hold for its subjects, with who leads them."""
        holding = [one.head for one in ranked if one.head.holds]
        subjects = {subject for head in holding if (subject := _subject(head.memory)) is not None}
        settled = [head.resolved.memory for head in holding if head.is_settled]
        at = Point(query.valid, query.seq or 0)
        rivals = Rivals(tuple(sorted(subjects)), at, MOST_RIVALS * len(subjects)) if subjects else None
        rows = self._store.rows(query.reader, settled, rivals=rivals) if settled or subjects else Rows()
        view = View(rows, query.reader, at.seq)
        return _Ruled(view, rulings(view, subjects, query.valid))

    def _told(self, shown: Sequence[_Ranked], ruled: _Ruled, query: Query) -> tuple[Hit, ...]:
        """What is shown, in full."""
        view, led = ruled.view, ruled.led
        hits = ((one.head, _hit(one, view if one.head.is_settled else one.head.view, query)) for one in shown)
        return tuple(
            _contested(hit, led.get(_subject(hit.card.memory)) if head.holds else None, view)
            for head, hit in hits
            if hit is not None
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """All that answers, best first, how many say too little about the question, and where the store stood.

    `unread` is how many matches have no vector though the question has one.
    """

    ranked: list[_Ranked]
    weaker: int
    seq: int
    model: ModelCard | None
    note: str | None
    unread: int


@dataclass(frozen=True, slots=True)
class _Ruled:
    """Who leads the subjects of what comes first."""

    view: View
    led: Mapping[str | None, Ruling | None]


def _probe(question: Question, backend: Embedder | str) -> Probe:
    """What to look for; without a vector where none can be made."""
    if isinstance(backend, str) or not question.said.strip():
        return Probe(question.terms, question.names, limit=MATCH_LIMIT, is_weighed=True)
    (vector,) = backend.embed([question.said])
    return Probe(question.terms, question.names, vector, card_of(backend), MATCH_LIMIT, is_weighed=True)


def _note(backend: Embedder | str, found: _Found) -> str | None:
    """Why no vectors were compared; None if they were."""
    if isinstance(backend, str):
        return backend
    if found.model is None and found.unread:
        return "the store has no vectors yet; run: graphmem reindex"
    return other_model(backend, found.model)


def _told_of(unread: int) -> str | None:
    """That some of what was found was compared by its words alone."""
    some = "one memory" if unread == 1 else f"{unread} memories"
    return f"{some} matched by words alone, without a vector; run: graphmem reindex" if unread else None


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


def _scored_beside(found: Iterable[Neighbour], view: View, heads: Mapping[str, _Head]) -> list[Scored]:
    """Neighbours with a share of the score of the head beside them; over a link, only while that is in effect."""
    near: dict[str, Scored] = {}
    for one in found:
        if one.memory in heads or one.memory not in view.known:
            continue
        if one.over in _LINKS and not view.is_linked(one.memory, one.of):
            continue
        best = heads[one.of].scored
        near.setdefault(one.memory, Scored(one.memory, graph=GRAPH_WEIGHT * best.score, beside=best.relevance))
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
    if memory is None or memory.statement is None or (not where.include_history and _is_of_later(head, query)):
        return False
    statement = memory.statement
    if statement.confidence < where.min_confidence or (where.origins and statement.origin not in where.origins):
        return False
    return not where.statuses or _own_status(head, query.valid) in where.statuses


def _is_of_later(head: _Head, query: Query) -> bool:
    """Whether nobody knew of it at the asked time, and it had not begun, unless something older led to it."""
    if head.holds or head.scored.is_named or any(len(path) > 1 for path in head.paths.values()):
        return False
    view, key = head.view, head.resolved.memory
    return view.known[key].stamp.recorded_at > query.valid and view.status(key, query.valid) is None


def _telling(heads: Sequence[_Head], query: Query) -> list[_Head]:
    """Those that say something about the question; none if the best does not, unless the caller set the bound.

    What is nearer in meaning than the best, but has less of what is asked, does not make an answer of it. What comes
    behind a good answer may say less: a task is governed by rules that each have but little of its words.
    """
    if query.min_relevance is None and heads:
        best = max(heads, key=lambda head: (head.scored.score - _behind(head, query), head.scored.relevance))
        if not _tells(best.scored, query):
            return []
    return [head for head in heads if _tells(head.scored, query, FLOOR)]


def _tells(scored: Scored, query: Query, share: float = 1.0) -> bool:
    """Whether it says anything about the question, or a share of what a first answer must."""
    least = query.min_relevance
    bound = share * cut(has_vectors=scored.cosine is not None) if least is None else least
    return scored.relevance >= bound


def _goes_on(matches: Matches, scored: Sequence[Scored], probe: Probe, query: Query) -> bool:
    """Whether a wider probe may bring more that says something: the last match by words or by meaning still does."""
    lasts = {found[-1][0] for found in (matches.lexical, matches.vector) if len(found) >= probe.limit}
    return any(_tells(one, query) for one in scored if one.memory in lasts)


def _own_status(head: _Head, valid: datetime) -> Status | None:
    if head.is_settled:
        return Status.ACTIVE  # or it would not hold
    told = head.view.status(head.resolved.memory, valid)
    return None if told is None else told.move.status


def _ranked(head: _Head, query: Query) -> _Ranked:
    view, key = head.view, head.resolved.memory
    row, scored = view.known[key], head.scored
    trusted = confidence(view, row.memory, query.valid)
    recorded_at = row.stamp.recorded_at
    factor = prior(trusted, _recency(recorded_at.timestamp(), query), sum(row.memory.scope.width) / 3)
    score = scored.score * factor - _behind(head, query)
    return _Ranked(head, factor, score, scored.relevance, trusted, recorded_at)


def _behind(head: _Head, query: Query) -> float:
    """What a score loses where the memory does not hold."""
    return 0.0 if head.holds or head.is_instead or query.where.include_history else NOT_HOLDING


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
        relevance=one.relevance,
        parts={**one.head.scored.parts, "prior": one.factor},
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

    An amendment need not be known as one here, and may be moved before what it amends; `_with_leaders` mends that.
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


def _with_leaders(ranked: Sequence[_Ranked], ruled: _Ruled, query: Query) -> Sequence[_Ranked]:
    """The same, with what leads a subject before what it overrules, whether it matches itself or not."""
    if query.sort is not Sort.RELEVANCE or query.where.include_history:
        return ranked
    ordered = list(_by_precedence(ranked, ruled.led))
    for place, one in enumerate(list(ordered)):
        ruling = ruled.led.get(_subject(one.head.memory)) if one.head.holds else None
        if ruling is None or ruling.head == one.head.resolved.memory:
            continue
        if not any(other.head.resolved.memory == ruling.head for other in ordered) and _is_everything(query.where):
            ordered.insert(ordered.index(one, place), _leading(one, ruling.head, ruled.view))
    return ordered


def _leading(overruled: _Ranked, leader: str, view: View) -> _Ranked:
    """What leads in the place of what matched."""
    key = overruled.head.resolved.memory
    head = _Head(Resolved(leader, Standing.HOLDS, (key, leader)), view, overruled.head.matches)
    return replace(overruled, head=head)


def _is_everything(where: Filter) -> bool:
    """Whether nothing narrows what is looked at."""
    return replace(where, include_history=False) == Filter()


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

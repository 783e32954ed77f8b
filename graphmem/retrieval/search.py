"""Search that resolves: what matches is a way in; the answer is what holds at the asked point (MODEL section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from graphmem.answers import Contest, Hit, SearchAnswer
from graphmem.errors import InvalidInput
from graphmem.model import Point
from graphmem.retrieval.cards import card
from graphmem.retrieval.embedding import Embedder, card_of, other_model, question_vector
from graphmem.retrieval.fusion import ASKED_FOR, Scored, cut
from graphmem.retrieval.heads import Head, fits, heads_of, scored_beside, subject_of, telling_of, tells
from graphmem.retrieval.hit_order import Ranked, Ruled, leaders_first, rank, rulings, with_leaders
from graphmem.retrieval.named_ids import NamedIds, named_ids_in
from graphmem.retrieval.near_words import readings
from graphmem.retrieval.paging import Cursors, Place, Seal, question_mark
from graphmem.retrieval.query import MAX_QUERY_CHARS, Question, read_question
from graphmem.retrieval.reasons import because
from graphmem.retrieval.reference import reference, references
from graphmem.retrieval.relations import overruling, relation
from graphmem.retrieval.request import Query
from graphmem.retrieval.scoring import scored_matches
from graphmem.retrieval.spelling import Reading, share_of, unknown_words
from graphmem.retrieval.titles import Titles
from graphmem.rows import Rows
from graphmem.store import Matches, ModelCard, Nearby, Probe, Rivals, Store
from graphmem.temporal import Ruling, Standing, View

MATCH_LIMIT = 35
EXPANDED_HEADS = 3
NEIGHBOUR_LIMIT = 15
MOST_RIVALS = 1_000
#: A hit tells how it relates to so many of the matches that led to it, the best first: a chain may have thousands.
MOST_RELATIONS = 10


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
        backend, wanted = self._embedder(), place.offset + query.page.limit
        found = self._found(self._asked(query, backend), query, wanted)
        query = replace(query, seq=found.seq)
        found, read = self._respelled(found, query, backend, wanted)
        ruled = self._ruled(found.ranked[:wanted], query)
        ranked = with_leaders(found.ranked, ruled, query)
        shown = ranked[place.offset : wanted]
        note = _note(backend, found)
        pinned = Place(Point(query.valid, found.seq), place.offset)
        return SearchAnswer(
            hits=self._told(shown, ruled, query),
            at=pinned.point,
            mode="hybrid" if note is None else "lexical",
            note=note or found.note or _told_of(found.unread),
            cursor=cursors.after(pinned, len(shown), len(ranked)),
            weaker=found.weaker,
            remarks=tuple(one.sentence for one in read),
            read_as=found.asked.text if read else None,
        )

    def _asked(self, query: Query, backend: Embedder | str) -> _Asked:
        question = read_question(query.text, query.valid.date())
        named_ids = named_ids_in(self._store, query.text, query.reader, query.seq)
        return _Asked(query.text, question, named_ids, _probe(question, named_ids, backend))

    def _found(self, asked: _Asked, query: Query, wanted: int) -> _Found:
        """More answers than wanted if there are: those of the best matches, then those that twice as many add, ...

        So every page continues the one before, whatever its size.
        """
        ranked: dict[str, Ranked] = {}
        probe = asked.probe
        while True:
            matches = self._matches(probe, query)
            query = replace(query, seq=matches.seq)
            view = View(matches.rows, query.reader, matches.seq)
            scored = scored_matches(asked.question, matches, _titles(view, matches.ids), asked.named_ids)
            heads = [head for head in self._resolve(scored, view, query).values() if fits(head, query)]
            telling = telling_of(heads, query)
            for one in leaders_first(rank(telling, query), query):
                ranked.setdefault(one.head.resolved.memory, one)
            if len(ranked) > wanted or not _goes_on(matches, scored, probe, query):
                return _Found(asked, list(ranked.values()), len(heads) - len(telling), matches)
            probe = replace(probe, limit=probe.limit * 2)

    def _respelled(
        self, found: _Found, query: Query, backend: Embedder | str, wanted: int
    ) -> tuple[_Found, Sequence[Reading]]:
        """Search again with near words in place of long words that no memory has, and keep the more relevant answer.

        Returns:
            What answers, and how words were read; nothing was read otherwise if the first answer is kept.
        """
        words = unknown_words(found.asked.question, found.matches.unheld)
        if not words or (found.is_telling and share_of(words, found.weights) < ASKED_FOR):
            return found, ()
        read = readings(self._store, words, query, found.seq)
        text = query.text
        for one in read:
            text = one.applied(text)
        if text == query.text:
            return found, ()
        again = self._found(self._asked(replace(query, text=text), backend), query, wanted)
        return (again, read) if again.relevance > found.relevance else (found, ())

    # ---- candidates

    def _matches(self, probe: Probe, query: Query) -> Matches:
        return self._store.match(query.reader, probe, query.of_matches, seq=query.seq, at=query.valid)

    def _resolve(self, scored: Iterable[Scored], view: View, query: Query) -> dict[str, Head]:
        heads = heads_of(scored, view, query)
        beside = self._beside(heads, query, view.seq)
        # What is chained to a match was resolved with it; whatever else is near has a view of its own.
        view = View(beside.rows, query.reader, view.seq)
        for key, head in heads_of(scored_beside(beside.steps, view, heads), view, query).items():
            heads.setdefault(key, head)
        return heads

    def _beside(self, heads: dict[str, Head], query: Query, seq: int) -> Nearby:
        """Memories beside the best heads in the graph, for answers whose words match nothing."""
        best = sorted(heads.values(), key=lambda head: -head.scored.score)[:EXPANDED_HEADS]
        ids = [head.resolved.memory for head in best if head.holds]
        if not ids:
            return Nearby()
        return self._store.neighbours(query.reader, ids, seq=seq, limit=NEIGHBOUR_LIMIT, at=query.valid)

    # ---- telling

    def _ruled(self, ranked: Sequence[Ranked], query: Query) -> Ruled:
        """All rows of what comes first, and of those that also hold for its subjects, with who leads them."""
        holding = [one.head for one in ranked if one.head.holds]
        subjects = {subject for head in holding if (subject := subject_of(head.memory)) is not None}
        settled = [head.resolved.memory for head in holding if head.is_settled]
        at = Point(query.valid, query.seq or 0)
        rivals = Rivals(tuple(sorted(subjects)), at, MOST_RIVALS * len(subjects)) if subjects else None
        rows = self._store.rows(query.reader, settled, rivals=rivals) if settled or subjects else Rows()
        view = View(rows, query.reader, at.seq)
        return Ruled(view, rulings(view, subjects, query.valid))

    def _told(self, shown: Sequence[Ranked], ruled: Ruled, query: Query) -> tuple[Hit, ...]:
        """What is shown, in full."""
        view, led = ruled.view, ruled.led
        hits = ((one.head, _hit(one, view if one.head.is_settled else one.head.view, query)) for one in shown)
        return tuple(
            _contested(hit, led.get(subject_of(hit.card.memory)) if head.holds else None, view, query)
            for head, hit in hits
            if hit is not None
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question: its text and parts, the ids that it names, and the probe that is sent to the store."""

    text: str
    question: Question
    named_ids: NamedIds
    probe: Probe


@dataclass(frozen=True, slots=True)
class _Found:
    """All that answers a question, best first, how many say too little about it, and what the store brought last."""

    asked: _Asked
    ranked: list[Ranked]
    weaker: int
    matches: Matches

    @property
    def seq(self) -> int:
        """Where the ledger stood."""
        return self.matches.seq

    @property
    def model(self) -> ModelCard | None:
        """The model of the vectors in the store."""
        return self.matches.model

    @property
    def note(self) -> str | None:
        """What the store tells of how vectors were compared."""
        return self.matches.note

    @property
    def unread(self) -> int:
        """How many matches have no vector though the question has one."""
        has_vector = self.asked.probe.vector is not None
        return sum(one.cosine is None for one in self.matches.evidence.values()) if has_vector else 0

    @property
    def relevance(self) -> float:
        """That of the most relevant answer; 0 without any."""
        return max((one.relevance for one in self.ranked), default=0.0)

    @property
    def is_telling(self) -> bool:
        """Whether an answer says enough about the question, however low the caller set the bound."""
        return self.relevance >= cut(has_vectors=self.model is not None and self.asked.probe.vector is not None)

    @property
    def weights(self) -> dict[str, float]:
        """How much each term says of what is asked."""
        return dict(zip(self.asked.question.terms, self.matches.weights, strict=False))


def _probe(question: Question, named_ids: NamedIds, backend: Embedder | str) -> Probe:
    """What to look for; without a vector where none can be made."""
    names = tuple(dict.fromkeys((*question.names, *named_ids.names)))
    if isinstance(backend, str) or not question.said.strip():
        return Probe(question.terms, names, limit=MATCH_LIMIT, is_weighed=True)
    vector = question_vector(backend, question.said)
    return Probe(question.terms, names, vector, card_of(backend), MATCH_LIMIT, is_weighed=True)


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


def _titles(view: View, ids: Iterable[str]) -> Titles:
    found = ((key, view.memory(key)) for key in ids)
    said = {key: memory.statement for key, memory in found if memory and memory.statement}
    return Titles({key: one.title for key, one in said.items()}, {key: one.aliases for key, one in said.items()})


def _goes_on(matches: Matches, scored: Sequence[Scored], probe: Probe, query: Query) -> bool:
    """Whether a wider probe may bring more that says something: the last match by words or by meaning still does."""
    lasts = {found[-1][0] for found in (matches.lexical, matches.vector) if len(found) >= probe.limit}
    return any(tells(one, query) for one in scored if one.memory in lasts)


def _hit(one: Ranked, view: View, query: Query) -> Hit | None:
    """An answer told in full; None if the memory was erased since it matched."""
    resolved = one.head.resolved
    shown = card(view, resolved.memory, query.valid)
    if shown is None:
        return None
    paths = islice(one.head.paths.values(), MOST_RELATIONS)
    relations = [near for path in paths if (near := relation(one.head.view, path, query.valid)) is not None]
    itself = reference(view, resolved.memory, query.valid)
    return Hit(
        card=shown,
        standing=resolved.standing,
        relevance=one.relevance,
        parts={**one.head.scored.parts, "prior": one.factor},
        via=(*references(one.head.view, resolved.via[:-1], query.valid), itself),
        because=because(one.head.view, resolved, query.valid),
        beat=tuple(near.memory for near in relations if near.is_successor),
        head=itself if resolved.standing is Standing.HOLDS else None,
        relations=tuple(relations),
    )


def _contested(hit: Hit, ruling: Ruling | None, view: View, query: Query) -> Hit:
    if ruling is None:
        return hit
    key, valid = hit.card.id, query.valid
    contested = tuple(Contest(reference(view, one, valid), why) for one, why in ruling.contested if one != key)
    head, overruled_by = reference(view, ruling.head, valid), overruling(view, ruling, key, valid)
    return replace(hit, head=head, contested=contested, overruled_by=overruled_by)

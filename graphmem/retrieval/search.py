"""Resolving search: matches are entry points; hits are the memories in force at the query's point (MODEL section 5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice

from graphmem.answers import Contest, Hit, SearchAnswer
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput
from graphmem.model import Point, Scope
from graphmem.retrieval.cards import card
from graphmem.retrieval.corrections import Correction, share_of, unknown_words
from graphmem.retrieval.cursors import Cursors, PageStart, Seal, question_mark
from graphmem.retrieval.dependencies import with_dependencies
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, card_of, model_mismatch, question_vector
from graphmem.retrieval.fusion import NAMED_SHARE, Scored, cut
from graphmem.retrieval.heads import Head, fits, heads_of, is_relevant, relevant_heads, scored_neighbours, subject_of
from graphmem.retrieval.hit_order import Ranked, Ruled, leaders_first, precede_neighbours, rank, rulings, with_leaders
from graphmem.retrieval.leads import Leads, lead_of
from graphmem.retrieval.mainlines import Mainlines
from graphmem.retrieval.match_scores import scored_matches
from graphmem.retrieval.moved_files import with_files
from graphmem.retrieval.named_ids import NamedIds, named_ids_in
from graphmem.retrieval.near_words import readings
from graphmem.retrieval.path_reach import reach
from graphmem.retrieval.query import Question, read_question
from graphmem.retrieval.question_spans import MAX_QUERY_CHARS
from graphmem.retrieval.reasons import because
from graphmem.retrieval.reference import reference, references
from graphmem.retrieval.relation_phrases import overruling, relation
from graphmem.retrieval.request import Query
from graphmem.retrieval.titles import Titles
from graphmem.rows import CachedRows
from graphmem.store import Matches, ModelCard, Nearby, Probe, Rivals, Store
from graphmem.temporal import CachedView, Ruling, Standing, View

MATCH_LIMIT = 35
EXPANDED_HEADS = 3
NEIGHBOUR_LIMIT = 15
MOST_RIVALS = 1_000
#: A hit lists its relations to at most this many of its matches, the best first: a chain may have thousands.
MOST_RELATIONS = 10


class Searcher:
    """Searches a store.

    Args:
        store: The store.
        embedder: Returns the embedding backend, or why there is none; called once per search.
        seal: Signs cursors; created for the store by default.
        mainlines: Histories of repositories; created for the store by default.
    """

    def __init__(
        self,
        store: Store,
        embedder: Callable[[], Embedder | EmbedderMissing],
        seal: Seal | None = None,
        mainlines: Mainlines | None = None,
    ) -> None:
        self._store = store
        self._mainlines = mainlines or Mainlines(store)
        self._embedder = embedder
        self._seal = seal or Seal(store)

    def search(self, query: Query) -> SearchAnswer:
        """Return the hits of a query at its point, best first."""
        if len(query.text) > MAX_QUERY_CHARS:
            raise InvalidInput(f"the query has {len(query.text)} characters, more than {MAX_QUERY_CHARS}: shorten it")
        mark = question_mark(query.text, query.where, query.sort, query.reader, query.min_relevance)
        cursors = Cursors(self._seal, query.reader, mark)
        start = cursors.start(query.page, Point(query.valid, query.seq or 0))
        if query.page.cursor is not None:
            query = replace(query, valid=start.point.valid, seq=start.point.seq)
        needed = start.offset + query.page.limit
        page = self._ranked_results(self._with_files(query), needed)
        results, shown = page.results, page.ranked[start.offset : needed]
        pinned = PageStart(Point(query.valid, results.seq), start.offset)
        return SearchAnswer(
            hits=self._hits(shown, page.ruled, page.query),
            at=pinned.point,
            mode=page.mode,
            note=page.note,
            cursor=cursors.after(pinned, len(shown), len(page.ranked)),
            weaker=results.weaker,
            remarks=tuple(reading.sentence for reading in page.corrections),
            read_as=results.parsed.text if page.corrections else None,
        )

    def leads(self, query: Query) -> Leads:
        """Return the hits of a query's first page, best first, as far as a context block weighs them."""
        page = self._ranked_results(self._with_files(query), query.page.limit)
        leads = (lead_of(entry, page.ruled) for entry in page.ranked[: query.page.limit])
        return Leads(tuple(lead for lead in leads if lead is not None), page.mode, page.note)

    def _ranked_results(self, query: Query, needed: int) -> _RankedResults:
        """Return the ranked heads of a query; as many as needed are ruled on by their subjects."""
        backend = self._embedder()
        results = self._results(self._parsed(query, backend), query, needed)
        query = replace(query, seq=results.seq)
        results, corrections = self._respelled(results, query, backend, needed)
        ruled = self._ruled(results.ranked[:needed], query)
        return _RankedResults(
            query, results, corrections, ruled, with_leaders(results.ranked, ruled, query), _note(backend, results)
        )

    def _with_files(self, query: Query) -> Query:
        """Return the query with the files that its paths and components mean; its ledger position is then fixed."""
        if not query.where.paths and not query.where.components:
            return query
        seq = query.seq
        if seq is None:
            last = self._store.position(query.reader)
            self._mainlines.note(query.reader, last.seq, last.last_reading)
            seq = last.seq
        return replace(query, seq=seq, files=reach(self._mainlines, query.where, query.reader, seq, query.valid))

    def _parsed(self, query: Query, backend: Embedder | EmbedderMissing) -> _ParsedQuery:
        question = read_question(query.text, query.valid.date())
        named_ids = named_ids_in(self._store, query.text, query.reader, query.seq)
        return _ParsedQuery(query.text, question, named_ids, _probe(question, named_ids, backend))

    def _results(self, parsed: _ParsedQuery, query: Query, needed: int) -> _Results:
        """Return more heads than needed, if there are, from the best matches first and then from twice as many.

        A page of any size therefore continues the previous page.
        """
        ranked: dict[str, Ranked] = {}
        probe = parsed.probe
        while True:
            matches = self._matches(probe, query)
            if query.seq is None:
                self._mainlines.note(query.reader, matches.seq, matches.last_reading)
            verdicts = self._mainlines.at(query.reader, query.reader.repo, matches.seq).verdicts
            query = replace(query, seq=matches.seq, verdicts=verdicts)
            view = CachedView(matches.rows, query.reader, matches.seq)
            scored = scored_matches(parsed.question, matches, _titles(view, matches.ids), parsed.named_ids)
            if query.files is not None:
                scored = [match for match in scored if query.files.admits(view, match.memory)]
            heads = heads_of(scored, view, query)
            matched = [head for head in heads.values() if fits(head, query)]
            relevant = relevant_heads(matched, query)
            weaker, ordered = len(matched) - len(relevant), rank(relevant, query)
            if not precede_neighbours(ordered, needed + 1, query):
                near = [head for head in self._near(heads, query, view.seq).values() if fits(head, query)]
                ordered = rank(relevant_heads([*matched, *near], query), query)
            for entry in leaders_first(ordered, query):
                ranked.setdefault(entry.head.resolved.memory, entry)
            if len(ranked) > needed or not _goes_on(matches, scored, probe, query):
                return _Results(parsed, list(ranked.values()), weaker, matches)
            probe = replace(probe, limit=probe.limit * 2)

    def _respelled(
        self, results: _Results, query: Query, backend: Embedder | EmbedderMissing, needed: int
    ) -> tuple[_Results, Sequence[Correction]]:
        """Search again with near words for long words that no memory has, and keep the more relevant results.

        Returns:
            The results, and the corrections; no corrections if the first results are kept.
        """
        words = unknown_words(results.parsed.question, results.matches.unheld)
        if (
            not words
            or not query.corrects_words
            or (results.is_relevant and share_of(words, results.weights) < NAMED_SHARE)
        ):
            return results, ()
        corrections = readings(self._store, words, query, results.seq)
        text = query.text
        for reading in corrections:
            text = reading.applied(text)
        if text == query.text:
            return results, ()
        retried = self._results(self._parsed(replace(query, text=text), backend), query, needed)
        return (retried, corrections) if retried.relevance > results.relevance else (results, ())

    # ---- candidates

    def _matches(self, probe: Probe, query: Query) -> Matches:
        return self._store.match(query.reader, probe, query.of_matches, seq=query.seq, at=query.valid)

    def _near(self, heads: dict[str, Head], query: Query, seq: int) -> dict[str, Head]:
        """Return the heads that only neighbours of the best heads lead to.

        A neighbour with the subject of a head in force is left to the ruling on that subject.
        """
        nearby = self._neighbours(heads, query, seq)
        # Chains of matches are already resolved; neighbours get their own view.
        view = CachedView(nearby.rows, query.reader, seq)
        near = scored_neighbours(nearby.steps, view, heads)
        if query.files is not None:
            near = [match for match in near if query.files.admits(view, match.memory)]
        ruled = {subject_of(head.memory) for head in heads.values() if head.holds} - {None}
        return {
            key: head
            for key, head in heads_of(near, view, query).items()
            if key not in heads and subject_of(head.memory) not in ruled
        }

    def _neighbours(self, heads: dict[str, Head], query: Query, seq: int) -> Nearby:
        """Return neighbours of the best heads in the graph, which may match no word of the query."""
        best = sorted(heads.values(), key=lambda head: -head.scored.score)[:EXPANDED_HEADS]
        ids = [head.resolved.memory for head in best if head.holds]
        if not ids:
            return Nearby()
        return self._store.neighbours(query.reader, ids, seq=seq, limit=NEIGHBOUR_LIMIT, at=query.valid)

    # ---- hits

    def _ruled(self, ranked: Sequence[Ranked], query: Query) -> Ruled:
        """Read the full rows of the first heads and their rivals, and rule on their subjects."""
        holding = [entry.head for entry in ranked if entry.head.holds]
        subjects = {subject for head in holding if (subject := subject_of(head.memory)) is not None}
        settled = [head.resolved.memory for head in holding if head.is_settled]
        at = Point(query.valid, query.seq or 0)
        view = CachedView(self._rows(settled, subjects, query.reader, at), query.reader, at.seq)
        return Ruled(view, rulings(view, subjects, query.valid))

    def _rows(self, ids: Sequence[str], subjects: Collection[str], reader: Scope, at: Point) -> CachedRows:
        if subjects:
            rivals = Rivals(tuple(sorted(subjects)), at, MOST_RIVALS * len(subjects))
            return self._store.rows_with_rivals(reader, ids, rivals)
        return CachedRows(self._store.rows(reader, ids)) if ids else CachedRows()

    def _hits(self, shown: Sequence[Ranked], ruled: Ruled, query: Query) -> tuple[Hit, ...]:
        """Return the heads shown as full hits."""
        view, led = ruled.view, ruled.led
        hits = ((entry.head, _hit(entry, view if entry.head.is_settled else entry.head.view, query)) for entry in shown)
        at = Point(query.valid, query.seq or 0)
        pairs = [(head, hit) for head, hit in hits if hit is not None]
        cards = with_dependencies(self._store, query.reader, [hit.card for _, hit in pairs], at)
        return tuple(
            _contested(
                replace(hit, card=with_files(self._mainlines, query.reader, card, at)),
                led.get(subject_of(card.memory)) if head.holds else None,
                view,
                query,
            )
            for (head, hit), card in zip(pairs, cards, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _ParsedQuery:
    """A query: its text and parts, the ids that it names, and the probe for the store."""

    text: str
    question: Question
    named_ids: NamedIds
    probe: Probe


@dataclass(frozen=True, slots=True)
class _Results:
    """The ranked heads, the number of heads below the bound, and the last matches of the store."""

    parsed: _ParsedQuery
    ranked: list[Ranked]
    weaker: int
    matches: Matches

    @property
    def seq(self) -> int:
        """The ledger position."""
        return self.matches.seq

    @property
    def model(self) -> ModelCard | None:
        """The model of the store's vectors."""
        return self.matches.model

    @property
    def note(self) -> str | None:
        """The store's note on the vector comparison."""
        return self.matches.note

    @property
    def unread(self) -> int:
        """The number of matches without a vector, if the query has a vector."""
        has_vector = self.parsed.probe.vector is not None
        return sum(evidence.cosine is None for evidence in self.matches.evidence.values()) if has_vector else 0

    @property
    def relevance(self) -> float:
        """The relevance of the most relevant head; 0 without any."""
        return max((entry.relevance for entry in self.ranked), default=0.0)

    @property
    def is_relevant(self) -> bool:
        """True if a head reaches the default bound, independent of the caller's bound."""
        return self.relevance >= cut(has_vectors=self.model is not None and self.parsed.probe.vector is not None)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each query term."""
        return dict(zip(self.parsed.question.terms, self.matches.weights, strict=False))


@dataclass(frozen=True, slots=True)
class _RankedResults:
    """The results of a query at its ledger position, with the ranked heads, leaders first.

    Attributes:
        missing: The reason why no vectors were compared; None if they were.
    """

    query: Query
    results: _Results
    corrections: Sequence[Correction]
    ruled: Ruled
    ranked: Sequence[Ranked]
    missing: str | None

    @property
    def mode(self) -> str:
        """The mode of the answer."""
        return "hybrid" if self.missing is None else "lexical"

    @property
    def note(self) -> str | None:
        """The note of the answer."""
        return self.missing or self.results.note or _unread_note(self.results.unread)


def _probe(question: Question, named_ids: NamedIds, backend: Embedder | EmbedderMissing) -> Probe:
    """Return the probe for the store; without a vector if there is no backend or no text."""
    names = tuple(dict.fromkeys((*question.names, *named_ids.names)))
    if isinstance(backend, EmbedderMissing) or not question.search_text.strip():
        return Probe(question.terms, names, limit=MATCH_LIMIT, is_weighed=True)
    vector = question_vector(backend, question.search_text)
    return Probe(question.terms, names, vector, card_of(backend), MATCH_LIMIT, is_weighed=True)


def _note(backend: Embedder | EmbedderMissing, results: _Results) -> str | None:
    """Return why no vectors were compared; None if they were."""
    if isinstance(backend, EmbedderMissing):
        return backend.reason
    if results.model is None and results.unread:
        return "the store has no vectors yet; run: graphmem reindex"
    return model_mismatch(backend, results.model)


def _unread_note(unread: int) -> str | None:
    """Return a note on matches that were compared lexically only."""
    some = "one memory" if unread == 1 else f"{unread} memories"
    return f"{some} matched by words alone, without a vector; run: graphmem reindex" if unread else None


def _titles(view: View, ids: Iterable[str]) -> Titles:
    memories = ((memory_id, view.memory(memory_id)) for memory_id in ids)
    statements = {memory_id: memory.statement for memory_id, memory in memories if memory and memory.statement}
    return Titles(
        {memory_id: statement.title for memory_id, statement in statements.items()},
        {memory_id: statement.aliases for memory_id, statement in statements.items()},
    )


def _goes_on(matches: Matches, scored: Sequence[Scored], probe: Probe, query: Query) -> bool:
    """Return whether a wider probe may bring relevant matches: the last lexical or vector match is still relevant."""
    lasts = {ranking[-1][0] for ranking in (matches.lexical, matches.vector) if len(ranking) >= probe.limit}
    return any(is_relevant(match, query) for match in scored if match.memory in lasts)


def _hit(entry: Ranked, view: View, query: Query) -> Hit | None:
    """Return a full hit; None if the memory was erased after it matched."""
    resolved = entry.head.resolved
    shown = card(view, resolved.memory, query.valid)
    if shown is None:
        return None
    paths = islice(entry.head.paths.values(), MOST_RELATIONS)
    relations = [near for path in paths if (near := relation(entry.head.view, path, query.valid)) is not None]
    itself = reference(view, resolved.memory, query.valid)
    return Hit(
        card=shown,
        standing=resolved.standing,
        relevance=entry.relevance,
        parts={**entry.head.scored.parts, "prior": entry.factor},
        via=(*references(entry.head.view, resolved.via[:-1], query.valid), itself),
        because=because(entry.head.view, resolved, query.valid),
        beat=tuple(near.memory for near in relations if near.is_successor),
        head=itself if resolved.standing is Standing.HOLDS else None,
        relations=tuple(relations),
    )


def _contested(hit: Hit, ruling: Ruling | None, view: View, query: Query) -> Hit:
    if ruling is None:
        return hit
    own_id, valid = hit.card.id, query.valid
    rivals = [(memory_id, why) for memory_id, why in ruling.contested if memory_id != own_id]
    contested = tuple(Contest(reference(view, memory_id, valid), why) for memory_id, why in rivals)
    head, overruled_by = reference(view, ruling.head, valid), overruling(view, ruling, own_id, valid)
    return replace(hit, head=head, contested=contested, overruled_by=overruled_by)

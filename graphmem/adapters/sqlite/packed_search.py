"""Lexical search without NumPy, with the scores of `lexical_search` to the last digit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest, nsmallest

from graphmem.adapters.sqlite.chains import IdLookup
from graphmem.adapters.sqlite.keyed_hashes import hashes_of
from graphmem.adapters.sqlite.keyed_hashes import names as names_of
from graphmem.adapters.sqlite.packed_selection import PackedSelection
from graphmem.adapters.sqlite.values import Tenant
from graphmem.ranking import Corpus, length_norm

#: Sums in another order than `bm25`'s may differ in their last digits.
_ROUNDING = 1e-9


class PackedSearch:
    """BM25 search for the terms of one query; see `LexicalSearch`.

    Args:
        tenant: Its totals count all memories.
        selection: The memories that may be found.
        terms: Distinct terms.
        hidden: Homes whose memories are left out of the statistics.
    """

    def __init__(
        self, tenant: Tenant, selection: PackedSelection, terms: Sequence[str], hidden: frozenset[int]
    ) -> None:
        self._texts = selection.texts
        self._selection = selection
        self._hashes = hashes_of(tenant.key)
        self.terms = terms
        self.corpus = self._corpus(tenant, hidden)
        self._norms: dict[int, float] = {}

    def _corpus(self, tenant: Tenant, hidden: frozenset[int]) -> Corpus:
        documents, tokens = tenant.documents, tenant.tokens
        frequency = {term: self._texts.frequency(self._hashes[term]) for term in self.terms}
        if hidden:
            unseen: set[int] = set()
            for base, part in self._texts.parts():
                positions = [position for position, home in enumerate(part.homes) if home in hidden]
                unseen.update([base + position for position in positions])
                documents -= len(positions)
                tokens -= sum([part.lengths[position] for position in positions])
            for term in self.terms:
                frequency[term] -= sum(index in unseen for index, _ in self._texts.postings(self._hashes[term]))
        return Corpus(documents, tokens / max(documents, 1), frequency)

    def _norm(self, index: int) -> float:
        """Return the length norm of a memory."""
        base, part = self._texts.part_of(index)
        length = part.lengths[index - base]
        norm = self._norms.get(length)
        if norm is None:
            norm = self._norms[length] = length_norm(self.corpus, length)
        return norm

    def best(self, ids: IdLookup, limit: int) -> tuple[tuple[str, float], ...]:
        """Return the best matches in the selection, best first, ties by id.

        Terms are taken the rarest first. Once the remaining terms cannot lift another memory above the last of the
        best, they only rule candidates out.
        """
        frequency = self.corpus.frequency
        present = sorted((term for term in self.terms if frequency[term]), key=frequency.__getitem__)
        if not present or not self.corpus.documents or limit < 1:
            return ()
        scores: dict[int, float] = {}
        rest, is_complete = math.fsum(map(self.corpus.idf, present)), False
        for term in present:
            idf = self.corpus.idf(term)
            for index, count in self._counts(term, scores if is_complete else None):
                scores[index] = scores.get(index, 0.0) + idf * count / (count + self._norm(index))
            rest -= idf
            if len(scores) >= limit and (least := nlargest(limit, scores.values())[-1]) >= rest:
                scores = {index: score for index, score in scores.items() if score + rest >= least - _ROUNDING}
                is_complete = True
        return self._first(scores, ids, limit)

    def _counts(self, term: str, among: Iterable[int] | None) -> list[tuple[int, int]]:
        """Return the memories in the selection with a term, and its count in each; all of them, or those among some."""
        hashed = self._hashes[term]
        if among is None:
            counts = dict(self._texts.postings(hashed))
            return [(index, counts[index]) for index in self._selection.passing(counts)]
        parts = ((index, *self._texts.part_of(index)) for index in among)
        counted = ((index, part.count(hashed, index - base)) for index, base, part in parts)
        return [(index, count) for index, count in counted if count]

    def _first(self, candidates: Iterable[int], ids: IdLookup, limit: int) -> tuple[tuple[str, float], ...]:
        """Score the candidates again in term order, so that the last digits equal those of every store."""
        hashed = [(self._hashes[term], self.corpus.idf(term)) for term in self.terms if self.corpus.frequency[term]]
        scores: dict[int, float] = {}
        for index in candidates:
            norm, (base, part), score = self._norm(index), self._texts.part_of(index), 0.0
            for term, idf in hashed:
                count = part.count(term, index - base)
                score += idf * count / (count + norm)
            scores[index] = score
        found = list(scores)
        if len(found) > limit:
            least = nlargest(limit, scores.values())[-1]
            found = [index for index in found if scores[index] >= least]
        score_of = {self._texts.number(index): scores[index] for index in found}
        id_of = ids.of(list(score_of))
        scored = [(id_of[number], score) for number, score in score_of.items()]
        return tuple(nsmallest(limit, scored, key=lambda match: (-match[1], match[0])))

    def saturations(self, numbers: Sequence[int]) -> list[tuple[float, ...]]:
        """Return each term's saturated frequency in each memory, from 0 up to 1."""
        hashes = [self._hashes[term] for term in self.terms]
        return [self._saturation(self._texts.index(number), hashes) for number in numbers]

    def _saturation(self, index: int, hashes: Sequence[int]) -> tuple[float, ...]:
        if index < 0:
            return (0.0,) * len(hashes)
        norm, (base, part) = self._norm(index), self._texts.part_of(index)
        counts = [float(part.count(term, index - base)) for term in hashes]
        return tuple([count / (count + norm) for count in counts])

    def carriers(self, names: Sequence[str], ids: IdLookup) -> Mapping[str, tuple[str, ...]]:
        """Return the sorted ids of the memories with each name; names without any are omitted."""
        ids_of: dict[str, tuple[str, ...]] = {}
        for name, term in zip(names, names_of(names, self._hashes), strict=True):
            indexes = self._selection.passing([index for index, _ in self._texts.postings(term)])
            if indexes:
                ids_of[name] = tuple(sorted(ids.of([self._texts.number(index) for index in indexes]).values()))
        return ids_of

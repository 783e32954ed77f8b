"""Lexical search over segments, scored by Lucene's BM25 with statistics of the memories that the reader may see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from graphmem.adapters.sqlite.chains import IdLookup
from graphmem.adapters.sqlite.filter_selection import Selection
from graphmem.adapters.sqlite.keyed_hashes import hashes_of
from graphmem.adapters.sqlite.keyed_hashes import names as names_of
from graphmem.adapters.sqlite.text_index import TextColumns
from graphmem.adapters.sqlite.values import Tenant
from graphmem.ranking import BM25_B, BM25_K1, Corpus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Sums in another order than `bm25`'s may differ in their last digits.
_ROUNDING = 1e-9
#: The bound is tested again once the remaining terms can add only this share of the last tested value.
_CHECK_AGAIN = 0.8
#: If a term has this many times more postings than the selection has memories, look up the selection instead.
_FAR_FEWER = 4

Scored = tuple[str, float]


class LexicalSearch:
    """BM25 search for the terms of one query.

    Args:
        tenant: Its totals count all memories.
        texts: The text of all current memories, for the statistics.
        terms: Distinct terms.
        hidden: Homes whose memories are left out of the statistics.
    """

    def __init__(self, tenant: Tenant, texts: TextColumns, terms: Sequence[str], hidden: frozenset[int]) -> None:
        hashes = hashes_of(tenant.key)
        self._texts = texts
        self.terms = terms
        self._postings = texts.postings([hashes[term] for term in terms])
        self.corpus = self._corpus(tenant, hidden)

    def _corpus(self, tenant: Tenant, hidden: frozenset[int]) -> Corpus:
        import numpy as np

        documents, tokens = tenant.documents, tenant.tokens
        frequency = {term: len(postings) for term, postings in zip(self.terms, self._postings, strict=True)}
        if hidden:
            is_hidden = self._texts.lives_in(hidden)
            documents -= int(np.count_nonzero(is_hidden))
            tokens -= int(self._texts.tokens[is_hidden].sum())
            for term, postings in zip(self.terms, self._postings, strict=True):
                frequency[term] -= int(np.count_nonzero(is_hidden[postings.arrays()[0]]))
        return Corpus(documents, tokens / max(documents, 1), frequency)

    def _norms(self, indexes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the length norms of memories: `length_norm`, with the same order of operations."""
        lengths = self._texts.lengths[indexes]
        return BM25_K1 * (1 - BM25_B + BM25_B * lengths / max(self.corpus.mean_length, 1e-9))

    def best(self, selection: Selection, ids: IdLookup, limit: int) -> tuple[Scored, ...]:
        """Return the best matches in the selection, best first, ties by id.

        Terms are taken the rarest first. Once the remaining terms cannot lift a memory above the last of the best, only
        memories with a score so far remain candidates.
        """
        import numpy as np

        frequency = self.corpus.frequency
        present = sorted((term for term, word in enumerate(self.terms) if frequency[word]), key=self._frequency)
        if not present or not self.corpus.documents or limit < 1:
            return ()
        idfs = [self.corpus.idf(self.terms[term]) for term in present]
        scores, rest, checked, most = np.zeros(len(selection.texts)), math.fsum(idfs), math.inf, 0.0
        for term, idf in zip(present, idfs, strict=True):
            indexes, counts = self._selected(term, selection)
            scores[indexes] += self._added(idf, indexes, counts)
            most, rest = max(most, float(scores[indexes].max(initial=0.0))), rest - idf
            if rest > min(most, checked):
                continue
            checked = rest * _CHECK_AGAIN
            candidates = np.flatnonzero(scores > 0.0)
            if len(candidates) >= limit and (least := _last_of(scores[candidates], limit)) >= rest:
                return self._first(candidates[scores[candidates] + rest >= least - _ROUNDING], ids, limit)
        candidates = np.flatnonzero(scores > 0.0)
        if len(candidates) > limit:
            candidates = candidates[scores[candidates] >= _last_of(scores[candidates], limit) - _ROUNDING]
        return self._first(candidates, ids, limit)

    def _first(self, candidates: NDArray[np.int64], ids: IdLookup, limit: int) -> tuple[Scored, ...]:
        """Score the candidates again in term order, so that the last digits equal those of every store."""
        import numpy as np

        scores = np.zeros(len(candidates))
        for term, postings in zip(self.terms, self._postings, strict=True):
            if self.corpus.frequency[term]:
                scores += self._added(self.corpus.idf(term), candidates, postings.counts(candidates))
        if len(candidates) > limit:
            is_best = scores >= _last_of(scores, limit)
            candidates, scores = candidates[is_best], scores[is_best]
        numbers = self._texts.numbers[candidates].tolist()
        id_of = ids.of(numbers)
        scored = zip([id_of[number] for number in numbers], scores.tolist(), strict=True)
        return tuple(sorted(scored, key=lambda match: (-match[1], match[0]))[:limit])

    def saturations(self, numbers: Sequence[int]) -> list[tuple[float, ...]]:
        """Return each term's saturated frequency in each memory, from 0 up to 1."""
        import numpy as np

        indexes = self._texts.indexes(numbers)
        order = np.argsort(indexes, kind="stable")[np.count_nonzero(indexes < 0) :]
        indexed = indexes[order]
        norms = self._norms(indexed)
        columns = np.zeros((len(self.terms), len(indexes)))
        for term, postings in enumerate(self._postings):
            counts = postings.counts(indexed).astype(np.float64)
            columns[term, order] = counts / (counts + norms)
        return list(map(tuple, columns.T.tolist()))

    def _frequency(self, index: int) -> int:
        return self.corpus.frequency[self.terms[index]]

    def _selected(self, term: int, selection: Selection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        import numpy as np

        postings = self._postings[term]
        if selection.mask is not None and len(selection.indexes) * _FAR_FEWER < len(postings):
            counts = postings.counts(selection.indexes)
            return selection.indexes[counts > 0], counts[counts > 0]
        indexes, counts = postings.arrays()
        if len(selection.texts) < len(self._texts):
            size = int(np.searchsorted(indexes, len(selection.texts)))
            indexes, counts = indexes[:size], counts[:size]
        if selection.mask is not None:
            is_selected = selection.mask[indexes]
            indexes, counts = indexes[is_selected], counts[is_selected]
        return indexes, counts

    def _added(self, idf: float, indexes: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
        counted = counts.astype("f8")
        added: NDArray[np.float64] = idf * counted / (counted + self._norms(indexes))
        return added


def _last_of(scores: NDArray[np.float64], limit: int) -> float:
    """Return the score of the last of the best."""
    import numpy as np

    return float(np.partition(scores, len(scores) - limit)[len(scores) - limit])


def carriers(
    names: Sequence[str], tenant: Tenant, selection: Selection, ids: IdLookup
) -> Mapping[str, tuple[str, ...]]:
    """Return the sorted ids of the memories with each name; names without any are omitted."""
    ids_of: dict[str, tuple[str, ...]] = {}
    texts = selection.texts
    for name, postings in zip(names, texts.postings(names_of(names, hashes_of(tenant.key))), strict=True):
        indexes = postings.arrays()[0]
        selected = indexes if selection.mask is None else indexes[selection.mask[indexes]]
        if len(selected):
            ids_of[name] = tuple(sorted(ids.of(texts.numbers[selected].tolist()).values()))
    return ids_of

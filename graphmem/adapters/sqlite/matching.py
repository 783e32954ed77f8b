"""Text search over segments, scored by Lucene's BM25 with statistics of what the reader may see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import apsw

from graphmem.adapters.sqlite.chains import Ids
from graphmem.adapters.sqlite.indexing import hashes_of
from graphmem.adapters.sqlite.indexing import names as names_of
from graphmem.adapters.sqlite.reading import homes as homes_of
from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.selecting import Fitting
from graphmem.adapters.sqlite.text_index import Texts
from graphmem.adapters.sqlite.values import Tenant
from graphmem.model import Scope
from graphmem.ranking import BM25_B, BM25_K1, Corpus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Sums in another order than `bm25`'s may differ in their last digits.
_ROUNDING = 1e-9
#: Whether the others could still matter is asked again once they could add so much less.
_CHECK_AGAIN = 0.8
#: Where so many times more memories hold a term than fit, it is looked up for those that fit.
_FAR_FEWER = 4

Scored = tuple[str, float]


def hidden_from(connection: apsw.Connection, tenant: Tenant, reader: Scope, known: Remembered) -> frozenset[int]:
    """Homes of other users' private memories: their words weigh in none of this reader's scores."""
    hidden = known.hidden.get(reader.user)
    if hidden is None:
        homes = homes_of(connection, tenant, known)
        hidden = frozenset(number for number, home in homes.items() if home.user not in (None, reader.user))
        known.hidden[reader.user] = hidden
    return hidden


class Words:
    """What the terms of one question say of a tenant's memories.

    Args:
        tenant: Its totals are those of all memories.
        texts: The words of all memories at latest, whose statistics weigh.
        terms: Each once.
        hidden: Homes whose memories are not counted.
    """

    def __init__(self, tenant: Tenant, texts: Texts, terms: Sequence[str], hidden: frozenset[int]) -> None:
        hashes = hashes_of(tenant.key)
        self._texts = texts
        self.terms = terms
        self._holders = texts.holders([hashes[term] for term in terms])
        self.corpus = self._corpus(tenant, hidden)

    def _corpus(self, tenant: Tenant, hidden: frozenset[int]) -> Corpus:
        import numpy as np

        documents, tokens = tenant.documents, tenant.tokens
        frequency = {term: len(holders) for term, holders in zip(self.terms, self._holders, strict=True)}
        if hidden:
            unseen = self._texts.lives_in(hidden)
            documents -= int(np.count_nonzero(unseen))
            tokens -= int(self._texts.tokens[unseen].sum())
            for term, holders in zip(self.terms, self._holders, strict=True):
                frequency[term] -= int(np.count_nonzero(unseen[holders.postings()[0]]))
        return Corpus(documents, tokens / max(documents, 1), frequency)

    def _norms(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """What counts are weighed against in memories: `length_norm`, in the same order of operations."""
        lengths = self._texts.lengths[places]
        return BM25_K1 * (1 - BM25_B + BM25_B * lengths / max(self.corpus.mean_length, 1e-9))

    def best(self, fitting: Fitting, ids: Ids, limit: int) -> tuple[Scored, ...]:
        """The best matches among memories that fit, best first, ties by id.

        Terms are taken the rarest first. Once what the others could add is less than the last of the best has, only
        memories that were met are looked at further.
        """
        import numpy as np

        frequency = self.corpus.frequency
        held = sorted((place for place, term in enumerate(self.terms) if frequency[term]), key=self._frequency)
        if not held or not self.corpus.documents or limit < 1:
            return ()
        idfs = [self.corpus.idf(self.terms[place]) for place in held]
        scores, rest, checked, most = np.zeros(len(fitting.texts)), math.fsum(idfs), math.inf, 0.0
        for place, idf in zip(held, idfs, strict=True):
            places, counts = self._fitting(place, fitting)
            scores[places] += self._added(idf, places, counts)
            most, rest = max(most, float(scores[places].max(initial=0.0))), rest - idf
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

    def _first(self, near: NDArray[np.int64], ids: Ids, limit: int) -> tuple[Scored, ...]:
        """The first of some memories, scored in the order of the terms: last digits are those of every store."""
        import numpy as np

        scores = np.zeros(len(near))
        for term, holders in zip(self.terms, self._holders, strict=True):
            if self.corpus.frequency[term]:
                scores += self._added(self.corpus.idf(term), near, holders.counts(near))
        if len(near) > limit:
            kept = scores >= _last_of(scores, limit)
            near, scores = near[kept], scores[kept]
        numbers = self._texts.numbers[near].tolist()
        keys = ids.of(numbers)
        found = zip([keys[number] for number in numbers], scores.tolist(), strict=True)
        return tuple(sorted(found, key=lambda one: (-one[1], one[0]))[:limit])

    def said(self, numbers: Sequence[int]) -> list[tuple[float, ...]]:
        """How far each of the terms is said in each of the memories, from 0 up to 1."""
        import numpy as np

        places = self._texts.places(numbers)
        order = np.argsort(places, kind="stable")[np.count_nonzero(places < 0) :]
        known = places[order]
        norms = self._norms(known)
        columns = np.zeros((len(self.terms), len(places)))
        for term, holders in enumerate(self._holders):
            counts = holders.counts(known).astype(np.float64)
            columns[term, order] = counts / (counts + norms)
        return list(map(tuple, columns.T.tolist()))

    def _frequency(self, place: int) -> int:
        return self.corpus.frequency[self.terms[place]]

    def _fitting(self, term: int, fitting: Fitting) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        import numpy as np

        holders = self._holders[term]
        if fitting.mask is not None and len(fitting.places) * _FAR_FEWER < len(holders):
            counts = holders.counts(fitting.places)
            return fitting.places[counts > 0], counts[counts > 0]
        places, counts = holders.postings()
        if len(fitting.texts) < len(self._texts):
            size = int(np.searchsorted(places, len(fitting.texts)))
            places, counts = places[:size], counts[:size]
        if fitting.mask is not None:
            fit = fitting.mask[places]
            places, counts = places[fit], counts[fit]
        return places, counts

    def _added(self, idf: float, places: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
        counted = counts.astype("f8")
        added: NDArray[np.float64] = idf * counted / (counted + self._norms(places))
        return added


def _last_of(scores: NDArray[np.float64], limit: int) -> float:
    """The score of the last of the best."""
    import numpy as np

    return float(np.partition(scores, len(scores) - limit)[len(scores) - limit])


def carriers(names: Sequence[str], tenant: Tenant, fitting: Fitting, ids: Ids) -> Mapping[str, tuple[str, ...]]:
    """Ids of the memories that carry each name, sorted; names that nobody carries are left out."""
    found: dict[str, tuple[str, ...]] = {}
    texts = fitting.texts
    for name, holders in zip(names, texts.holders(names_of(names, hashes_of(tenant.key))), strict=True):
        places = holders.postings()[0]
        fit = places if fitting.mask is None else places[fitting.mask[places]]
        if len(fit):
            found[name] = tuple(sorted(ids.of(texts.numbers[fit].tolist()).values()))
    return found

"""Lexical search without NumPy, with the scores of `lexical_search` to the last digit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import nlargest, nsmallest
from itertools import accumulate, chain
from typing import NamedTuple

from graphmem.adapters.sqlite.chains import IdLookup
from graphmem.adapters.sqlite.keyed_hashes import hashes_of
from graphmem.adapters.sqlite.keyed_hashes import names as names_of
from graphmem.adapters.sqlite.packed_segment import PackedSegment
from graphmem.adapters.sqlite.packed_selection import PackedSelection
from graphmem.adapters.sqlite.values import Tenant
from graphmem.ranking import Corpus, length_norm

#: Sums in another order than `bm25`'s may differ in their last digits.
_ROUNDING = 1e-9
#: Memories that are scored for their rare terms, and the share of memories that makes a term widespread.
_MOST_RARE, _WIDESPREAD = 100, 0.25


class _TermGroups(NamedTuple):
    """The terms of a query that memories have: in few memories together, in some, and in a large share of all."""

    rare: list[str]
    common: list[str]
    widespread: list[str]


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

    def _norms_of(self, part: PackedSegment, positions: Iterable[int]) -> list[float]:
        """Return the length norms of memories of a segment."""
        lengths = [part.lengths[position] for position in positions]
        self._norms.update({length: length_norm(self.corpus, length) for length in {*lengths}.difference(self._norms)})
        return [self._norms[length] for length in lengths]

    def best(self, ids: IdLookup, limit: int) -> tuple[tuple[str, float], ...]:
        """Return the best matches in the selection, best first, ties by id.

        Memories with a rare term are scored, then those with the most of the common terms, until no further memory
        can be among the best. Widespread terms are counted for those memories alone for which they may decide.
        """
        if not self.corpus.documents or limit < 1:
            return ()
        groups = self._term_groups()
        spread_bound = math.fsum(map(self.corpus.idf, groups.widespread))
        scores: dict[int, float] = {}
        for bound, indexes in self._stages(groups, spread_bound):
            if len(scores) >= limit and nlargest(limit, scores.values())[-1] > bound + _ROUNDING:
                break
            added = dict(self._scored(self._selection.passing(indexes()), (*groups.rare, *groups.common)))
            if groups.widespread and added:
                least = _least((*scores.values(), *added.values()), limit) - spread_bound - _ROUNDING
                added = dict(self._scored((index for index in added if added[index] >= least), self.terms))
            scores.update(added)
        least = _least(scores.values(), limit)
        score_of = {self._texts.number(index): score for index, score in scores.items() if score >= least}
        id_of = ids.of(list(score_of))
        scored = [(id_of[number], score) for number, score in score_of.items()]
        return tuple(nsmallest(limit, scored, key=lambda match: (-match[1], match[0])))

    def _term_groups(self) -> _TermGroups:
        frequency, few = self.corpus.frequency, self.corpus.documents * _WIDESPREAD
        present = sorted((term for term in self.terms if frequency[term]), key=frequency.__getitem__)
        sizes = accumulate(frequency[term] for term in present)
        rare = [term for term, size in zip(present, sizes, strict=True) if size <= _MOST_RARE]
        rest = present[len(rare) :]
        common = [term for term in rest if frequency[term] <= few]
        return _TermGroups(rare, common, rest[len(common) :])

    def _stages(
        self, groups: _TermGroups, spread_bound: float
    ) -> Iterator[tuple[float, Callable[[], Collection[int]]]]:
        """Yield all memories with a term once, behind a bound of the scores of these and all that follow."""
        seen = {index for term in groups.rare for index in self._indexes(term)}
        yield math.inf, lambda: seen
        bounds = sorted(map(self._bound, groups.common), reverse=True)
        numbers = Counter(chain.from_iterable(map(self._indexes, groups.common)))
        for index in seen:
            numbers.pop(index, None)
        for number in range(len(bounds), 0, -1):
            yield math.fsum(bounds[:number]) + spread_bound, partial(_with_number, numbers, number)
        with_others = seen.union(numbers)
        yield spread_bound, lambda: {*chain.from_iterable(map(self._indexes, groups.widespread))} - with_others

    def _indexes(self, term: str) -> list[int]:
        return self._texts.indexes(self._hashes[term])

    def _bound(self, term: str) -> float:
        """Return the most that a term can add to a score."""
        count = self._texts.most(self._hashes[term])
        return self.corpus.idf(term) * count / (count + length_norm(self.corpus, self._texts.least_length))

    def _scored(self, indexes: Iterable[int], terms: Iterable[str]) -> Iterator[tuple[int, float]]:
        """Score memories in the order of the query's terms, so that the last digits equal those of every store."""
        chosen = frozenset(terms)
        weights = [
            (self._hashes[term], self.corpus.idf(term))
            for term in self.terms
            if term in chosen and self.corpus.frequency[term]
        ]
        for base, part, positions in self._texts.by_part(indexes):
            norms, scores = self._norms_of(part, positions), [0.0] * len(positions)
            for term, idf in weights:
                for at, count in enumerate(part.counts(term, positions)):
                    if count:
                        scores[at] += idf * count / (count + norms[at])
            yield from zip([base + position for position in positions], scores, strict=True)

    def saturations(self, numbers: Sequence[int]) -> list[tuple[float, ...]]:
        """Return each term's saturated frequency in each memory, from 0 up to 1."""
        hashes, indexes = [self._hashes[term] for term in self.terms], list(map(self._texts.index, numbers))
        shares: dict[int, tuple[float, ...]] = {}
        for base, part, positions in self._texts.by_part(index for index in indexes if index >= 0):
            norms = self._norms_of(part, positions)
            columns = [
                [count / (count + norm) for count, norm in zip(part.counts(term, positions), norms, strict=True)]
                for term in hashes
            ]
            rows = zip(*columns, strict=True)
            shares.update(zip([base + position for position in positions], rows, strict=False))
        return [shares.get(index, (0.0,) * len(hashes)) for index in indexes]

    def carriers(self, names: Sequence[str], ids: IdLookup) -> Mapping[str, tuple[str, ...]]:
        """Return the sorted ids of the memories with each name; names without any are omitted."""
        ids_of: dict[str, tuple[str, ...]] = {}
        for name, term in zip(names, names_of(names, self._hashes), strict=True):
            indexes = self._selection.passing(self._texts.indexes(term))
            if indexes:
                ids_of[name] = tuple(sorted(ids.of([self._texts.number(index) for index in indexes]).values()))
        return ids_of


def _with_number(numbers: Mapping[int, int], number: int) -> list[int]:
    """Return the memories with a number of terms."""
    return [index for index, held in numbers.items() if held == number]


def _least(scores: Collection[float], limit: int) -> float:
    """Return the least of the best scores; minus infinity if there are fewer."""
    return nlargest(limit, scores)[-1] if len(scores) > limit else -math.inf

"""Text search: candidates by full text, scored exactly by Lucene's BM25 with the tenant's own statistics."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

import apsw

from graphmem.adapters.sqlite.indexing import any_of, count_of
from graphmem.adapters.sqlite.selecting import Wanted, fitting
from graphmem.adapters.sqlite.values import Tenant, ints, place_of
from graphmem.ranking import Corpus, bm25

_FREQUENCY = "SELECT doc FROM search_terms WHERE term = ?"
_CANDIDATES = """
    SELECT rowid FROM search WHERE search MATCH ?1 AND rowid > ?2 AND rowid <= ?3 AND rank MATCH 'bm25(1.0, 0.0)'
    ORDER BY rank LIMIT ?4
"""
_WORDS = """
    SELECT words.memory, memory.id, words.length, words.counts
    FROM json_each(?1) AS wanted CROSS JOIN words ON words.memory = wanted.value
    CROSS JOIN memory ON memory.number = words.memory
"""
_NAMED = "SELECT memory FROM name WHERE key = ? AND memory <= ?"
_IDS = "SELECT number, memory.id FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value"

_LEAST_CANDIDATES = 400
_CANDIDATES_PER_MATCH = 4
#: A term that more memories than this hold is worth leaving out of the search for candidates.
_COMMON = 1_000

Scored = tuple[str, float]


def lexical(
    connection: apsw.Connection, tenant: Tenant, terms: Sequence[str], what: Wanted, *, seq: int, limit: int
) -> tuple[Scored, ...]:
    """The best matches of the terms among memories that fit, best first, ties by id."""
    frequency = frequencies(connection, tenant, terms)
    held = sorted((term for term in dict.fromkeys(terms) if frequency[term]), key=frequency.__getitem__)
    if not held or not tenant.documents:
        return ()
    corpus = Corpus(tenant.documents, tenant.tokens / tenant.documents, frequency)
    search = _Search(connection, tenant, what, seq, limit)
    rare = [term for term in held if frequency[term] <= _COMMON] or held[:1]
    found = search.best(corpus, held, rare)
    # What holds none of the rare terms scores at most the sum of the common ones' weights.
    most = sum(corpus.idf(term) for term in held[len(rare) :])
    if len(rare) < len(held) and (len(found) < limit or found[-1][1] <= most):
        found = search.best(corpus, held, held)
    return tuple(found)


def frequencies(connection: apsw.Connection, tenant: Tenant, terms: Iterable[str]) -> dict[str, int]:
    """How many memories of the tenant hold each term."""
    return {term: int(connection.execute(_FREQUENCY, (f"{tenant.number}_{term}",)).get or 0) for term in terms}


class _Search:
    def __init__(self, connection: apsw.Connection, tenant: Tenant, what: Wanted, seq: int, limit: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self._what = what
        self._span = (place_of(tenant.number, 0), place_of(tenant.number, seq))
        self._limit = limit

    def best(self, corpus: Corpus, terms: Sequence[str], asked: Sequence[str]) -> list[Scored]:
        """The best by all terms among candidates that hold one of those asked."""
        spelt = any_of([f"{self._tenant.number}_{term}" for term in asked])
        expression = f"body : {spelt}" + (f" AND {self._what.facets}" if self._what.facets else "")
        size = max(_LEAST_CANDIDATES, self._limit * _CANDIDATES_PER_MATCH)
        while True:
            rows = self._connection.execute(_CANDIDATES, (expression, *self._span, size))
            numbers = [number for (number,) in rows]
            is_all = len(numbers) < size
            if self._what.min_confidence > 0.0 or self._what.paths is not None:
                fit = fitting(self._connection, numbers, self._what)
                numbers = [number for number in numbers if number in fit]
            if is_all or len(numbers) >= min(size // 2, self._limit * _CANDIDATES_PER_MATCH):
                return self._scored(corpus, terms, numbers)
            size *= 4

    def _scored(self, corpus: Corpus, terms: Sequence[str], numbers: Sequence[int]) -> list[Scored]:
        scored = []
        for _, key, length, counts in self._connection.execute(_WORDS, (ints(numbers),)):
            held = {term: count for term in terms if (count := count_of(counts, term))}
            scored.append((key, bm25(corpus, terms, held, length)))
        return heapq.nsmallest(self._limit, scored, key=lambda one: (-one[1], one[0]))


def named(
    connection: apsw.Connection, tenant: Tenant, names: Iterable[str], what: Wanted, *, seq: int
) -> Mapping[str, tuple[str, ...]]:
    """Ids of the memories that carry each name, sorted; names that nobody carries are left out."""
    found: dict[str, tuple[str, ...]] = {}
    allowed: set[int] | None = None
    for name in names:
        rows = connection.execute(_NAMED, (f"{tenant.number} {name}", place_of(tenant.number, seq)))
        numbers = [number for (number,) in rows]
        if numbers and not (what.is_everything and what.homes is None):
            allowed = _allowed(connection, numbers, what)
            numbers = [number for number in numbers if number in allowed]
        if numbers:
            found[name] = tuple(sorted(key for _, key in connection.execute(_IDS, (ints(numbers),))))
    return found


_FACETED = "SELECT count(*) FROM search WHERE search MATCH ? AND rowid = ?"


def _allowed(connection: apsw.Connection, numbers: list[int], what: Wanted) -> set[int]:
    fit = fitting(connection, numbers, what)
    if what.facets is None:
        return fit
    return {number for number in fit if connection.execute(_FACETED, (what.facets, number)).get}

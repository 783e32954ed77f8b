"""Text search: candidates by full text, scored exactly by Lucene's BM25 with statistics of what the reader may see."""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import apsw

from graphmem.adapters.sqlite.indexing import Facets, any_of
from graphmem.adapters.sqlite.reading import Ids
from graphmem.adapters.sqlite.reading import homes as homes_of
from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.selecting import Wanted, fitting
from graphmem.adapters.sqlite.values import Tenant, ints, place_of
from graphmem.adapters.word_counts import many_of
from graphmem.model import Scope
from graphmem.ranking import Corpus, length_norm

_FREQUENCY = "SELECT doc FROM search_terms WHERE term = ?"
_LATER_HOLDERS = "SELECT count(*) FROM search WHERE search MATCH ? AND rowid > ? AND rowid <= ?"
_HOLDERS = "SELECT rowid FROM search WHERE search MATCH ? AND rowid > ? AND rowid <= ?"
_FITTING = "SELECT rowid FROM search WHERE search MATCH ? AND rowid > ? AND rowid <= ? LIMIT ?"
_TOTALS = """
    SELECT count(*), coalesce(sum(words.length), 0)
    FROM search CROSS JOIN words ON words.memory = search.rowid
    WHERE search MATCH ? AND search.rowid > ? AND search.rowid <= ?
"""
_WORDS = """
    SELECT words.memory, words.length, words.counts
    FROM json_each(?1) AS wanted CROSS JOIN words ON words.memory = wanted.value
"""
_NAMED = """
    SELECT name.key, name.memory
    FROM json_each(?1) AS wanted CROSS JOIN name ON name.key = wanted.value WHERE name.memory <= ?2
"""
_FACETED = "SELECT count(*) FROM search WHERE search MATCH ? AND rowid = ?"

_LEAST_CANDIDATES = 400
_CANDIDATES_PER_MATCH = 4
#: The search for candidates starts with the rarest terms, up to so many memories together.
_FIRST_HOLDERS = 1_000
_KEPT_FREQUENCIES = 20_000
#: Full text refuses expressions of more alternatives than a few hundred.
_HOMES_AT_ONCE = 100

Scored = tuple[str, float]


@dataclass(frozen=True, slots=True)
class _Held:
    """A count of memories and of their tokens, up to a ledger position of an epoch."""

    epoch: int
    seq: int
    memories: int
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Audience:
    """The memories whose words weigh in one reader's scores: shared ones, and private ones of the reader's own user.

    Attributes:
        user: The reader's user; None reads shared memories alone.
        hidden: Homes of other users' private memories, as full-text expressions of at most `_HOMES_AT_ONCE` each.
    """

    user: str | None
    hidden: tuple[str, ...]


def audience_of(connection: apsw.Connection, tenant: Tenant, reader: Scope, known: Remembered) -> Audience:
    """The audience that a reader belongs to."""
    spelt = known.hidden.get(reader.user)
    if spelt is None:
        homes = homes_of(connection, tenant, known)
        hidden = sorted(number for number, home in homes.items() if home.user not in (None, reader.user))
        facet = Facets(tenant.number)
        chunks = (hidden[first : first + _HOMES_AT_ONCE] for first in range(0, len(hidden), _HOMES_AT_ONCE))
        spelt = tuple(f"facets : {any_of([facet.home(one) for one in chunk])}" for chunk in chunks)
        known.hidden[reader.user] = spelt
    return Audience(reader.user, spelt)


class Frequencies:
    """How many memories of an audience hold each term; those counted before are only brought up to date."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str | None, str], _Held] = {}
        self._hidden: dict[tuple[str | None, int], _Held] = {}

    def of(
        self, connection: apsw.Connection, tenant: Tenant, audience: Audience, terms: Iterable[str]
    ) -> dict[str, int]:
        """The count for each term, of all memories of the audience that the connection sees."""
        if len(self._counted) > _KEPT_FREQUENCIES:
            self._counted = {}
        return {term: self._count(connection, tenant, audience, f"{tenant.number}_{term}") for term in terms}

    def totals(self, connection: apsw.Connection, tenant: Tenant, audience: Audience) -> tuple[int, int]:
        """How many memories the audience has, and how many tokens they have together."""
        if not audience.hidden:
            return tenant.documents, tenant.tokens
        key = (audience.user, tenant.number)
        counted = self._hidden.get(key)
        if counted is None or counted.epoch != tenant.epoch or counted.seq > tenant.seq:
            counted = _Held(tenant.epoch, 0, 0)
        span = (place_of(tenant.number, counted.seq), place_of(tenant.number, tenant.seq))
        memories, tokens = counted.memories, counted.tokens
        for homes in audience.hidden if counted.seq < tenant.seq else ():
            for number, length in connection.execute(_TOTALS, (homes, *span)):
                memories, tokens = memories + number, tokens + length
        self._hidden[key] = _Held(tenant.epoch, tenant.seq, memories, tokens)
        return tenant.documents - memories, tenant.tokens - tokens

    def _count(self, connection: apsw.Connection, tenant: Tenant, audience: Audience, term: str) -> int:
        key = (audience.user, term)
        counted = self._counted.get(key)
        if counted is not None and (counted.epoch, counted.seq) == (tenant.epoch, tenant.seq):
            return counted.memories
        if counted is None or counted.epoch != tenant.epoch or counted.seq > tenant.seq:
            first, count = 0, int(connection.execute(_FREQUENCY, (term,)).get or 0)
        else:
            first = counted.seq
            count = counted.memories + _holders_between(connection, tenant, f'body : "{term}"', first)
        if count:
            for homes in audience.hidden:
                count -= _holders_between(connection, tenant, f'body : "{term}" AND {homes}', first)
        self._counted[key] = _Held(tenant.epoch, tenant.seq, count)
        return count


def _holders_between(connection: apsw.Connection, tenant: Tenant, expression: str, first: int) -> int:
    """How many memories recorded after a ledger position satisfy a full-text expression."""
    span = (place_of(tenant.number, first), place_of(tenant.number, tenant.seq))
    return int(str(connection.execute(_LATER_HOLDERS, (expression, *span)).get))


@dataclass(frozen=True, slots=True)
class Counted:
    """Word statistics for one audience of a tenant, counted when asked for."""

    frequencies: Frequencies
    audience: Audience


def corpus_of(connection: apsw.Connection, tenant: Tenant, counted: Counted, terms: Sequence[str]) -> Corpus:
    """The statistics of the terms for one audience."""
    frequency = counted.frequencies.of(connection, tenant, counted.audience, terms)
    documents, tokens = counted.frequencies.totals(connection, tenant, counted.audience)
    return _Weighed(documents, tokens / max(documents, 1), frequency)


def lexical(corpus: Corpus, terms: Sequence[str], search: Search) -> tuple[Scored, ...]:
    """The best matches of the terms among memories that fit, best first, ties by id."""
    frequency = corpus.frequency
    held = sorted((term for term in dict.fromkeys(terms) if frequency[term]), key=frequency.__getitem__)
    if not held or not corpus.documents:
        return ()
    few = search.few_that_fit()
    if few is not None:
        return tuple(one for one in search.best(corpus, held, dict.fromkeys(few, 0.0)) if one[1] > 0)
    count, found, weights = 0, list[Scored](), defaultdict[int, float](float)
    wanted = _first_terms(held, frequency)
    while wanted > count:
        for term in held[count:wanted]:
            weight = corpus.idf(term)
            for number in search.read_holders(term):
                weights[number] += weight
        count, found = wanted, search.best(corpus, held, weights)
        if len(found) < search.limit:
            wanted = min(count + 1, len(held))
        else:
            # What holds none of the terms asked for scores less than the weights of the others together.
            least = found[-1][1]
            wanted = next(size for size in range(count, len(held) + 1) if _weight(corpus, held[size:]) <= least)
    return tuple(found)


def _first_terms(held: Sequence[str], frequency: Mapping[str, int]) -> int:
    total = 0
    for size, term in enumerate(held):
        total += frequency[term]
        if total > _FIRST_HOLDERS:
            return max(size, 1)
    return len(held)


def _weight(corpus: Corpus, terms: Iterable[str]) -> float:
    return sum(corpus.idf(term) for term in terms)


class _Weighed(Corpus):
    """A corpus that works out the weight of a term once."""

    __slots__ = ("_weights",)
    _weights: dict[str, float]

    def __init__(self, documents: int, mean_length: float, frequency: Mapping[str, int]) -> None:
        super().__init__(documents, mean_length, frequency)
        object.__setattr__(self, "_weights", {})

    def idf(self, term: str) -> float:
        """As `Corpus.idf`."""
        try:
            return self._weights[term]
        except KeyError:
            weight = self._weights[term] = super().idf(term)
            return weight


class _Norms(dict[int, float]):
    """What counts are weighed against, for each length that a document was found to have."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __missing__(self, length: int) -> float:
        norm = self[length] = length_norm(self._corpus, length)
        return norm


class Search:
    """One search of one tenant: what is wanted, known at a ledger position, and how many."""

    def __init__(
        self, connection: apsw.Connection, tenant: Tenant, what: Wanted, ids: Ids, *, seq: int, limit: int
    ) -> None:
        self.limit = limit
        self._ids = ids
        self._connection = connection
        self._tenant = tenant
        self._what = what
        self._span = (place_of(tenant.number, 0), place_of(tenant.number, seq))
        self._scores: dict[int, float] = {}
        self._holders: dict[str, set[int]] = {}

    def few_that_fit(self) -> list[int] | None:
        """Numbers of all memories that pass the filter tokens, if they are so few that each can be scored."""
        if not self._what.narrowing:
            return None
        size = max(_LEAST_CANDIDATES, self.limit * _CANDIDATES_PER_MATCH)
        asked = (" AND ".join(self._what.narrowing), *self._span, size + 1)
        found = [number for (number,) in self._connection.execute(_FITTING, asked)]
        return found if len(found) <= size else None

    def read_holders(self, term: str) -> list[int]:
        """Numbers of the memories that hold a term and pass what filter tokens can tell."""
        # Full text's own ranking would read the list of every term to its end, only to weigh it.
        expression = " AND ".join([f'body : "{self._tenant.number}_{term}"', *self._what.narrowing])
        found = [number for (number,) in self._connection.execute(_HOLDERS, (expression, *self._span))]
        self._holders[term] = set(found)
        return found

    def best(self, corpus: Corpus, terms: Sequence[str], weights: Mapping[int, float]) -> list[Scored]:
        """The best by all terms among those of the greatest weights."""
        enough = self.limit * _CANDIDATES_PER_MATCH
        size = max(_LEAST_CANDIDATES, enough)
        while True:
            numbers = heapq.nlargest(size, weights, key=weights.__getitem__) if size < len(weights) else list(weights)
            if self._what.min_confidence > 0.0 or self._what.paths is not None:
                fit = fitting(self._connection, numbers, self._what)
                numbers = [number for number in numbers if number in fit]
            if size >= len(weights) or len(numbers) >= min(size // 2, enough):
                return self._scored(corpus, terms, numbers)
            size *= 4

    def words(self, corpus: Corpus, terms: Sequence[str], numbers: Sequence[int]) -> dict[int, tuple[float, ...]]:
        """How far each of the terms is said in each of the memories."""
        spelt = [(f" {term} ", f" {term}=") for term in terms]
        norms, found = _Norms(corpus), dict[int, tuple[float, ...]]()
        for number, length, counts in self._connection.execute(_WORDS, (ints(numbers),)):
            norm = norms[length]
            held = [1 if once in counts else many_of(counts, many) for once, many in spelt]
            found[number] = tuple(one / (one + norm) if one else 0.0 for one in held)
        return found

    def _scored(self, corpus: Corpus, terms: Sequence[str], numbers: Sequence[int]) -> list[Scored]:
        self._score([number for number in numbers if number not in self._scores], corpus, terms)
        scores = {number: self._scores[number] for number in numbers}
        least = min(heapq.nlargest(self.limit, scores.values()), default=0.0)
        near = [number for number in numbers if scores[number] >= least]
        named_scores = [(key, scores[number]) for number, key in self._ids.of(near).items()]
        return sorted(named_scores, key=lambda one: (-one[1], one[0]))[: self.limit]

    def _score(self, numbers: Sequence[int], corpus: Corpus, terms: Sequence[str]) -> None:
        # `bm25`, written out: this is the innermost loop of a search.
        spelt = [(f" {term} ", f" {term}=", corpus.idf(term), self._holders.get(term)) for term in terms]
        norms, scores = _Norms(corpus), self._scores
        for number, length, counts in self._connection.execute(_WORDS, (ints(numbers),)):
            norm, score = norms[length], 0.0
            for once, many, weight, holders in spelt:
                if holders is not None and number not in holders:
                    continue
                if held := 1 if once in counts else many_of(counts, many):
                    score += weight * held / (held + norm)
            scores[number] = score


def named(
    connection: apsw.Connection, tenant: Tenant, names: Iterable[str], what: Wanted, ids: Ids, *, seq: int
) -> Mapping[str, tuple[str, ...]]:
    """Ids of the memories that carry each name, sorted; names that nobody carries are left out."""
    spelt = {f"{tenant.number} {name}": name for name in names}
    carried: dict[str, list[int]] = {}
    for key, number in connection.execute(_NAMED, (json.dumps(list(spelt)), place_of(tenant.number, seq))):
        carried.setdefault(spelt[str(key)], []).append(number)
    found: dict[str, tuple[str, ...]] = {}
    for name, every in carried.items():
        fit = every if what.is_everything and what.homes is None else fitting(connection, every, what)
        numbers = [number for number in fit if _has_facets(connection, number, what)]
        if numbers:
            found[name] = tuple(sorted(ids.of(numbers).values()))
    return found


def _has_facets(connection: apsw.Connection, number: int, what: Wanted) -> bool:
    return what.facets is None or bool(connection.execute(_FACETED, (what.facets, number)).get)

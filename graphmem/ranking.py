"""Pure ranking functions: the tokeniser, name keys, and BM25 by Lucene's formula.

Adapters index the terms that `graphmem.terms` derives from these tokens, and retrieval queries with the same terms, so
that every store returns the same scores.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind, Statement
from graphmem.words import IDEOGRAPH as IDEOGRAPH
from graphmem.words import name_key as name_key
from graphmem.words import tokens as tokens

BM25_K1 = 1.2
BM25_B = 0.75
#: Smoothing: this many memories without the query's terms are assumed, so that a small store still has usable term
#: weights.
UNSEEN_MEMORIES = 100


def name_keys(statement: Statement) -> set[str]:
    """Return the name keys of a statement's title and aliases."""
    keys = {name_key(name) for name in (statement.title, *statement.aliases)}
    return keys - {""}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Corpus statistics for BM25: number of documents, mean length in tokens, and document frequency of each term."""

    documents: int
    mean_length: float
    frequency: Mapping[str, int]

    def idf(self, term: str) -> float:
        """Return Lucene's inverse document frequency; never negative."""
        held = self.frequency.get(term, 0)
        return math.log(1 + (self.documents - held + 0.5) / (held + 0.5))

    def unheld(self, terms: Iterable[str]) -> frozenset[str]:
        """Return the terms that no document has."""
        return frozenset(term for term in terms if not self.frequency.get(term, 0))

    def weight(self, term: str) -> float:
        """Return a query term's weight: its idf with `UNSEEN_MEMORIES` more documents."""
        held = self.frequency.get(term, 0)
        return math.log(1 + (UNSEEN_MEMORIES + self.documents - held + 0.5) / (held + 0.5))


def bm25(corpus: Corpus, terms: Sequence[str], counts: Mapping[str, int], length: int) -> float:
    """Return the score of a document by Lucene's BM25.

    Args:
        corpus: Statistics of all documents.
        terms: Distinct query terms.
        counts: The count of each term in the document.
        length: The document's number of tokens.

    Source: Robertson and Zaragoza 2009; Lucene's `BM25Similarity`, with lengths stored in a single byte.
    """
    norm = length_norm(corpus, length)
    return sum(corpus.idf(term) * held / (held + norm) for term in terms if (held := counts.get(term, 0)))


def length_norm(corpus: Corpus, length: int) -> float:
    """Return BM25's length norm of a document with `length` tokens."""
    return BM25_K1 * (1 - BM25_B + BM25_B * quantised(length) / max(corpus.mean_length, 1e-9))


def term_counts(document: Iterable[str], terms: Iterable[str]) -> dict[str, int]:
    """Return the count of each of the terms that occurs in a document."""
    counted = Counter(document)
    return {term: counted[term] for term in terms if term in counted}


_FREE_VALUES = 24
_MANTISSA_BITS = 4


def quantised(length: int) -> int:
    """Return a length as Lucene's one-byte norm stores it: exact up to 24, then four significant bits (SmallFloat)."""
    rest = length - _FREE_VALUES
    if rest <= 0:
        return length
    shift = max(rest.bit_length() - _MANTISSA_BITS, 0)
    return _FREE_VALUES + ((rest >> shift) << shift)


# ---- confidence

HALF_LIFE_DAYS: Mapping[Kind, float] = {
    Kind.DECISION: 1460.0,
    Kind.CONVENTION: 730.0,
    Kind.STRUCTURE: 365.0,
    Kind.TASK: 60.0,
    Kind.PREFERENCE: 730.0,
    Kind.INCIDENT: 365.0,
    Kind.FACT: 730.0,
}
_TRUST_FACTOR = (0.5, 0.7, 0.85, 0.95, 1.0)
_DAY_S = 86_400.0


def freshness(kind: Kind, fresh_at: datetime, asked_at: datetime) -> float:
    """Return the decay of confidence with age, from 1 down to 0: it halves every half-life of the kind.

    Args:
        kind: Determines the half-life.
        fresh_at: The start of the statement's time in force, or its last confirmation.
        asked_at: The query's valid time; a statement from after it does not decay.
    """
    age_days = max((asked_at - fresh_at).total_seconds(), 0.0) / _DAY_S
    return float(0.5 ** (age_days / HALF_LIFE_DAYS[kind]))


def trusted_confidence(statement: Statement, fresh: float) -> float:
    """Return the confidence that orders answers: as stated, reduced for less trusted origins and for age.

    Args:
        statement: The source of the stated confidence and the origin.
        fresh: The result of `freshness`.
    """
    return statement.confidence * _TRUST_FACTOR[statement.origin.trust] * fresh

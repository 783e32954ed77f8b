"""Pure ranking: the one tokeniser, name keys, and BM25 by Lucene's formula.

Adapters index the terms that `graphmem.terms` makes of these words, and retrieval asks with the same, so that every
store gives the same scores.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain

from graphmem.model import Kind, Statement

BM25_K1 = 1.2
BM25_B = 0.75
#: So many memories without the question's words are thought to be there besides, or a handful of memories would tell
#: which words say much.
UNSEEN_MEMORIES = 100

IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# What is no letter, digit or underscore separates words; translating and splitting takes a third of matching them.
_ASCII_WORDS = "".join(chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128))
_ASCII_NAMES = _ASCII_WORDS.replace("_", " ")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
_LEADING_ZEROS = re.compile(r"\b0+(?=\d)")


@cache
def _words_of_any_script() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of a word to search for, and of a word of a name, with the vowel signs that many scripts write apart."""
    marks = "".join(mark for mark in map(chr, range(0x300, 0x10000)) if unicodedata.category(mark)[0] == "M")
    # Runs first and marks apart: a step for each letter would take memory for each.
    others = "".join(mark for mark in marks if not re.match(f"[{IDEOGRAPH}]", mark))
    searched = rf"[{IDEOGRAPH}]|[^\W{IDEOGRAPH}]+(?:[{others}]+[^\W{IDEOGRAPH}]*)*"
    return re.compile(searched), re.compile(rf"[^\W_]+(?:[{marks}]+[^\W_]*)*")


def tokens(text: str) -> list[str]:
    """Words of a text in order, folded; an identifier gives itself and its parts, an ideograph stands alone.

    >>> tokens("Use HTTPServer in generate_rules.py")
    ['use', 'httpserver', 'http', 'server', 'in', 'generate_rules', 'generate', 'rules', 'py']
    """
    if not text.isascii():
        found = _words_of_any_script()[0].findall(unicodedata.normalize("NFKC", text))
        return list(chain.from_iterable(map(_tokens_of.__getitem__, found)))
    words = text.translate(_ASCII_WORDS).split()
    if "_" not in text and text == text.lower():
        return words
    parts = _tokens_of
    return [token for word in words for token in ((word,) if word.islower() and "_" not in word else parts[word])]


class _TokensOfWords(dict[str, tuple[str, ...]]):
    """The tokens of every word met lately: a dictionary is asked twice as fast as a cached function."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= _MOST_WORDS:
            self.clear()
        found = self[word] = (word,) if word == word.casefold() and "_" not in word else _parts(word)
        return found


def _parts(word: str) -> tuple[str, ...]:
    parts = tuple(part.casefold() for part in _HUMP.split(word) if part)
    return (word.strip("_").casefold(), *parts) if len(parts) > 1 else parts


_MOST_WORDS = 65_536
_tokens_of = _TokensOfWords()


def name_key(text: str) -> str:
    """A title or identifier in the form in which exact matches are looked up.

    >>> name_key("ADR-0012"), name_key("Use  `PostgreSQL`, now!")
    ('adr 12', 'use postgresql now')
    """
    if text.isascii():
        words = text.lower().translate(_ASCII_NAMES).split()
    else:
        words = _words_of_any_script()[1].findall(unicodedata.normalize("NFKC", text).casefold())
    key = " ".join(words)
    return _LEADING_ZEROS.sub("", key) if "0" in key else key


def name_keys(statement: Statement) -> set[str]:
    """Every key under which a statement can be named exactly: its title and its aliases."""
    keys = {name_key(name) for name in (statement.title, *statement.aliases)}
    return keys - {""}


@dataclass(frozen=True, slots=True)
class Corpus:
    """What BM25 needs to know of all documents: how many, their mean length in tokens, and who holds each term."""

    documents: int
    mean_length: float
    frequency: Mapping[str, int]

    def idf(self, term: str) -> float:
        """Lucene's inverse document frequency: never negative."""
        held = self.frequency.get(term, 0)
        return math.log(1 + (self.documents - held + 0.5) / (held + 0.5))

    def unheld(self, terms: Iterable[str]) -> frozenset[str]:
        """Those of the terms that no document has."""
        return frozenset(term for term in terms if not self.frequency.get(term, 0))

    def weight(self, term: str) -> float:
        """How much a term says of what is asked: its idf, beside memories that were not seen."""
        held = self.frequency.get(term, 0)
        return math.log(1 + (UNSEEN_MEMORIES + self.documents - held + 0.5) / (held + 0.5))


def bm25(corpus: Corpus, terms: Sequence[str], counts: Mapping[str, int], length: int) -> float:
    """Score of one document by Lucene's BM25.

    Args:
        corpus: Statistics of all documents.
        terms: Query terms, each once.
        counts: How often each term occurs in the document.
        length: The document's number of tokens.

    Source: Robertson and Zaragoza 2009; Lucene's `BM25Similarity`, which stores lengths in one byte.
    """
    norm = length_norm(corpus, length)
    return sum(corpus.idf(term) * held / (held + norm) for term in terms if (held := counts.get(term, 0)))


def length_norm(corpus: Corpus, length: int) -> float:
    """What a term's count is weighed against in a document of so many tokens."""
    return BM25_K1 * (1 - BM25_B + BM25_B * quantised(length) / max(corpus.mean_length, 1e-9))


def term_counts(document: Iterable[str], terms: Iterable[str]) -> dict[str, int]:
    """How often each of the terms occurs in a document."""
    counted = Counter(document)
    return {term: counted[term] for term in terms if term in counted}


_FREE_VALUES = 24
_MANTISSA_BITS = 4


def quantised(length: int) -> int:
    """A length as Lucene's one-byte norm keeps it: exact up to 24, then four significant bits (SmallFloat)."""
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
    """What age leaves of a confidence, from 1 down to 0: halved every half-life of the kind.

    Args:
        kind: Decides the half-life.
        fresh_at: When it was last known to be right: the start of its time in force, or its last confirmation.
        asked_at: The query's own valid time; a statement from later than that is not decayed.
    """
    age_days = max((asked_at - fresh_at).total_seconds(), 0.0) / _DAY_S
    return float(0.5 ** (age_days / HALF_LIFE_DAYS[kind]))


def trusted_confidence(statement: Statement, fresh: float) -> float:
    """What answers are ordered by: the confidence as stated, less for weaker origins and for age.

    Args:
        statement: Gives the stated confidence and the origin.
        fresh: Its freshness.
    """
    return statement.confidence * _TRUST_FACTOR[statement.origin.trust] * fresh

"""Terms of a statement as segments store them: keyed hashes of words, names and filter values.

Only hashes are stored, under a key per tenant, so that no word survives the erasure of a memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from graphmem.adapters.sqlite.keyed_hashes import HASH_BYTES, TermBytes, names
from graphmem.model import Anchor, AnchorKind, Kind, Origin, Statement
from graphmem.ranking import name_keys
from graphmem.repository.path_patterns import ancestry
from graphmem.terms import TITLE_WEIGHT, compound_terms, statement_texts, stem
from graphmem.words import tokens_of_word, words_as_written

_Hash = TypeVar("_Hash")

_MOST_WORDS = 65_536

_COMPONENTS = (AnchorKind.COMPONENT, AnchorKind.MODULE)


class StatementTerms:
    """Makes the terms of statements under a tenant's key."""

    def __init__(self, key: str) -> None:
        self._terms = TermBytes(key)
        self._words = _WordBytes(self._terms)

    def packed(self, statement: Statement) -> tuple[int, bytes]:
        """Return a statement's token count, and its terms: each token as often as it occurs, the others once.

        Filter values and names are not tokens.
        """
        strong, weak = statement_texts(statement)
        tokens = self._tokens(strong) * TITLE_WEIGHT + self._tokens(weak)
        others = dict.fromkeys(facets(statement, self._terms) + names(name_keys(statement), self._terms))
        return len(tokens) // HASH_BYTES, tokens + b"".join(others)

    def _tokens(self, text: str) -> bytes:
        hashed = b"".join(map(self._words.__getitem__, words_as_written(text)))
        compounds = compound_terms(text)
        return hashed + b"".join(map(self._terms.__getitem__, compounds)) if compounds else hashed


class _WordBytes(dict[str, bytes]):
    """The hashes of the stems of recent words and their parts: one lookup for three."""

    def __init__(self, terms: TermBytes) -> None:
        self._terms = terms

    def __missing__(self, word: str) -> bytes:
        if len(self) >= _MOST_WORDS:
            self.clear()
        hashed = self[word] = b"".join([self._terms[stem(token)] for token in tokens_of_word(word)])
        return hashed


@lru_cache(maxsize=16)
def statement_terms_of(key: str) -> StatementTerms:
    """Return the terms under a tenant's key; the latest 16 keys are cached."""
    return StatementTerms(key)


def facets(statement: Statement, hashes: dict[str, _Hash]) -> list[_Hash]:
    """Return the terms that filters look up."""
    facet = _HashedFacets(hashes)
    terms = [facet.kind(statement.kind), facet.origin(statement.origin)]
    terms += [facet.label(label) for label in statement.labels]
    if statement.language is not None:
        terms.append(facet.language(statement.language))
    if statement.subject is not None:
        terms.append(facet.subject(statement.subject))
    for anchor in statement.anchors:
        if anchor.kind in _COMPONENTS:
            terms.append(facet.component(anchor.name))
        elif anchor.kind is AnchorKind.FILE:
            terms += [facet.path(path) for path in ancestry(anchor.name)]
    return terms


class _HashedFacets(Generic[_Hash]):
    """The terms of filter values; a NUL character in front distinguishes them from words."""

    def __init__(self, hashes: dict[str, _Hash]) -> None:
        self._hashes = hashes

    def kind(self, kind: Kind) -> _Hash:
        """Return the term of a kind."""
        return self._hashes[f"\0k{kind}"]

    def origin(self, origin: Origin) -> _Hash:
        """Return the term of an origin."""
        return self._hashes[f"\0o{origin}"]

    def label(self, label: str) -> _Hash:
        """Return the term of a label."""
        return self._hashes[f"\0l{label}"]

    def language(self, language: str) -> _Hash:
        """Return the term of a language."""
        return self._hashes[f"\0g{language}"]

    def subject(self, subject: str) -> _Hash:
        """Return the term of a subject."""
        return self._hashes[f"\0s{subject}"]

    def component(self, name: str) -> _Hash:
        """Return the term of a component or module."""
        return self._hashes[f"\0c{name}"]

    def path(self, path: str) -> _Hash:
        """Return the term of a file, or of all files in a folder if the path ends in a slash."""
        return self._hashes[f"\0p{path}"]


class Facets(_HashedFacets[int]):
    """The terms of filter values as numbers."""


def linking(anchors: Iterable[Anchor]) -> Sequence[Anchor]:
    """Return the anchors that make memories neighbours: all but whole repositories, without duplicates."""
    return list(dict.fromkeys(anchor for anchor in anchors if anchor.kind is not AnchorKind.REPO))

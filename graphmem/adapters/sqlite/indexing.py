"""The terms of a statement as segments keep them: keyed hashes of its words, its names, and what filters ask for.

Nothing but the hashes is kept, so that no word stays behind when a memory is erased, and each tenant has a key of its
own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from graphmem.adapters.paths import ancestry
from graphmem.model import Anchor, AnchorKind, Kind, Origin, Statement
from graphmem.ranking import name_keys
from graphmem.terms import statement_terms

_COMPONENTS = (AnchorKind.COMPONENT, AnchorKind.MODULE)
_HASH_BYTES = 8
_MOST_HASHES = 131_072


class Hashes(dict[str, int]):
    """The hash of every term met lately, under one tenant's key."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.blake2b(key.encode(), digest_size=32).digest()

    def __missing__(self, term: str) -> int:
        if len(self) >= _MOST_HASHES:
            self.clear()
        spelt = term.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(spelt, digest_size=_HASH_BYTES, key=self._key).digest()
        found = self[term] = int.from_bytes(digest, "little")
        return found


@lru_cache(maxsize=16)
def hashes_of(key: str) -> Hashes:
    """The hashes under a tenant's key."""
    return Hashes(key)


def indexed(statement: Statement, hashes: Hashes) -> tuple[int, dict[int, int]]:
    """How many tokens a statement has, and how often it holds each term; a filter's or a name's is no token."""
    tokens = statement_terms(statement)
    counts = {hashes[term]: count for term, count in Counter(tokens).items()}
    counts.update(dict.fromkeys(facets(statement, hashes), 1))
    counts.update(dict.fromkeys(names(name_keys(statement), hashes), 1))
    return len(tokens), counts


def facets(statement: Statement, hashes: Hashes) -> Iterable[int]:
    """The terms of a statement that filters ask for."""
    facet = Facets(hashes)
    found = [facet.kind(statement.kind), facet.origin(statement.origin)]
    found += [facet.label(label) for label in statement.labels]
    if statement.language is not None:
        found.append(facet.language(statement.language))
    if statement.subject is not None:
        found.append(facet.subject(statement.subject))
    for anchor in statement.anchors:
        if anchor.kind in _COMPONENTS:
            found.append(facet.component(anchor.name))
        elif anchor.kind is AnchorKind.FILE:
            found += [facet.path(path) for path in ancestry(anchor.name)]
    return found


def names(keys: Iterable[str], hashes: Hashes) -> list[int]:
    """The terms of names, in the form in which they are looked up exactly (`graphmem.ranking.name_key`)."""
    return [hashes[f"\0n{key}"] for key in keys]


class Facets:
    """The hashes of what a filter asks for. Each is told from a word by a character that no word has."""

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes

    def kind(self, kind: Kind) -> int:
        """Memories of a kind."""
        return self._hashes[f"\0k{kind}"]

    def origin(self, origin: Origin) -> int:
        """Memories of an origin."""
        return self._hashes[f"\0o{origin}"]

    def label(self, label: str) -> int:
        """Memories that carry a label."""
        return self._hashes[f"\0l{label}"]

    def language(self, language: str) -> int:
        """Memories about a language."""
        return self._hashes[f"\0g{language}"]

    def subject(self, subject: str) -> int:
        """Memories of a subject."""
        return self._hashes[f"\0s{subject}"]

    def component(self, name: str) -> int:
        """Memories about a component or module."""
        return self._hashes[f"\0c{name}"]

    def path(self, path: str) -> int:
        """Memories about a file, or, if the path ends in a slash, about a file in that folder."""
        return self._hashes[f"\0p{path}"]


def linking(anchors: Iterable[Anchor]) -> Sequence[Anchor]:
    """Anchors over which memories are neighbours: all but whole repositories, each once."""
    return list(dict.fromkeys(anchor for anchor in anchors if anchor.kind is not AnchorKind.REPO))

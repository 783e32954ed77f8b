"""Terms of a statement as segments store them: keyed hashes of words, names and filter values.

Only hashes are stored, under a key per tenant, so that no word survives the erasure of a memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from graphmem.adapters.sqlite.keyed_hashes import Hashes, names
from graphmem.model import Anchor, AnchorKind, Kind, Origin, Statement
from graphmem.ranking import name_keys
from graphmem.repository.path_patterns import ancestry
from graphmem.terms import statement_terms

_COMPONENTS = (AnchorKind.COMPONENT, AnchorKind.MODULE)


def indexed(statement: Statement, hashes: Hashes) -> tuple[int, dict[int, int]]:
    """Return a statement's token count and the count of each term; filter values and names are not tokens."""
    tokens = statement_terms(statement)
    counts = {hashes[term]: count for term, count in Counter(tokens).items()}
    counts.update(dict.fromkeys(facets(statement, hashes), 1))
    counts.update(dict.fromkeys(names(name_keys(statement), hashes), 1))
    return len(tokens), counts


def facets(statement: Statement, hashes: Hashes) -> Iterable[int]:
    """Return the terms that filters look up."""
    facet = Facets(hashes)
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


class Facets:
    """The terms of filter values; a NUL character in front distinguishes them from words."""

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes

    def kind(self, kind: Kind) -> int:
        """Return the term of a kind."""
        return self._hashes[f"\0k{kind}"]

    def origin(self, origin: Origin) -> int:
        """Return the term of an origin."""
        return self._hashes[f"\0o{origin}"]

    def label(self, label: str) -> int:
        """Return the term of a label."""
        return self._hashes[f"\0l{label}"]

    def language(self, language: str) -> int:
        """Return the term of a language."""
        return self._hashes[f"\0g{language}"]

    def subject(self, subject: str) -> int:
        """Return the term of a subject."""
        return self._hashes[f"\0s{subject}"]

    def component(self, name: str) -> int:
        """Return the term of a component or module."""
        return self._hashes[f"\0c{name}"]

    def path(self, path: str) -> int:
        """Return the term of a file, or of all files in a folder if the path ends in a slash."""
        return self._hashes[f"\0p{path}"]


def linking(anchors: Iterable[Anchor]) -> Sequence[Anchor]:
    """Return the anchors that make memories neighbours: all but whole repositories, without duplicates."""
    return list(dict.fromkeys(anchor for anchor in anchors if anchor.kind is not AnchorKind.REPO))

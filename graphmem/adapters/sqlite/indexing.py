"""What a statement leaves in the indexes: text, filter tokens, and counts for exact scores."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from graphmem.adapters.paths import ancestry
from graphmem.adapters.word_counts import spelt_counts
from graphmem.model import Anchor, AnchorKind, Kind, Origin, Statement
from graphmem.terms import statement_terms

_COMPONENTS = (AnchorKind.COMPONENT, AnchorKind.MODULE)


@dataclass(frozen=True, slots=True)
class Indexed:
    """One memory's entries: `body` (every token once) and `facets` for full text; `counts` is `" one two=2 ... "`."""

    body: str
    facets: str
    length: int
    counts: str


def indexed(tenant: int, home: int, statement: Statement) -> Indexed:
    """What the indexes hold of a statement that lives at a home."""
    tokens = statement_terms(statement)
    counted = Counter(tokens)
    body = f"{tenant}_" + f" {tenant}_".join(counted) if tokens else ""
    return Indexed(body, " ".join(facets(tenant, home, statement)), len(tokens), spelt_counts(counted))


def facets(tenant: int, home: int, statement: Statement) -> Iterable[str]:
    """Filter tokens of a statement."""
    facet = Facets(tenant)
    found = [facet.home(home), facet.kind(statement.kind), facet.origin(statement.origin)]
    found += [facet.label(label) for label in statement.labels]
    if statement.language is not None:
        found.append(facet.language(statement.language))
    if statement.subject is not None:
        found.append(facet.subject(statement.subject))
    for anchor in statement.anchors:
        found += _of_anchor(tenant, anchor.kind, anchor.name)
    return dict.fromkeys(found)


@lru_cache(maxsize=16_384)
def _of_anchor(tenant: int, kind: AnchorKind, name: str) -> tuple[str, ...]:
    facet = Facets(tenant)
    if kind in _COMPONENTS:
        return (facet.component(name),)
    if kind is AnchorKind.FILE:
        return tuple(facet.path(path) for path in ancestry(name))
    return ()


class Facets:
    """Spells the filter tokens of one tenant: ASCII letters and digits, whatever the values hold."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant

    def home(self, number: int) -> str:
        """Memories that live at a home."""
        return f"{self._tenant}_h{number}"

    def kind(self, kind: Kind) -> str:
        """Memories of a kind."""
        return f"{self._tenant}_k{kind}"

    def origin(self, origin: Origin) -> str:
        """Memories of an origin."""
        return f"{self._tenant}_o{origin}"

    def label(self, label: str) -> str:
        """Memories that carry a label."""
        return self._hashed("l", label)

    def language(self, language: str) -> str:
        """Memories about a language."""
        return self._hashed("g", language)

    def subject(self, subject: str) -> str:
        """Memories of a subject."""
        return self._hashed("s", subject)

    def component(self, name: str) -> str:
        """Memories about a component or module."""
        return self._hashed("c", name)

    def path(self, path: str) -> str:
        """Memories about a file, or, if the path ends in a slash, about a file in that folder."""
        return self._hashed("p", path)

    def _hashed(self, letter: str, value: str) -> str:
        return f"{self._tenant}_{letter}{_digest(value)}"


@lru_cache(maxsize=16_384)
def _digest(value: str) -> str:
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def any_of(tokens: Sequence[str]) -> str:
    """A full-text expression that one of the tokens satisfies."""
    return "(" + " OR ".join(f'"{token}"' for token in tokens) + ")"


def linking(anchors: Iterable[Anchor]) -> list[Anchor]:
    """Anchors over which memories are neighbours: all but whole repositories, each once."""
    return list(dict.fromkeys(anchor for anchor in anchors if anchor.kind is not AnchorKind.REPO))

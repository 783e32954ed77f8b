"""What a statement leaves in the full-text index: words, filter tokens, and counts for exact scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphmem.adapters.neo4j.values import home_token, prefix, token
from graphmem.adapters.paths import ancestry
from graphmem.adapters.word_counts import spelt_counts
from graphmem.model import AnchorKind, Scope, Statement
from graphmem.ranking import name_keys
from graphmem.terms import statement_terms

_COMPONENTS = (AnchorKind.COMPONENT, AnchorKind.MODULE)


@dataclass(frozen=True, slots=True)
class Indexed:
    """One memory's entries.

    Attributes:
        search_text: Every word in order, with its tenant's prefix: what the full-text index reads.
        facets: Filter tokens.
        words: How often each word occurs, as `" once twice=2 "`.
        length: How many words there are.
        counted: By how much each count of the tenant's rises: that of each word, by one; for a private memory also
            those of private memories and of its user's.
    """

    search_text: str
    facets: list[str]
    words: str
    length: int
    counted: Mapping[str, int]


def indexed(scope: Scope, statement: Statement) -> Indexed:
    """What the index holds of a statement that lives somewhere."""
    found = statement_terms(statement)
    counts = Counter(found)
    before = prefix(scope.tenant)
    text = before + f" {before}".join(found) if found else ""
    counted = dict.fromkeys(counts, 1) | private_counts(scope.user, counts, len(found))
    return Indexed(text, facets(scope, statement), spelt_counts(counts), len(found), counted)


#: Counts of the memories, and of their words, that have one owner.
MEMORIES, WORDS = "#memories", "#words"
#: The owner of everything that is private.
ANYBODY = ""


def owned(user: str, term: str) -> str:
    """The name of a count among one user's private memories; no word holds a bar, and no name of a user is empty."""
    return f"@{user}|{term}"


def private_counts(user: str | None, words: Iterable[str], length: int) -> dict[str, int]:
    """What a memory adds to the counts of private memories; nothing if it is shared."""
    if user is None:
        return {}
    counts = {**dict.fromkeys(words, 1), MEMORIES: 1, WORDS: length}
    return {owned(owner, term): count for owner in (ANYBODY, user) for term, count in counts.items()}


def path_facets(name: str) -> list[str]:
    """Filter tokens of a file or a source key: one for the name and one for each folder that it is in."""
    return [token("p", path) for path in ancestry(name)]


def with_source_keys(own: list[str], keys: Iterable[str]) -> list[str]:
    """The filter tokens of a statement, then those of its source keys that it lacks."""
    return list(dict.fromkeys([*own, *(facet for key in keys for facet in path_facets(key))]))


def facets(scope: Scope, one: Statement) -> list[str]:
    """Filter tokens of a statement."""
    tenant = scope.tenant
    found = [home_token(tenant, scope.repo, scope.user, scope.environment)]
    found += [token("k", one.kind), token("o", one.origin)]
    found += [token("l", label) for label in one.labels]
    found += [token("n", key) for key in sorted(name_keys(one))]
    if one.language is not None:
        found.append(token("g", one.language))
    if one.subject is not None:
        found.append(token("s", one.subject))
    for anchor in one.anchors:
        if anchor.kind in _COMPONENTS:
            found.append(token("c", anchor.name))
        elif anchor.kind is AnchorKind.FILE:
            found += path_facets(anchor.name)
    return list(dict.fromkeys(found))

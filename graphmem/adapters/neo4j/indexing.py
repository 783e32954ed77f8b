"""What a statement leaves in the full-text index: words, filter tokens, and counts for exact scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from graphmem.adapters.neo4j.values import home_token, prefix, token
from graphmem.adapters.paths import ancestry
from graphmem.adapters.word_counts import spelt_counts
from graphmem.model import AnchorKind, Scope, Statement
from graphmem.ranking import name_keys, search_tokens

_COMPONENTS = (AnchorKind.COMPONENT, AnchorKind.MODULE)


@dataclass(frozen=True, slots=True)
class Indexed:
    """One memory's entries.

    Attributes:
        search_text: Every word in order, with its tenant's prefix: what the full-text index reads.
        facets: Filter tokens.
        words: How often each word occurs, as `" once twice=2 "`.
        length: How many words there are.
        terms: The words, each once.
    """

    search_text: str
    facets: list[str]
    words: str
    length: int
    terms: Sequence[str]


def indexed(scope: Scope, statement: Statement) -> Indexed:
    """What the index holds of a statement that lives somewhere."""
    found = search_tokens(statement)
    counts = Counter(found)
    before = prefix(scope.tenant)
    text = before + f" {before}".join(found) if found else ""
    return Indexed(text, facets(scope, statement), spelt_counts(counts), len(found), tuple(counts))


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
            found += [token("p", path) for path in ancestry(anchor.name)]
    return list(dict.fromkeys(found))

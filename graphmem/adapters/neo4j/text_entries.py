"""Builds the entry of a statement in the full-text index: words, filter tokens, and counts for exact scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from graphmem.adapters.neo4j.values import home_token, prefix, token
from graphmem.adapters.word_counts import spelt_counts
from graphmem.deferred_dataclass import dataclass
from graphmem.model import AnchorKind, Scope, Statement
from graphmem.ranking import name_keys
from graphmem.repository.path_patterns import ancestry
from graphmem.repository.symbol_names import symbol_file
from graphmem.terms import statement_terms

_COMPONENTS = (AnchorKind.COMPONENT, AnchorKind.MODULE)


@dataclass(frozen=True, slots=True)
class TextEntry:
    """The text index entry of a memory.

    Attributes:
        search_text: The words in order, each with the tenant's prefix; the full-text index reads this property.
        facets: Filter tokens.
        words: The count of each word, as `" once twice=2 "`.
        length: The number of words.
        counts: The increment of each of the tenant's counts: 1 for each word; for a private memory also the counts of
            all private memories and of its user's.
    """

    search_text: str
    facets: list[str]
    words: str
    length: int
    counts: Mapping[str, int]


def text_entry(scope: Scope, statement: Statement) -> TextEntry:
    """Return the entry of a statement with this home scope."""
    terms = statement_terms(statement)
    words = Counter(terms)
    before = prefix(scope.tenant)
    text = before + f" {before}".join(terms) if terms else ""
    counts = dict.fromkeys(words, 1) | private_counts(scope.user, words, len(terms))
    return TextEntry(text, facets(scope, statement), spelt_counts(words), len(terms), counts)


#: Terms that count a user's private memories, and the words in them.
MEMORIES, WORDS = "#memories", "#words"
#: The owner in the counts over all private memories.
ANY_USER = ""


def private_term(user: str, term: str) -> str:
    """Return the name of a count over a user's private memories; no word contains a bar, and no user name is empty."""
    return f"@{user}|{term}"


def private_counts(user: str | None, words: Iterable[str], length: int) -> dict[str, int]:
    """Return the increments of the counts of private memories; empty if the memory is shared."""
    if user is None:
        return {}
    counts = {**dict.fromkeys(words, 1), MEMORIES: 1, WORDS: length}
    return {private_term(owner, term): count for owner in (ANY_USER, user) for term, count in counts.items()}


def path_facets(name: str) -> list[str]:
    """Return filter tokens of a file or a source key: its name and each folder above it."""
    return [token("p", path) for path in ancestry(name)]


def with_source_keys(facets: list[str], keys: Iterable[str]) -> list[str]:
    """Return the filter tokens of a statement followed by those of its source keys, without duplicates."""
    return list(dict.fromkeys([*facets, *(facet for key in keys for facet in path_facets(key))]))


def facets(scope: Scope, statement: Statement) -> list[str]:
    """Return the filter tokens of a statement: its home, kind, origin, labels, names, language, subject and anchors."""
    tenant = scope.tenant
    tokens = [home_token(tenant, scope.repo, scope.user, scope.environment)]
    tokens += [token("k", statement.kind), token("o", statement.origin)]
    tokens += [token("l", label) for label in statement.labels]
    tokens += [token("n", key) for key in sorted(name_keys(statement))]
    if statement.language is not None:
        tokens.append(token("g", statement.language))
    if statement.subject is not None:
        tokens.append(token("s", statement.subject))
    for anchor in statement.anchors:
        if anchor.kind in _COMPONENTS:
            tokens.append(token("c", anchor.name))
        elif anchor.kind is AnchorKind.FILE:
            tokens += path_facets(anchor.name)
        elif anchor.kind is AnchorKind.SYMBOL and (path := symbol_file(anchor.name)) is not None:
            tokens += path_facets(path)
    return list(dict.fromkeys(tokens))

"""What a statement leaves in the full-text index: words, filter tokens, and counts for exact scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from graphmem.adapters.neo4j.values import home_token, prefix, token
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
    words = " ".join([word if count == 1 else f"{word}={count}" for word, count in counts.items()])
    before = prefix(scope.tenant)
    text = before + f" {before}".join(found) if found else ""
    return Indexed(text, facets(scope, statement), f" {words} ", len(found), tuple(counts))


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


def ancestry(path: str) -> list[str]:
    """A path and every folder that it is in, each with its closing slash."""
    cuts = [place for place, letter in enumerate(path) if letter == "/"]
    return [path, *(path[: cut + 1] for cut in cuts if cut + 1 < len(path))]


def many_of(words: str, spelt: str) -> int:
    """How often a word occurs more than once, read from `Indexed.words`; `spelt` is `" word="`, and 0 is none."""
    start = words.find(spelt)
    if start < 0:
        return 0
    start += len(spelt)
    return int(words[start : words.index(" ", start)])

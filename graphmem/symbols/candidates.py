"""Finds the definition that a lost definition became, by name, else by body, among those that a commit added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from posixpath import splitext

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.relocations import RelocationBasis
from graphmem.symbols.definitions import Definition
from graphmem.symbols.similarity import BodyWords, body_words, similarity

#: Bodies at least this similar belong to the same symbol, if the next candidate's similarity is less by `LEAD`.
LEAST_SIMILARITY = 0.4
LEAD = 0.05
#: Least similarity of the same symbol: with an equal full name, and with an equal last part of the name.
_LEAST_WITH_FULL_NAME, _LEAST_WITH_NAME = 0.15, 0.3
#: Definitions at least this alike are proposed.
_LEAST_PROPOSED = 0.3
_MOST_PROPOSED = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that a file of a commit has, and the version of the file before did not have."""

    path: str
    definition: Definition


@dataclass(frozen=True, slots=True)
class DefinitionMatch:
    """A candidate, the basis of the match, and the similarity of the bodies, from 0 to 1."""

    candidate: Candidate
    basis: RelocationBasis
    similarity: float


def matches(lost: Definition, path: str, candidates: Iterable[Candidate]) -> tuple[DefinitionMatch, ...]:
    """Return the candidate that a definition became, or proposals; nothing if none is alike.

    Args:
        lost: The definition before the commit.
        path: Its file.
        candidates: The definitions that the commit added; those of another kind are left out.

    Returns:
        A single match on the basis of a name or a body, or several proposals, the likeliest first.
    """
    words = body_words(lost)
    same = [each for each in candidates if each.definition.kind is lost.kind]
    scored = [(similarity(words, found := body_words(each.definition)), each, found) for each in same]
    scored.sort(key=lambda scored_one: (-scored_one[0], scored_one[1].path, scored_one[1].definition.first_line))
    # A stub file has the same definitions as its source file.
    own = [each for each in scored if splitext(each[1].path)[1] == splitext(path)[1]]
    named = _by_name(lost, words, own or scored)
    if named is not None:
        return (named,)
    telling = [(score, each) for score, each, found in scored if words.is_telling and found.is_telling]
    if is_clear([score for score, _ in telling]):
        return (DefinitionMatch(telling[0][1], RelocationBasis.BODY, telling[0][0]),)
    similar = [
        DefinitionMatch(each, RelocationBasis.SIMILAR, score) for score, each in telling if score >= _LEAST_PROPOSED
    ]
    return tuple(similar[:_MOST_PROPOSED])


def is_clear(scores: Sequence[float]) -> bool:
    """Return True if the first of some similarities, the highest, shows the same symbol by its body alone."""
    lead = scores[0] - scores[1] if len(scores) > 1 else 1.0
    return bool(scores) and scores[0] >= LEAST_SIMILARITY and lead >= LEAD


def _by_name(
    lost: Definition, words: BodyWords, scored: Sequence[tuple[float, Candidate, BodyWords]]
) -> DefinitionMatch | None:
    """Return the only candidate with the full name, else with the last part of the name; None if its body differs."""
    for is_full in (True, False):
        name = lost.name if is_full else lost.last_name
        found = [(score, each, other) for score, each, other in scored
                 if (each.definition.name if is_full else each.definition.last_name) == name]  # fmt: skip
        if len(found) != 1:
            continue
        score, candidate, other = found[0]
        is_short = not (words.is_telling and other.is_telling)
        least = _LEAST_WITH_FULL_NAME if is_full else _LEAST_WITH_NAME
        if score >= least or (is_short and is_full):
            return DefinitionMatch(candidate, RelocationBasis.NAME, score)
    return None

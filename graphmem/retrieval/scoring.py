"""What speaks for each memory that a store found: its words, its meaning, its title, and whether it is named."""

from __future__ import annotations

import re
from collections.abc import Mapping

from graphmem.ranking import name_key
from graphmem.retrieval.fusion import (
    ASKED_FOR,
    IDENTIFIER_WEIGHT,
    QUOTED_WEIGHT,
    SAID_WEIGHT,
    Scored,
    named_weight,
    shares,
)
from graphmem.retrieval.query import Mention, Question
from graphmem.retrieval.titles import Titles
from graphmem.store import Evidence, Matches
from graphmem.terms import question_terms

_DIGIT = re.compile(r"\d")
_NOTHING = Evidence()


def scored_matches(question: Question, matches: Matches, titles: Titles) -> list[Scored]:
    """Every match with all that speaks for it, best first, ties by id.

    Args:
        question: What was asked.
        matches: Of a probe that is weighed.
        titles: Of the matches.
    """
    named, said = _named(question, matches, titles), titles.coverage(question.words)
    scored = []
    for key in matches.ids:
        evidence = matches.evidence.get(key, _NOTHING)
        words, held = shares(evidence.words, matches.weights)
        name, is_named = named.get(key, (0.0, False))
        scored.append(Scored(key, words, held, evidence.cosine, title=said.get(key, 0.0), name=name, is_named=is_named))
    return sorted(scored, key=lambda one: (-one.score, one.memory))


def _named(question: Question, matches: Matches, titles: Titles) -> dict[str, tuple[float, bool]]:
    """What being named is worth to those that are, and whether the question asks for them by it."""
    found: dict[str, tuple[float, bool]] = {}
    for mention in question.chosen(matches.named):
        ids = matches.named[mention.key]
        if titles.swallows(mention.key, ids, question.words):
            continue
        for key in ids:
            worth, is_asked = _worth(mention, titles.title(key), question, matches)
            weight = named_weight(worth, len(ids))
            before = found.get(key, (0.0, False))
            found[key] = max(before[0], weight), before[1] or is_asked
    return found


def _worth(mention: Mention, title: str, question: Question, matches: Matches) -> tuple[float, bool]:
    """What one name is worth: most as an identifier, then as a quoted title; else as the share of the question."""
    if _DIGIT.search(mention.key) and name_key(title) != mention.key:
        return IDENTIFIER_WEIGHT, True
    if mention.is_quoted:
        return QUOTED_WEIGHT, True
    share = _share(mention.key, dict(zip(question.terms, matches.weights, strict=False)))
    return SAID_WEIGHT * share, share >= ASKED_FOR


def _share(name: str, weights: Mapping[str, float]) -> float:
    """The share of a question that a name makes up, by the weights of the question's terms."""
    whole = sum(weights.values())
    inside = sum(weights.get(term, 0.0) for term in set(question_terms(name)))
    return min(inside / whole, 1.0) if whole else 1.0

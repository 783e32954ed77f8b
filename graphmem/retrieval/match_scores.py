"""Scores the matches of a store by text, vector, title and name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from graphmem.ranking import name_key
from graphmem.retrieval.fusion import (
    IDENTIFIER_WEIGHT,
    NAMED_SHARE,
    QUOTED_WEIGHT,
    TITLE_IN_QUERY_WEIGHT,
    Scored,
    named_weight,
    shares,
)
from graphmem.retrieval.named_ids import NamedIds
from graphmem.retrieval.query import Mention, Question
from graphmem.retrieval.titles import Titles
from graphmem.store import Evidence, Matches
from graphmem.terms import question_terms

_DIGIT = re.compile(r"\d")
_NOTHING = Evidence()


def scored_matches(question: Question, matches: Matches, titles: Titles, named_ids: NamedIds) -> list[Scored]:
    """Return every match with its score parts, best first, ties by id.

    Args:
        question: The parsed query.
        matches: The result of a weighed probe.
        titles: The titles and aliases of the matches.
        named_ids: The memories that the query names by id.
    """
    named, coverage = _named(question, matches, titles, named_ids), titles.coverage(question.words)
    by_content = {memory_id for memory_id, _ in (*matches.lexical, *matches.vector)}
    scored = []
    for memory_id in matches.ids:
        if memory_id in named_ids.ids and memory_id not in named and memory_id not in by_content:
            continue  # looked up as an id prefix that is an ordinary word of a match
        evidence = matches.evidence.get(memory_id, _NOTHING)
        words, held = shares(evidence.words, matches.weights)
        name, is_named = named.get(memory_id, (0.0, False))
        scored.append(
            Scored(
                memory_id,
                words,
                held,
                evidence.cosine,
                title=coverage.get(memory_id, 0.0),
                name=name,
                is_named=is_named,
            )
        )
    return sorted(scored, key=lambda match: (-match.score, match.memory))


def _named(question: Question, matches: Matches, titles: Titles, named_ids: NamedIds) -> dict[str, tuple[float, bool]]:
    """Return the name weight of each named memory, and whether the query names it."""
    weights = dict.fromkeys(_by_id(question, matches, named_ids), (IDENTIFIER_WEIGHT, True))
    for mention in question.chosen(matches.named):
        ids = matches.named[mention.key]
        if titles.swallows(mention.key, ids, question.words):
            continue
        for memory_id in ids:
            _keep_better(weights, memory_id, len(ids), _worth(mention, titles.title(memory_id), question, matches))
    for name in sorted(titles.single_word_aliases & {*question.words}):
        carriers = titles.with_alias(name)
        share = _share(name, dict(zip(question.terms, matches.weights, strict=False)))
        for memory_id in carriers if share >= NAMED_SHARE else ():
            _keep_better(weights, memory_id, len(carriers), (TITLE_IN_QUERY_WEIGHT * share, True))
    return weights


def _keep_better(
    weights: dict[str, tuple[float, bool]], memory_id: str, carriers: int, worth: tuple[float, bool]
) -> None:
    weight, (before, was_named) = named_weight(worth[0], carriers), weights.get(memory_id, (0.0, False))
    weights[memory_id] = max(before, weight), was_named or worth[1]


def _by_id(question: Question, matches: Matches, named_ids: NamedIds) -> list[str]:
    """Return memories named by id; an id prefix counts only if no match contains it as a word."""
    matched, positions = {*matches.ids}, {term: position for position, term in enumerate(question.terms)}
    return [
        memory_id
        for memory_id in named_ids.ids
        if memory_id in matched and not _occurs(named_ids.beginnings.get(memory_id), positions, matches)
    ]


def _occurs(word: str | None, positions: Mapping[str, int], matches: Matches) -> bool:
    terms = [positions[term] for term in question_terms(word or "") if term in positions]
    return any(
        evidence.words[position] > 0 for evidence in matches.evidence.values() for position in terms if evidence.words
    )


def _worth(mention: Mention, title: str, question: Question, matches: Matches) -> tuple[float, bool]:
    """Return the weight of a name: highest as an identifier, then as a quoted title, else its share of the query."""
    if (mention.is_joined or _DIGIT.search(mention.key)) and name_key(title) != mention.key:
        return IDENTIFIER_WEIGHT, True
    if mention.is_quoted:
        return QUOTED_WEIGHT, True
    share = _share(mention.key, dict(zip(question.terms, matches.weights, strict=False)))
    return TITLE_IN_QUERY_WEIGHT * share, share >= NAMED_SHARE


def _share(name: str, weights: Mapping[str, float]) -> float:
    """Return the weight share of a name's terms in the query."""
    total = sum(weights.values())
    inside = sum(weights.get(term, 0.0) for term in set(question_terms(name)))
    return min(inside / total, 1.0) if total else 1.0

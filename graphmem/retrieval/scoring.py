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
from graphmem.retrieval.named_ids import NamedIds
from graphmem.retrieval.query import Mention, Question
from graphmem.retrieval.titles import Titles
from graphmem.store import Evidence, Matches
from graphmem.terms import question_terms

_DIGIT = re.compile(r"\d")
_NOTHING = Evidence()


def scored_matches(question: Question, matches: Matches, titles: Titles, named_ids: NamedIds) -> list[Scored]:
    """Every match with all that speaks for it, best first, ties by id.

    Args:
        question: What was asked.
        matches: Of a probe that is weighed.
        titles: Of the matches, with their aliases.
        named_ids: The memories that the question names by id.
    """
    named, said = _named(question, matches, titles, named_ids), titles.coverage(question.words)
    found = {key for key, _ in (*matches.lexical, *matches.vector)}
    scored = []
    for key in matches.ids:
        if key in named_ids.ids and key not in named and key not in found:
            continue  # looked up as the beginning of an id, which is a word of some match
        evidence = matches.evidence.get(key, _NOTHING)
        words, held = shares(evidence.words, matches.weights)
        name, is_named = named.get(key, (0.0, False))
        scored.append(Scored(key, words, held, evidence.cosine, title=said.get(key, 0.0), name=name, is_named=is_named))
    return sorted(scored, key=lambda one: (-one.score, one.memory))


def _named(question: Question, matches: Matches, titles: Titles, named_ids: NamedIds) -> dict[str, tuple[float, bool]]:
    """What being named is worth to those that are, and whether the question asks for them by it."""
    found = dict.fromkeys(_by_id(question, matches, named_ids), (IDENTIFIER_WEIGHT, True))
    for mention in question.chosen(matches.named):
        ids = matches.named[mention.key]
        if titles.swallows(mention.key, ids, question.words):
            continue
        for key in ids:
            _keep_better(found, key, len(ids), _worth(mention, titles.title(key), question, matches))
    for name in sorted(titles.one_word_aliases & {*question.words}):
        carriers = titles.with_alias(name)
        share = _share(name, dict(zip(question.terms, matches.weights, strict=False)))
        for key in carriers if share >= ASKED_FOR else ():
            _keep_better(found, key, len(carriers), (SAID_WEIGHT * share, True))
    return found


def _keep_better(found: dict[str, tuple[float, bool]], key: str, carriers: int, worth: tuple[float, bool]) -> None:
    weight, (before, was_asked) = named_weight(worth[0], carriers), found.get(key, (0.0, False))
    found[key] = max(before, weight), was_asked or worth[1]


def _by_id(question: Question, matches: Matches, named_ids: NamedIds) -> list[str]:
    """Memories that are named by id. The beginning of an id counts only if no match has it as a word."""
    there, places = {*matches.ids}, {term: place for place, term in enumerate(question.terms)}
    return [
        key for key in named_ids.ids if key in there and not _is_said(named_ids.beginnings.get(key), places, matches)
    ]


def _is_said(word: str | None, places: Mapping[str, int], matches: Matches) -> bool:
    terms = [places[term] for term in question_terms(word or "") if term in places]
    return any(one.words[place] > 0 for one in matches.evidence.values() for place in terms if one.words)


def _worth(mention: Mention, title: str, question: Question, matches: Matches) -> tuple[float, bool]:
    """What one name is worth: most as an identifier, then as a quoted title; else as the share of the question."""
    if (mention.is_joined or _DIGIT.search(mention.key)) and name_key(title) != mention.key:
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

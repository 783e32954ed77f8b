"""A search answer with excerpts: the texts that the page and other clients show of each hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from graphmem.answers import Hit, SearchAnswer
from graphmem.retrieval.briefs import Rejected, brief
from graphmem.retrieval.excerpts import matched_words
from graphmem.terms import question_terms


@dataclass(frozen=True, slots=True)
class ExcerptedHit(Hit):
    """One search answer with excerpts of its texts; the card has the whole texts.

    Attributes:
        excerpt: The sentence or two of its body that say most about the question; empty if it has none.
        rationale: Why it was decided, the part that the question is about.
        rejected: Options that were not taken, at most three: those that the question names first.
        more_rejected: How many further options were not taken.
        matched: The words of all these texts that the question is about, as they stand there.
    """

    excerpt: str = ""
    rationale: str = ""
    rejected: tuple[Rejected, ...] = ()
    more_rejected: int = 0
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExcerptedAnswer(SearchAnswer):
    """What a search found, best first, with excerpts of each hit."""

    hits: tuple[ExcerptedHit, ...]


def excerpted(answer: SearchAnswer, question: str, remarks: Sequence[str] = ()) -> ExcerptedAnswer:
    """The answer with an excerpt of each hit.

    Args:
        answer: To the question.
        question: Its words decide what is excerpted.
        remarks: Sentences to add to those of the answer.
    """
    terms = question_terms(answer.read_as or question)
    parts = {**_parts(answer), "remarks": (*answer.remarks, *remarks)}
    return ExcerptedAnswer(**{**parts, "hits": tuple(_hit(hit, terms, answer) for hit in answer.hits)})


def _hit(hit: Hit, terms: Sequence[str], answer: SearchAnswer) -> ExcerptedHit:
    said = brief(hit, terms, answer.at.valid)
    texts = [said.excerpt, said.rationale, *(text for one in said.rejected for text in (one.name, one.reason))]
    words = {text[start:end] for text in texts for start, end in matched_words(text, terms)}
    return ExcerptedHit(
        **_parts(hit),
        excerpt=said.excerpt,
        rationale=said.rationale,
        rejected=said.rejected,
        more_rejected=said.more_rejected,
        matched=tuple(sorted(words)),
    )


def _parts(value: Hit | SearchAnswer) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}

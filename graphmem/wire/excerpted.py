"""A search answer with excerpts: the parts of each hit's texts that the page and other clients show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from graphmem.answers import Hit, SearchAnswer
from graphmem.deferred_dataclass import dataclass
from graphmem.retrieval.briefs import Rejected, brief
from graphmem.retrieval.excerpts import matched_words
from graphmem.terms import question_terms


@dataclass(frozen=True, slots=True)
class ExcerptedHit(Hit):
    """A hit with excerpts of its texts; the card has the full texts.

    Attributes:
        excerpt: The sentence or two of its body that match the question best; empty if it has no body.
        rationale: The part of the rationale that matches the question best.
        rejected: Up to three rejected options, those in the question first.
        more_rejected: The number of further rejected options.
        matched: The words of these texts that match the question, as spelled there.
    """

    excerpt: str = ""
    rationale: str = ""
    rejected: tuple[Rejected, ...] = ()
    more_rejected: int = 0
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExcerptedAnswer(SearchAnswer):
    """The hits of a search, best first, with excerpts of each."""

    hits: tuple[ExcerptedHit, ...]


def excerpted(answer: SearchAnswer, question: str, remarks: Sequence[str] = ()) -> ExcerptedAnswer:
    """Return the answer with an excerpt of each hit.

    Args:
        answer: The answer to the question.
        question: Its words decide which parts are excerpted.
        remarks: Sentences to add to the answer's remarks.
    """
    terms = question_terms(answer.read_as or question)
    parts = {**_parts(answer), "remarks": (*answer.remarks, *remarks)}
    return ExcerptedAnswer(**{**parts, "hits": tuple(_hit(hit, terms, answer) for hit in answer.hits)})


def _hit(hit: Hit, terms: Sequence[str], answer: SearchAnswer) -> ExcerptedHit:
    shortened = brief(hit, terms, answer.at.valid)
    texts = [
        shortened.excerpt,
        shortened.rationale,
        *(text for option in shortened.rejected for text in (option.name, option.reason)),
    ]
    words = {text[start:end] for text in texts for start, end in matched_words(text, terms)}
    return ExcerptedHit(
        **_parts(hit),
        excerpt=shortened.excerpt,
        rationale=shortened.rationale,
        rejected=shortened.rejected,
        more_rejected=shortened.more_rejected,
        matched=tuple(sorted(words)),
    )


def _parts(value: Hit | SearchAnswer) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}

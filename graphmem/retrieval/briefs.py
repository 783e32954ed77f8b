"""Hits as people and agents read them first: what matched, why it was decided, what was rejected. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from graphmem.answers import Hit, Interval, Quote, Reference, Relation, SearchAnswer, Sentence, State
from graphmem.model import Kind, Origin, Outcome, Point, Scope, Statement
from graphmem.retrieval.excerpts import excerpt, shortened
from graphmem.temporal import Standing
from graphmem.terms import question_terms, text_terms

MAX_TITLE_CHARS = 200
MAX_RATIONALE_CHARS = 240
MAX_REASON_CHARS = 160
MOST_NAMED = 3
#: How records by MADR begin what speaks against an option.
_VERDICT = re.compile(r"^(?:Bad|Neutral), because ")


@dataclass(frozen=True, slots=True)
class Rejected:
    """An option that a decision did not take, and why, as far as that is told."""

    name: str
    reason: str

    def is_named(self, terms: Collection[str]) -> bool:
        """Whether a question that is about these terms names it, and not only some word of its name."""
        return {*question_terms(self.name)} <= {*terms}


@dataclass(frozen=True, slots=True)
class Brief:
    """One search answer in few words; `explain` and `get` have the whole.

    Attributes:
        alias: Its first name, such as `ADR-0012`; None if it has none.
        since: Since when it holds at the point; None if it does not, or always did.
        until: Until when it is known to hold.
        excerpt: What its body says about the question; empty if it has none.
        rationale: Why it was decided, the part that the question is about.
        rejected: Options that were not taken: those that the question names first.
        more_rejected: How many further options were not taken.
        replaced: What it stands for of what matched, the best match first.
        overruled_by: The memory that leads its subject, with the rule; None if it leads itself.
        contested: Others that are in force for its subject.
        because: Why it stands as it does, if it does not hold.
        origin: Whose words all these are.
    """

    id: str
    alias: str | None
    title: str
    kind: Kind
    relevance: float
    standing: Standing
    state: State
    since: datetime | None
    until: datetime | None
    scope: Scope
    origin: Origin
    is_mandatory: bool = False
    excerpt: str = ""
    rationale: str = ""
    rejected: tuple[Rejected, ...] = ()
    more_rejected: int = 0
    replaced: tuple[Relation, ...] = ()
    overruled_by: Relation | None = None
    contested: tuple[Reference, ...] = ()
    because: str | None = None

    @property
    def heading(self) -> Brief:
        """The same without what it says: what it is called, how it stands, what overrules it."""
        return replace(
            self, excerpt="", rationale="", rejected=(), more_rejected=0, replaced=(), contested=(), because=None
        )


@dataclass(frozen=True, slots=True)
class BriefAnswer:
    """What a search found, in few words, best first.

    Attributes:
        at: The point that it was answered for.
        mode: `hybrid`, or `lexical` when no vectors were compared.
        notes: What is to be said of the question, of what was searched, and of what is left out.
        weaker: How many of what was looked at are left out since they say too little about the question.
        left_out: How many hits have no room.
    """

    hits: tuple[Brief, ...]
    at: Point
    mode: str
    notes: tuple[str, ...] = ()
    weaker: int = 0
    left_out: int = 0


def briefs(answer: SearchAnswer, question: str) -> tuple[Brief, ...]:
    """The hits of an answer in few words."""
    terms = question_terms(question)
    return tuple(brief(hit, terms, answer.at.valid) for hit in answer.hits)


def brief(hit: Hit, terms: Collection[str], valid: datetime) -> Brief:
    """A hit in few words.

    Args:
        hit: One of a search.
        terms: What the question is about (`graphmem.terms.question_terms`).
        valid: The asked instant.
    """
    card = hit.card
    said = card.memory.statement
    assert said is not None, "what was erased gets no card"  # noqa: S101
    within = _within(card.holding, valid)
    rejected = _rejected(said, terms)
    return Brief(
        id=card.id,
        alias=shortened(said.aliases[0], MAX_TITLE_CHARS) if said.aliases else None,
        title=shortened(said.title, MAX_TITLE_CHARS),
        kind=said.kind,
        relevance=round(hit.relevance, 2),
        standing=hit.standing,
        state=card.state,
        since=within.start,
        until=within.end,
        scope=card.memory.scope,
        origin=said.origin,
        is_mandatory=said.is_mandatory,
        excerpt=excerpt(said.body, terms, said.title),
        rationale=excerpt(said.rationale, terms, said.title, MAX_RATIONALE_CHARS),
        rejected=rejected[:MOST_NAMED],
        more_rejected=len(rejected[MOST_NAMED:]),
        replaced=tuple(_short(one) for one in hit.relations[:MOST_NAMED]),
        overruled_by=None if hit.overruled_by is None else _short(hit.overruled_by),
        contested=() if hit.overruled_by else tuple(_named(one.memory) for one in hit.contested[:MOST_NAMED]),
        because=None if hit.holds else known(hit.because),
    )


def _within(holding: Iterable[Interval], valid: datetime) -> Interval:
    """The stretch in which something holds at an instant; open if there is none."""
    for one in holding:
        if (one.start is None or one.start <= valid) and (one.end is None or valid < one.end):
            return one
    return Interval(None, None)


def _rejected(said: Statement, terms: Collection[str]) -> tuple[Rejected, ...]:
    asked = frozenset(terms)
    options = [one for one in said.alternatives if one.outcome is Outcome.REJECTED]
    options.sort(key=lambda one: (-len(asked & {*text_terms(one.name)}), -len(asked & {*text_terms(one.reason)})))
    return tuple(
        Rejected(
            shortened(one.name, MAX_REASON_CHARS),
            _VERDICT.sub("", excerpt(one.reason, terms, limit=MAX_REASON_CHARS)),
        )
        for one in options
    )


def _short(near: Relation) -> Relation:
    part = None if near.part is None else _clipped(near.part)
    return replace(near, memory=_named(near.memory), part=part, through=tuple(map(_named, near.through[:MOST_NAMED])))


def _named(memory: Reference) -> Reference:
    """A memory by its name, shortened, without when it is in force."""
    title = None if memory.title is None else shortened(memory.title, MAX_TITLE_CHARS)
    alias = None if memory.alias is None else shortened(memory.alias, MAX_TITLE_CHARS)
    return replace(memory, title=title, alias=alias, holding=())


def _clipped(text: str) -> str:
    """Somebody's words shortened; they stay theirs."""
    short = shortened(text, MAX_TITLE_CHARS)
    if not isinstance(text, Sentence):
        return short
    return Sentence.quoting(short, _least(text.quotes)) if text.quotes else Sentence.of(short)


def known(sentence: str) -> Sentence:
    """A sentence that knows whose words it holds; one of a server does not, and is trusted least."""
    return sentence if isinstance(sentence, Sentence) else Sentence.quoting(sentence, Origin.EXTERNAL)


def _least(quotes: Iterable[Quote]) -> Origin:
    return min((one.origin for one in quotes), key=attrgetter("trust"))

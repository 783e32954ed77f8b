"""Short forms of hits for people and agents: excerpt, rationale, rejected options. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter

from graphmem.answers import Card, Hit, Interval, Quote, Reference, Relation, SearchAnswer, Sentence, State
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import CodeVerdict, Kind, Origin, Outcome, Point, Scope, Statement
from graphmem.retrieval.dependencies import doubt_sentence
from graphmem.retrieval.excerpts import excerpt, shortened
from graphmem.temporal import Standing
from graphmem.terms import question_terms, text_terms

MAX_TITLE_CHARS = 200
MAX_RATIONALE_CHARS = 240
MAX_REASON_CHARS = 160
MAX_SENTENCE_CHARS = 400
MOST_NAMED = 3
#: MADR's prefixes of arguments against an option.
_VERDICT = re.compile(r"^(?:Bad|Neutral), because ")


@dataclass(frozen=True, slots=True)
class Rejected:
    """An option that a decision rejected, with the reason if there is one."""

    name: str
    reason: str

    def is_named(self, terms: Collection[str]) -> bool:
        """Return whether the query's terms include all terms of the option's name."""
        return {*question_terms(self.name)} <= {*terms}


@dataclass(frozen=True, slots=True)
class Brief:
    """A search hit in short form; `explain` and `get` return all details.

    Attributes:
        alias: The first alias, for example `ADR-0012`; None without aliases.
        since: Start of the interval in force at the point; None if it is not in force, or has no start.
        until: The known end of that interval.
        excerpt: The part of the body that matches the query; empty without a body.
        rationale: The part of the rationale that matches the query.
        rejected: Rejected options, those in the query first.
        more_rejected: The number of further rejected options.
        replaced: Relations to the matches that led to this memory, the best match first.
        overruled_by: The memory that leads the subject, with the rule; None if this memory leads.
        contested: Ids of other memories in force for the subject.
        because: The reason for its state, if it is not in force.
        files: A sentence for each of its files and symbols that has moved or is gone.
        suspect: What puts it in doubt: a memory that it depends on is no longer in force; None without a doubt.
        code: The verdict of the last check against the code, with its reason; None if there is nothing to say.
        origin: The origin of the quoted text.
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
    files: tuple[str, ...] = ()
    code: str | None = None
    suspect: str | None = None

    @property
    def heading(self) -> Brief:
        """The brief without text: names, state and the memory that overrules it."""
        return replace(
            self,
            excerpt="",
            rationale="",
            rejected=(),
            more_rejected=0,
            replaced=(),
            contested=(),
            because=None,
            files=(),
        )


@dataclass(frozen=True, slots=True)
class BriefAnswer:
    """A search answer in short form, best first.

    Attributes:
        at: The point of the answer.
        mode: `hybrid`, or `lexical` when no vectors were compared.
        notes: Remarks on the query, the searched scopes and omitted hits.
        weaker: The number of candidates below the relevance bound.
        left_out: The number of hits that did not fit into the budget.
    """

    hits: tuple[Brief, ...]
    at: Point
    mode: str
    notes: tuple[str, ...] = ()
    weaker: int = 0
    left_out: int = 0


def briefs(answer: SearchAnswer, question: str) -> tuple[Brief, ...]:
    """Return the hits of an answer in short form."""
    terms = question_terms(question)
    return tuple(brief(hit, terms, answer.at.valid) for hit in answer.hits)


def brief(hit: Hit, terms: Collection[str], valid: datetime) -> Brief:
    """Return a hit in short form.

    Args:
        hit: A search hit.
        terms: The query's terms (`graphmem.terms.question_terms`).
        valid: The query's valid time.
    """
    card = hit.card
    statement = card.statement
    within = _within(card.holding, valid)
    rejected = _rejected(statement, terms)
    return Brief(
        id=card.id,
        alias=shortened(statement.aliases[0], MAX_TITLE_CHARS) if statement.aliases else None,
        title=shortened(statement.title, MAX_TITLE_CHARS),
        kind=statement.kind,
        relevance=round(hit.relevance, 2),
        standing=hit.standing,
        state=card.state,
        since=within.start,
        until=within.end,
        scope=card.memory.scope,
        origin=statement.origin,
        is_mandatory=statement.is_mandatory,
        excerpt=excerpt(statement.body, terms, statement.title),
        rationale=excerpt(statement.rationale, terms, statement.title, MAX_RATIONALE_CHARS),
        rejected=rejected[:MOST_NAMED],
        more_rejected=len(rejected[MOST_NAMED:]),
        replaced=tuple(_short(near) for near in hit.relations[:MOST_NAMED]),
        overruled_by=None if hit.overruled_by is None else _short(hit.overruled_by),
        contested=() if hit.overruled_by else tuple(_named(near.memory) for near in hit.contested[:MOST_NAMED]),
        because=None if hit.holds else as_sentence(hit.because),
        files=tuple(shortened(sentence, MAX_SENTENCE_CHARS) for sentence in _moved(card)[:MOST_NAMED]),
        code=None if card.verdict is None else code_sentence(card.verdict),
        suspect=as_sentence(doubt_sentence(card.suspect)) if card.suspect else None,
    )


def _moved(card: Card) -> list[str]:
    """A sentence for each file and symbol of a memory that has moved or is gone."""
    return [*(file.sentence for file in card.files), *(symbol.sentence for symbol in card.symbols)]


def code_sentence(verdict: CodeVerdict) -> str | None:
    """Return a verdict with its reason; None if the code agrees, or says nothing."""
    if verdict.status in {"verified", "undecided"}:
        return None
    return shortened(f"{verdict.status}: {verdict.reason}" if verdict.reason else verdict.status, MAX_SENTENCE_CHARS)


def _within(holding: Iterable[Interval], valid: datetime) -> Interval:
    """Return the interval that contains an instant; open on both sides if there is none."""
    for interval in holding:
        if (interval.start is None or interval.start <= valid) and (interval.end is None or valid < interval.end):
            return interval
    return Interval(None, None)


def _rejected(statement: Statement, terms: Collection[str]) -> tuple[Rejected, ...]:
    query_terms = frozenset(terms)
    options = [option for option in statement.alternatives if option.outcome is Outcome.REJECTED]
    options.sort(
        key=lambda option: (
            -len(query_terms & {*text_terms(option.name)}),
            -len(query_terms & {*text_terms(option.reason)}),
        )
    )
    return tuple(
        Rejected(
            shortened(option.name, MAX_REASON_CHARS),
            _VERDICT.sub("", excerpt(option.reason, terms, limit=MAX_REASON_CHARS)),
        )
        for option in options
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
    """Shorten a text; a quotation keeps its origin."""
    short = shortened(text, MAX_TITLE_CHARS)
    if not isinstance(text, Sentence):
        return short
    return Sentence.quoting(short, _least(text.quotes)) if text.quotes else Sentence.of(short)


def as_sentence(sentence: str) -> Sentence:
    """Return a sentence with its quotes; a plain string from a server counts as a quotation of least trust."""
    return sentence if isinstance(sentence, Sentence) else Sentence.quoting(sentence, Origin.EXTERNAL)


def _least(quotes: Iterable[Quote]) -> Origin:
    return min((quote.origin for quote in quotes), key=attrgetter("trust"))

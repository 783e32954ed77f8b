"""What graphmem answers: values that say not only what holds but for which point, since when, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from graphmem.model import (
    BEGINNING,
    FOREVER,
    Change,
    LinkKind,
    Memory,
    Origin,
    Point,
    Propose,
    Statement,
    Status,
    SupersessionKind,
)
from graphmem.temporal import Span, Spans, Standing


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of somebody within a text: from `start` to before `end`, of a memory of that origin."""

    start: int
    end: int
    origin: Origin


class Sentence(str):
    """A text of ours that knows which of its words are somebody's; everywhere else it is a text like any other."""

    __slots__ = ("quotes",)

    quotes: tuple[Quote, ...]

    @classmethod
    def of(cls, *parts: str) -> Sentence:
        """The parts one after the other: sentences keep their quotes, all other text is ours."""
        made, start, quotes = cls("".join(parts)), 0, list[Quote]()
        for part in parts:
            if isinstance(part, Sentence):
                quotes += [Quote(start + one.start, start + one.end, one.origin) for one in part.quotes]
            start += len(part)
        made.quotes = tuple(quotes)
        return made

    @classmethod
    def quoting(cls, text: str, origin: Origin) -> Sentence:
        """Somebody's words, all of them."""
        made = cls(text)
        made.quotes = (Quote(0, len(text), origin),) if text else ()
        return made


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open stretch of valid time; None is an open side."""

    start: datetime | None
    end: datetime | None


def intervals(spans: Spans) -> tuple[Interval, ...]:
    """Spans of the kernel as answers show them."""
    return tuple(interval(piece) for piece in spans)


def interval(piece: Span) -> Interval:
    """One span of the kernel as answers show it."""
    low, high = piece
    return Interval(None if low == BEGINNING else low, None if high == FOREVER else high)


@dataclass(frozen=True, slots=True)
class Told:
    """One move as its source tells it.

    `word` is the source's own, or the status if it gave none. `until` is the next move's time, None if there is none.
    """

    status: Status
    word: str
    at: datetime
    until: datetime | None
    change: int
    recorded_at: datetime


class State(StrEnum):
    """Where a memory stands at a point, in one word."""

    HOLDS = "holds"
    SUPERSEDED = "superseded"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    PROPOSED = "proposed"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    ENDED = "ended"
    FALLEN = "fallen with what it amends"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class Reference:
    """A memory that an answer names: what a reader is shown of it, so that no second question is needed.

    Of a memory that was erased, or that the reader does not see, only the id is set.

    Attributes:
        title: None if the memory was erased or is not seen.
        alias: Its first alias, such as `ADR-0012`; None if it has none.
        state: Its state at the point of the answer.
        origin: Whose words the title and the alias are.
        holding: All stretches of valid time in which it is in force, as far as is known at the point.
        is_or_later: Whether the first of them begins at the earliest that its source allows, or later.
    """

    id: str
    title: str | None = None
    alias: str | None = None
    state: State | None = None
    origin: Origin | None = None
    holding: tuple[Interval, ...] = ()
    is_or_later: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A memory at one point: where it stands, when it holds, how far it is trusted.

    Attributes:
        state: In one word; `told` has the source's own.
        holding: All stretches of valid time in which it holds, as far as is known at the point.
        told: The move that decides its own status at the point; None before its first.
        freshness: What age leaves of its confidence, from 1 down to 0: halved every half-life of its kind since
            `fresh_at`. It orders answers and hides none.
        fresh_at: When it was last known to be right: when it was confirmed, or when it came into force. None if neither
            ever happened.
        change: Ledger position at which it was recorded.
        amended_by: Amendments of it that are in force at the point.
    """

    memory: Memory
    state: State
    holding: tuple[Interval, ...]
    told: Told | None
    freshness: float
    fresh_at: datetime | None
    change: int
    recorded_at: datetime
    confirmed_at: datetime | None
    amended_by: tuple[Reference, ...] = ()

    @property
    def id(self) -> str:
        """The memory's id."""
        return self.memory.id

    @property
    def statement(self) -> Statement:
        """What the memory says."""
        assert self.memory.statement is not None, "what was erased gets no card"  # noqa: S101
        return self.memory.statement

    @property
    def confidence(self) -> float:
        """The confidence as it was stated, from 0 to 1."""
        return self.statement.confidence

    @property
    def title(self) -> str:
        """The memory's title."""
        return self.statement.title

    @property
    def alias(self) -> str | None:
        """The memory's first alias, None if it has none."""
        return next(iter(self.statement.aliases), None)


@dataclass(frozen=True, slots=True)
class Contest:
    """Another memory that holds for the same subject, and the rule that put it behind the head."""

    memory: Reference
    rule: str


@dataclass(frozen=True, slots=True)
class Relation:
    """How a memory relates to another, in words: `before`, the other's title, the part if there is one, `after`.

    Attributes:
        memory: The other memory.
        before: Such as `superseded by`, `supersedes`, `proposed to supersede` or `overruled by`.
        after: Empty, or what follows the title: ` on 2025-09-01`, `, but is deferred`, ` (scope: …)`.
        part: Which part of the old memory is concerned; None for all of it.
        is_successor: Whether the memory has taken the other's place, wholly and at the asked point.
        through: The memories between both, from the other on.
    """

    memory: Reference
    before: str
    after: str = ""
    part: str | None = None
    is_successor: bool = False
    through: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One search answer.

    Attributes:
        card: The memory that is answered, which need not be the one whose words matched.
        standing: Whether it holds, is not yet in force (most often a declared successor), or was the last that held.
        relevance: The chance, from 0 to 1, that this answers the question if nothing does better; comparable between
            answers.
        parts: What its place follows from.
        via: The memories from the best match to this one; this one alone if it matched itself.
        because: One line that says why it stands so.
        beat: Matches that this memory supersedes at the point, of those in `relations`.
        head: The memory that leads its subject: this one unless it is overruled. None if it is not in force.
        contested: Others that are in force for its subject, each with the rule that put it behind the head.
        relations: How it relates to the best ten matches that led here, the best first.
        overruled_by: The memory that leads its subject, with the rule; None if it leads itself.
    """

    card: Card
    standing: Standing
    relevance: float
    parts: Mapping[str, float]
    via: tuple[Reference, ...]
    because: str
    beat: tuple[Reference, ...] = ()
    head: Reference | None = None
    contested: tuple[Contest, ...] = ()
    relations: tuple[Relation, ...] = ()
    overruled_by: Relation | None = None

    @property
    def holds(self) -> bool:
        """Whether it may be relied on at the asked point."""
        return self.standing is Standing.HOLDS


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What a search found, best first.

    Attributes:
        at: The point that it was answered for.
        mode: `hybrid`, or `lexical` when no vectors were compared.
        note: Why no vectors were compared, or what is to be said of how they were.
        cursor: Continues after the last hit; None at the end.
        weaker: How many of what was looked at are left out since they say too little about the question.
        remarks: What is to be said of the question, each a sentence: a name that no memory has, how a word was read. Of
            the first page alone.
        read_as: The question with the words that it was read with; None if it was read as it was asked.
    """

    hits: tuple[Hit, ...]
    at: Point
    mode: str
    note: str | None = None
    cursor: str | None = None
    weaker: int = 0
    remarks: tuple[str, ...] = ()
    read_as: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Memories that fit a filter, with a cursor as in `SearchAnswer`."""

    cards: tuple[Card, ...]
    at: Point
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One supersession edge beside a memory.

    Attributes:
        memory: The memory on the other side.
        covers: When the edge covers the old memory; empty for an amendment or a successor that never took over.
        evidence: The reason recorded with it, often the source's own line.
        change: Ledger position that recorded it.
        before: What the asked memory has to do with the other at the point, such as `superseded by`; the title follows.
        after: What follows the title, such as ` on 2025-09-01`.
    """

    memory: Reference
    kind: SupersessionKind
    at: datetime | None
    until: datetime | None
    part: str | None
    covers: tuple[Interval, ...]
    evidence: str | None
    change: int
    recorded_at: datetime
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """The life of one memory and its place in its chain.

    Attributes:
        predecessors: What it was recorded to supersede, wholly or in a named part.
        successors: What was recorded to supersede it, wholly or in a named part.
        amendments: Every amendment of it, and `amends` what it amends itself.
        chain: It and all that came before and after over full supersessions, oldest first.
        moves: Its own moves in order.
        changes: Every ledger entry about it.
        mentioned: The memories that the entries name, as far as the reader sees them.
    """

    card: Card
    at: Point
    predecessors: tuple[Step, ...]
    successors: tuple[Step, ...]
    amendments: tuple[Step, ...]
    amends: tuple[Step, ...]
    chain: tuple[Card, ...]
    moves: tuple[Told, ...]
    changes: tuple[Change, ...]
    mentioned: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """One memory in a timeline: its own moves, and when it held."""

    card: Card
    moves: tuple[Told, ...]
    leads: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything known about a subject, a path or a chain, oldest start first."""

    lanes: tuple[Lane, ...]
    at: Point


class Turn(StrEnum):
    """How belief in a memory differs between two points."""

    APPEARED = "appeared"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Difference:
    """A memory that is in force at one of two points only.

    Attributes:
        replaced: Of a memory that appeared, what it supersedes at the second point; of a memory that vanished, what
            supersedes it there.
    """

    turn: Turn
    card: Card
    replaced: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """What is believed differently between two points."""

    start: Point
    end: Point
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A memory beside another over a typed link; `is_outgoing` tells the direction."""

    memory: Reference
    kind: LinkKind
    is_outgoing: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a memory stands as it does at a point.

    Attributes:
        reasons: Full sentences, most decisive first.
        resolves_to: What stands for it at the point if it does not hold itself.
        edges: The supersessions that decide, with their evidence.
        related: Typed links, with the state of the other side.
        suspect: Sentences on what it rests on that holds no more.
        overruled_by: The memory that leads its subject, with the rule; None if it leads itself or is not in force.
    """

    card: Card
    at: Point
    reasons: tuple[str, ...]
    resolves_to: tuple[Hit, ...]
    edges: tuple[Step, ...]
    related: tuple[Related, ...]
    suspect: tuple[str, ...]
    contested: tuple[Contest, ...]
    overruled_by: Relation | None = None


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """A contradiction that nobody has decided.

    Attributes:
        found_by: `subject` (two hold for one subject in one scope), `fork` (two successors of one memory, after a
            merge) or `link` (somebody declared it).
        what: The subject, or the id of the memory that is forked.
        claims: The memories that hold against each other; the first would lead, by `rule`.
        overlap: When they hold against each other.
        fix: How to settle it.
    """

    found_by: str
    what: str
    claims: tuple[Card, ...]
    rule: str
    overlap: tuple[Interval, ...]
    fix: str


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The open contradictions at a point."""

    conflicts: tuple[OpenConflict, ...]
    at: Point


class OnSimilar(StrEnum):
    """What an add does when something that holds already says the same.

    `keep` records it all the same and reports what is similar. `skip` confirms what says the same in the same words.
    """

    KEEP = "keep"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Similar:
    """A memory that holds where and when a new one is to hold, and resembles it.

    Attributes:
        score: Cosine of both texts' vectors, at most 1; None if they were not compared.
        found_by: In which ways it is alike: `words` (the same but for punctuation and capitals), `name` (the title or
            an alias), `subject`, `meaning` (the score); in this order.
    """

    memory: Reference
    score: float | None
    found_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: the entry that carries it, and the ids of the memories it is about.

    Attributes:
        is_confirmation: True if an add found its content already held and confirmed that instead.
        notes: What else is to be said of it, such as that it is only a proposal.
        similar: What an add found to resemble the new memory, the most alike first.
    """

    change: Change
    ids: tuple[str, ...]
    is_confirmation: bool = False
    notes: tuple[str, ...] = field(default=())
    similar: tuple[Similar, ...] = ()

    @property
    def is_proposal(self) -> bool:
        """Whether nothing was done but a proposal recorded, since its writer is not trusted enough."""
        return isinstance(self.change.operation, Propose)

"""Answers: memories with the point in time of the answer, their valid intervals, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass, field
from graphmem.model import (
    BEGINNING,
    FOREVER,
    Change,
    CodeVerdict,
    LinkKind,
    Memory,
    Origin,
    Point,
    Propose,
    Statement,
    Status,
    SupersessionKind,
)
from graphmem.redactions import Redaction
from graphmem.repository.dating_commits import DatingCommit
from graphmem.repository.file_places import FilePlace
from graphmem.repository.symbol_places import SymbolPlace
from graphmem.temporal import Span, Spans, Standing


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation in a text, from `start` up to but excluding `end`, with the origin of the quoted memory."""

    start: int
    end: int
    origin: Origin


class Sentence(str):
    """A text by graphmem that records the parts quoted from a memory; otherwise an ordinary string."""

    __slots__ = ("quotes",)

    quotes: tuple[Quote, ...]

    @classmethod
    def of(cls, *parts: str) -> Sentence:
        """Join parts: sentences keep their quotes; plain strings are graphmem's own text."""
        made, start, quotes = cls("".join(parts)), 0, list[Quote]()
        for part in parts:
            if isinstance(part, Sentence):
                quotes += [Quote(start + quote.start, start + quote.end, quote.origin) for quote in part.quotes]
            start += len(part)
        made.quotes = tuple(quotes)
        return made

    @classmethod
    def quoting(cls, text: str, origin: Origin) -> Sentence:
        """Return a sentence that is a single quote."""
        made = cls(text)
        made.quotes = (Quote(0, len(text), origin),) if text else ()
        return made


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open interval of valid time; None is an open side."""

    start: datetime | None
    end: datetime | None


def intervals(spans: Spans) -> tuple[Interval, ...]:
    """Return the intervals of kernel spans."""
    return tuple(interval(piece) for piece in spans)


def interval(piece: Span) -> Interval:
    """Return the interval of a kernel span: unbounded sides become None."""
    low, high = piece
    return Interval(None if low == BEGINNING else low, None if high == FOREVER else high)


@dataclass(frozen=True, slots=True)
class Told:
    """A status move, in the words of its source.

    `word` is the source's own word, else the status; `until` is the time of the next move, None without one.
    """

    status: Status
    word: str
    at: datetime
    until: datetime | None
    change: int
    recorded_at: datetime


class State(StrEnum):
    """The state of a memory at a point, supersessions included."""

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
    """A memory that an answer names, with enough of it to show; only the id if it was erased or is not visible.

    Attributes:
        title: The title; None if the memory was erased or is not visible.
        alias: The first alias, for example `ADR-0012`; None if there is none.
        state: The state at the point of the answer.
        origin: The origin of the title and the alias.
        holding: The valid intervals, as recorded at the point.
        is_or_later: True if the source gives only the earliest possible start of the first interval.
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
    """A memory at a point: its state, its valid intervals, and its trust.

    Attributes:
        state: The state; `told` has the source's own word.
        holding: The valid intervals, as recorded at the point.
        told: The move that decides the memory's own status at the point; None before the first move.
        freshness: The factor, from 1 down to 0, by which age lowers the confidence: halved every half-life of the kind
            since `fresh_at`. It orders answers and hides none.
        fresh_at: The later of the last confirmation and the coming into force; None if neither has happened.
        change: The ledger position at which the memory was recorded.
        amended_by: The amendments in force at the point.
        files: Files of the memory that have moved or are gone, as far as its repository was read; `symbols` likewise.
        verdict: The last result of a check against the code; None if it was not checked.
        depends_on: The memories that it depends on, implements or refines.
        suspect: The chain of dependencies that puts it in doubt, from its own to the one that is no longer in force;
            empty if there is none, or once it was confirmed.
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
    files: tuple[FilePlace, ...] = ()
    symbols: tuple[SymbolPlace, ...] = ()
    verdict: CodeVerdict | None = None
    depends_on: tuple[Reference, ...] = ()
    suspect: tuple[Reference, ...] = ()

    @property
    def id(self) -> str:
        """The memory's id."""
        return self.memory.id

    @property
    def statement(self) -> Statement:
        """The memory's statement."""
        assert self.memory.statement is not None, "erased memories have no card"  # noqa: S101
        return self.memory.statement

    @property
    def confidence(self) -> float:
        """The stated confidence, from 0 to 1."""
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
    """Another memory in force that contests a memory, and the rule.

    For the same subject it is the rule that put it behind the leading memory; else the rule that found the conflict.
    """

    memory: Reference
    rule: str


@dataclass(frozen=True, slots=True)
class Relation:
    """The relation of a memory to another, in words: `before`, the other's title, the part if there is one, `after`.

    Attributes:
        memory: The other memory.
        before: The words before the title: `superseded by`, `supersedes`, `proposed to supersede`, `overruled by`, ….
        after: The words after the title: ` on 2025-09-01`, `, but is deferred`, ` (scope: …)`; may be empty.
        part: The part of the old memory that is replaced; None for all of it.
        is_successor: True if the memory supersedes all of the other at the point of the answer.
        through: The memories between the two, beginning after the other.
    """

    memory: Reference
    before: str
    after: str = ""
    part: str | None = None
    is_successor: bool = False
    through: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A search hit.

    Attributes:
        card: The memory; it may differ from the memory whose words matched.
        standing: In force, not yet in force (usually a declared successor), or the last that was in force.
        relevance: The probability, from 0 to 1, that the memory answers the question if no better answer exists;
            comparable between answers.
        parts: The parts of the score.
        via: The memories from the best match to this memory; this memory alone if it matched directly.
        because: A line that gives the reason for the standing.
        beat: The matches, of those in `relations`, that this memory supersedes at the point.
        head: The memory that leads the subject: this memory unless it is overruled. None if it is not in force.
        contested: Other memories in force for the subject, each with the rule that put it behind the leading memory.
        relations: The relations to the ten best matches that led to this memory, best first.
        overruled_by: The memory that leads the subject, with the rule; None if this memory leads.
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
        """True if the memory is in force at the point of the answer."""
        return self.standing is Standing.HOLDS


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The answer to a search, best hits first.

    Attributes:
        at: The point of the answer.
        mode: `hybrid`, or `lexical` if no vectors were compared.
        note: The reason why no vectors were compared, or a note on the comparison.
        cursor: Continues after the last hit; None at the end.
        weaker: The number of candidates left out because they say too little about the question.
        remarks: Sentences on the question: names that no memory has, words read as other words. On the first page only.
        read_as: The question with corrected words; None if no word was corrected.
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
    """Memories that match a filter, with a cursor as in `SearchAnswer`."""

    cards: tuple[Card, ...]
    at: Point
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A supersession, as seen from a memory that it connects.

    Attributes:
        memory: The other memory.
        covers: The intervals in which the old memory is superseded; empty for an amendment, and if the new memory was
            never in force.
        evidence: The recorded reason, often the source's own line.
        change: The ledger position of the supersession.
        before: The relation at the point, before the other's title: `superseded by`, `supersedes`, ….
        after: The words after the title, for example ` on 2025-09-01`.
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
    """The history of a memory: its moves, its chain and its ledger entries.

    Attributes:
        predecessors: The memories that it supersedes, completely or in a named part.
        successors: The memories that supersede it, completely or in a named part.
        amendments: All amendments of the memory.
        amends: The memories that it amends.
        chain: The memory with all predecessors and successors over full supersessions, oldest first.
        moves: The memory's own status moves, in order.
        changes: All ledger entries about the memory.
        mentioned: The memories that the entries name, if the reader sees them.
        dated_by: The commit at whose time the memory came into force, if its source is a repository that was read.
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
    dated_by: DatingCommit | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A memory in a timeline: its status moves, and its intervals as leader of the subject."""

    card: Card
    moves: tuple[Told, ...]
    leads: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """The memories about a subject or a path, earliest start first."""

    lanes: tuple[Lane, ...]
    at: Point


class Turn(StrEnum):
    """The change of a memory between two points."""

    APPEARED = "appeared"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Difference:
    """A memory that is in force at only the first or only the second of two points.

    Attributes:
        replaced: If the memory appeared, the memories that it supersedes at the second point; if it vanished, the
            memories that supersede it at that point.
    """

    turn: Turn
    card: Card
    replaced: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """The memories in force at only the first or only the second of two points."""

    start: Point
    end: Point
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """The memory at the other end of a link; `is_outgoing` is True if the link points to it."""

    memory: Reference
    kind: LinkKind
    is_outgoing: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons why a memory is in force or not at a point.

    Attributes:
        reasons: Full sentences, most decisive first.
        resolves_to: The memories that answer in its place at the point; empty if it is in force itself.
        edges: The supersessions of the memory, with their evidence.
        related: The links of the memory, with the state of the memory at the other end.
        suspect: Sentences on the memories that put it in doubt, and on dependencies that have not begun.
        contested: Other memories in force for the same subject, each with the rule that decides between them.
        overruled_by: The memory that leads the subject, with the rule; None if this memory leads or is not in force.
        use: How often it was used, in a sentence, as the reader may see it; empty if nothing is counted.
        dated_by: The commit at whose time the memory came into force, if its source is a repository that was read.
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
    use: str = ""
    dated_by: DatingCommit | None = None


class OnSimilar(StrEnum):
    """The choice for an add when a similar memory is in force.

    `keep` adds the memory and reports similar memories. `skip` confirms an existing memory with the same words instead.
    """

    KEEP = "keep"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Similar:
    """A memory that is similar to a new memory, and in force in the same scope at the same time.

    Attributes:
        score: The cosine of the vectors of both texts, at most 1; None if they were not compared.
        found_by: The kinds of similarity, in this order: `words` (equal but for punctuation and capitals), `name` (the
            title or an alias), `subject`, `meaning` (the score).
    """

    memory: Reference
    score: float | None
    found_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """The result of a write: its ledger entry, and the ids of the memories that the entry names.

    Attributes:
        is_confirmation: True if a memory with the same content was in force and was confirmed instead of added.
        notes: Notes on the write, for example that it is only a proposal.
        similar: Memories similar to the new memory, most similar first.
        redactions: Secrets in the request that were replaced before anything was written.
    """

    change: Change
    ids: tuple[str, ...]
    is_confirmation: bool = False
    notes: tuple[str, ...] = field(default=())
    similar: tuple[Similar, ...] = ()
    redactions: tuple[Redaction, ...] = ()

    @property
    def is_proposal(self) -> bool:
        """True if the write was only recorded as a proposal, since its origin is not trusted enough."""
        return isinstance(self.change.operation, Propose)

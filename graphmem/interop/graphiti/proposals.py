"""Turns extracted facts into proposals, and accepted proposals into memories."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from graphmem.answers import Card, State, Written
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import MAX_NAME_CHARS, Anchor, AnchorKind, At, Move, Origin, Scope, Statement, Status
from graphmem.ranking import name_key
from graphmem.service import GraphMemory, Write
from graphmem.service.statements import statement_from
from graphmem.store import Filter, Page
from graphmem.vocabulary import Kind

_NO_WORD = re.compile(r"[^\w]+")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]+")
_MANY = Page(limit=200)
_SEEN = (Status.PROPOSED, Status.DEFERRED, Status.ACTIVE, Status.REJECTED)


class ProposalOutcome(StrEnum):
    """The outcome of an extracted fact: recorded as a proposal, or dropped because the memory exists."""

    PROPOSED = "proposed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The result of proposing an extracted fact.

    Attributes:
        memory: The proposed memory, or the existing memory with the same title.
        over: The memories in force for its subject, which it would supersede once accepted.
    """

    fact: str
    outcome: ProposalOutcome
    memory: str
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extracted:
    """An extracted fact: source, relation, target, text and start."""

    source: str
    relation: str
    target: str
    fact: str
    since: datetime

    @property
    def statement(self) -> Statement:
        """The statement for a memory; its origin is a conversation, which has little trust."""
        statement = statement_from(self.fact, Kind.FACT)
        names = dict.fromkeys(_name(end) for end in (self.source, self.target))
        anchors = tuple(Anchor(AnchorKind.COMPONENT, name) for name in names)
        subject = f"{_slug(self.source)}.{_slug(self.relation)}"[:MAX_NAME_CHARS]
        return replace(statement, subject=subject, origin=Origin.CONVERSATION, anchors=anchors, observed_at=self.since)


def propose(memory: GraphMemory, extracted: Extracted, *, scope: Scope, source: str | None = None) -> Proposal:
    """Record an extracted fact as a proposal, unless a memory with its title is in force, proposed or rejected."""
    statement = extracted.statement
    existing = _of_subject(memory, statement, scope, extracted.since)
    same = next((card for card in existing if name_key(card.title) == name_key(statement.title)), None) or _same(
        memory, statement, scope
    )
    if same is not None:
        return Proposal(extracted.fact, ProposalOutcome.DROPPED, same.id)
    why = "extracted by graphiti; a proposal until it is accepted"
    write = Write(scope=scope, source=source, reason=why, origin=Origin.CONVERSATION)
    written = memory.add(statement, moves=(Move(Status.PROPOSED, extracted.since),), write=write)
    holding = tuple(card.id for card in existing if card.state is State.HOLDS)
    return Proposal(extracted.fact, ProposalOutcome.PROPOSED, written.ids[0], holding)


def accept(memory: GraphMemory, memory_id: str, *, write: Write | None = None) -> list[Written]:
    """Restate a proposal under the caller's origin, in force from the proposal's start.

    It supersedes the memory in force for the subject. The origin changes because a conversation cannot supersede more
    trusted memories. If several memories are in force, only the proposal is superseded: `conflicts` lists the others.

    Raises:
        InvalidInput: The memory is not a proposal.
    """
    scope = None if write is None else write.scope
    card = memory.get(memory_id, scope=scope)
    if card.told is None or card.state is not State.PROPOSED or card.memory.statement is None:
        raise InvalidInput(f"{memory_id!r} is not a proposal")
    start, home = card.told.at, card.memory.scope
    rivals = _of_subject(memory, card.memory.statement, home, start)
    before = [rival for rival in rivals if rival.state is State.HOLDS]
    is_alone = len(before) == 1 and before[0].memory.scope == home
    olds = [before[0].id, memory_id] if is_alone else [memory_id]
    speaker = Origin.HUMAN if write is None or write.origin is None else write.origin
    statement = replace(card.memory.statement, origin=speaker)
    return [memory.supersede(olds, statement, at=start, write=write)]


def _of_subject(memory: GraphMemory, statement: Statement, scope: Scope, at: datetime) -> list[Card]:
    if statement.subject is None:
        return []
    where = Filter(subjects=(statement.subject,), statuses=_SEEN)
    return list(memory.list(where, at=At(at), scope=scope, page=_MANY).cards)


def _same(memory: GraphMemory, statement: Statement, scope: Scope) -> Card | None:
    """Return the memory in force with the same title, of any subject."""
    hits = memory.search(statement.title, scope=scope, page=Page(limit=5)).hits
    return next((hit.card for hit in hits if hit.holds and name_key(hit.card.title) == name_key(statement.title)), None)


def _name(text: str) -> str:
    """Return the text on one line, cut to the length of a name."""
    return _BLANK.sub(" ", text).strip()[:MAX_NAME_CHARS]


def _slug(name: str) -> str:
    return _NO_WORD.sub("_", name.casefold()).strip("_") or "it"

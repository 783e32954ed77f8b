"""What was extracted becomes proposals, and what becomes of a proposal is for graphmem's rules and people to say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from graphmem.answers import Card, State, Written
from graphmem.errors import InvalidInput
from graphmem.model import MAX_NAME_CHARS, Anchor, AnchorKind, At, Move, Origin, Scope, Statement, Status
from graphmem.ranking import name_key
from graphmem.service import GraphMemory, Write
from graphmem.service.wording import statement_from
from graphmem.store import Filter, Page
from graphmem.vocabulary import Kind

_NO_WORD = re.compile(r"[^\w]+")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]+")
_MANY = Page(limit=200)
_SEEN = (Status.PROPOSED, Status.DEFERRED, Status.ACTIVE, Status.REJECTED)


class Outcome(StrEnum):
    """What became of something that was extracted: recorded as a proposal, or dropped because it was known."""

    PROPOSED = "proposed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One extracted fact after graphmem's rules.

    Attributes:
        memory: The proposed memory, or the one that says the same.
        over: What holds for its subject: what it would take over from if somebody accepts it.
    """

    fact: str
    outcome: Outcome
    memory: str
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extracted:
    """A fact as extraction gave it: about whom, in which relation to whom, in which words, since when."""

    source: str
    relation: str
    target: str
    fact: str
    since: datetime

    @property
    def statement(self) -> Statement:
        """What a memory of it says; a conversation is trusted little."""
        said = statement_from(self.fact, Kind.FACT)
        names = dict.fromkeys(_name(each) for each in (self.source, self.target))
        anchors = tuple(Anchor(AnchorKind.COMPONENT, name) for name in names)
        subject = f"{_slug(self.source)}.{_slug(self.relation)}"[:MAX_NAME_CHARS]
        return replace(said, subject=subject, origin=Origin.CONVERSATION, anchors=anchors, observed_at=self.since)


def propose(memory: GraphMemory, extracted: Extracted, *, scope: Scope, source: str | None = None) -> Proposal:
    """Record what was extracted as a proposal, unless it is known, proposed or was rejected: nothing else changes."""
    said = extracted.statement
    known = _of_subject(memory, said, scope, extracted.since)
    same = next((one for one in known if name_key(one.title) == name_key(said.title)), None) or _same(
        memory, said, scope
    )
    if same is not None:
        return Proposal(extracted.fact, Outcome.DROPPED, same.id)
    why = "extracted by graphiti; a proposal until somebody accepts it"
    write = Write(scope=scope, source=source, reason=why, origin=Origin.CONVERSATION)
    written = memory.add(said, moves=(Move(Status.PROPOSED, extracted.since),), write=write)
    holding = tuple(one.id for one in known if one.state is State.HOLDS)
    return Proposal(extracted.fact, Outcome.PROPOSED, written.ids[0], holding)


def accept(memory: GraphMemory, key: str, *, write: Write | None = None) -> list[Written]:
    """Say a proposal in one's own name, in force from when it was proposed for; what held alone gives way to it.

    The words become those of who accepts, since a conversation's take over from nothing that is more trusted. Where
    several hold for the subject nothing but the proposal gives way: `conflicts` then shows them.

    Raises:
        InvalidInput: The memory is no proposal.
    """
    scope = None if write is None else write.scope
    card = memory.get(key, scope=scope)
    if card.told is None or card.state is not State.PROPOSED or card.memory.statement is None:
        raise InvalidInput(f"{key!r} is no proposal")
    start, home = card.told.at, card.memory.scope
    before = [one for one in _of_subject(memory, card.memory.statement, home, start) if one.state is State.HOLDS]
    is_alone = len(before) == 1 and before[0].memory.scope == home
    olds = [before[0].id, key] if is_alone else [key]
    speaker = Origin.HUMAN if write is None or write.origin is None else write.origin
    said = replace(card.memory.statement, origin=speaker)
    return [memory.supersede(olds, said, at=start, write=write)]


def _of_subject(memory: GraphMemory, said: Statement, scope: Scope, at: datetime) -> list[Card]:
    if said.subject is None:
        return []
    where = Filter(subjects=(said.subject,), statuses=_SEEN)
    return list(memory.list(where, at=At(at), scope=scope, page=_MANY).cards)


def _same(memory: GraphMemory, said: Statement, scope: Scope) -> Card | None:
    """What holds in the very words, whatever its subject."""
    hits = memory.search(said.title, scope=scope, page=Page(limit=5)).hits
    return next((hit.card for hit in hits if hit.holds and name_key(hit.card.title) == name_key(said.title)), None)


def _name(text: str) -> str:
    """On one line and no longer than a name may be."""
    return _BLANK.sub(" ", text).strip()[:MAX_NAME_CHARS]


def _slug(name: str) -> str:
    return _NO_WORD.sub("_", name.casefold()).strip("_") or "it"

"""Statements of conversations as they are recorded, and the report of a capture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from graphmem.capture_rules import CapturePolicy
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Alternative, Kind, Move, Origin, Outcome, Statement, Status
from graphmem.ranking import name_key
from graphmem.redactions import Redaction
from graphmem.sources.observations import Observation
from graphmem.sources.transcripts import ExplicitStatement, Speaker
from graphmem.sources.transcripts.quoted_statements import MODEL_RULE


@dataclass(frozen=True, slots=True)
class CapturedStatement:
    """A statement that was taken from a conversation.

    Attributes:
        id: The memory.
        quote: The sentence, word for word.
        number: The turn, from 1.
        policy: `queue` if it is proposed, `accept` if it is in force.
        is_by_model: Whether a language model read it: then the title is in the model's words.
    """

    id: str
    title: str
    kind: Kind
    quote: str
    speaker: Speaker
    number: int
    policy: CapturePolicy = CapturePolicy.QUEUE
    is_by_model: bool = False


@dataclass(frozen=True, slots=True)
class CaptureReport:
    """The result of a capture.

    Attributes:
        captured: The memories that were added.
        unchanged: The number of statements that an earlier capture of the conversation recorded.
        dropped: The number of statements that were left out, by reason.
        turns: The number of turns that were read.
        unread: Why the language model did not read all messages; capture them again later. Empty if it did, or if no
            endpoint is configured.
        redactions: Secrets in the messages that were replaced before anything was read from them.
    """

    captured: tuple[CapturedStatement, ...]
    unchanged: int
    dropped: Mapping[str, int]
    turns: int
    unread: str = ""
    redactions: tuple[Redaction, ...] = ()


def is_by_model(said: ExplicitStatement) -> bool:
    """Return whether a language model read a statement."""
    return said.rule == MODEL_RULE


def source_key(session: str, said: ExplicitStatement) -> str:
    """Return the source key of a statement.

    A model words a statement anew each time, so the key of its statements is made of the quote.
    """
    words = f"quote {name_key(said.quote)}" if is_by_model(said) else name_key(said.title)
    digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
    return f"conversation/{session or '-'}/{digest[:20]}"


def observation_of(session: str, said: ExplicitStatement, policy: CapturePolicy, now: datetime) -> Observation:
    """Return a statement as a source's observation, proposed or in force by its policy."""
    turn = said.turn
    status = Status.ACTIVE if policy is CapturePolicy.ACCEPT else Status.PROPOSED
    at = min(turn.said_at or now, now)
    place = f"turn {turn.number}" + (f" of {session}" if session else "")
    place += ", read by a language model" if is_by_model(said) else ""
    statement = Statement(
        title=said.title,
        kind=said.kind,
        body=f"{turn.speaker.value.capitalize()}, {place}:\n\n> {said.quote}",
        rationale=said.reason,
        alternatives=tuple(Alternative(option, Outcome.REJECTED, said.reason) for option in said.rejected),
        origin=Origin.CONVERSATION,
    )
    return Observation(
        key=source_key(session, said),
        statement=statement,
        moves=(Move(status, at, source_word="said in a conversation"),),
        path=f"conversation/{session or '-'}",
        line=max(turn.number, 1),
        provenance=f"conversation, {place}",
        is_dated=turn.said_at is not None,
    )

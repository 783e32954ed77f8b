"""The verbs that take statements from conversations, and that people review them with."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from graphmem.answers import Written
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import Alternative, Kind, Move, Origin, Outcome, Scope, Statement, Status
from graphmem.parameters import MemoryRef, NewText, SessionName
from graphmem.ranking import name_key
from graphmem.redactions import Redaction
from graphmem.service.context import Write, WriteRequest
from graphmem.service.ingestion import ingested
from graphmem.service.read_verbs import ReadVerbs
from graphmem.service.statements import restated
from graphmem.service.write_verbs import WriteVerbs
from graphmem.sources.observations import Observation, Reading
from graphmem.sources.transcripts import ExplicitStatement, Message, Speaker, TranscriptTurn, explicit_statements
from graphmem.store import Filter, Probe
from graphmem.vocabulary import word_of

#: Messages of a call, and statements that are taken of it.
MOST_MESSAGES, MOST_STATEMENTS = 10_000, 200
_NAMES_AT_ONCE = 100
_HELD, _REPEATED, _TOO_MANY = "holds already", "said before", "beyond the limit of a call"


class CapturePolicy(StrEnum):
    """The treatment of a statement of a conversation.

    `queue`: it is proposed, until a person reviews it. `accept`: it is in force at once, with the trust of a
    conversation. `refuse`: nothing is recorded.
    """

    QUEUE = "queue"
    ACCEPT = "accept"
    REFUSE = "refuse"


class Review(StrEnum):
    """A person's answer to a proposed memory: `accept` its words, `edit` them, or `reject` it."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class CapturedStatement:
    """A statement that was taken from a conversation.

    Attributes:
        id: The memory.
        quote: The sentence, word for word.
        number: The turn, from 1.
    """

    id: str
    title: str
    kind: Kind
    quote: str
    speaker: Speaker
    number: int


@dataclass(frozen=True, slots=True)
class CaptureReport:
    """The result of a capture.

    Attributes:
        captured: The memories that were added.
        unchanged: The number of statements that an earlier capture of the conversation recorded.
        dropped: The number of statements that were left out, by reason.
        turns: The number of turns that were read.
        policy: The treatment of the statements.
        redactions: Secrets in the messages that were replaced before anything was read from them.
    """

    captured: tuple[CapturedStatement, ...]
    unchanged: int
    dropped: Mapping[str, int]
    turns: int
    policy: CapturePolicy
    redactions: tuple[Redaction, ...] = ()


class CaptureVerbs(WriteVerbs, ReadVerbs):
    """The verbs `capture` and `review` of an opened memory."""

    def capture(
        self,
        messages: Sequence[Message],
        *,
        session: SessionName = "",
        policy: CapturePolicy = CapturePolicy.QUEUE,
        write: Write | None = None,
    ) -> CaptureReport:
        """Take the explicit statements of a conversation: decisions, rules, preferences and what is to be remembered.

        Found are sentences that open with "we decided", "decision:", "let's use", "don't use … because", "always",
        "never", "I prefer", "remember:", "from now on" and the like, by rule. The origin of the memories is the
        conversation, and each has the sentence as a quote, its speaker and its turn. Left out are code, `<private>`
        parts, system reminders, lines of graphmem, and statements in the words of a memory in force. The same
        conversation again adds only what is new.

        Args:
            messages: The messages in their order.
            session: The id of the conversation.
            policy: `queue` (proposed until a person reviews it), `accept` (in force at once, with the trust of a
                conversation) or `refuse` (nothing is recorded).
            write: Scope, actor and reason of the memories.
        """
        chosen = word_of(CapturePolicy, policy)
        if len(messages) > MOST_MESSAGES:
            raise InvalidInput(f"{len(messages)} messages are more than {MOST_MESSAGES}: send them in parts")
        request = self._context.write_request(replace(write or Write(), origin=Origin.CONVERSATION))
        turns = tuple(_turns(messages))
        dropped = Counter[str]()
        said = list(self._new(turns, request, dropped))
        if chosen is CapturePolicy.REFUSE:
            dropped["refused by the policy"] += len(said)
            said = []
        return self._recorded(said, chosen, session, request, dropped, len(turns))

    def review(
        self, key: MemoryRef, verdict: Review, *, statement: NewText | None = None, write: Write | None = None
    ) -> Written:
        """Review a proposed memory: accept its words as a person's, edit them, or reject it.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            verdict: `accept` (a memory with the same words and the reviewer's trust supersedes it), `edit` (one with
                the given words does) or `reject`.
            statement: The words for `edit`.
            write: Scope, actor, source and reason of the write; the reason is required.

        Raises:
            Forbidden: The writer is an agent or a conversation: only people review.
            InvalidInput: The reason is missing, or the words are missing or not wanted.
            NotFound: There is no memory of that name, or the writer does not see it.
        """
        chosen, given = word_of(Review, verdict), write or Write()
        if not (given.reason or "").strip():
            raise InvalidInput("a review needs a reason: give `reason` (--reason TEXT)")
        if given.origin not in {None, Origin.HUMAN}:
            raise Forbidden(f"a proposal is reviewed by a person, not by origin {given.origin!r}")
        if (statement is not None) is not (chosen is Review.EDIT):
            raise InvalidInput(
                "edit needs the words: give `statement` (--statement TEXT)"
                if chosen is Review.EDIT
                else f"{chosen} takes no words"
            )
        if chosen is Review.REJECT:
            return self.transition(key, Status.REJECTED, word="rejected in review", write=given)
        old = self.get(key, scope=given.scope).statement
        words = replace(old, origin=Origin.HUMAN) if statement is None else restated(statement, old)
        return self.supersede(key, words, write=given)

    def _new(
        self, turns: Iterable[TranscriptTurn], request: WriteRequest, dropped: Counter[str]
    ) -> Iterator[ExplicitStatement]:
        """Yield the statements in words that no earlier statement and no memory in force has; count the others."""
        said = [statement for turn in turns for statement in explicit_statements(turn)]
        held = self._held({name_key(statement.title) for statement in said}, request.writer)
        seen = set[str]()
        for statement in said:
            words = name_key(statement.title)
            if words in held:
                dropped[_HELD] += 1
            elif words in seen:
                dropped[_REPEATED] += 1
            elif len(seen) >= MOST_STATEMENTS:
                dropped[_TOO_MANY] += 1
            else:
                seen.add(words)
                yield statement

    def _held(self, names: set[str], reader: Scope) -> set[str]:
        """Return the names that are titles of memories in force and of more trust than a conversation."""
        held = set[str]()
        ordered = sorted(names - {""})
        for start in range(0, len(ordered), _NAMES_AT_ONCE):
            probe = Probe(names=tuple(ordered[start : start + _NAMES_AT_ONCE]), limit=1)
            point = self._context.point(None, reader)
            named = self._context.store.match(reader, probe, Filter(), seq=point.seq).named
            view = self._context.view(reader, [key for ids in named.values() for key in ids], point.seq)
            for name, ids in named.items():
                titles = (memory for key in ids if view.holds(key, point.valid) and (memory := view.memory(key)))
                if any(memory.statement and name_key(memory.statement.title) == name for memory in titles):
                    held.add(name)
        return held

    def _recorded(
        self,
        said: Sequence[ExplicitStatement],
        policy: CapturePolicy,
        session: str,
        request: WriteRequest,
        dropped: Counter[str],
        turns: int,
    ) -> CaptureReport:
        now = self._context.clock()
        observations = {_key(session, statement): _observation(session, statement, policy, now) for statement in said}
        report = ingested(self._context, request, Reading(tuple(observations.values()), (), ()))
        found = self._context.content_view(request.writer, report.added)
        titles = {
            memory.statement.title: memory.id
            for key in report.added
            if (memory := found.memory(key)) and memory.statement
        }
        captured = tuple(
            CapturedStatement(titles[one.title], one.title, one.kind, one.quote, one.turn.speaker, one.turn.number)
            for one in said
            if one.title in titles
        )
        return CaptureReport(captured, report.unchanged, dict(dropped), turns, policy)


def _turns(messages: Iterable[Message]) -> Iterator[TranscriptTurn]:
    for number, message in enumerate(messages, 1):
        if message.role in set(Speaker):
            yield TranscriptTurn(Speaker(message.role), message.content, message.number or number, message.said_at)


def _key(session: str, said: ExplicitStatement) -> str:
    digest = hashlib.sha256(name_key(said.title).encode("utf-8", "surrogatepass")).hexdigest()
    return f"conversation/{session or '-'}/{digest[:20]}"


def _observation(session: str, said: ExplicitStatement, policy: CapturePolicy, now: datetime) -> Observation:
    turn = said.turn
    status = Status.ACTIVE if policy is CapturePolicy.ACCEPT else Status.PROPOSED
    at = min(turn.said_at or now, now)
    place = f"turn {turn.number}" + (f" of {session}" if session else "")
    statement = Statement(
        title=said.title,
        kind=said.kind,
        body=f"{turn.speaker.value.capitalize()}, {place}:\n\n> {said.quote}",
        rationale=said.reason,
        alternatives=tuple(Alternative(option, Outcome.REJECTED, said.reason) for option in said.rejected),
        origin=Origin.CONVERSATION,
    )
    return Observation(
        key=_key(session, said),
        statement=statement,
        moves=(Move(status, at, source_word="said in a conversation"),),
        path=f"conversation/{session or '-'}",
        line=max(turn.number, 1),
        provenance=f"conversation, {place}",
        is_dated=turn.said_at is not None,
    )

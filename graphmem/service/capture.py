"""The verbs that take statements from conversations, and that people review them with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from graphmem.answers import Written
from graphmem.capture_rules import CapturePolicy, CaptureRules, stricter
from graphmem.deferred_dataclass import replace
from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import Kind, Origin, Scope, Status
from graphmem.parameters import MemoryRef, NewText, SessionName
from graphmem.ranking import name_key
from graphmem.service.captured_statements import (
    CapturedStatement,
    CaptureReport,
    is_by_model,
    observation_of,
    source_key,
)
from graphmem.service.context import Write, WriteRequest
from graphmem.service.ingestion import ingested
from graphmem.service.read_verbs import ReadVerbs
from graphmem.service.statements import restated
from graphmem.service.write_verbs import WriteVerbs
from graphmem.sources.observations import Reading
from graphmem.sources.transcripts import ExplicitStatement, Message, Speaker, TranscriptTurn, explicit_statements
from graphmem.sources.transcripts.quoted_statements import ModelReading, QuotedStatement, with_quotes
from graphmem.store import Filter, Probe
from graphmem.vocabulary import word_of

if TYPE_CHECKING:
    from graphmem.service.memory import GraphMemory

#: Messages of a call, and statements that are taken of it.
MOST_MESSAGES, MOST_STATEMENTS = 10_000, 200
_NAMES_AT_ONCE = 100
_HELD, _REPEATED, _TOO_MANY = "holds already", "said before", "beyond the limit of a call"
_REFUSED = "refused by the policy"


class Review(StrEnum):
    """A person's answer to a proposed memory: `accept` its words, `edit` them, or `reject` it."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"


class CaptureVerbs(WriteVerbs, ReadVerbs):
    """The verbs `capture` and `review` of an opened memory."""

    def capture(
        self,
        messages: Sequence[Message],
        *,
        session: SessionName = "",
        policy: CapturePolicy | None = None,
        quoted: Sequence[QuotedStatement] | None = None,
        write: Write | None = None,
    ) -> CaptureReport:
        """Take the explicit statements of a conversation: decisions, rules, preferences and what is to be remembered.

        Found are sentences that open with "we decided", "decision:", "let's use", "don't use … because", "always",
        "never", "I prefer", "remember:", "from now on" and the like, by rule; and what a language model reads, if an
        endpoint is configured (`GRAPHMEM_LLM_URL`). The origin of the memories is the conversation, and each has a
        sentence as a quote, its speaker and its turn. Left out are code, `<private>` parts, system reminders, lines of
        graphmem, and statements in the words of a memory in force. The same conversation again adds only what is new.

        Args:
            messages: The messages in their order.
            session: The id of the conversation.
            policy: `queue` (proposed until a person reviews it), `accept` (in force at once, with the trust of a
                conversation) or `refuse` (nothing is recorded). By default as the project's policies say for
                conversations; it can only be stricter than these.
            quoted: Statements that a language model read in the messages; then no endpoint is called. Those whose quote
                is not in the message with their number are dropped.
            write: Scope, actor and reason of the memories.

        Raises:
            Forbidden: `accept`, and no policy accepts statements of conversations.
        """
        requested = None if policy is None else word_of(CapturePolicy, policy)
        _refuse_raising(requested, self._context.capture_rules)
        if len(messages) > MOST_MESSAGES:
            raise InvalidInput(f"{len(messages)} messages are more than {MOST_MESSAGES}: send them in parts")
        request = self._context.write_request(replace(write or Write(), origin=Origin.CONVERSATION))
        turns = tuple(_turns(messages))
        reading = ModelReading(tuple(quoted or ())) if quoted is not None else self._model_reading(turns, requested)
        dropped = Counter(reading.dropped)
        statements = [statement for turn in turns for statement in explicit_statements(turn)]
        statements += _of_other_quotes(with_quotes(reading.statements, turns, dropped), statements, dropped)
        admitted = self._admitted(self._new(statements, request, dropped), requested, dropped)
        report = self._recorded(admitted, session, request)
        return replace(report, dropped=dict(dropped), turns=len(turns), unread=reading.failure)

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
        chosen, request = word_of(Review, verdict), write or Write()
        if not (request.reason or "").strip():
            raise InvalidInput("a review needs a reason: give `reason` (--reason TEXT)")
        if request.origin not in {None, Origin.HUMAN}:
            raise Forbidden(f"a proposal is reviewed by a person, not by origin {request.origin!r}")
        if (statement is not None) is not (chosen is Review.EDIT):
            raise InvalidInput(
                "edit needs the words: give `statement` (--statement TEXT)"
                if chosen is Review.EDIT
                else f"{chosen} takes no words"
            )
        if chosen is Review.REJECT:
            return self.transition(key, Status.REJECTED, word="rejected in review", write=request)
        old = self.get(key, scope=request.scope).statement
        words = replace(old, origin=Origin.HUMAN) if statement is None else restated(statement, old)
        return self.supersede(key, words, write=request)

    def _model_reading(self, turns: Sequence[TranscriptTurn], policy: CapturePolicy | None) -> ModelReading:
        """Return what the configured language model reads; nothing is sent if nothing would be recorded."""
        model = self._context.statement_model
        if model is None or policy is CapturePolicy.REFUSE or not turns:
            return ModelReading()
        return model(cast("GraphMemory", self)).statements_in(turns)

    def _admitted(
        self, statements: Iterable[ExplicitStatement], requested: CapturePolicy | None, dropped: Counter[str]
    ) -> dict[ExplicitStatement, CapturePolicy]:
        """Return the policy of each statement that is recorded, and count those that are refused."""
        admitted: dict[ExplicitStatement, CapturePolicy] = {}
        for statement in statements:
            policy = _policy(self._context.capture_rules, statement.kind, requested)
            if policy is CapturePolicy.REFUSE:
                dropped[_REFUSED] += 1
            else:
                admitted[statement] = policy
        return admitted

    def _new(
        self, statements: Sequence[ExplicitStatement], request: WriteRequest, dropped: Counter[str]
    ) -> Iterator[ExplicitStatement]:
        """Yield the statements in words that no earlier statement and no memory in force has; count the others."""
        held = self._held({name_key(statement.title) for statement in statements}, request.writer)
        seen = set[str]()
        for statement in statements:
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
        self, admitted: dict[ExplicitStatement, CapturePolicy], session: str, request: WriteRequest
    ) -> CaptureReport:
        now, keys = self._context.clock(), {statement: source_key(session, statement) for statement in admitted}
        # A model words a statement differently each time: a quote that was read before is not read again.
        by_model = [key for statement, key in keys.items() if is_by_model(statement)]
        existing = {row.key for row in self._context.store.sources(request.writer, keys=by_model)} if by_model else ()
        new = {statement: policy for statement, policy in admitted.items() if keys[statement] not in existing}
        observations = {keys[said]: observation_of(session, said, policy, now) for said, policy in new.items()}
        report = ingested(self._context, request, Reading(tuple(observations.values()), (), ()))
        view = self._context.content_view(request.writer, report.added)
        titles = {
            memory.statement.title: memory.id
            for key in report.added
            if (memory := view.memory(key)) and memory.statement
        }
        captured = tuple(
            CapturedStatement(
                titles[statement.title],
                statement.title,
                statement.kind,
                statement.quote,
                statement.turn.speaker,
                statement.turn.number,
                policy,
                is_by_model(statement),
            )
            for statement, policy in new.items()
            if statement.title in titles
        )
        return CaptureReport(captured, report.unchanged + len(admitted) - len(new), {}, 0)


def _policy(rules: CaptureRules, kind: Kind, requested: CapturePolicy | None) -> CapturePolicy:
    """Return the policy for a statement of a conversation; conversations are queued if no rule says otherwise."""
    limit = rules.policy_of(Origin.CONVERSATION, kind) or CapturePolicy.QUEUE
    return limit if requested is None else stricter(requested, limit)


def _refuse_raising(requested: CapturePolicy | None, rules: CaptureRules) -> None:
    """Refuse a policy that is more open than all that the project set for conversations."""
    policies = (_policy(rules, kind, None) for kind in Kind)
    if requested is CapturePolicy.ACCEPT and CapturePolicy.ACCEPT not in policies:
        raise Forbidden(
            "policy 'accept' is more than this project allows to conversations: a person sets"
            ' conversation = "accept" under [capture] in .graphmem/config.toml, or GRAPHMEM_CAPTURE=conversation=accept'
        )


def _of_other_quotes(
    read: Iterable[ExplicitStatement], statements: Sequence[ExplicitStatement], dropped: Counter[str]
) -> Iterator[ExplicitStatement]:
    """Yield a model's statements whose quotes no rule took, each quote once; count the others."""
    taken = [(statement.turn.number, statement.quote) for statement in statements]
    for statement in read:
        number, quote = statement.turn.number, statement.quote
        if any(number == turn and (quote in taken_quote or taken_quote in quote) for turn, taken_quote in taken):
            dropped[_REPEATED] += 1
        else:
            taken.append((number, quote))
            yield statement


def _turns(messages: Iterable[Message]) -> Iterator[TranscriptTurn]:
    for number, message in enumerate(messages, 1):
        if message.role in set(Speaker):
            yield TranscriptTurn(Speaker(message.role), message.content, message.number or number, message.said_at)

"""Writes claims: the ledger requests of each verb, and the answer after the write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from graphmem.answers import Card, State
from graphmem.claims.claim_statement import CLAIMED, EXPIRED, is_claim
from graphmem.claims.durations import DEFAULT_DURATION, LONGEST, read_duration
from graphmem.claims.work_claim import WorkClaim
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Add, Change, End, Memory, Move, Operation, Origin, Request, Scope, Statement, Status, instant
from graphmem.retrieval.cards import card
from graphmem.service.claim_answers import ClaimWritten
from graphmem.service.claim_reader import ClaimReader
from graphmem.service.claim_sentences import overlap_note
from graphmem.service.context import ServiceContext, WriteRequest
from graphmem.service.references import id_among, memory_id
from graphmem.service.statements import notes_on
from graphmem.temporal import View, touched
from graphmem.temporal.operations import inner_operation

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class ClaimEnd:
    """When a claim expires: after a duration, or at a time; after the default duration if neither is given."""

    lasting: str | None
    until: datetime | None

    def end(self, now: datetime) -> datetime:
        """Return the end of a claim that begins now.

        Raises:
            InvalidInput: Both are given, the duration does not parse, or the time is past or too far away.
        """
        if self.lasting is not None and self.until is not None:
            raise InvalidInput("give either a duration or the time until which the claim lasts, not both")
        if self.until is None:
            return now + read_duration(self.lasting or DEFAULT_DURATION)
        end = instant(self.until)
        if end <= now:
            raise InvalidInput(f"'until' {end.isoformat()} is past; give a later time, or a duration such as 4h")
        if end - now > LONGEST:
            raise InvalidInput(
                f"'until' {end.isoformat()} is more than {LONGEST.days} days away; renew a claim to go on"
            )
        return end


@dataclass(frozen=True, slots=True)
class NamedMemory:
    """A memory that a verb names, as the writer sees it at the latest position."""

    view: View
    card: Card

    @property
    def id(self) -> str:
        """The memory's id."""
        return self.card.id

    @property
    def statement(self) -> Statement:
        """The memory's statement."""
        return self.card.statement

    def successor(self) -> str | None:
        """Return the id of the visible memory that supersedes it; None if there is none."""
        news = (edge.new for edge in self.view.successions(self.id) if self.view.memory(edge.new) is not None)
        return next(iter(news), None)


class ClaimWriter:
    """Writes the requests of one write about a claim.

    Args:
        context: The dependencies of the verb.
        request: The fields that all requests of the write share.
        note: A note, which takes the place of the reason.
    """

    def __init__(self, context: ServiceContext, request: WriteRequest, note: str | None = None) -> None:
        by = request.provenance
        self.context = context
        self.request = request if note is None else replace(request, provenance=replace(by, reason=note))
        self.now = self._first_moment() or context.clock()

    @property
    def earlier(self) -> Operation | None:
        """The operation of the first attempt of a write that is sent again."""
        return None if self.request.earlier is None else inner_operation(self.request.earlier.operation)

    @property
    def actor(self) -> str:
        """The writer."""
        return self.request.provenance.actor

    @property
    def origin(self) -> Origin:
        """The origin of the write."""
        return self.request.provenance.origin

    def named(self, key: str) -> NamedMemory:
        """Return the memory that a reference names to the writer.

        Raises:
            NotFound: There is none.
        """
        context, writer = self.context, self.request.writer
        point = context.point(None, writer)
        if self.earlier is not None:
            key = id_among(context, writer, key, touched(self.earlier))
        resolved_id = memory_id(context, writer, key, point)
        view = context.view(writer, [] if resolved_id is None else [resolved_id], point.seq)
        shown = None if resolved_id is None else card(view, resolved_id, max(self.now, point.valid))
        if shown is None:
            raise NotFound(f"no memory {key!r}; `claims` and `list` show the ids that there are")
        return NamedMemory(view, shown)

    def named_claim(self, key: str) -> NamedMemory:
        """Return the claim that a reference names to the writer.

        Raises:
            NotFound: There is no memory of that name.
            InvalidInput: The memory is no claim.
        """
        named = self.named(key)
        if not is_claim(named.statement):
            kind = named.statement.kind.value
            raise InvalidInput(f"{key!r} names no claim but a {kind}, {named.statement.title!r}; `claims` lists claims")
        return named

    def addition(self, statement: Statement, end: datetime, home: Scope | None = None) -> Request:
        """Return the request that adds a claim, in the writer's scope if no home is given.

        A claim of untrusted origin is only proposed.
        """
        status = Status.ACTIVE if self.origin.is_trusted else Status.PROPOSED
        moves = (Move(status, self.now, source_word=CLAIMED), Move(Status.ENDED, end, source_word=EXPIRED))
        memory = Memory(self.request.new_id(), home or self.request.writer, statement)
        return self.entry(Add(memory, moves, may_confirm=False))

    def entry(self, operation: Operation, mark: str = "") -> Request:
        """Return a request; `mark` distinguishes it from the main request of the write."""
        by = self.request
        op_id, seen = (f"{by.op_id}/{mark}", None) if mark else (by.op_id, by.seen)
        return Request(op_id, operation, by.writer, by.provenance, seen)

    def write(
        self,
        requests: Sequence[Request],
        memory_id: str,
        *,
        took_over: Sequence[WorkClaim] = (),
        notes: Sequence[str] = (),
    ) -> ClaimWritten:
        """Write requests in a single transaction, and return the answer about a claim.

        A write that is sent again only sends its main request, to which the ledger returns the first entry.
        """
        own = [each for each in requests if each.op_id == self.request.op_id]
        changes = self.context.apply(requests if self.earlier is None else own)
        (change,) = (each for each in changes if each.op_id == self.request.op_id)
        return self.answer(change, memory_id, took_over=took_over, notes=notes)

    def answer(
        self, change: Change, memory_id: str, *, took_over: Sequence[WorkClaim] = (), notes: Sequence[str] = ()
    ) -> ClaimWritten:
        """Return the answer about a claim after an entry."""
        reader = self.reader()
        claim = reader.named(memory_id)
        is_in_force = claim is not None and any(each.id == claim.id for each in reader.in_force)
        overlapping = tuple(reader.overlapping(claim)) if claim is not None and is_in_force else ()
        if claim is not None:
            claim = reader.with_steps(replace(claim, overlaps=tuple(each.id for each in overlapping)))
        told = (*notes, *map(overlap_note, overlapping[:_MOST_NAMED]), *notes_on(change))
        return ClaimWritten(
            change,
            touched(inner_operation(change.operation)),
            notes=told,
            claim=claim,
            overlapping=overlapping,
            took_over=tuple(took_over),
        )

    def reader(self) -> ClaimReader:
        """Return a reader of claims in the writer's scope, as of now."""
        writer = self.request.writer
        return ClaimReader(self.context, writer, self.context.point(None, writer), is_latest=True)

    def _first_moment(self) -> datetime | None:
        """Return when the claim begins that an earlier call with the same `op_id` recorded."""
        return self.earlier.moves[0].at if isinstance(self.earlier, Add) else None


def refuse_over(named: NamedMemory, verb: str) -> None:
    """Refuse to change a claim, or to hand over a memory, that was superseded, ended or withdrawn.

    Raises:
        InvalidInput: It is over; the message says how, and what to do.
    """
    state, told = named.card.state, named.card.told
    if state is State.HOLDS or state is State.PROPOSED:
        return
    successor = named.successor()
    if successor is not None:
        raise InvalidInput(f"{named.id!r} cannot be {verb}: {successor!r} took it over")
    word = state.value if told is None or state is not State.ENDED else told.word
    since = "" if told is None else f" since {told.at.isoformat(timespec='seconds')}"
    raise InvalidInput(f"{named.id!r} cannot be {verb}: it is {word}{since}; make a new claim")


def scheduled_ends(named: NamedMemory, now: datetime) -> list[tuple[int, int | None]]:
    """Return the coming ends of a claim as (ledger position, number of the move in an add), for `Revoke`."""
    recorded = named.view.known[named.id].stamp.seq
    rows = [row for row in named.view.moves(named.id) if row.move.status is Status.ENDED and row.move.at > now]
    return [(row.stamp.seq, row.index if row.stamp.seq == recorded else None) for row in rows]


def end_of(earlier: Operation | None) -> datetime | None:
    """Return the time of an end that an earlier call recorded."""
    return earlier.at if isinstance(earlier, End) else None

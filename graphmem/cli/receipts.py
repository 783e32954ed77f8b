"""Receipts that a write command prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from graphmem.claims.claim_statement import EXPIRED
from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.output import give
from graphmem.cli.phrases import second
from graphmem.model import Add, End, Supersede, SupersessionKind
from graphmem.temporal.operations import asked_in, moments

if TYPE_CHECKING:
    from graphmem.answers import Similar, Written
    from graphmem.cli.options import Call
    from graphmem.model import Operation
    from graphmem.redactions import Redaction

_MOST_PLACES = 5


def give_receipt(call: Call, done: Written, verb: str) -> None:
    """Print the ids and the ledger position of a write.

    Args:
        call: The options of the command.
        done: The written entry.
        verb: The operation, as a past participle.
    """
    effect = "confirmed, since it already holds" if done.is_confirmation else verb
    give(call, done, lambda _: _receipt(done, f"only proposed to be {verb}" if done.is_proposal else effect))


def give_receipts(call: Call, done: Sequence[Written]) -> None:
    """Print a receipt for each of several writes."""
    from graphmem.wire.envelopes import AllWritten

    give(
        call, AllWritten(tuple(done)), lambda _: (block for write in done for block in _receipt(write, _became(write)))
    )


def redaction_lines(redactions: Sequence[Redaction], *, indent: int = 0) -> Iterator[Block]:
    """Yield a line for each rule whose secrets were replaced, with the places; never the secrets."""
    for rule in dict.fromkeys(each.rule for each in redactions):
        places = list(dict.fromkeys(each.place for each in redactions if each.rule == rule))
        more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
        where = f"{rule} in {', '.join(places[:_MOST_PLACES])}{more}"
        yield line(Span("secret redacted ", Look.WARN), where, indent=indent)


def _became(done: Written) -> str:
    operation = asked_in(done.change.operation)
    verb = "recorded"
    if isinstance(operation, Supersede):
        verb = "corrected" if operation.kind is SupersessionKind.CORRECTION else "superseded"
    effect = "confirmed, since it already holds" if done.is_confirmation else verb
    return f"only proposed to be {verb}" if done.is_proposal else effect


def _receipt(done: Written, verb: str) -> Iterator[Block]:
    at = _valid_time(asked_in(done.change.operation))
    recorded = f"change {done.change.seq}, recorded {second(done.change.recorded_at)}"
    yield line(*_what(done, verb), at, dim(f" · {recorded}"))
    for note in done.notes:
        yield line(note, indent=2)
    yield from redaction_lines(done.redactions, indent=2)
    for similar in done.similar:
        memory = similar.memory
        yield line("similar: ", Span(memory.id, Look.ID), f" {memory.title} ", dim(_likeness(similar)), indent=2)


def _what(done: Written, verb: str) -> list[str | Span]:
    """Return the memories and the verb; for a supersession, `OLD superseded by NEW`."""
    operation = asked_in(done.change.operation)
    if isinstance(operation, Supersede):
        old, new = (Span(" ".join(ids), Look.ID) for ids in (operation.old, operation.new))
        return [old, f" {verb} by ", new]
    return [Span(" ".join(done.ids), Look.ID), f" {verb}"] if done.ids else [verb]


def _likeness(similar: Similar) -> str:
    """Return the criteria by which two memories are similar, and the similarity of their vectors."""
    criteria = {"words": "the same words", "name": "the same name", "subject": "the same subject"}
    near = [] if similar.score is None else [f"nearness {similar.score:.2f}"]
    return "(" + ", ".join([criteria[way] for way in similar.found_by if way in criteria] + near) + ")"


def _valid_time(operation: Operation) -> str:
    """Return the valid time of a write in full, so that the writer sees the midnight assumed for a bare date."""
    times = moments(operation)
    if isinstance(operation, End) and operation.source_word == EXPIRED:
        return f" until {second(times[0])}"
    if isinstance(operation, Add) and operation.moves[-1].source_word == EXPIRED:
        return f" from {second(times[0])} until {second(operation.moves[-1].at)}"
    if isinstance(operation, End):
        return f" on {second(times[0])}"
    if isinstance(operation, Supersede) and len(times) > 1:
        return f" from {second(times[0])} until {second(times[1])}"
    return f" from {second(times[0])}" if times else ""

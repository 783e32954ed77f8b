"""What a write says when it is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.output import give
from graphmem.cli.phrases import second
from graphmem.model import End, Supersede, SupersessionKind
from graphmem.temporal.operations import asked_in, moments

if TYPE_CHECKING:
    from graphmem.answers import Similar, Written
    from graphmem.cli.options import Call
    from graphmem.model import Operation


def give_receipt(call: Call, done: Written, verb: str) -> None:
    """The ids and the ledger position of a write.

    Args:
        call: How the command was called.
        done: What was written.
        verb: What happened, in the past tense.
    """
    told = "confirmed, since it already holds" if done.is_confirmation else verb
    give(call, done, lambda _: _receipt(done, f"only proposed to be {verb}" if done.is_proposal else told))


def give_receipts(call: Call, done: Sequence[Written]) -> None:
    """The same of each of many that were recorded, or took over, together."""
    from graphmem.wire.envelopes import AllWritten

    give(call, AllWritten(tuple(done)), lambda _: (block for one in done for block in _receipt(one, _became(one))))


def _became(done: Written) -> str:
    operation = asked_in(done.change.operation)
    verb = "recorded"
    if isinstance(operation, Supersede):
        verb = "corrected" if operation.kind is SupersessionKind.CORRECTION else "superseded"
    told = "confirmed, since it already holds" if done.is_confirmation else verb
    return f"only proposed to be {verb}" if done.is_proposal else told


def _receipt(done: Written, verb: str) -> Iterator[Block]:
    at = _valid_time(asked_in(done.change.operation))
    recorded = f"change {done.change.seq}, recorded {second(done.change.recorded_at)}"
    yield line(*_what(done, verb), at, dim(f" · {recorded}"))
    for note in done.notes:
        yield line(note, indent=2)
    for one in done.similar:
        yield line("similar: ", Span(one.memory.id, Look.ID), f" {one.memory.title} ", dim(_likeness(one)), indent=2)


def _what(done: Written, verb: str) -> list[str | Span]:
    """What was done to which memories: of a supersession, `OLD superseded by NEW`."""
    operation = asked_in(done.change.operation)
    if isinstance(operation, Supersede):
        old, new = (Span(" ".join(ids), Look.ID) for ids in (operation.old, operation.new))
        return [old, f" {verb} by ", new]
    return [Span(" ".join(done.ids), Look.ID), f" {verb}"]


def _likeness(one: Similar) -> str:
    """By what two memories are alike, and how near their vectors are."""
    told = {"words": "the same words", "name": "the same name", "subject": "the same subject"}
    near = [] if one.score is None else [f"nearness {one.score:.2f}"]
    return "(" + ", ".join([told[way] for way in one.found_by if way in told] + near) + ")"


def _valid_time(operation: Operation) -> str:
    """From when it counts in the world, so that a bare date is seen for the midnight that it was taken for."""
    times = moments(operation)
    if isinstance(operation, End):
        return f" on {second(times[0])}"
    if isinstance(operation, Supersede) and len(times) > 1:
        return f" from {second(times[0])} until {second(times[1])}"
    return f" from {second(times[0])}" if times else ""

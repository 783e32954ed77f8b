"""The page of the command line about the use of memories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from graphmem.answers import Reference
from graphmem.cli.blocks import Block, Look, Span, dim, line, strong
from graphmem.cli.phrases import name, point_line, sign
from graphmem.model import At
from graphmem.recalls import UnansweredQuestion
from graphmem.service.recall_answers import RecallStatistics, UsedMemory


def statistics_page(answer: RecallStatistics, at: At) -> Iterator[Block]:
    """Yield the lists of a statistics answer; empty lists are one line."""
    if not answer.is_recording:
        yield line(Span("nothing is counted: ", Look.WARN), "the setting recall is off")
    yield from _section("most relied on", _uses(answer.relied_on), len(answer.relied_on))
    yield from _section("never used", map(_title, answer.unused), answer.unused_count)
    yield from _section("stale but requested", _uses(answer.stale), len(answer.stale))
    yield from _section("questions that found nothing", _questions(answer.unanswered), answer.unanswered_count)
    yield from _section("warnings overridden", _uses(answer.overridden), len(answer.overridden))
    days = f"since {answer.since or answer.began}, " if answer.since or answer.began else ""
    yield line(dim(f"{days}recalls counted: {answer.position}; words of questions are not recorded"))
    yield point_line(answer.at, at)


def _section(title: str, lines: Iterable[Block], count: int) -> Iterator[Block]:
    if not count:
        yield line(strong(title), dim(": none"))
        return
    yield line(strong(title), dim(f" ({count})"))
    yield from lines


def _uses(memories: Sequence[UsedMemory]) -> Iterator[Block]:
    for used in memories:
        yield _title(used.memory)
        yield line(dim(used.why), indent=4)


def _title(memory: Reference) -> Block:
    state = () if memory.state is None else (sign(memory.state), " ")
    return line(*state, name(memory), "  ", Span(memory.id, Look.ID), indent=2)


def _questions(questions: Sequence[UnansweredQuestion]) -> Iterator[Block]:
    for question in questions:
        where = "" if question.repo is None else f" in {question.repo}"
        number = "once" if question.times == 1 else f"{question.times} times"
        days = question.last_day if question.times == 1 else f"{question.first_day} to {question.last_day}"
        yield line(f"{question.digest[:6]}  {number}{where}", dim(f", {days}"), indent=2)

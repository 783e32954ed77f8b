"""The verb `stats`: memories that are relied on, never used, stale or overridden, and questions that found nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import Unpack

from graphmem.answers import Card, Reference, State
from graphmem.errors import GraphMemError, InvalidInput
from graphmem.model import At, Point, Scope, ScopeParts
from graphmem.parameters import DayText, Limit
from graphmem.recalls import RecallCounts, recall_sentence
from graphmem.repository.code_verdict import CodeStatus
from graphmem.retrieval.cards import card
from graphmem.retrieval.dependencies import with_dependencies
from graphmem.retrieval.moved_files import with_files
from graphmem.retrieval.reference import reference
from graphmem.service.chunks import chunks
from graphmem.service.commit_points import at_commits
from graphmem.service.context import ServiceContext
from graphmem.service.recall_answers import RecallStatistics, UsedMemory
from graphmem.service.repository_links import follows_links
from graphmem.store import Filter
from graphmem.temporal import View

_SHOWN = 10
#: The most memories whose doubts are looked at, the most requested first.
_MOST_EXAMINED = 500
#: A memory is old once its confidence has been halved by its age.
_OLD = 0.5
_BROKEN = frozenset({CodeStatus.BROKEN, CodeStatus.DRIFTED})


class StatisticsVerb:
    """The verb `stats`."""

    _context: ServiceContext

    @follows_links
    @at_commits
    def stats(
        self,
        *,
        since: DayText | None = None,
        limit: Limit = _SHOWN,
        at: At | None = None,
        scope: Scope | None = None,
        **parts: Unpack[ScopeParts],
    ) -> RecallStatistics:
        """Show which memories are relied on, never used, stale or overridden, and which questions found nothing.

        Counted are the memories in answers, those requested by name, feedback, confirmations, warnings of guard that
        were heeded or overridden, and checks of commits. Neither questions nor prompts are recorded. A reader with a
        user sees their own counts and those of readers without a user.

        Args:
            since: Count from this day on, such as 2026-11-01; days of more than a quarter ago count by the month.
            limit: The most memories or questions in each list.
            at: The point for the states of memories; now and latest if not given.
            scope: The reader's scope.
            parts: Parts of the scope, such as `user="ana"`, that replace those of `scope` or of the default scope.

        Raises:
            InvalidInput: `since` is no day.
            StoreUnavailable: The recall ledger cannot be read.
        """
        reader, context = self._context.reader(scope, parts), self._context
        first = _day(since)
        context.recalls.fold()
        excerpt = context.recalls.excerpt(reader, first)
        point = context.point(at, reader)
        use = _Use(context, reader, point, excerpt.counts)
        unused = use.unused()
        return RecallStatistics(
            at=point,
            position=excerpt.position,
            since=first,
            began=excerpt.began,
            is_recording=context.recalls.is_on,
            relied_on=use.relied_on()[:limit],
            unused=use.references(unused[:limit]),
            unused_count=len(unused),
            stale=use.stale()[:limit],
            unanswered=excerpt.questions[:limit],
            unanswered_count=len(excerpt.questions),
            overridden=use.overridden()[:limit],
        )


class _Use:
    """The use of the memories that a reader sees at a point."""

    def __init__(
        self, context: ServiceContext, reader: Scope, point: Point, counts: Mapping[str, RecallCounts]
    ) -> None:
        self._context = context
        self._reader = reader
        self._point = point
        self._view = context.view(reader, sorted(counts), point.seq)
        visible = {key for key in counts if (memory := self._view.memory(key)) is not None and memory.statement}
        self._counts = {key: counts[key] for key in sorted(visible)}
        self._forget_erased(counts)

    def _forget_erased(self, counts: Mapping[str, RecallCounts]) -> None:
        """Remove the counts of memories that were erased by another machine, or while the ledger was not writable."""
        rows = self._view.rows.memories
        erased = [key for key in counts if key in rows and rows[key].memory.statement is None]
        if erased:
            with suppress(GraphMemError):
                self._context.recalls.forget(self._reader, erased)

    def relied_on(self) -> tuple[UsedMemory, ...]:
        """Return the memories with uses, the most relied on first."""

        def rank(counts: RecallCounts) -> tuple[int, int]:
            return counts.relied_on, counts.surfaced

        return self._ranked(self._counts, rank, recall_sentence, with_zero=True)

    def overridden(self) -> tuple[UsedMemory, ...]:
        """Return the memories whose warnings were overridden."""

        def sentence(counts: RecallCounts) -> str:
            return f"Overridden {_times(counts.overridden)}, heeded {_times(counts.heeded)}."

        return self._ranked(self._counts, lambda counts: (counts.overridden, counts.warned), sentence)

    def stale(self) -> tuple[UsedMemory, ...]:
        """Return the memories that were requested although something speaks against them."""
        by_use = sorted(self._counts, key=lambda key: (-self._counts[key].requested, key))
        requested = [key for key in by_use if self._counts[key].requested][:_MOST_EXAMINED]
        cards = [shown for key in requested if (shown := card(self._view, key, self._point.valid)) is not None]
        whole = with_dependencies(self._context.store, self._reader, cards, self._point)
        answers = []
        for shown in whole:
            placed = with_files(self._context.mainlines, self._reader, shown, self._point)
            doubt = _doubt(placed, self._counts[shown.id])
            if doubt:
                requests = f"Requested {_times(self._counts[shown.id].requested)}; {doubt}."
                answers.append(UsedMemory(self._reference(shown.id), self._counts[shown.id], requests))
        return tuple(answers)

    def unused(self) -> list[tuple[Reference, int]]:
        """Return the memories in force that nobody got, with their ledger positions, the longest recorded first."""
        unused: list[tuple[Reference, int]] = []
        hint = self._point.valid if self._point.seq == self._context.store.position(self._reader).seq else None
        for ids in chunks(self._context, Filter(), self._reader, self._point.seq, hint):
            view = self._context.view(self._reader, ids, self._point.seq)
            for key in ids:
                counts = self._counts.get(key)
                if (counts is None or not counts.requested) and _is_in_force(view, key, self._point):
                    seq = view.rows.memories[key].stamp.seq
                    unused.append((reference(view, key, self._point.valid), seq))
        return sorted(unused, key=lambda pair: (pair[1], pair[0].id))

    @staticmethod
    def references(pairs: Iterable[tuple[Reference, int]]) -> tuple[Reference, ...]:
        """Return the references of memories with positions."""
        return tuple(memory for memory, _ in pairs)

    def _reference(self, key: str) -> Reference:
        return reference(self._view, key, self._point.valid)

    def _ranked(
        self,
        counts: Mapping[str, RecallCounts],
        rank: Callable[[RecallCounts], tuple[int, int]],
        sentence: Callable[[RecallCounts], str],
        *,
        with_zero: bool = False,
    ) -> tuple[UsedMemory, ...]:
        """Return the memories of which the first number is above zero, the highest first, ties by id.

        Args:
            counts: Counts by memory.
            rank: Returns two numbers for the order.
            sentence: Returns the reason for being in the list.
            with_zero: Also those of which the second number alone is above zero.
        """
        keys = sorted(key for key in counts if rank(counts[key])[0] or (with_zero and rank(counts[key])[1]))
        keys.sort(key=lambda key: rank(counts[key]), reverse=True)
        return tuple(UsedMemory(self._reference(key), counts[key], sentence(counts[key])) for key in keys)


def _is_in_force(view: View, key: str, point: Point) -> bool:
    memory = view.memory(key)
    return memory is not None and memory.statement is not None and view.holds(key, point.valid)


def _doubt(shown: Card, counts: RecallCounts) -> str:
    """Return what speaks against relying on a memory, in words; empty if nothing does."""
    if shown.state is not State.HOLDS:
        return f"it is {shown.state.value}"
    if shown.suspect:
        return "it is suspect, since a memory that it depends on is no longer in force"
    if shown.verdict is not None and shown.verdict.status in _BROKEN:
        return f"the code does not bear it out: {shown.verdict.status.value}"
    if counts.wrong + counts.not_useful > counts.useful + counts.confirmed:
        return f"feedback says that it is wrong or not useful, {_times(counts.wrong + counts.not_useful)}"
    if shown.freshness < _OLD and shown.fresh_at is not None:
        return f"it was last confirmed, or came into force, on {shown.fresh_at.date().isoformat()}"
    return ""


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _day(text: str | None) -> str:
    """Return a day in its full form; empty for none.

    Raises:
        InvalidInput: The text is no day.
    """
    if text is None:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidInput(f"since {text[:40]!r} is no day; write it as 2026-11-01") from None


def use_of(context: ServiceContext, reader: Scope, key: str) -> str:
    """Return the use of a memory in a sentence, as a reader may see it; empty if it was not used."""
    context.recalls.fold()
    counts = context.recalls.counts(reader, [key]).get(key)
    return "" if counts is None else recall_sentence(counts)

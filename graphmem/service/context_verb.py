"""The context block of a task: what was found is put in order, put into words, and cut to a budget."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Unpack

from graphmem.briefing.block import (
    DEFAULT_BUDGET,
    LEAST_BUDGET,
    LEAST_CHARS,
    MOST_BUDGET,
    BlockItem,
    ContextBlock,
    Section,
)
from graphmem.briefing.fitting import Fitted, Frame, Room, fitted
from graphmem.briefing.sections import section_of
from graphmem.briefing.usefulness import FLOOR, usefulness
from graphmem.briefing.wording import HEAD, HEAD_SINCE, Wording
from graphmem.errors import InvalidInput
from graphmem.model import At, Point, Scope, ScopeParts
from graphmem.parameters import Budget, Chars, PathName, Position, TaskText
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.retrieval.search import Searcher
from graphmem.service.block_items import BlockItems
from graphmem.service.commit_points import at_commits
from graphmem.service.context import ServiceContext
from graphmem.service.seen_changes import SeenChanges
from graphmem.service.task_evidence import EvidenceSearch, Task, TaskEvidence, own_parts
from graphmem.terms import question_terms
from graphmem.token_count import token_count

_WORDS_ONLY = EmbedderMissing("asked by words alone")
#: Characters of the tag of marks.
_TAG_CHARS = 12
#: Memories that are put into words: more than fit into the budget, each taking at least these tokens.
_LINE_TOKENS, _SPARE_LINES = 12, 20
#: A memory that is no longer in force is told of if it says at least this much of the task.
_ENDED_FLOOR = 0.6


class ContextVerb:
    """The verb that gives the context block of a task."""

    _context: ServiceContext

    @at_commits
    def context(  # noqa: PLR0913 - each parameter shapes the block in another way
        self,
        task: TaskText,
        paths: Sequence[PathName] = (),
        *,
        at: At | None = None,
        scope: Scope | None = None,
        budget_tokens: Budget = DEFAULT_BUDGET,
        since: Position | None = None,
        max_chars: Chars | None = None,
        words_only: bool = False,
        **parts: Unpack[ScopeParts],
    ) -> ContextBlock:
        """Give the memories in force that govern a task, within a budget of tokens, in order of precedence.

        What is mandatory for the task or its paths comes first, then decisions with what they rejected, conventions,
        the reader's preferences, work in flight, and what to beware of. Memories about the paths come even if no word
        matches. Each line names the memory, since when it is in force, and why it is there.

        Args:
            task: What is to be done, in plain words; may be empty.
            paths: Files or folders that the task touches; paths in the task's text count too.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.
            budget_tokens: The most tokens of the block, by the counter that the answer names.
            since: Only what changed after this ledger position.
            max_chars: The most characters of the block.
            words_only: Compare words alone, without loading a model.
            parts: Parts of the scope, such as `user="ana"`, that replace those of `scope` or of the default scope.

        Raises:
            InvalidInput: A budget is out of range, `since` is no ledger position, or `known_at` is not past.
        """
        _check(budget_tokens, max_chars)
        context, reader = self._context, self._context.reader(scope, parts)
        point = context.point(at, reader)
        if since is not None and not 0 <= since <= point.seq:
            raise InvalidInput(f"since {since!r} is no ledger position; the answer is of position {point.seq}")
        wanted = Task.of(task, paths)
        words = Searcher(context.store, lambda: _WORDS_ONLY, context.seal, context.mainlines)
        searcher = words if words_only else context.searcher
        found = EvidenceSearch(context, reader, point, searcher, words).evidence(wanted)
        return _Block(context, reader, point, wanted, found).written(Room(budget_tokens, max_chars), since)


class _Block:
    """Makes the block of a task from its evidence."""

    def __init__(self, context: ServiceContext, reader: Scope, point: Point, task: Task, found: TaskEvidence) -> None:
        self._context = context
        self._reader = reader
        self._point = point
        self._task = task
        self._found = found
        self._wording = Wording(lambda: self._tag, reader.repo)

    def written(self, room: Room, since: int | None) -> ContextBlock:
        """Return the block within its room; with `since`, only what changed after it."""
        seen = None if since is None else SeenChanges.after(self._context, self._reader, since, self._point)
        ranked = self._ranked(seen)
        most = room.tokens // _LINE_TOKENS + _SPARE_LINES
        items, unseen = self._items(ranked, most, seen)
        fit = self._fitted(items, room, since, unseen)
        return ContextBlock(
            at=self._point,
            markdown=fit.markdown,
            sections=fit.sections,
            tokens=token_count(fit.markdown),
            left_out=fit.left_out,
            since=since,
            mode=self._found.mode,
            note=self._found.note,
        )

    def _ranked(self, seen: SeenChanges | None) -> list[tuple[float, str]]:
        """Return the useful memories, the most useful first, ties by id."""
        found = self._found
        ids = sorted(found.table.found)
        view = self._context.content_view(self._reader, ids, self._point.seq)
        ranked: list[tuple[float, str]] = []
        for memory_id in ids:
            memory = view.memory(memory_id)
            if memory is None or (seen is not None and memory_id not in seen.ids):
                continue
            evidence = found.table.found[memory_id]
            found.table.set(memory_id, **own_parts(evidence, memory, self._task.paths, self._reader))
            value = usefulness(found.table.found[memory_id])
            if value >= FLOOR or memory_id in found.on_path or memory_id in found.mandatory:
                ranked.append((value, memory_id))
        ranked += self._others(seen)
        return sorted(ranked, key=lambda pair: (-pair[0], pair[1]))

    def _others(self, seen: SeenChanges | None) -> list[tuple[float, str]]:
        """Return declared memories that are not in force yet, and the last of what is not in force any more."""
        coming = [(usefulness(evidence), key) for key, evidence in self._found.coming.found.items()]
        ended = [(usefulness(evidence), key) for key, evidence in self._found.ended.found.items()]
        ranked = [pair for pair in coming if pair[0] >= FLOOR] + [pair for pair in ended if pair[0] >= _ENDED_FLOOR]
        if seen is not None:
            ranked = [pair for pair in ranked if pair[1] in seen.ids and pair[1] not in seen.gone]
            ranked += [(1.0, key) for key in sorted(seen.gone)]
        known = self._found.table.found
        return [pair for pair in dict.fromkeys(ranked) if pair[1] not in known]

    def _items(
        self, ranked: Sequence[tuple[float, str]], most: int, seen: SeenChanges | None
    ) -> tuple[list[BlockItem], Counter[Section]]:
        """Return the items of the most useful memories, what is mandatory included, and the number of the others."""
        mandatory = [key for _, key in ranked if key in self._found.mandatory]
        others = [key for _, key in ranked if key not in self._found.mandatory]
        made = BlockItems(self._context, self._reader, self._point, self._found)
        items = made.items([*mandatory, *others[:most]], question_terms(self._task.text))
        rest = made.sections_of(others[most:])
        if seen is not None:
            items = [replace(item, is_new=True) for item in items]
        return items, rest

    def _fitted(self, items: Sequence[BlockItem], room: Room, since: int | None, unseen: Counter[Section]) -> Fitted:
        if not items:
            return Fitted("", (), sum(unseen.values()))
        lines = [self._wording.line(item, self._section(item)) for item in items]
        mandatory = [line for line in lines if line.section is Section.MUST]
        others = [line for line in lines if line.section is not Section.MUST]
        head = HEAD if since is None else HEAD_SINCE.format(since=since)
        return fitted(mandatory, others, room, Frame(head, self._point.seq), unseen)

    def _section(self, item: BlockItem) -> Section:
        is_bound = item.is_mandatory and (item.id in self._found.mandatory or not self._task.paths)
        return section_of(item, self._reader, is_bound=is_bound)

    @cached_property
    def _tag(self) -> str:
        """The tag of marks: a digest of the last ledger entry, which no writer of a memory knows beforehand.

        It is the same in every store that has the ledger, unlike the tenant's secret.
        """
        last = self._context.store.changes(self._reader, after=self._point.seq - 1, limit=1)
        text = "\x1f".join(f"{change.seq} {change.recorded_at.isoformat()} {change.op_id}" for change in last)
        return hashlib.sha256(f"{self._task.text}\x1f{text}".encode("utf-8", "surrogatepass")).hexdigest()[:_TAG_CHARS]


def _check(budget_tokens: int, max_chars: int | None) -> None:
    if not LEAST_BUDGET <= budget_tokens <= MOST_BUDGET:
        raise InvalidInput(f"budget_tokens {budget_tokens!r} is not between {LEAST_BUDGET} and {MOST_BUDGET:,}")
    if max_chars is not None and max_chars < LEAST_CHARS:
        raise InvalidInput(f"max_chars {max_chars!r} is less than {LEAST_CHARS}: no memory would have room")

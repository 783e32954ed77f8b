"""Makes the context block of a task from the evidence for each memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from graphmem.briefing.block import BlockItem, ContextBlock, SectionName
from graphmem.briefing.fitting import Fitted, Frame, Room, fitted
from graphmem.briefing.sections import section_of
from graphmem.briefing.usefulness import FLOOR, WEIGHTS, Weights, usefulness
from graphmem.briefing.wording import HEAD, HEAD_SINCE, BlockWording
from graphmem.claims.claim_statement import is_claim
from graphmem.deferred_dataclass import replace
from graphmem.digests import sha256
from graphmem.model import Point, Scope
from graphmem.service.block_items import BlockItems
from graphmem.service.context import ServiceContext
from graphmem.service.task_evidence import Task, TaskEvidence, own_parts
from graphmem.temporal import View
from graphmem.terms import question_terms
from graphmem.token_count import token_count

if TYPE_CHECKING:
    from graphmem.service.seen_changes import SeenChanges

#: Characters of the tag of marks.
_TAG_CHARS = 12
#: Memories that are put into words: more than fit into the budget, each taking at least these tokens.
_LINE_TOKENS, _SPARE_LINES = 12, 20
#: A memory that is not in force, any more or yet, is mentioned if it is at least this useful.
_NOT_IN_FORCE_FLOOR = 0.4
#: A change is mentioned if it is at least this useful: news about another task are left out.
_NEWS_FLOOR = 0.2


class BlockMaker:
    """Makes the block of a task: its evidence is weighed, put into words, and cut to a budget.

    Args:
        context: The dependencies of the verb.
        reader: The reader's scope.
        point: The point of the block.
        task: The task.
        evidence: The evidence for it.
        weights: The weights of the evidence.
        by_use: Order memories that are equally useful by the reliance on them.
    """

    def __init__(  # noqa: PLR0913 - what a block is made of
        self,
        context: ServiceContext,
        reader: Scope,
        point: Point,
        task: Task,
        evidence: TaskEvidence,
        weights: Weights = WEIGHTS,
        *,
        by_use: bool = False,
    ) -> None:
        self._context = context
        self._reader = reader
        self._point = point
        self._task = task
        self._found = evidence
        self._weights = weights
        self._by_use = by_use
        self._settled: Mapping[str, tuple[str, ...]] = {}
        self._wording = BlockWording(lambda: self._tag, reader.repo, point.valid)

    def block(self, room: Room, since: int | None) -> ContextBlock:
        """Return the block within its room; with `since`, only the changes after it."""
        seen = None if since is None else self._changes_after(since)
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

    def _changes_after(self, since: int) -> SeenChanges:
        from graphmem.service.seen_changes import SeenChanges

        return SeenChanges.after(self._context, self._reader, since, self._point)

    def _ranked(self, seen: SeenChanges | None) -> list[tuple[float, str]]:
        """Return the useful memories, the most useful first; ties by the reliance on them, then by id."""
        evidence_of_task = self._found
        ids = sorted(evidence_of_task.table.found)
        view = self._context.content_view(self._reader, ids, self._point.seq)
        floor = FLOOR if seen is None else _NEWS_FLOOR
        ranked: list[tuple[float, str]] = []
        for memory_id in ids:
            memory = view.memory(memory_id)
            if memory is None:
                continue
            evidence = evidence_of_task.table.found[memory_id]
            evidence_of_task.table.set(memory_id, **own_parts(evidence, memory, self._task.paths, self._reader))
            value = usefulness(evidence_of_task.table.found[memory_id], self._weights)
            if value >= floor or memory_id in evidence_of_task.on_path or memory_id in evidence_of_task.mandatory:
                ranked.append((value, memory_id))
        if seen is not None:
            news = seen.ids | self._changed_cautions(seen, [key for _, key in ranked])
            ranked = [pair for pair in ranked if pair[1] in news]
        ranked += self._others(seen, {key: value for value, key in ranked})
        reliance = self._reliance([key for _, key in ranked], view)
        return sorted(ranked, key=lambda pair: (-pair[0], -reliance.get(pair[1], 0), pair[1]))

    def _reliance(self, ids: Sequence[str], view: View) -> dict[str, int]:
        """Return the reliance on memories of trusted origins, so that use moves no other past them."""
        if not self._by_use:
            return {}
        counts = self._context.recalls.counts(self._reader, ids)
        return {key: counts[key].reliance for key in counts if _is_trusted(view, key)}

    def _changed_cautions(self, seen: SeenChanges, ids: Sequence[str]) -> frozenset[str]:
        """Return the memories whose doubts or conflicts arose or were settled after the position seen."""
        if seen.is_empty:
            return frozenset()
        from graphmem.service.changed_cautions import ChangedCautions

        points = (Point(self._point.valid, seen.position), self._point)
        changed = ChangedCautions.after(self._context, self._reader, points, ids, sorted(seen.ids))
        self._settled = changed.settled
        return changed.ids

    def _others(self, seen: SeenChanges | None, values: Mapping[str, float]) -> list[tuple[float, str]]:
        """Return declared memories that are not in force yet, and the last of those that are not in force any more.

        Args:
            seen: The changes; a memory that ended is mentioned if it, or a successor, concerns the task.
            values: The usefulness of memories in force.
        """
        coming = [(usefulness(evidence, self._weights), key) for key, evidence in self._found.coming.found.items()]
        ended = [(usefulness(evidence, self._weights), key) for key, evidence in self._found.ended.found.items()]
        ranked = [pair for pair in (*coming, *ended) if pair[0] >= _NOT_IN_FORCE_FLOOR]
        if seen is not None:
            ranked = [pair for pair in ranked if pair[1] in seen.ids and pair[1] not in seen.gone]
            ended_values = {key: value for value, key in ended if value >= _NEWS_FLOOR}
            for key, successors in seen.gone.items():
                values_now = [ended_values.get(key, 0.0), *(values.get(new, 0.0) for new in successors)]
                ranked += [(max(values_now), key)] if max(values_now) else []
        in_force = self._found.table.found
        return self._without_claims([pair for pair in dict.fromkeys(ranked) if pair[1] not in in_force])

    def _without_claims(self, ranked: list[tuple[float, str]]) -> list[tuple[float, str]]:
        """Return memories that are not in force, without claims: a claim that is over, or proposed, is nobody's."""
        if not ranked:
            return ranked
        view = self._context.content_view(self._reader, [key for _, key in ranked], self._point.seq)
        memories = ((pair, view.memory(pair[1])) for pair in ranked)
        return [pair for pair, memory in memories if memory is None or not is_claim(memory.statement)]

    def _items(
        self, ranked: Sequence[tuple[float, str]], most: int, seen: SeenChanges | None
    ) -> tuple[list[BlockItem], Counter[SectionName]]:
        """Return the items of the most useful memories, mandatory memories included, and the number of the others."""
        mandatory = [key for _, key in ranked if key in self._found.mandatory]
        optional = [key for _, key in ranked if key not in self._found.mandatory]
        touched = () if seen is None else seen.ids
        made = BlockItems(self._context, self._reader, self._point, self._found, touched)
        items = made.items([*mandatory, *optional[:most]], question_terms(self._task.text))
        rest = made.sections_of(optional[most:])
        if seen is not None:
            items = [replace(item, is_new=True, settled=self._settled.get(item.id, ())) for item in items]
        return items, rest

    def _fitted(
        self, items: Sequence[BlockItem], room: Room, since: int | None, unseen: Counter[SectionName]
    ) -> Fitted:
        if not items:
            return Fitted("", (), sum(unseen.values()))
        lines = [self._wording.line(item, self._section(item)) for item in items]
        mandatory = [line for line in lines if line.section is SectionName.MUST]
        optional = [line for line in lines if line.section is not SectionName.MUST]
        head = HEAD if since is None else HEAD_SINCE.format(since=since)
        return fitted(mandatory, optional, room, Frame(head, self._point.seq), unseen)

    def _section(self, item: BlockItem) -> SectionName:
        is_bound = item.is_mandatory and (item.id in self._found.mandatory or not self._task.paths)
        return section_of(item, self._reader, is_bound=is_bound)

    @cached_property
    def _tag(self) -> str:
        """The tag of marks: a digest of the last ledger entry, unknown in advance to every writer of a memory.

        It is the same in every store that has the ledger, unlike the tenant's secret.
        """
        last = self._context.store.changes(self._reader, after=self._point.seq - 1, limit=1)
        text = "\x1f".join(f"{change.seq} {change.recorded_at.isoformat()} {change.op_id}" for change in last)
        return sha256(f"{self._task.text}\x1f{text}".encode("utf-8", "surrogatepass")).hexdigest()[:_TAG_CHARS]


def _is_trusted(view: View, key: str) -> bool:
    memory = view.memory(key)
    return memory is not None and memory.statement is not None and memory.statement.origin.is_trusted

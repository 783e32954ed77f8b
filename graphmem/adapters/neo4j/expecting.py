"""What the graph must hold, worked out from a ledger alone: what `check` compares with."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from graphmem import temporal
from graphmem.adapters.neo4j.creating import (
    alternative_rows,
    anchor_rows,
    branch_row,
    change_row,
    derived_row,
    edge_row,
    memory_row,
    move_row,
    stamp_row,
    statement_row,
    text_row,
)
from graphmem.adapters.neo4j.indexing import indexed, with_source_keys
from graphmem.adapters.neo4j.states import state_labels
from graphmem.ledger import Entry, change_of
from graphmem.model import Add, Change, Request, Statement
from graphmem.rows import Derived, MemoryRow, Rows
from graphmem.temporal import Overlay, stamp_of
from graphmem.temporal.operations import marks

Plain = Any

# The kernel asks of a statement only whether there is one: the whole of a ledger would not fit into memory.
_SOMETHING = Statement(title="something")


@dataclass(slots=True)
class Expected:
    """Everything of one tenant that does not follow from one ledger entry alone.

    Attributes:
        marks: For each memory, the relationships that lead to it from ledger entries.
        chains: For each memory, those that lead from it to other memories.
        revocations: For each ledger entry, those that lead from it to entries that it revokes.
    """

    tenant: str
    marks: dict[str, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    chains: dict[str, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[str, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    revocations: dict[int, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    branches: dict[str, Plain] = field(default_factory=dict)
    terms: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    tokens: int = 0
    _caches: dict[str, tuple[int, Derived]] = field(default_factory=dict)
    _world: Overlay = field(default_factory=lambda: Overlay(Rows()))

    def follow(self, entry: Entry) -> None:
        """Take in the next ledger entry."""
        change = change_of(entry)
        request = Request(change.op_id, change.operation, change.writer, change.provenance)
        done = temporal.replay(change, self._world.situation(temporal.needs(request)))
        self._caches.update({one.memory: (change.seq, one) for one in done.derived})
        self._count(change)
        if done.erased is None:
            self._add(change.seq, done.appended)
        stamped = stamp_row(stamp_of(change))
        for kind, key, role in marks(change.operation, self._world.change):
            self.marks[key].append([kind, change.seq, plain({**stamped, "role": role})])
        light = {key: _light(row) for key, row in done.appended.memories.items()}
        self._world.append(replace(done, appended=replace(done.appended, memories=light)))

    def memory(self, entry: Entry) -> tuple[str, Plain] | None:
        """Id, and labels with properties and relationships, of the memory that an entry recorded."""
        change = change_of(entry)
        if not isinstance(change.operation, Add):
            return None
        memory = change.operation.memory
        row: dict[str, Any] = memory_row(MemoryRow(memory, stamp_of(change)))
        labels, anchors, alternatives = ["Memory"], [], []
        if memory.statement is not None:
            statement = memory.statement
            text = indexed(memory.scope, statement)
            row |= {**statement_row(statement), **text_row(text)}
            keys = [key for key, _ in self.sources.get(memory.id, ())]
            row["facets"] = with_source_keys(text.facets, keys)
            labels.append(statement.kind.capitalize())
            near = anchor_rows(memory, statement.anchors)
            anchors = [[one["ordinal"], one["role"], one["id"], one["row"]] for one in near]
            alternatives = [[one["ordinal"], one["row"]] for one in alternative_rows(memory, statement)]
        if memory.id in self._caches:
            seq, cache = self._caches[memory.id]
            row |= derived_row(seq, cache)
            labels += state_labels(cache)
        return memory.id, plain(
            {
                "labels": sorted(labels),
                "properties": row,
                "from the ledger": ordered(self.marks.get(memory.id, ())),
                "to memories": ordered(self.chains.get(memory.id, ())),
                "anchors": ordered(anchors),
                "source keys": ordered(self.sources.get(memory.id, ())),
                "alternatives": ordered(alternatives),
            }
        )

    def change(self, entry: Entry) -> Plain:
        """Properties of an entry's node, and what it revokes."""
        row = change_row(self.tenant, change_of(entry), entry)
        return plain({"properties": row, "revokes": ordered(self.revocations.get(entry.seq, ()))})

    def _count(self, change: Change) -> None:
        if isinstance(change.operation, Add) and change.operation.memory.statement is not None:
            text = indexed(change.operation.memory.scope, change.operation.memory.statement)
            self.documents += 1
            self.tokens += text.length
            self.terms.update(text.counted)

    def _add(self, seq: int, rows: Rows) -> None:
        for key in rows.memories:
            self.marks[key].append(["RECORDED", seq, {}])
        for move in rows.moves:
            self.marks[move.memory].append(["MOVED", seq, plain(move_row(move))])
        for edge in rows.edges:
            self.chains[edge.old].append(["SUPERSEDED_BY", edge.new, plain(edge_row(edge))])
        for source in rows.sources:
            self.sources[source.memory].append([source.key, plain(stamp_row(source.stamp))])
        for link in rows.links:
            self.chains[link.source].append([link.kind.upper(), link.target, plain(stamp_row(link.stamp))])
        for one in rows.revocations:
            self.revocations[seq].append([one.change, plain({"move": one.move, **stamp_row(one.stamp)})])
        for branch in rows.branches.values():
            self.branches[branch.key] = plain({"tenant": self.tenant, **branch_row(branch)})


def _light(row: MemoryRow) -> MemoryRow:
    if row.memory.statement is None:
        return row
    return replace(row, memory=replace(row.memory, statement=_SOMETHING))


def plain(value: Plain) -> Plain:
    """A value as it compares with one that the server returned: no enumerations, no tuples, no nulls in maps."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "to_native"):
        return value.to_native().isoformat()
    return value


def ordered(values: Iterable[Plain]) -> list[Plain]:
    """Relationships in an order that does not depend on who returned them."""
    return sorted((plain(value) for value in values), key=lambda one: json.dumps(one, sort_keys=True))

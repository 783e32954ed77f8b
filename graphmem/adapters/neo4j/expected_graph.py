"""Derives the expected graph from a ledger; `check` compares the stored graph with it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from graphmem import temporal
from graphmem.adapters.neo4j.properties import (
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
from graphmem.adapters.neo4j.repository_graph import RepositoryGraph
from graphmem.adapters.neo4j.states import state_labels
from graphmem.adapters.neo4j.text_entries import text_entry, with_source_keys
from graphmem.deferred_dataclass import dataclass
from graphmem.guard.index_terms import terms_of_statement
from graphmem.ledger import Entry, change_of
from graphmem.model import Add, Change, Request, Statement
from graphmem.rows import Derived, MemoryRow, Rows
from graphmem.temporal import Overlay, stamp_of
from graphmem.temporal.operations import marks

Plain = Any

# Replaces every statement: the kernel tests only for its presence, and all statements of a ledger may exceed memory.
_PLACEHOLDER = Statement(title="placeholder")


@dataclass(slots=True)
class ExpectedGraph:
    """The parts of a tenant's graph that follow from several ledger entries.

    Attributes:
        marks: For each memory, the relationships from ledger entries.
        chains: For each memory, the relationships to memories.
        sources: For each memory, the relationships to source keys.
        revocations: For each ledger entry, the relationships to entries that it revokes.
        branches: The properties of each branch, by key.
        repositories: The graph of the mainline of each repository with readings.
        terms: The number of memories with each term.
        documents: The number of memories with a statement.
        tokens: The number of words in all memories.
    """

    tenant: str
    marks: dict[str, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    chains: dict[str, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[str, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    revocations: dict[int, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    branches: dict[str, Plain] = field(default_factory=dict)
    repositories: dict[str | None, RepositoryGraph] = field(default_factory=dict)
    terms: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    tokens: int = 0
    _caches: dict[str, tuple[int, Derived]] = field(default_factory=dict)
    _overlay: Overlay = field(default_factory=lambda: Overlay(Rows()))

    def follow(self, entry: Entry) -> None:
        """Add the next ledger entry."""
        change = change_of(entry)
        request = Request(change.op_id, change.operation, change.writer, change.provenance)
        transaction = temporal.replay(change, self._overlay.situation(temporal.needs(request)))
        self._caches.update({cached.memory: (change.seq, cached) for cached in transaction.derived})
        self._count(change)
        if transaction.erased is None:
            self._add(change, transaction.appended)
        stamped = stamp_row(stamp_of(change))
        for kind, memory_id, role in marks(change.operation, self._overlay.change):
            self.marks[memory_id].append([kind, change.seq, plain({**stamped, "role": role})])
        memories = {memory_id: _without_text(row) for memory_id, row in transaction.appended.memories.items()}
        self._overlay.append(replace(transaction, appended=replace(transaction.appended, memories=memories)))

    def memory(self, entry: Entry) -> tuple[str, Plain] | None:
        """Return the id of the memory that an entry recorded, and its labels, properties and relationships."""
        change = change_of(entry)
        if not isinstance(change.operation, Add):
            return None
        memory = change.operation.memory
        row: dict[str, Any] = memory_row(MemoryRow(memory, stamp_of(change)))
        labels, anchors, alternatives, guarded = ["Memory"], [], [], []
        if memory.statement is not None:
            statement = memory.statement
            index_entry = text_entry(memory.scope, statement)
            row |= {**statement_row(statement), **text_row(index_entry)}
            keys = [key for key, _ in self.sources.get(memory.id, ())]
            row["facets"] = with_source_keys(index_entry.facets, keys)
            labels.append(statement.kind.capitalize())
            rows = anchor_rows(memory, statement.anchors)
            anchors = [[anchor["ordinal"], anchor["role"], anchor["id"], anchor["row"]] for anchor in rows]
            rows = alternative_rows(memory, statement)
            guarded = list(terms_of_statement(statement))
            alternatives = [[alternative["ordinal"], alternative["row"]] for alternative in rows]
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
                "guard terms": ordered(guarded),
            }
        )

    def change(self, entry: Entry) -> Plain:
        """Return the properties of an entry's node and its revocations."""
        row = change_row(self.tenant, change_of(entry), entry)
        return plain({"properties": row, "revokes": ordered(self.revocations.get(entry.seq, ()))})

    def _count(self, change: Change) -> None:
        if isinstance(change.operation, Add) and change.operation.memory.statement is not None:
            entry = text_entry(change.operation.memory.scope, change.operation.memory.statement)
            self.documents += 1
            self.tokens += entry.length
            self.terms.update(entry.counts)

    def _add(self, change: Change, rows: Rows) -> None:
        seq = change.seq
        for memory_id in rows.memories:
            self.marks[memory_id].append(["RECORDED", seq, {}])
        for move in rows.moves:
            self.marks[move.memory].append(["MOVED", seq, plain(move_row(move))])
        for edge in rows.edges:
            self.chains[edge.old].append(["SUPERSEDED_BY", edge.new, plain(edge_row(edge))])
        for source in rows.sources:
            self.sources[source.memory].append([source.key, plain(stamp_row(source.stamp))])
        for link in rows.links:
            self.chains[link.source].append([link.kind.upper(), link.target, plain(stamp_row(link.stamp))])
        for row in rows.revocations:
            self.revocations[seq].append([row.change, plain({"move": row.move, **stamp_row(row.stamp)})])
        for reading in rows.readings:
            graph = self.repositories.setdefault(reading.repo, RepositoryGraph(self.tenant, reading.repo))
            graph.take(change)
        for branch in rows.branches.values():
            self.branches[branch.key] = plain({"tenant": self.tenant, **branch_row(branch)})


def _without_text(row: MemoryRow) -> MemoryRow:
    if row.memory.statement is None:
        return row
    return replace(row, memory=replace(row.memory, statement=_PLACEHOLDER))


def plain(value: Plain) -> Plain:
    """Return a value in comparable form: no enumerations, tuples, temporal types or nulls in maps."""
    if isinstance(value, dict):
        return {name: plain(element) for name, element in value.items() if element is not None}
    if isinstance(value, list | tuple):
        return [plain(element) for element in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "to_native"):
        return value.to_native().isoformat()
    return value


def ordered(values: Iterable[Plain]) -> list[Plain]:
    """Return values in comparable form, sorted by their JSON text."""
    return sorted((plain(value) for value in values), key=lambda value: json.dumps(value, sort_keys=True))

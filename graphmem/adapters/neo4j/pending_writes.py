"""Collects planned transactions as parameters and writes them to the graph in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.properties import (
    Row,
    alternative_rows,
    anchor_rows,
    branch_row,
    change_row,
    derived_row,
    edge_fields,
    encoded_time,
    head_row,
    home_row,
    move_fields,
    statement_row,
    text_row,
    vector_row,
    without_nulls,
)
from graphmem.adapters.neo4j.states import state_labels
from graphmem.adapters.neo4j.text_entries import path_facets, text_entry
from graphmem.adapters.neo4j.values import LedgerHead
from graphmem.adapters.neo4j.write_statement import LISTS, write_statement
from graphmem.adapters.vector_bytes import blob
from graphmem.guard.index_terms import terms_of_statement
from graphmem.ledger import Entry
from graphmem.model import Change, ReadMainline
from graphmem.rows import Derived, MemoryRow, MoveRow, Rows, Transaction
from graphmem.temporal.operations import marks, operation_name

if TYPE_CHECKING:
    from neo4j import ManagedTransaction, Result

    from graphmem.store import Vector
    from graphmem.temporal import Overlay


class PendingWrites:
    """Planned transactions of a tenant that are not written yet.

    Args:
        head: The tenant's head; its counts of documents, tokens and vectors are updated.
        vectors: Memory id to unit vector, for memories that these transactions add.
        words: The number of added memories with each word; updated.
        is_indexed: Also write vectors to the property of the vector index.

    Attributes:
        erased: Memory id and change of each erasure.
        readings: Ledger position of the first reading of each repository.
    """

    def __init__(
        self, head: LedgerHead, vectors: Mapping[str, Vector], words: Counter[str], *, is_indexed: bool
    ) -> None:
        self._head = head
        self._is_indexed = is_indexed
        self._vectors = vectors
        self._lists: dict[str, list[Any]] = {name: [] for name in LISTS}
        self._words = words
        self._operations: set[str] = set()
        # A later cache of a memory replaces earlier caches.
        self._derived: dict[str, tuple[int, Derived]] = {}
        self.erased: list[tuple[str, Change]] = []
        self.readings: dict[str | None, int] = {}

    @property
    def is_empty(self) -> bool:
        """True if no transaction was added."""
        return not (self._lists["changes"] or self._lists["added"])

    def add(self, transaction: Transaction, entry: Entry, overlay: Overlay) -> None:
        """Add a planned transaction with its sealed entry; `overlay` has the rows that it was planned on."""
        change = transaction.change
        rows = Rows() if transaction.erased is not None else transaction.appended
        self._operations.add(operation_name(change.operation))
        row = change_row(self._head.tenant, change, entry)
        ledger = {"recorded_at": encoded_time(row.pop("recorded_at")), "change": without_nulls(row)}
        # Only an addition records a memory, and exactly 1; the replayed addition of an erased memory has no statement.
        added = next(
            (memory_row for memory_row in rows.memories.values() if memory_row.memory.statement is not None), None
        )
        if added is None:
            self._lists["changes"].append(ledger)
            self._lists["tombstones"] += [_tombstone(memory_row) for memory_row in rows.memories.values()]
        else:
            self._lists["added"].append({**ledger, **self._added(added, rows.moves)})
        self._add_rows(rows, added)
        if transaction.erased is not None:
            self.erased.append((transaction.erased, change))
        for kind, memory_id, role in marks(change.operation, overlay.change):
            self._lists[kind].append({"seq": change.seq, "id": memory_id, "row": without_nulls({"role": role})})
        if isinstance(change.operation, ReadMainline):
            self.readings.setdefault(change.writer.repo, change.seq)
        self._derived.update({cached.memory: (change.seq, cached) for cached in transaction.derived})

    def write(self, tx: ManagedTransaction, words: Mapping[str, int], *, precondition: Row | None = None) -> Result:
        """Write all rows and add `words` to the term counts; with a precondition, only if the state equals it.

        Returns:
            A single record, or none if the precondition failed. The result is not awaited: the next part can be planned
            while the server writes.
        """
        head = head_row(self._head)
        for added in self._lists["added"]:
            added.update(self._cache_of(added["row"]["id"], added["row"]))
        self._lists["derived"] = [_cache_parameters(seq, cached) for seq, cached in self._derived.values()]
        self._lists["words"] = list(words)
        # A batch of several operations uses all parts, so that the server plans few statements: one for each operation
        # by itself and one for all mixtures.
        is_mixed = len(self._operations) > 1
        parameters: dict[str, Any] = {name: rows for name, rows in self._lists.items() if rows or is_mixed}
        statement = write_statement(frozenset(parameters), is_conditional=precondition is not None)
        parameters |= {"tenant": self._head.tenant, "head": head, "recorded_at": encoded_time(head.pop("recorded_at"))}
        return tx.run(statement, p=parameters | {"counts": list(words.values()), "precondition": precondition})

    def _cache_of(self, memory_id: str, row: Row) -> Row:
        """Return the cached times of an added memory; the other cached properties go into its row."""
        seq, cached = self._derived.pop(memory_id)
        cache = _cache_parameters(seq, cached)
        row |= cache.pop("row") | {"cached_seq": cache.pop("seq")}
        return cache

    def _add_rows(self, rows: Rows, added: MemoryRow | None) -> None:
        for move in rows.moves:
            if added is None or move.memory != added.memory.id:
                self._lists["MOVED"].append({"seq": move.stamp.seq, "id": move.memory, **_move_parameters(move)})
        for edge in rows.edges:
            ends = {"old": edge.old, "new": edge.new, "at": encoded_time(edge.at), "until": encoded_time(edge.until)}
            self._lists["edges"].append({"seq": edge.stamp.seq, **ends, "row": without_nulls(edge_fields(edge))})
        for source in rows.sources:
            paths = path_facets(source.key)
            self._lists["sources"].append(
                {"seq": source.stamp.seq, "id": source.memory, "key": source.key, "facets": paths}
            )
        for link in rows.links:
            ends = {"source": link.source, "target": link.target}
            self._lists[link.kind.upper()].append({"seq": link.stamp.seq, **ends})
        for revoked in rows.revocations:
            self._lists["revocations"].append(
                {"seq": revoked.stamp.seq, "change": revoked.change, "move": revoked.move}
            )
        self._lists["branches"] += [branch_row(branch) for branch in rows.branches.values()]

    def _added(self, row: MemoryRow, moves: Iterable[MoveRow]) -> Row:
        """Return the parameters of an added memory with its moves, anchors and alternatives."""
        memory, statement = row.memory, row.memory.statement
        assert statement is not None, "an erased memory is a tombstone"  # noqa: S101
        entry, vector = text_entry(memory.scope, statement), self._vectors.get(memory.id)
        properties = statement_row(statement)
        observed_at = encoded_time(properties.pop("observed_at"))
        properties = without_nulls({**home_row(memory), **properties, **text_row(entry)})
        if vector is not None:
            properties |= vector_row(blob(vector), is_indexed=self._is_indexed)
            self._head.vectors += 1
        self._head.documents += 1
        self._head.tokens += entry.length
        self._words.update(entry.counts)
        return {
            "label": statement.kind.capitalize(),
            "observed_at": observed_at,
            "row": properties,
            "moves": [_move_parameters(move) for move in moves if move.memory == memory.id],
            "anchors": anchor_rows(memory, statement.anchors),
            "alternatives": alternative_rows(memory, statement),
            "guard_terms": list(terms_of_statement(statement)),
        }


def _tombstone(row: MemoryRow) -> Row:
    return {"seq": row.stamp.seq, "row": home_row(row.memory)}


def _move_parameters(move: MoveRow) -> Row:
    return {"at": encoded_time(move.move.at), "row": without_nulls(move_fields(move))}


def _cache_parameters(seq: int, cached: Derived) -> Row:
    row = derived_row(seq, cached)
    times = {name: encoded_time(row.pop(name)) for name in ("valid_from", "valid_to")}
    spans = {name: [encoded_time(moment) for moment in row.pop(name)] for name in ("holds_from", "holds_to")}
    cached_seq = row.pop("cached_seq")
    return {"id": cached.memory, "seq": cached_seq, "states": state_labels(cached), **times, **spans, "row": row}

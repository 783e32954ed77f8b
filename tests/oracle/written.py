"""The rows that ledger entries leave behind, scanned from the whole list each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from graphmem.model import Add, Change, Confirm, Erase, Link, MergeBranch, Move, Retract, Revoke, Supersede
from graphmem.rows import (
    BranchRow,
    ConfirmRow,
    EdgeRow,
    LinkRow,
    MemoryRow,
    MoveRow,
    RetractRow,
    RevokeRow,
    Rows,
    SourceRow,
    Stamp,
)
from tests.oracle.view import Branches, edges_of, steps_of


def stamp(change: Change) -> Stamp:
    return Stamp(change.seq, change.recorded_at, change.writer.branch_key)


def all_rows(log: Sequence[Change]) -> Rows:
    """Everything that the entries of one tenant say, as a store hands it to the kernel."""
    done = [(change.operation, stamp(change), change) for change in log]
    return Rows(
        memories={op.memory.id: MemoryRow(op.memory, at) for op, at, _ in done if isinstance(op, Add)},
        moves=tuple(row for change in log for row in _moves(change)),
        edges=tuple(row for change in log for row in _edges(change)),
        retractions=tuple(RetractRow(op.id, at) for op, at, _ in done if isinstance(op, Retract)),
        confirmations=tuple(ConfirmRow(op.id, at) for op, at, _ in done if isinstance(op, Confirm)),
        links=tuple(LinkRow(op.source, op.target, op.kind, at) for op, at, _ in done if isinstance(op, Link)),
        revocations=tuple(RevokeRow(op.change, op.move, at) for op, at, _ in done if isinstance(op, Revoke)),
        branches=_branches(log),
    )


def chained(rows: Rows, ids: Sequence[str]) -> Rows:
    """The rows of some memories and of all that any edge, seen or not, ties to them."""
    reached = [key for key in dict.fromkeys(ids) if key in rows.memories]
    for key in reached:
        sides = {edge.new for edge in rows.edges if edge.old == key} | {e.old for e in rows.edges if e.new == key}
        reached += sorted(sides - set(reached))
    inside = set(reached)
    edges = tuple(row for row in rows.edges if row.old in inside)
    links = tuple(row for row in rows.links if {row.source, row.target} & inside)
    return Rows(
        memories={key: rows.memories[key] for key in rows.memories if key in inside},
        moves=tuple(row for row in rows.moves if row.memory in inside),
        edges=edges,
        retractions=tuple(row for row in rows.retractions if row.memory in inside),
        confirmations=tuple(row for row in rows.confirmations if row.memory in inside),
        links=links,
        revocations=rows.revocations,
        branches=rows.branches,
    )


def source_rows(log: Sequence[Change]) -> list[SourceRow]:
    """Under which keys sources had the statements that are not erased."""
    erased = {change.operation.id for change in log if isinstance(change.operation, Erase)}
    named = [
        (change.operation.memory.id if isinstance(change.operation, Add) else change.operation.id, change)
        for change in log
        if isinstance(change.operation, Add | Confirm)
    ]
    return [
        SourceRow(key, change.operation.source_key, stamp(change))
        for key, change in named
        if isinstance(change.operation, Add | Confirm) and change.operation.source_key and key not in erased
    ]


def source_keys(log: Sequence[Change]) -> Mapping[str, list[str]]:
    """The same as keys by memory."""
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for row in source_rows(log):
        keys[row.memory].append(row.key)
    return keys


def _moves(change: Change) -> list[MoveRow]:
    if isinstance(change.operation, Add):
        return [MoveRow(change.operation.memory.id, m, i, stamp(change)) for i, m in enumerate(change.operation.moves)]
    return [
        MoveRow(s.memory, Move(s.status, s.at, s.ordinal, s.word or None), index, stamp(change))
        for index, s in enumerate(steps_of(change))
    ]


def _edges(change: Change) -> list[EdgeRow]:
    operation, reason = change.operation, change.provenance.reason
    part = operation.part if isinstance(operation, Supersede) else None
    return [EdgeRow(e.old, e.new, e.kind, e.at, e.until, part, reason, stamp(change)) for e in edges_of(change)]


def _branches(log: Sequence[Change]) -> dict[str, BranchRow]:
    branches = Branches(log)
    return {key: _branch(branches, key, parent, branches.opened[key]) for key, parent in branches.parent.items()}


def _branch(branches: Branches, key: str, parent: str | None, opened: int) -> BranchRow:
    closing = branches.closing.get(key)
    is_merged = closing is not None and not branches.is_abandoned(key)
    operation = None if closing is None else closing.operation
    is_dated = closing is not None and isinstance(operation, MergeBranch) and operation.at is not None
    merged_at = min(operation.at, closing.recorded_at) if is_dated else None  # type: ignore[union-attr, type-var]
    seq = None if closing is None else closing.seq
    return BranchRow(key, parent, opened, seq, is_merged=is_merged, merged_at=merged_at)

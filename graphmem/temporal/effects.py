"""The rows that an operation leaves behind once it was accepted: one function for planning, restoring and checking."""

from __future__ import annotations

from dataclasses import replace

from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    MergeBranch,
    Move,
    OpenBranch,
    Propose,
    Retract,
    Revoke,
    Scope,
    Status,
    Supersede,
    Transition,
)
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


def stamp_of(change: Change) -> Stamp:
    """The stamp that the rows of a ledger entry carry."""
    return Stamp(change.seq, change.recorded_at, change.writer.branch_key)


def branch_key(writer: Scope, name: str) -> str:
    """The key of a branch of the writer's repository."""
    return replace(writer, branch=name).branch_key or name


def effects(change: Change, before: Rows) -> Rows:
    """The rows that an accepted ledger entry appends; a memory or branch among them replaces the one before.

    Args:
        change: The entry; its operation is what took effect.
        before: Rows of the tenant before it, with at least the branches and the memory that an erase names.
    """
    stamp, operation = stamp_of(change), change.operation
    match operation:
        case Add(memory, moves, _, source_key):
            return Rows(
                memories={memory.id: MemoryRow(memory, stamp)},
                moves=_move_rows(memory.id, moves, stamp),
                sources=_source_rows(memory.id, source_key, stamp),
            )
        case Supersede():
            return Rows(edges=_edges(operation, change.provenance.reason, stamp))
        case Transition(key, move):
            return Rows(moves=_move_rows(key, (move,), stamp))
        case End(key, at, word):
            return Rows(moves=_move_rows(key, (Move(Status.ENDED, at, source_word=word),), stamp))
        case Retract(key):
            return Rows(retractions=(RetractRow(key, stamp),))
        case Confirm(key, source_key):
            return Rows(confirmations=(ConfirmRow(key, stamp),), sources=_source_rows(key, source_key, stamp))
        case Link(source, target, kind):
            return Rows(links=(LinkRow(source, target, kind, stamp),))
        case Revoke(target, index):
            return Rows(revocations=(RevokeRow(target, index, stamp),))
        case Erase(key):
            row = before.memories[key]
            return Rows(memories={key: replace(row, memory=replace(row.memory, statement=None))})
        case Propose():
            return Rows()
        case OpenBranch() | MergeBranch() | AbandonBranch():  # pragma: no branch - the last there is
            return Rows(branches=_branches(operation, change, before))


def _move_rows(key: str, moves: tuple[Move, ...], stamp: Stamp) -> tuple[MoveRow, ...]:
    return tuple(MoveRow(key, move, index, stamp) for index, move in enumerate(moves))


def _source_rows(memory: str, key: str | None, stamp: Stamp) -> tuple[SourceRow, ...]:
    return () if key is None else (SourceRow(memory, key, stamp),)


def _edges(operation: Supersede, reason: str | None, stamp: Stamp) -> tuple[EdgeRow, ...]:
    return tuple(
        EdgeRow(old, new, operation.kind, operation.at, operation.until, operation.part, reason, stamp)
        for old in operation.old
        for new in operation.new
    )


def _branches(
    operation: OpenBranch | MergeBranch | AbandonBranch, change: Change, before: Rows
) -> dict[str, BranchRow]:
    key = branch_key(change.writer, operation.name)
    if isinstance(operation, OpenBranch):
        parent = None if operation.parent is None else branch_key(change.writer, operation.parent)
        return {key: BranchRow(key, parent, change.seq)}
    return {key: replace(before.branches[key], closed=change.seq, is_merged=isinstance(operation, MergeBranch))}

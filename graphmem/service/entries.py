"""Ledger entries as a reader sees them: entries on visible memories, without the ids of other memories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.answers import Reference
from graphmem.model import (
    AbandonBranch,
    Change,
    Link,
    MergeBranch,
    OpenBranch,
    Operation,
    Propose,
    Revoke,
    Scope,
    Supersede,
)
from graphmem.retrieval.reference import references
from graphmem.service.context import ServiceContext
from graphmem.service.statements import proposed_operation
from graphmem.temporal import View, stamp_of, touched


def visible_entries(
    context: ServiceContext, changes: Sequence[Change], reader: Scope, seq: int, *, read: View | None = None
) -> tuple[list[Change], View]:
    """Return the entries that concern a reader at a ledger position, in order, and a view of their memories.

    A supersession concerns readers who see an old and a new memory of it, a link readers who see both ends, a branch
    readers of its repository, and a revocation the readers of the revoked entry.

    Args:
        context: The context of the opened memory.
        changes: Entries of the ledger.
        reader: The reader's scope.
        seq: The ledger position of the view.
        read: A view at that position, used instead of a new one if it has all memories of the entries.
    """
    concerns = [_concern(context, change, reader) for change in changes]
    named = [key for operation in concerns for key in touched(operation)]
    view = read if read is not None and read.is_of(named) else context.view(reader, named, seq)
    seen = [
        _shown(view, change)
        for change, concern in zip(changes, concerns, strict=True)
        if _is_seen(view, change, concern)
    ]
    return seen, view


def mentioned(view: View, entries: Iterable[Change], valid: datetime) -> tuple[Reference, ...]:
    """Return a reference to each visible memory that the entries name, in order of first mention."""
    keys = dict.fromkeys(key for entry in entries for key in touched(entry.operation))
    return references(view, (key for key in keys if view.memory(key) is not None), valid)


def _concern(context: ServiceContext, change: Change, reader: Scope) -> Operation:
    """Return the operation of an entry; of a revocation, the operation that it revokes."""
    operation = proposed_operation(change.operation)
    if not isinstance(operation, Revoke):
        return operation
    (revoked,) = context.store.changes(reader, after=operation.change - 1, limit=1)
    return revoked.operation


def _is_seen(view: View, change: Change, concern: Operation) -> bool:
    if not view.lineage.sees(stamp_of(change)):
        return False
    match concern:
        case Supersede(old=old, new=new):
            return bool(_visible(view, old) and _visible(view, new))
        case Link(source, target):
            return _visible(view, (source, target)) == (source, target)
        case OpenBranch() | MergeBranch() | AbandonBranch():
            return view.reader.admits(Scope(change.writer.tenant, change.writer.repo))
        case _:
            return bool(_visible(view, touched(concern)))


def _shown(view: View, change: Change) -> Change:
    operation = proposed_operation(change.operation)
    if not isinstance(operation, Supersede):
        return change
    shown = replace(operation, old=_visible(view, operation.old), new=_visible(view, operation.new))
    return replace(change, operation=Propose(shown) if isinstance(change.operation, Propose) else shown)


def _visible(view: View, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in ids if key in view.known)

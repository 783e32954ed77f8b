"""Ledger entries as a reader sees them: entries on visible memories, without the ids of other memories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from graphmem.answers import Reference
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput
from graphmem.model import Change, Operation, Propose, ReadMainline, Revoke, Scope, Supersede
from graphmem.retrieval.reference import references
from graphmem.service.context import ServiceContext
from graphmem.temporal import View, stamp_of, touched
from graphmem.temporal.operations import inner_operation, is_visible_to


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
        read: A view at that position, used instead of a new view if it has all memories of the entries.
    """
    concerns = [_concern(context, change, reader) for change in changes]
    named = [key for operation in concerns for key in touched(operation)]
    view = read if read is not None and read.is_of(named) else context.view(reader, named, seq)
    seen = [
        _shown(view, change)
        for change, concern in zip(changes, concerns, strict=True)
        if view.lineage.sees(stamp_of(change)) and is_visible_to(view, concern, change)
    ]
    return seen, view


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Entries of the ledger in order, and the visible memories that they name."""

    changes: tuple[Change, ...]
    mentioned: tuple[Reference, ...] = ()


def ledger_page(context: ServiceContext, reader: Scope, after: int, limit: int) -> LedgerPage:
    """Return the entries after a ledger position that concern a reader, at most `limit`.

    Raises:
        InvalidInput: The position is negative, or the limit is less than 1.
    """
    if limit < 1:
        raise InvalidInput(f"limit {limit!r} is not at least 1")
    if after < 0:
        raise InvalidInput(f"after {after!r} is no ledger position: give 0 or more")
    changes: list[Change] = []
    references: dict[str, Reference] = {}
    while len(changes) < limit and (read := context.store.changes(reader, after=after, limit=limit)):
        visible, view = visible_entries(context, read, reader, context.store.position(reader).seq)
        listed = visible[: limit - len(changes)]
        changes += listed
        references.update((each.id, each) for each in mentioned(view, listed, context.clock()))
        after = read[-1].seq
    return LedgerPage(tuple(changes), tuple(references.values()))


def mentioned(view: View, entries: Iterable[Change], valid: datetime) -> tuple[Reference, ...]:
    """Return a reference to each visible memory that the entries name, in order of first mention."""
    keys = dict.fromkeys(key for entry in entries for key in touched(entry.operation))
    return references(view, (key for key in keys if view.memory(key) is not None), valid)


def _concern(context: ServiceContext, change: Change, reader: Scope) -> Operation:
    """Return the operation of an entry; of a revocation, the operation that it revokes."""
    operation = inner_operation(change.operation)
    if not isinstance(operation, Revoke):
        return operation
    (revoked,) = context.store.changes(reader, after=operation.change - 1, limit=1)
    return revoked.operation


def _shown(view: View, change: Change) -> Change:
    """Return an entry without ids that the reader does not see, and without the rows of a mainline reading."""
    operation = inner_operation(change.operation)
    if isinstance(operation, ReadMainline):
        return replace(change, operation=replace(operation, content="", authors=""))
    if not isinstance(operation, Supersede):
        return change
    shown = replace(operation, old=_visible(view, operation.old), new=_visible(view, operation.new))
    return replace(change, operation=Propose(shown) if isinstance(change.operation, Propose) else shown)


def _visible(view: View, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in ids if key in view.known)

"""Ledger entries as one reader sees them: those that concern what it sees, without ids of what it does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.answers import Reference
from graphmem.model import Change, Operation, Propose, Revoke, Scope, Supersede
from graphmem.retrieval.reference import references
from graphmem.service.desk import Desk
from graphmem.temporal import View, stamp_of, touched
from graphmem.temporal.operations import asked_in, is_known_to


def seen_entries(
    desk: Desk, found: Sequence[Change], reader: Scope, seq: int, *, read: View | None = None
) -> tuple[list[Change], View]:
    """Those of the entries that concern what the reader sees at a ledger position, in their order, and what it sees.

    A supersession concerns those who see an old and a new side of it, a link those who see both ends, a branch those
    who read its repository, and an undoing those whom the undone concerns.

    Args:
        desk: Of the opened memory.
        found: Entries of the ledger.
        reader: Where the reader stands.
        seq: The last ledger position that counts.
        read: What the reader sees there, as far as it was read already.
    """
    concerns = [_concern(desk, one, reader) for one in found]
    named = [key for operation in concerns for key in touched(operation)]
    view = read if read is not None and read.is_of(named) else desk.view(reader, named, seq)
    seen = [
        _shown(view, change)
        for change, concern in zip(found, concerns, strict=True)
        if view.lineage.sees(stamp_of(change)) and is_known_to(view, concern, change)
    ]
    return seen, view


def mentioned(view: View, entries: Iterable[Change], valid: datetime) -> tuple[Reference, ...]:
    """The memories that entries name and the reader sees, each once."""
    keys = dict.fromkeys(key for one in entries for key in touched(one.operation))
    return references(view, (key for key in keys if view.memory(key) is not None), valid)


def _concern(desk: Desk, change: Change, reader: Scope) -> Operation:
    """What an entry is about: its own operation, or the one that it undoes."""
    done = asked_in(change.operation)
    if not isinstance(done, Revoke):
        return done
    (undone,) = desk.store.changes(reader, after=done.change - 1, limit=1)
    return undone.operation


def _shown(view: View, change: Change) -> Change:
    operation = asked_in(change.operation)
    if not isinstance(operation, Supersede):
        return change
    shown = replace(operation, old=_known(view, operation.old), new=_known(view, operation.new))
    return replace(change, operation=Propose(shown) if isinstance(change.operation, Propose) else shown)


def _known(view: View, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in ids if key in view.known)

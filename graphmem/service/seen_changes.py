"""The changes for a reader after a ledger position."""

from __future__ import annotations

from collections.abc import Mapping

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Change, Feedback, Point, Scope
from graphmem.service.context import ServiceContext
from graphmem.temporal import View

_AT_ONCE = 1_000
#: Entries that are read at most.
MOST_CHANGES = 20_000


@dataclass(frozen=True, slots=True)
class SeenChanges:
    """The memories that ledger entries after a position name.

    Attributes:
        position: The position.
        ids: Memories that came into force, changed or went, with the successors of those that went.
        gone: Those of them that were in force for the reader and are not any more, with their successors.
        is_empty: True if no entry but of feedback was written.
    """

    position: int
    ids: frozenset[str]
    gone: Mapping[str, tuple[str, ...]]
    is_empty: bool = False

    @classmethod
    def after(cls, context: ServiceContext, reader: Scope, since: int, point: Point) -> SeenChanges:
        """Return the changes for a reader between a ledger position and a point.

        Raises:
            InvalidInput: Too many entries have been written since.
        """
        named, is_empty = _named_after(context, reader, since, point.seq)
        rows = context.store.rows(reader, sorted(named))
        before, now = View(rows, reader, since), View(rows, reader, point.seq)
        gone = {
            memory_id: tuple(edge.new for edge in now.successions(memory_id) if now.covers(edge, point.valid))
            for memory_id in sorted(named)
            if before.holds(memory_id, point.valid)
            and now.memory(memory_id) is not None
            and not now.holds(memory_id, point.valid)
        }
        return cls(since, frozenset(named), gone, is_empty)


def _named_after(context: ServiceContext, reader: Scope, since: int, until: int) -> tuple[set[str], bool]:
    """Return the memories that entries between two positions name, and whether there is no entry but of feedback."""
    from graphmem.temporal.operations import about

    if until - since > MOST_CHANGES:
        raise InvalidInput(
            f"since {since} lies {until - since:,} entries back, more than {MOST_CHANGES:,}: ask for the whole block"
        )

    def change_at(seq: int) -> Change:
        return context.store.changes(reader, after=seq - 1, limit=1)[0]

    named: set[str] = set()
    is_empty = True
    while since < until:
        changes = context.store.changes(reader, after=since, limit=_AT_ONCE)
        if not changes:
            break
        for change in changes:
            if change.seq <= until and not isinstance(change.operation, Feedback):
                is_empty = False
                named.update(about(change.operation, change_at))
        since = changes[-1].seq
    return named, is_empty

"""What no operation may do, and the words in which it is refused; each operation has its own besides."""

from __future__ import annotations

from collections.abc import Iterable

from graphmem.errors import Conflict, NotFound
from graphmem.model import OpenBranch, Request
from graphmem.rows import MemoryRow, Rows
from graphmem.temporal.lineage import Lineage
from graphmem.temporal.view import View


def refuse_closed_branch(lineage: Lineage, request: Request) -> None:
    """Writes go to the main line or an open branch."""
    key = request.writer.branch_key
    if key is not None and not isinstance(request.operation, OpenBranch) and not lineage.is_open(key):
        raise NotFound(f"no open branch {request.writer.branch!r}; open it first, or write to the main line")


def refuse_unknown(view: View, ids: Iterable[str]) -> None:
    """What is named must be seen by the writer and not erased."""
    for key in ids:
        if view.memory(key) is None:
            raise NotFound(f"no memory {key!r}")


def refuse_changed(rows: Rows, view: View, ids: Iterable[str], seen: int) -> None:
    """What is named must be as its writer saw it; what was recorded later was not there to be seen."""
    for key in ids:
        row = rows.memories.get(key)
        if row is not None and row.stamp.seq <= seen < (last := _last_change(rows, view, row)):
            heads = tuple(edge.new for edge in view.successions(key) if view.memory(edge.new) is not None)
            raise Conflict(f"{key!r} changed at {last}, after {seen}: read it again", heads or (key,))


def _last_change(rows: Rows, view: View, memory: MemoryRow) -> int:
    """The position of the last entry about a memory, as far as its writer may know of it."""
    key = memory.memory.id
    found = [memory.stamp]
    found += [row.stamp for row in rows.moves if row.memory == key]
    found += [row.stamp for row in rows.retractions if row.memory == key]
    found += [row.stamp for row in rows.confirmations if row.memory == key]
    found += [row.stamp for row in rows.edges if key in (row.old, row.new) and view.known.keys() >= {row.old, row.new}]
    # The other end of a link need not be among the rows: whether the writer sees it is not known here.
    found += [row.stamp for row in rows.links if key in (row.source, row.target)]
    stamps = {stamp.seq for stamp in found if view.lineage.sees(stamp)}
    revoked = [row.stamp for row in rows.revocations if row.change in stamps]
    return max([*stamps, *(stamp.seq for stamp in revoked if view.lineage.sees(stamp))])

"""Refusals that all operations share; each operation adds its own in its module."""

from __future__ import annotations

from collections.abc import Iterable

from graphmem.errors import Conflict, NotFound
from graphmem.model import OpenBranch, Request
from graphmem.rows import MemoryRow, Rows
from graphmem.scopes import branch_parts
from graphmem.temporal.lineage import Lineage
from graphmem.temporal.view import View


def refuse_closed_branch(lineage: Lineage, request: Request) -> None:
    """Refuse a write to a branch that is closed or was never opened."""
    writer = request.writer
    if writer.branch is None or isinstance(request.operation, OpenBranch) or lineage.is_open(writer):
        return
    name, opened = branch_parts(writer.branch)
    if opened is not None and lineage.opening(writer) is not None:
        raise NotFound(f"branch {name!r} opened by entry {opened} is closed; write to {name!r} to open the name again")
    raise NotFound(f"no open branch {writer.branch!r}; open it first, or write to the main line")


def refuse_unknown(view: View, ids: Iterable[str]) -> None:
    """Refuse ids of memories that the writer does not see or that are erased."""
    for key in ids:
        if view.memory(key) is None:
            raise NotFound(f"no memory {key!r}")


def refuse_changed(rows: Rows, view: View, ids: Iterable[str], seen: int) -> None:
    """Refuse if a named memory changed after ledger position `seen`; memories recorded later than `seen` pass."""
    for key in ids:
        row = rows.memories.get(key)
        if row is not None and row.stamp.seq <= seen < (last := _last_change(rows, view, row)):
            heads = tuple(edge.new for edge in view.successions(key) if view.memory(edge.new) is not None)
            raise Conflict(f"{key!r} changed at {last}, after {seen}: read it again", heads or (key,))


def _last_change(rows: Rows, view: View, memory: MemoryRow) -> int:
    """The ledger position of the last entry about a memory that the writer sees."""
    key = memory.memory.id
    stamps_about = [memory.stamp]
    stamps_about += [row.stamp for row in rows.moves if row.memory == key]
    stamps_about += [row.stamp for row in rows.retractions if row.memory == key]
    stamps_about += [row.stamp for row in rows.confirmations if row.memory == key]
    stamps_about += [
        row.stamp for row in rows.edges if key in (row.old, row.new) and view.known.keys() >= {row.old, row.new}
    ]
    # The other end of a link may be missing from the rows, so visibility to the writer cannot be checked.
    stamps_about += [row.stamp for row in rows.links if key in (row.source, row.target)]
    stamps = {stamp.seq for stamp in stamps_about if view.lineage.sees(stamp)}
    revoked = [row.stamp for row in rows.revocations if row.change in stamps]
    return max([*stamps, *(stamp.seq for stamp in revoked if view.lineage.sees(stamp))])

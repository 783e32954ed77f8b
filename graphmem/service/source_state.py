"""The state of sources in a ledger: their memories as readings recorded them, apart from changes by other writers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphmem.model import Scope
from graphmem.rows import SourceRow, Stamp
from graphmem.service.context import ServiceContext
from graphmem.service.ingestion import OP_PREFIX
from graphmem.sources.state_comparison import EdgeKey, LinkKey, SourcedMemory, SourceState
from graphmem.temporal import View

_PAGE = 1_000
#: Source keys that other commands than the ingestion of a repository write as well, and the names in its entries.
_SHARED_PREFIX, _OWN_SOURCES = "beads:", ("tasks: ", "reconcile: ")


def source_state(context: ServiceContext, scope: Scope, prefixes: Sequence[str]) -> SourceState:
    """Return the state of the sources whose keys have one of some beginnings.

    Args:
        context: The context of the memory.
        scope: Where the memories live.
        prefixes: Beginnings of source keys.
    """
    entries = _ingested(context, scope)
    rows = [row for row in context.store.sources(scope, keys=("",)) if row.key.startswith(tuple(prefixes))]
    keys = {row.memory: row for row in rows}
    view = context.latest_view(scope, list(keys))
    memories = {
        memory_id: memory
        for memory_id, row in keys.items()
        if (memory := _memory(view, row, scope, entries)) is not None
    }
    edges: dict[EdgeKey, int] = {}
    links: dict[LinkKey, int] = {}
    for memory_id in memories:
        for edge in view.edges_out(memory_id):
            if edge.new in memories and edge.stamp.seq in entries:
                edges[EdgeKey(edge.old, edge.new, edge.kind, edge.at, edge.until, edge.part)] = edge.stamp.seq
        for link in view.links(memory_id):
            if {link.source, link.target} <= memories.keys() and link.stamp.seq in entries:
                links[LinkKey(link.source, link.target, link.kind)] = link.stamp.seq
    return SourceState(memories, edges, links)


def _memory(view: View, row: SourceRow, scope: Scope, entries: dict[int, str]) -> SourcedMemory | None:
    """Return a memory that readings of the repository recorded; None if it is another's, erased or retracted."""
    memory = view.memory(row.memory)
    if memory is None or memory.statement is None or memory.scope != scope or view.is_retracted(row.memory):
        return None
    moves = view.moves(row.memory)
    recorded = min((move.stamp.seq for move in moves), default=0)
    if recorded not in entries:
        return None
    stamps: list[Stamp] = [move.stamp for move in moves]
    stamps += [edge.stamp for edge in (*view.edges_out(row.memory), *view.edges_into(row.memory))]
    own = tuple(move.move for move in moves if move.stamp.seq in entries)
    is_touched = any(stamp.seq not in entries for stamp in stamps) or view.confirmed_at(row.memory) is not None
    is_foreign = row.key.startswith(_SHARED_PREFIX) and not entries[recorded].startswith(_OWN_SOURCES)
    return SourcedMemory(row.memory, row.key, memory.statement, own, is_touched, is_foreign)


def _ingested(context: ServiceContext, scope: Scope) -> dict[int, str]:
    """Return the sources of the entries that ingestions wrote, by ledger position."""
    return dict(_entries(context, scope))


def _entries(context: ServiceContext, scope: Scope) -> Iterator[tuple[int, str]]:
    after = 0
    while page := context.store.changes(scope, after=after, limit=_PAGE):
        for change in page:
            if change.op_id.startswith(OP_PREFIX):
                yield change.seq, change.provenance.source or ""
        after = page[-1].seq

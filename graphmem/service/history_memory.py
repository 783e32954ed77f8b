"""An opened memory into which the history of a repository is read: it imports few of the other verbs."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from graphmem.answers import Listing, Written
from graphmem.model import Scope
from graphmem.service.branch_verbs import BranchVerbs
from graphmem.service.context import Write
from graphmem.service.gated_verbs import with_gate
from graphmem.service.mainline_ingestion import ReadingVerbs
from graphmem.service.opened_memory import OpenedMemory
from graphmem.store import Filter, Page

if TYPE_CHECKING:
    from graphmem.service.memory import GraphMemory


@with_gate
class HistoryMemory(BranchVerbs, ReadingVerbs, OpenedMemory):
    """The memory of a project for readings of its history. Opened by `graphmem.opening.open_history`.

    Use it in a `with` block, or call `close`.
    """

    @cached_property
    def _memory(self) -> GraphMemory:
        """The memory with all its verbs, on the same store."""
        from graphmem.service.memory import GraphMemory

        return GraphMemory(self._context)

    def list(self, where: Filter | None = None, *, scope: Scope | None = None, page: Page | None = None) -> Listing:
        """List memories as `ReadVerbs.list` does; its modules are imported only if there is a memory."""
        context, reader = self._context, self._context.reader(scope)
        point = context.point(None, reader)
        is_linked = context.mainlines.ever_linked(reader, looks=True)
        if not is_linked and not context.store.select(reader, Filter(), at=None, before=point.seq + 1, limit=1):
            return Listing((), point)
        return self._memory.list(where, scope=scope, page=page)

    def merge_branch(self, name: str, *, at: datetime | None = None, write: Write | None = None) -> Written:
        """Merge a branch as `WriteVerbs.merge_branch` does."""
        return self._memory.merge_branch(name, at=at, write=write)

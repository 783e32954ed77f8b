"""An opened memory that gives context blocks alone: it imports none of the other verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphmem.service.context import ServiceContext
from graphmem.service.context_verb import ContextVerb

if TYPE_CHECKING:
    from graphmem.service.memory import GraphMemory


class ContextReader(ContextVerb):
    """The memory of a project for the verb `context`. Opened by `graphmem.opening.open_reader`."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @property
    def counted_reader(self) -> list[str | None]:
        """Tenant, repository and user of the reader, for the recall ledger; empty if it is off."""
        scope = self._context.scope
        return [scope.tenant, scope.repo, scope.user] if self._context.recalls.is_on else []

    def memory(self) -> GraphMemory:
        """Return the memory with all its verbs, on the same store."""
        from graphmem.service.memory import GraphMemory

        return GraphMemory(self._context)

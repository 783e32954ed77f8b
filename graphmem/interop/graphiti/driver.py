"""A graphiti graph driver over a memory in any store, without Cypher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from graphiti_core.driver.driver import GraphDriver, GraphDriverSession, GraphProvider

from graphmem.errors import Unsupported
from graphmem.interop.graphiti.drafts import Drafts
from graphmem.interop.graphiti.inbox import Inbox
from graphmem.interop.graphiti.memory_graph import MemoryGraph
from graphmem.interop.graphiti.operations import MemoryOperations
from graphmem.interop.graphiti.proposals import Proposal
from graphmem.interop.graphiti.search import MemorySearch
from graphmem.model import Scope
from graphmem.projection.values import group_id
from graphmem.service import GraphMemory
from graphmem.service.memory import context_of


class GraphmemDriver(GraphDriver):
    """Gives graphiti's search access to a memory, and records its extraction's drafts as proposals.

    Args:
        memory: An open memory; the caller closes it.
        scope: The reader's scope, and the home scope of proposals; the memory's scope by default.
        inbox: Gets the drafted edges; by default each is recorded as a proposal.
    """

    provider = GraphProvider.NEO4J

    def __init__(self, memory: GraphMemory, scope: Scope | None = None, *, inbox: Inbox | None = None) -> None:
        reader = scope or memory.scope
        self._database = ""
        self._drafts = Drafts(f"{group_id(reader)}-drafts")
        self._inbox = Inbox(memory, reader) if inbox is None else inbox
        graph = MemoryGraph(context_of(memory), reader)
        self.search_interface = MemorySearch(graph=graph, drafts=self._drafts)
        self.graph_operations_interface = MemoryOperations(graph=graph, drafts=self._drafts, inbox=self._inbox)

    @property
    def drafts_group(self) -> str:
        """The only group that graphiti can write to: the `group_id` for `add_episode`."""
        return self._drafts.group

    @property
    def proposals(self) -> list[Proposal]:
        """The outcome of everything extracted through this driver, in order."""
        return list(self._inbox.proposals)

    async def execute_query(self, cypher_query_: str, **kwargs: Any) -> Any:  # noqa: ANN401 - graphiti's own
        """Raise Unsupported: a memory has no Cypher."""
        del kwargs
        raise Unsupported(f"graphmem_driver does not run Cypher: {' '.join(cypher_query_.split())[:80]!r}")

    def session(self, database: str | None = None) -> GraphDriverSession:
        """Return a session that runs write functions without Cypher."""
        del database
        return _GraphitiSession()

    async def close(self) -> None:
        """Do nothing: the caller closes the memory."""

    async def delete_all_indexes(self) -> None:
        """Do nothing: the store manages its indexes."""

    async def build_indices_and_constraints(self, delete_existing: bool = False) -> None:  # noqa: FBT001, FBT002 - graphiti's own
        """Do nothing: the store manages its indexes."""


class _GraphitiSession(GraphDriverSession):
    provider = GraphProvider.NEO4J

    async def __aexit__(self, *_: object) -> None:
        pass

    async def run(self, query: str, **kwargs: Any) -> Any:  # noqa: ANN401 - graphiti's own
        del kwargs
        raise Unsupported(f"graphmem_driver does not run Cypher: {' '.join(str(query).split())[:80]!r}")

    async def close(self) -> None:
        pass

    async def execute_write(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - graphiti's own
        return await func(self, *args, **kwargs)

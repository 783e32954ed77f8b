"""A memory as a graph database of graphiti's: any store, no Cypher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from graphiti_core.driver.driver import GraphDriver, GraphDriverSession, GraphProvider

from graphmem.errors import Unsupported
from graphmem.interop.graphiti.drafts import Drafts
from graphmem.interop.graphiti.graph import MemoryGraph
from graphmem.interop.graphiti.operations import MemoryOperations
from graphmem.interop.graphiti.proposals import Inbox
from graphmem.interop.graphiti.proposing import Proposal
from graphmem.interop.graphiti.search import MemorySearch
from graphmem.model import Scope
from graphmem.projection.model import group_id
from graphmem.service import GraphMemory
from graphmem.service.memory import desk_of


class GraphmemDriver(GraphDriver):
    """Hands graphiti's search a memory, and takes what its extraction drafts as proposals.

    Args:
        memory: Opened; its owner closes it.
        scope: Where the reader stands, and where proposals will live; as the memory was opened if not given.
    """

    provider = GraphProvider.NEO4J

    def __init__(self, memory: GraphMemory, scope: Scope | None = None) -> None:
        reader = scope or memory.scope
        self._database = ""
        self._drafts = Drafts(f"{group_id(reader)}-drafts")
        self._inbox = Inbox(memory, reader)
        graph = MemoryGraph(desk_of(memory), reader)
        self.search_interface = MemorySearch(graph=graph, drafts=self._drafts)
        self.graph_operations_interface = MemoryOperations(graph=graph, drafts=self._drafts, inbox=self._inbox)

    @property
    def drafts_group(self) -> str:
        """The only group that graphiti can write to: the `group_id` of `add_episode`."""
        return self._drafts.group

    @property
    def proposals(self) -> list[Proposal]:
        """What became of everything that was extracted through this driver, in its order."""
        return list(self._inbox.proposals)

    async def execute_query(self, cypher_query_: str, **kwargs: Any) -> Any:  # noqa: ANN401 - graphiti's own
        """Always refused: there is no Cypher here."""
        del kwargs
        raise Unsupported(f"no Cypher over a memory, and this needs some: {' '.join(cypher_query_.split())[:80]!r}")

    def session(self, database: str | None = None) -> GraphDriverSession:
        """A session that hands on what writes without Cypher."""
        del database
        return _Session()

    async def close(self) -> None:
        """Nothing: the memory is its owner's."""

    async def delete_all_indexes(self) -> None:
        """Nothing: indexes are the store's own."""

    async def build_indices_and_constraints(self, delete_existing: bool = False) -> None:  # noqa: FBT001, FBT002 - graphiti's own
        """Nothing: indexes are the store's own."""


class _Session(GraphDriverSession):
    provider = GraphProvider.NEO4J

    async def __aexit__(self, *_: object) -> None:
        pass

    async def run(self, query: str, **kwargs: Any) -> Any:  # noqa: ANN401 - graphiti's own
        del kwargs
        raise Unsupported(f"no Cypher over a memory, and this needs some: {' '.join(str(query).split())[:80]!r}")

    async def close(self) -> None:
        pass

    async def execute_write(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - graphiti's own
        return await func(self, *args, **kwargs)

"""graphiti's operations on single nodes and edges: memories are read, drafts are written."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from graphiti_core.driver.graph_operations.graph_operations import GraphOperationsInterface
from graphiti_core.edges import EntityEdge
from graphiti_core.errors import EdgeNotFoundError, NodeNotFoundError
from graphiti_core.nodes import EntityNode, EpisodeType, EpisodicNode
from pydantic import ConfigDict

from graphmem.interop.graphiti.drafts import Drafts
from graphmem.interop.graphiti.inbox import Inbox
from graphmem.interop.graphiti.memory_graph import MemoryGraph
from graphmem.interop.graphiti.records import edge_of, node_of
from graphmem.projection.values import STATEMENTS

_NODE_FIELDS = frozenset(EntityNode.model_fields)
_EDGE_FIELDS = frozenset(EntityEdge.model_fields)


# ruff: noqa: ANN401, ARG002 - graphiti's own signatures
class MemoryOperations(GraphOperationsInterface):
    """Implements graphiti's graph operations except searches; graphiti documents each method."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    graph: MemoryGraph
    drafts: Drafts
    inbox: Inbox

    # ---- nodes

    async def node_save(self, node: EntityNode, driver: Any) -> None:
        """Store a draft entity."""
        self.drafts.refuse_foreign_group(node.group_id)
        self.drafts.nodes[node.uuid] = node

    async def node_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, nodes: list[dict[str, Any]], batch_size: int = 100
    ) -> None:
        """Store draft entities."""
        for fields in nodes:
            await self.node_save(EntityNode(**_sorted(fields, _NODE_FIELDS)), driver)

    async def node_get_by_uuid(self, _cls: Any, driver: Any, uuid: str) -> EntityNode:
        """Return a draft, or the entity of a memory or an anchor."""
        nodes = await self.node_get_by_uuids(_cls, driver, [uuid])
        if not nodes:
            raise NodeNotFoundError(uuid)
        return nodes[0]

    async def node_get_by_uuids(
        self, _cls: Any, driver: Any, uuids: list[str], group_id: str | None = None
    ) -> list[EntityNode]:
        """Return the entities that exist."""
        drafts = [self.drafts.nodes[uuid] for uuid in uuids if uuid in self.drafts.nodes]
        stored = [uuid for uuid in uuids if uuid not in self.drafts.nodes]
        entities = [await to_thread(self.graph.entity, uuid) for uuid in stored]
        nodes = [*drafts, *(node_of(entity) for entity in entities if entity is not None)]
        return [node for node in nodes if group_id in {None, node.group_id}]

    async def node_get_by_names(
        self, _cls: Any, driver: Any, names: list[str], group_ids: list[str]
    ) -> list[EntityNode]:
        """Return drafts with these names: extraction resolves entities among its own drafts."""
        return [node for node in self.drafts.nodes.values() if node.name in names and node.group_id in group_ids]

    async def node_get_by_group_ids(
        self,
        _cls: Any,
        driver: Any,
        group_ids: list[str],
        limit: int | None = None,
        uuid_cursor: str | None = None,
    ) -> list[EntityNode]:
        """Return entities of groups by descending uuid below the cursor, as graphiti pages."""
        if self.drafts.owns(group_ids):
            listed = list(self.drafts.nodes.values())
        else:
            listed = [node_of(entity) for entity in await to_thread(lambda: list(self.graph.everything(group_ids)))]
        past = [node for node in listed if uuid_cursor is None or node.uuid < uuid_cursor]
        return sorted(past, key=lambda node: node.uuid, reverse=True)[:limit]

    async def node_load_embeddings(self, node: EntityNode, driver: Any) -> None:
        """Set the embedding of a node."""
        node.name_embedding = (await self.node_load_embeddings_bulk(driver, [node])).get(node.uuid)

    async def node_load_embeddings_bulk(
        self, driver: Any, nodes: list[EntityNode], batch_size: int = 100
    ) -> dict[str, list[float]]:
        """Return the embeddings of nodes, by uuid; nodes without are omitted."""
        keys = {node.uuid: str(node.attributes["memory"]) for node in nodes if "memory" in node.attributes}
        vectors = await to_thread(self.graph.vectors, keys.values())
        drafts = {node.uuid: node.name_embedding for node in nodes if node.name_embedding}
        return drafts | {uuid: vectors[key] for uuid, key in keys.items() if key in vectors}

    # ---- edges

    async def edge_save(self, edge: EntityEdge, driver: Any) -> None:
        """Store a draft and propose its fact; an existing draft is not changed, even if it is contradicted."""
        self.drafts.refuse_foreign_group(edge.group_id)
        if edge.uuid not in self.drafts.edges:
            self.drafts.edges[edge.uuid] = edge
            await to_thread(self.inbox.take, edge, self.drafts)

    async def edge_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, edges: list[dict[str, Any]], batch_size: int = 100
    ) -> None:
        """Call `edge_save` for each edge."""
        for fields in edges:
            await self.edge_save(EntityEdge(**_sorted(fields, _EDGE_FIELDS)), driver)

    async def edge_get_by_uuid(self, _cls: Any, driver: Any, uuid: str) -> EntityEdge:
        """Return a draft, or a fact that was returned before."""
        edges = await self.edge_get_by_uuids(_cls, driver, [uuid])
        if not edges:
            raise EdgeNotFoundError(uuid)
        return edges[0]

    async def edge_get_by_uuids(self, _cls: Any, driver: Any, uuids: list[str]) -> list[EntityEdge]:
        """Return the drafts, and the facts that were returned before."""
        drafts = [self.drafts.edges[uuid] for uuid in uuids if uuid in self.drafts.edges]
        return [*drafts, *map(edge_of, await to_thread(self.graph.shown, uuids))]

    async def edge_get_between_nodes(
        self, _cls: Any, driver: Any, source_node_uuid: str, target_node_uuid: str
    ) -> list[EntityEdge]:
        """Return edges from the source to the target."""
        ends = (source_node_uuid, target_node_uuid)
        edges = await self.edge_get_by_node_uuid(_cls, driver, source_node_uuid)
        return [edge for edge in edges if (edge.source_node_uuid, edge.target_node_uuid) == ends]

    async def edge_get_by_node_uuid(self, _cls: Any, driver: Any, node_uuid: str) -> list[EntityEdge]:
        """Return edges from or to a node."""
        if node_uuid in self.drafts.nodes:
            drafts: Iterable[EntityEdge] = self.drafts.edges.values()
            return [edge for edge in drafts if node_uuid in {edge.source_node_uuid, edge.target_node_uuid}]
        return [edge_of(fact) for fact in await to_thread(self.graph.around, [node_uuid])]

    async def edge_load_embeddings(self, edge: EntityEdge, driver: Any) -> None:
        """Set the embedding of an edge."""
        edge.fact_embedding = (await self.edge_load_embeddings_bulk(driver, [edge])).get(edge.uuid)

    async def edge_load_embeddings_bulk(
        self, driver: Any, edges: list[EntityEdge], batch_size: int = 100
    ) -> dict[str, list[float]]:
        """Return the embeddings of edges, those of the memories whose text they have."""
        stated = [edge for edge in edges if "memory" in edge.attributes and edge.name in STATEMENTS]
        keys = {edge.uuid: str(edge.attributes["memory"]) for edge in stated}
        vectors = await to_thread(self.graph.vectors, keys.values())
        drafts = {edge.uuid: edge.fact_embedding for edge in edges if edge.fact_embedding}
        return drafts | {uuid: vectors[key] for uuid, key in keys.items() if key in vectors}

    # ---- episodes

    async def episodic_node_save(self, node: EpisodicNode, driver: Any) -> None:
        """Store a draft episode."""
        self.drafts.refuse_foreign_group(node.group_id)
        self.drafts.episodes[node.uuid] = node

    async def episodic_node_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, nodes: list[dict[str, Any]], batch_size: int = 100
    ) -> None:
        """Store draft episodes."""
        for fields in nodes:
            await self.episodic_node_save(EpisodicNode(**fields), driver)

    async def episodic_node_get_by_uuids(self, _cls: Any, driver: Any, uuids: list[str]) -> list[EpisodicNode]:
        """Return the episodes that exist."""
        return [self.drafts.episodes[uuid] for uuid in uuids if uuid in self.drafts.episodes]

    async def episodic_edge_save(self, edge: Any, driver: Any) -> None:
        """Do nothing: the ledger records the episode as the source."""

    async def episodic_edge_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, episodic_edges: Sequence[Any], batch_size: int = 100
    ) -> None:
        """Do nothing: the ledger records the episodes as sources."""

    async def retrieve_episodes(
        self,
        driver: Any,
        reference_time: datetime,
        last_n: int = 3,
        group_ids: list[str] | None = None,
        source: EpisodeType | None = None,
        saga: str | None = None,
    ) -> list[EpisodicNode]:
        """Return the latest draft episodes up to a time, oldest first."""
        listed = [episode for episode in self.drafts.episodes.values() if episode.valid_at <= reference_time]
        fitting = [episode for episode in listed if source in {None, episode.source} and self.drafts.owns(group_ids)]
        return sorted(fitting, key=lambda episode: episode.valid_at)[-last_n:]


def _sorted(fields: dict[str, Any], own: frozenset[str]) -> dict[str, Any]:
    """Move unknown fields into `attributes`."""
    return {
        **{name: value for name, value in fields.items() if name in own},
        "attributes": {name: value for name, value in fields.items() if name not in own},
    }

"""graphiti's reading and writing of single nodes and edges: memories are read, drafts are written."""

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
from graphmem.interop.graphiti.graph import MemoryGraph
from graphmem.interop.graphiti.proposals import Inbox
from graphmem.interop.graphiti.records import edge_of, node_of
from graphmem.projection.model import STATEMENTS

_NODE_FIELDS = frozenset(EntityNode.model_fields)
_EDGE_FIELDS = frozenset(EntityEdge.model_fields)


# ruff: noqa: ANN401, ARG002 - graphiti's own signatures
class MemoryOperations(GraphOperationsInterface):
    """Answers what graphiti asks of a driver beside searches; see there for what each method gives."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    graph: MemoryGraph
    drafts: Drafts
    inbox: Inbox

    # ---- nodes

    async def node_save(self, node: EntityNode, driver: Any) -> None:
        """Keep a draft."""
        self.drafts.refuse_other(node.group_id)
        self.drafts.nodes[node.uuid] = node

    async def node_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, nodes: list[dict[str, Any]], batch_size: int = 100
    ) -> None:
        """Keep drafts."""
        for fields in nodes:
            await self.node_save(EntityNode(**_sorted(fields, _NODE_FIELDS)), driver)

    async def node_get_by_uuid(self, _cls: Any, driver: Any, uuid: str) -> EntityNode:
        """A draft, or the entity of a memory or of what memories are about."""
        found = await self.node_get_by_uuids(_cls, driver, [uuid])
        if not found:
            raise NodeNotFoundError(uuid)
        return found[0]

    async def node_get_by_uuids(
        self, _cls: Any, driver: Any, uuids: list[str], group_id: str | None = None
    ) -> list[EntityNode]:
        """Those of them that are there."""
        drafts = [self.drafts.nodes[uuid] for uuid in uuids if uuid in self.drafts.nodes]
        others = [uuid for uuid in uuids if uuid not in self.drafts.nodes]
        found = [await to_thread(self.graph.entity, uuid) for uuid in others]
        nodes = [*drafts, *(node_of(one) for one in found if one is not None)]
        return [one for one in nodes if group_id in {None, one.group_id}]

    async def node_get_by_names(
        self, _cls: Any, driver: Any, names: list[str], group_ids: list[str]
    ) -> list[EntityNode]:
        """Drafts of these names: extraction resolves entities among its own."""
        return [one for one in self.drafts.nodes.values() if one.name in names and one.group_id in group_ids]

    async def node_get_by_group_ids(
        self,
        _cls: Any,
        driver: Any,
        group_ids: list[str],
        limit: int | None = None,
        uuid_cursor: str | None = None,
    ) -> list[EntityNode]:
        """Entities of groups, by falling uuid past the cursor, as graphiti pages."""
        if self.drafts.owns(group_ids):
            listed = list(self.drafts.nodes.values())
        else:
            listed = [node_of(one) for one in await to_thread(lambda: list(self.graph.everything(group_ids)))]
        past = [one for one in listed if uuid_cursor is None or one.uuid < uuid_cursor]
        return sorted(past, key=lambda one: one.uuid, reverse=True)[:limit]

    async def node_load_embeddings(self, node: EntityNode, driver: Any) -> None:
        """Set the embedding of a node."""
        node.name_embedding = (await self.node_load_embeddings_bulk(driver, [node])).get(node.uuid)

    async def node_load_embeddings_bulk(
        self, driver: Any, nodes: list[EntityNode], batch_size: int = 100
    ) -> dict[str, list[float]]:
        """Embeddings of those that have one."""
        keys = {one.uuid: str(one.attributes["memory"]) for one in nodes if "memory" in one.attributes}
        vectors = await to_thread(self.graph.vectors, keys.values())
        drafts = {one.uuid: one.name_embedding for one in nodes if one.name_embedding}
        return drafts | {uuid: vectors[key] for uuid, key in keys.items() if key in vectors}

    # ---- edges

    async def edge_save(self, edge: EntityEdge, driver: Any) -> None:
        """Keep a draft and propose what it says; one that is there already stays as it is, whoever contradicts it."""
        self.drafts.refuse_other(edge.group_id)
        if edge.uuid not in self.drafts.edges:
            self.drafts.edges[edge.uuid] = edge
            await to_thread(self.inbox.take, edge, self.drafts)

    async def edge_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, edges: list[dict[str, Any]], batch_size: int = 100
    ) -> None:
        """As `edge_save`, each."""
        for fields in edges:
            await self.edge_save(EntityEdge(**_sorted(fields, _EDGE_FIELDS)), driver)

    async def edge_get_by_uuid(self, _cls: Any, driver: Any, uuid: str) -> EntityEdge:
        """A draft, or a fact that was shown before."""
        found = await self.edge_get_by_uuids(_cls, driver, [uuid])
        if not found:
            raise EdgeNotFoundError(uuid)
        return found[0]

    async def edge_get_by_uuids(self, _cls: Any, driver: Any, uuids: list[str]) -> list[EntityEdge]:
        """Those of them that are drafts, or facts that were shown before."""
        drafts = [self.drafts.edges[uuid] for uuid in uuids if uuid in self.drafts.edges]
        return [*drafts, *map(edge_of, await to_thread(self.graph.shown, uuids))]

    async def edge_get_between_nodes(
        self, _cls: Any, driver: Any, source_node_uuid: str, target_node_uuid: str
    ) -> list[EntityEdge]:
        """Edges from one to the other."""
        ends = (source_node_uuid, target_node_uuid)
        found = await self.edge_get_by_node_uuid(_cls, driver, source_node_uuid)
        return [one for one in found if (one.source_node_uuid, one.target_node_uuid) == ends]

    async def edge_get_by_node_uuid(self, _cls: Any, driver: Any, node_uuid: str) -> list[EntityEdge]:
        """Edges from or to a node."""
        if node_uuid in self.drafts.nodes:
            drafts: Iterable[EntityEdge] = self.drafts.edges.values()
            return [one for one in drafts if node_uuid in {one.source_node_uuid, one.target_node_uuid}]
        return [edge_of(fact) for fact in await to_thread(self.graph.around, [node_uuid])]

    async def edge_load_embeddings(self, edge: EntityEdge, driver: Any) -> None:
        """Set the embedding of an edge."""
        edge.fact_embedding = (await self.edge_load_embeddings_bulk(driver, [edge])).get(edge.uuid)

    async def edge_load_embeddings_bulk(
        self, driver: Any, edges: list[EntityEdge], batch_size: int = 100
    ) -> dict[str, list[float]]:
        """Embeddings of those that have one: that of the memory whose words they are."""
        stated = [one for one in edges if "memory" in one.attributes and one.name in STATEMENTS]
        keys = {one.uuid: str(one.attributes["memory"]) for one in stated}
        vectors = await to_thread(self.graph.vectors, keys.values())
        drafts = {one.uuid: one.fact_embedding for one in edges if one.fact_embedding}
        return drafts | {uuid: vectors[key] for uuid, key in keys.items() if key in vectors}

    # ---- episodes

    async def episodic_node_save(self, node: EpisodicNode, driver: Any) -> None:
        """Keep a draft."""
        self.drafts.refuse_other(node.group_id)
        self.drafts.episodes[node.uuid] = node

    async def episodic_node_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, nodes: list[dict[str, Any]], batch_size: int = 100
    ) -> None:
        """Keep drafts."""
        for fields in nodes:
            await self.episodic_node_save(EpisodicNode(**fields), driver)

    async def episodic_node_get_by_uuids(self, _cls: Any, driver: Any, uuids: list[str]) -> list[EpisodicNode]:
        """Those of them that are there."""
        return [self.drafts.episodes[uuid] for uuid in uuids if uuid in self.drafts.episodes]

    async def episodic_edge_save(self, edge: Any, driver: Any) -> None:
        """Nothing: which episode mentions an entity is on the ledger, as a source."""

    async def episodic_edge_save_bulk(
        self, _cls: Any, driver: Any, transaction: Any, episodic_edges: Sequence[Any], batch_size: int = 100
    ) -> None:
        """Nothing, as above."""

    async def retrieve_episodes(
        self,
        driver: Any,
        reference_time: datetime,
        last_n: int = 3,
        group_ids: list[str] | None = None,
        source: EpisodeType | None = None,
        saga: str | None = None,
    ) -> list[EpisodicNode]:
        """The drafts' latest episodes up to a time, oldest first."""
        listed = [one for one in self.drafts.episodes.values() if one.valid_at <= reference_time]
        fitting = [one for one in listed if source in {None, one.source} and self.drafts.owns(group_ids)]
        return sorted(fitting, key=lambda one: one.valid_at)[-last_n:]


def _sorted(fields: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Fields by name, all others as attributes."""
    return {
        **{name: value for name, value in fields.items() if name in known},
        "attributes": {name: value for name, value in fields.items() if name not in known},
    }

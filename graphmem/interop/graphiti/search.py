"""graphiti's searches over a memory: candidates by text, vectors and graph steps, for its rerankers to order."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable, Sequence
from typing import Any

from graphiti_core.driver.search_interface.search_interface import SearchInterface
from graphiti_core.edges import EntityEdge
from graphiti_core.nodes import EntityNode, EpisodicNode
from graphiti_core.search.search_filters import SearchFilters

from graphmem.interop.graphiti.drafts import Drafts
from graphmem.interop.graphiti.graph import MemoryGraph
from graphmem.interop.graphiti.records import edge_of, fact_test, node_of
from graphmem.projection.model import Fact

_ANY = SearchFilters()


def _cosine(score: float) -> float:
    """Convert graphiti's score, a cosine scaled to 0..1, to the cosine."""
    return 2 * score - 1


class MemorySearch(SearchInterface):
    """Implements graphiti's search interface; graphiti documents each method.

    A search in the draft group returns only drafts, any other search only memories.
    """

    graph: MemoryGraph
    drafts: Drafts

    async def edge_fulltext_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityEdge]:
        """Return facts by BM25, best first."""
        del driver
        if self.drafts.owns(group_ids):
            return self.drafts.edges_by_words(query, limit)
        fits = fact_test(search_filter, group_ids)
        return [edge_of(fact) for fact in await to_thread(self.graph.lexical, query, limit, fits)]

    async def edge_similarity_search(  # noqa: PLR0913, PLR0917 - graphiti's own signature
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        search_vector: list[float],
        source_node_uuid: str | None,
        target_node_uuid: str | None,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
        min_score: float = 0.7,
    ) -> list[EntityEdge]:
        """Return facts by vector, nearest first."""
        del driver
        if self.drafts.owns(group_ids):
            return self.drafts.edges_near(search_vector, limit, _cosine(min_score))
        passes = fact_test(search_filter, group_ids)

        def fits(fact: Fact) -> bool:
            ends = (source_node_uuid or fact.claim.source, target_node_uuid or fact.claim.target)
            return passes(fact) and ends == (fact.claim.source, fact.claim.target)

        facts = await to_thread(self.graph.nearest, search_vector, limit, _cosine(min_score), fits)
        return [edge_of(fact) for fact in facts]

    async def node_fulltext_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityNode]:
        """Return memories by BM25, best first; date filters are ignored, as in graphiti's own drivers."""
        del driver
        if self.drafts.owns(group_ids):
            return self.drafts.nodes_by_words(query, limit)
        return await self._nodes(
            lambda fits: self.graph.lexical(query, _EACH * limit, fits), search_filter, group_ids, limit
        )

    async def node_similarity_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        search_vector: list[float],
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
        min_score: float = 0.7,
    ) -> list[EntityNode]:
        """Return memories by vector, nearest first."""
        del driver
        least = _cosine(min_score)
        if self.drafts.owns(group_ids):
            return self.drafts.nodes_near(search_vector, limit, least)
        return await self._nodes(
            lambda fits: self.graph.nearest(search_vector, _EACH * limit, least, fits), search_filter, group_ids, limit
        )

    async def episode_fulltext_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EpisodicNode]:
        """Return draft episodes: memories have no episodes."""
        del driver, search_filter
        return self.drafts.episodes_by_words(query, limit) if self.drafts.owns(group_ids) else []

    async def edge_bfs_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        bfs_origin_node_uuids: list[str] | None,
        bfs_max_depth: int,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityEdge]:
        """Return facts around entities, nearest first."""
        del driver
        fits = fact_test(search_filter, group_ids)
        facts = await to_thread(self._walk, bfs_origin_node_uuids or [], bfs_max_depth, fits)
        return [edge_of(fact) for fact in facts][:limit]

    async def node_bfs_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        bfs_origin_node_uuids: list[str] | None,
        search_filter: SearchFilters,
        bfs_max_depth: int,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityNode]:
        """Return entities around entities, nearest first."""
        del driver
        origins = bfs_origin_node_uuids or []
        walked = await to_thread(self._walk, origins, bfs_max_depth, fact_test(_labels_of(search_filter), group_ids))
        ends = dict.fromkeys(end for fact in walked for end in (fact.claim.source, fact.claim.target))
        entities = [await to_thread(self.graph.entity, end) for end in ends if end not in origins]
        return [node_of(entity) for entity in entities if entity is not None][:limit]

    async def community_fulltext_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        query: str,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[Any]:
        """Return an empty list: memories have no communities."""
        del driver, query, group_ids, limit
        return []

    async def community_similarity_search(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        search_vector: list[float],
        group_ids: list[str] | None = None,
        limit: int = 100,
        min_score: float = 0.6,
    ) -> list[Any]:
        """Return an empty list: memories have no communities."""
        del driver, search_vector, group_ids, limit, min_score
        return []

    async def get_embeddings_for_communities(self, driver: Any, communities: list[Any]) -> dict[str, list[float]]:  # noqa: ANN401 - graphiti's own
        """Return an empty mapping: memories have no communities."""
        del driver, communities
        return {}

    async def node_distance_reranker(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        node_uuids: list[str],
        center_node_uuid: str,
        min_score: float = 0,
    ) -> tuple[list[str], list[float]]:
        """Score the centre 10, its neighbours 1 and other entities 0; highest scores first."""
        del driver
        around = await to_thread(self.graph.around, [center_node_uuid])
        adjacent = {end for fact in around for end in (fact.claim.source, fact.claim.target)} - {center_node_uuid}
        scores = {uuid: float(uuid in adjacent) for uuid in node_uuids}
        if center_node_uuid in scores:
            scores[center_node_uuid] = 10.0
        ranked = sorted(scores, key=lambda uuid: -scores[uuid])
        passing = [uuid for uuid in ranked if scores[uuid] >= min_score]
        return passing, [scores[uuid] for uuid in passing]

    async def episode_mentions_reranker(
        self,
        driver: Any,  # noqa: ANN401 - graphiti's own
        node_uuids: list[list[str]],
        min_score: float = 0,
    ) -> tuple[list[str], list[float]]:
        """Rank by reciprocal rank fusion: no episode mentions a memory."""
        from graphiti_core.search.search_utils import rrf

        del driver
        ranked, _ = rrf(node_uuids)
        return ([], []) if min_score > 0 else (list(ranked), [0.0] * len(ranked))

    # ---- internals

    async def _nodes(
        self,
        search: Callable[[Callable[[Fact], bool]], list[Fact]],
        where: SearchFilters,
        groups: Sequence[str] | None,
        limit: int,
    ) -> list[EntityNode]:
        facts = await to_thread(search, fact_test(_labels_of(where), groups))
        return [node_of(entity) for entity in (await to_thread(self.graph.entities, facts))[:limit]]

    def _walk(self, origins: Sequence[str], depth: int, fits: Callable[[Fact], bool]) -> list[Fact]:
        """Return facts that pass, in breadth-first order; only passing facts are followed."""
        facts: dict[str, Fact] = {}
        seen, frontier = set(origins), list(origins)
        for _ in range(depth):
            if not frontier:
                break
            step = [fact for fact in self.graph.around(frontier) if fits(fact)]
            facts |= {fact.uuid: fact for fact in step if fact.uuid not in facts}
            ends = dict.fromkeys(end for fact in step for end in (fact.claim.source, fact.claim.target))
            frontier = [end for end in ends if end not in seen]
            seen |= set(frontier)
        return list(facts.values())


#: Facts searched per requested entity: a memory has several facts.
_EACH = 4


def _labels_of(where: SearchFilters) -> SearchFilters:
    """Return a filter with only the labels, the only condition on nodes."""
    return _ANY.model_copy(update={"node_labels": where.node_labels})

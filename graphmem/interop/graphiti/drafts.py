"""Entities, edges and episodes that graphiti's extraction creates, in process memory only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from graphiti_core.edges import EntityEdge
from graphiti_core.nodes import EntityNode, EpisodicNode

from graphmem.errors import Unsupported
from graphmem.ranking import tokens

Element = TypeVar("Element", EntityNode, EntityEdge, EpisodicNode)


class Drafts:
    """The group that extraction may write to.

    Args:
        group: Its id; every other group is read-only.
    """

    def __init__(self, group: str) -> None:
        self.group = group
        self.nodes: dict[str, EntityNode] = {}
        self.edges: dict[str, EntityEdge] = {}
        self.episodes: dict[str, EpisodicNode] = {}

    def owns(self, groups: Sequence[str] | None) -> bool:
        """Return whether a search is restricted to drafts."""
        return groups is not None and list(groups) == [self.group]

    def refuse_foreign_group(self, group: str) -> None:
        """Refuse a write outside of the draft group.

        Raises:
            Unsupported: The group is not the draft group.
        """
        if group != self.group:
            raise Unsupported(f"graphiti cannot write to group {group!r}; what it extracts goes to {self.group!r}")

    # ---- searching

    def nodes_by_words(self, query: str, limit: int) -> list[EntityNode]:
        """Return entities that share words with the query."""
        return _by_words(query, limit, [(f"{node.name} {node.summary}", node) for node in self.nodes.values()])

    def edges_by_words(self, query: str, limit: int) -> list[EntityEdge]:
        """Return edges that share words with the query."""
        return _by_words(query, limit, [(f"{edge.name} {edge.fact}", edge) for edge in self.edges.values()])

    def episodes_by_words(self, query: str, limit: int) -> list[EpisodicNode]:
        """Return episodes that share words with the query."""
        return _by_words(query, limit, [(episode.content, episode) for episode in self.episodes.values()])

    def nodes_near(self, vector: Sequence[float], limit: int, least: float) -> list[EntityNode]:
        """Return entities by cosine, nearest first."""
        return _near(vector, limit, least, [(node.name_embedding, node) for node in self.nodes.values()])

    def edges_near(self, vector: Sequence[float], limit: int, least: float) -> list[EntityEdge]:
        """Return edges by cosine, nearest first."""
        return _near(vector, limit, least, [(edge.fact_embedding, edge) for edge in self.edges.values()])


def _by_words(query: str, limit: int, texts: Iterable[tuple[str, Element]]) -> list[Element]:
    query_words = set(tokens(query))
    scored = [(len(query_words & set(tokens(text))), element) for text, element in texts]
    return [element for score, element in sorted(scored, key=lambda pair: -pair[0]) if score][:limit]


def _near(vector: Sequence[float], limit: int, least: float, stored: Iterable[tuple[Any, Element]]) -> list[Element]:
    unit = np.asarray(vector, dtype=np.float32)
    scored = [(float(unit @ np.asarray(held, dtype=np.float32)), element) for held, element in stored if held]
    return [element for score, element in sorted(scored, key=lambda pair: -pair[0]) if score > least][:limit]

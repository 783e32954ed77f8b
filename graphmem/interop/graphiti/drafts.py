"""What graphiti's extraction builds while it works: entities, edges and episodes of one group, kept in memory alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from graphiti_core.edges import EntityEdge
from graphiti_core.nodes import EntityNode, EpisodicNode

from graphmem.errors import Unsupported
from graphmem.ranking import tokens

One = TypeVar("One", EntityNode, EntityEdge, EpisodicNode)


class Drafts:
    """The group in which extraction may write.

    Args:
        group: Its id; every other group is for reading.
    """

    def __init__(self, group: str) -> None:
        self.group = group
        self.nodes: dict[str, EntityNode] = {}
        self.edges: dict[str, EntityEdge] = {}
        self.episodes: dict[str, EpisodicNode] = {}

    def owns(self, groups: Sequence[str] | None) -> bool:
        """Whether a search is for drafts."""
        return groups is not None and list(groups) == [self.group]

    def refuse_other(self, group: str) -> None:
        """Fail unless something is to be written as a draft.

        Raises:
            Unsupported: It is to be written among the memories.
        """
        if group != self.group:
            raise Unsupported(f"graphiti cannot write to group {group!r}; what it extracts goes to {self.group!r}")

    # ---- searching

    def nodes_by_words(self, query: str, limit: int) -> list[EntityNode]:
        """Entities that share words with the query."""
        return _by_words(query, limit, [(f"{one.name} {one.summary}", one) for one in self.nodes.values()])

    def edges_by_words(self, query: str, limit: int) -> list[EntityEdge]:
        """Edges that share words with the query."""
        return _by_words(query, limit, [(f"{one.name} {one.fact}", one) for one in self.edges.values()])

    def episodes_by_words(self, query: str, limit: int) -> list[EpisodicNode]:
        """Episodes that share words with the query."""
        return _by_words(query, limit, [(one.content, one) for one in self.episodes.values()])

    def nodes_near(self, vector: Sequence[float], limit: int, least: float) -> list[EntityNode]:
        """Entities by cosine."""
        return _near(vector, limit, least, [(one.name_embedding, one) for one in self.nodes.values()])

    def edges_near(self, vector: Sequence[float], limit: int, least: float) -> list[EntityEdge]:
        """Edges by cosine."""
        return _near(vector, limit, least, [(one.fact_embedding, one) for one in self.edges.values()])


def _by_words(query: str, limit: int, texts: Iterable[tuple[str, One]]) -> list[One]:
    asked = set(tokens(query))
    scored = [(len(asked & set(tokens(text))), one) for text, one in texts]
    return [one for score, one in sorted(scored, key=lambda pair: -pair[0]) if score][:limit]


def _near(vector: Sequence[float], limit: int, least: float, stored: Iterable[tuple[Any, One]]) -> list[One]:
    unit = np.asarray(vector, dtype=np.float32)
    scored = [(float(unit @ np.asarray(held, dtype=np.float32)), one) for held, one in stored if held]
    return [one for score, one in sorted(scored, key=lambda pair: -pair[0]) if score > least][:limit]

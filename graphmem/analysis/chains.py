"""Supersession chains, ordered in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.analysis.graph_access import memory, recorded_order, takeovers
from graphmem.deferred_dataclass import dataclass
from graphmem.model import BEGINNING
from graphmem.service.attributes import NodeType

if TYPE_CHECKING:
    import networkx as nx

    from graphmem.analysis.graph_access import Network


@dataclass(frozen=True, slots=True)
class Chain:
    """Memories joined by full supersessions.

    Attributes:
        memories: Ids in supersession order; memories that no edge orders come by start.
        heads: The members in force at the graph's point; several after a split, none if the last has ended.
        start: When the first member came into force; None if none ever did.
    """

    memories: tuple[str, ...]
    heads: tuple[str, ...]
    start: datetime | None


def chains(graph: Network) -> tuple[Chain, ...]:
    """Return every chain of two or more memories, longest first, then oldest first; erased members are omitted."""
    import networkx as nx

    positions = recorded_order(graph)
    superseded: nx.DiGraph[str] = nx.DiGraph(takeovers(graph))
    parts = (superseded.subgraph(part) for part in nx.weakly_connected_components(superseded))
    every = [_chain(graph, part, positions) for part in parts]
    longer = [chain for chain in every if len(chain.memories) > 1]
    return tuple(
        sorted(longer, key=lambda chain: (-len(chain.memories), chain.start or BEGINNING, positions[chain.memories[0]]))
    )


def _chain(graph: Network, part: nx.DiGraph[str], positions: Mapping[str, int]) -> Chain:
    import networkx as nx

    order = nx.lexicographical_topological_sort(
        part, key=lambda key: (_start(graph, key) or BEGINNING, positions.get(key, 0))
    )
    members = tuple(key for key in order if graph.nodes[key]["type"] is NodeType.MEMORY)
    starts = [start for key in members if (start := _start(graph, key)) is not None]
    heads = tuple(key for key in members if memory(graph, key)["holds"])
    return Chain(members, heads, min(starts, default=None))


def _start(graph: Network, key: str) -> datetime | None:
    start: datetime | None = graph.nodes[key].get("valid_from")
    return start

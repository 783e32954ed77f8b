"""Supersession chains: what took over from what, over the years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.analysis.walking import memory, recorded_order, takeovers
from graphmem.model import BEGINNING
from graphmem.service.attributes import NodeType

if TYPE_CHECKING:
    import networkx as nx

    from graphmem.analysis.walking import Network


@dataclass(frozen=True, slots=True)
class Chain:
    """Memories that took over from one another, wholly.

    Attributes:
        memories: Ids in the order in which they took over; of those that no edge orders, the earlier start first.
        heads: Which of them hold at the graph's point; several after a split, none if the last one ended.
        start: When the first of them began to hold; None if none ever did.
    """

    memories: tuple[str, ...]
    heads: tuple[str, ...]
    start: datetime | None


def chains(graph: Network) -> tuple[Chain, ...]:
    """Every chain of two or more, longest first, then oldest first; erased members are left out."""
    import networkx as nx

    places = recorded_order(graph)
    replaced: nx.DiGraph[str] = nx.DiGraph(takeovers(graph))
    parts = (replaced.subgraph(part) for part in nx.weakly_connected_components(replaced))
    kept = [one for part in parts if len((one := _chain(graph, part, places)).memories) > 1]
    return tuple(sorted(kept, key=lambda one: (-len(one.memories), one.start or BEGINNING, places[one.memories[0]])))


def _chain(graph: Network, part: nx.DiGraph[str], places: Mapping[str, int]) -> Chain:
    import networkx as nx

    order = nx.lexicographical_topological_sort(
        part, key=lambda key: (_start(graph, key) or BEGINNING, places.get(key, 0))
    )
    members = tuple(key for key in order if graph.nodes[key]["type"] is NodeType.MEMORY)
    starts = [start for key in members if (start := _start(graph, key)) is not None]
    heads = tuple(key for key in members if memory(graph, key)["holds"])
    return Chain(members, heads, min(starts, default=None))


def _start(graph: Network, key: str) -> datetime | None:
    start: datetime | None = graph.nodes[key].get("valid_from")
    return start

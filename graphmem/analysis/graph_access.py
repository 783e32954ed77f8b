"""Typed access to the networkx graph: memories, edges of a type, and the graph's point."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from graphmem.model import AnchorKind, SupersessionKind
from graphmem.service.attributes import AnchorNode, EdgeType, MemoryNode, NodeType

if TYPE_CHECKING:
    import networkx as nx

    Network = nx.MultiDiGraph[str]


def memories(graph: Network) -> Iterator[tuple[str, MemoryNode]]:
    """Yield every memory with its id, oldest first; erased memories are omitted."""
    for key, data in graph.nodes(data=True):
        if data["type"] is NodeType.MEMORY:
            yield key, cast("MemoryNode", data)


def memory(graph: Network, key: str) -> MemoryNode:
    """Return a memory's attributes."""
    return cast("MemoryNode", graph.nodes[key])


def recorded_order(graph: Network) -> dict[str, int]:
    """Return each memory's index in recorded order: a stable order, unlike that of random ids."""
    return {key: index for index, (key, _) in enumerate(memories(graph))}


def anchors(graph: Network, key: str) -> Iterator[AnchorNode]:
    """Yield a memory's anchors."""
    for _, node, data in graph.out_edges(key, data=True):
        if data["type"] is EdgeType.ABOUT:
            yield cast("AnchorNode", graph.nodes[node])


def files(graph: Network, key: str) -> Iterator[str]:
    """Yield the files, folders and globs that a memory is about."""
    for _, node, data in graph.out_edges(key, data=True):
        if data["type"] is EdgeType.ABOUT:
            anchor = cast("AnchorNode", graph.nodes[node])
            if anchor["kind"] is AnchorKind.FILE:
                yield anchor["name"]


def edges(graph: Network, *types: EdgeType) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return the edges of these types with their attributes."""
    return ((source, target, data) for source, target, data in graph.edges(data=True) if data["type"] in types)


def takeovers(graph: Network) -> Iterator[tuple[str, str]]:
    """Yield (old, new) of every supersession except amendments."""
    for old, new, data in edges(graph, EdgeType.SUPERSEDED_BY):
        if data["kind"] is not SupersessionKind.AMENDMENT:
            yield old, new


def amendments(graph: Network) -> Iterator[tuple[str, str]]:
    """Yield (amended, amending) of every amendment."""
    for old, new, data in edges(graph, EdgeType.SUPERSEDED_BY):
        if data["kind"] is SupersessionKind.AMENDMENT:
            yield old, new


def valid_time(graph: Network) -> datetime:
    """Return the valid time of the graph."""
    return cast("datetime", graph.graph["as_of"])


def short_name(node: MemoryNode, width: int = 40) -> str:
    """Return the first alias, or else the title, cut to a width in characters."""
    text = " ".join((node["aliases"][0] if node["aliases"] else node["title"]).split())
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"

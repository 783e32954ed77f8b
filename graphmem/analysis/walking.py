"""Typed ways through the graph: its memories, its edges of one type, its point."""

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
    """Every memory by its id, oldest first; erased ones are none."""
    for key, data in graph.nodes(data=True):
        if data["type"] is NodeType.MEMORY:
            yield key, cast("MemoryNode", data)


def memory(graph: Network, key: str) -> MemoryNode:
    """One memory's attributes."""
    return cast("MemoryNode", graph.nodes[key])


def recorded_order(graph: Network) -> dict[str, int]:
    """The place of each memory among those that were recorded: what orders where ids, which may be random, must not."""
    return {key: place for place, (key, _) in enumerate(memories(graph))}


def anchors(graph: Network, key: str) -> Iterator[AnchorNode]:
    """What a memory is about."""
    for _, node, data in graph.out_edges(key, data=True):
        if data["type"] is EdgeType.ABOUT:
            yield cast("AnchorNode", graph.nodes[node])


def files(graph: Network, key: str) -> Iterator[str]:
    """The files and folders that a memory is about, by path or glob."""
    for _, node, data in graph.out_edges(key, data=True):
        if data["type"] is EdgeType.ABOUT:
            anchor = cast("AnchorNode", graph.nodes[node])
            if anchor["kind"] is AnchorKind.FILE:
                yield anchor["name"]


def edges(graph: Network, *types: EdgeType) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Edges of these types with what they carry."""
    return ((one, other, data) for one, other, data in graph.edges(data=True) if data["type"] in types)


def takeovers(graph: Network) -> Iterator[tuple[str, str]]:
    """Old and new of every supersession but amendments."""
    for old, new, data in edges(graph, EdgeType.SUPERSEDED_BY):
        if data["kind"] is not SupersessionKind.AMENDMENT:
            yield old, new


def amendments(graph: Network) -> Iterator[tuple[str, str]]:
    """What is amended, and what amends it."""
    for old, new, data in edges(graph, EdgeType.SUPERSEDED_BY):
        if data["kind"] is SupersessionKind.AMENDMENT:
            yield old, new


def asked_at(graph: Network) -> datetime:
    """The instant of valid time that the graph was asked for."""
    return cast("datetime", graph.graph["as_of"])


def short_name(node: MemoryNode, width: int = 40) -> str:
    """The first alias, or else the title, cut to a width in characters."""
    text = " ".join((node["aliases"][0] if node["aliases"] else node["title"]).split())
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"

"""Structure: the memories that many others depend on, and communities of related memories."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from graphmem.analysis.graph_access import amendments, anchors, edges, memories, memory, recorded_order, takeovers
from graphmem.deferred_dataclass import dataclass
from graphmem.model import AnchorKind, Kind
from graphmem.service.attributes import EdgeType

if TYPE_CHECKING:
    import networkx as nx

    from graphmem.analysis.graph_access import Network

_LEANING = (EdgeType.DEPENDS_ON, EdgeType.IMPLEMENTS, EdgeType.REFINES)
_LINKS = (*_LEANING, EdgeType.FIXES, EdgeType.CONFLICTS_WITH)
_THEMES = 3
#: Louvain's partition depends on the visiting order; a fixed seed makes it reproducible.
_SEED = 7


@dataclass(frozen=True, slots=True)
class Central:
    """A memory, and the memories that depend on it, directly or through others."""

    memory: str
    falls: tuple[str, ...]
    leaning: int


@dataclass(frozen=True, slots=True)
class Community:
    """Memories that are more closely tied to each other than to the rest; `themes` are attributes specific to them."""

    memories: tuple[str, ...]
    themes: tuple[str, ...]


def central(graph: Network, limit: int = 10, *, kinds: Collection[Kind] = ()) -> tuple[Central, ...]:
    """Return the memories in force with the most dependents; memories without dependents are omitted.

    A memory depends on those that it depends on, implements, refines or amends. `leaning` counts direct dependents.

    Args:
        graph: As `to_networkx` returns it.
        limit: The most memories to return.
        kinds: Kinds to return; empty for every kind.
    """
    import networkx as nx

    carries, positions = _carrying(graph), recorded_order(graph)
    results = [
        Central(key, tuple(sorted(nx.descendants(carries, key), key=positions.__getitem__)), carries.out_degree(key))
        for key in carries
        if carries.out_degree(key) and (not kinds or memory(graph, key)["kind"] in kinds)
    ]
    # Ties in recorded order.
    return tuple(
        sorted(results, key=lambda result: (-len(result.falls), -result.leaning, positions[result.memory]))[:limit]
    )


def _carrying(graph: Network) -> nx.DiGraph[str]:
    """Return the graph from each memory to its dependents, both in force."""
    import networkx as nx

    carries: nx.DiGraph[str] = nx.DiGraph()
    leaning = [(base, dependent) for dependent, base, _ in edges(graph, *_LEANING)]
    for base, dependent in [*leaning, *amendments(graph)]:
        if base != dependent and graph.nodes[base].get("holds") and graph.nodes[dependent].get("holds"):
            carries.add_edge(base, dependent)
    return carries


def communities(graph: Network) -> tuple[Community, ...]:
    """Return communities of two or more memories by Louvain's method, the largest first.

    Memories are tied by supersessions and links, and by shared anchors, labels and subjects: the fewer memories share
    an attribute, the closer the tie. Repository anchors are ignored.

    Source: Blondel and others 2008, Fast unfolding of communities in large networks, as networkx has it.
    """
    import networkx as nx

    shared = _shared(graph)
    names = [key for key, _ in memories(graph)]
    numbers = {name: number for number, name in enumerate([*names, *shared])}
    # Numbers, not strings: the order of a set of strings differs between processes.
    ties: nx.Graph[int] = nx.Graph()
    ties.add_nodes_from(numbers.values())
    for left, right, weight in _ties(graph, shared):
        if left in numbers and right in numbers:
            ties.add_edge(numbers[left], numbers[right], weight=weight)
    parts = nx.community.louvain_communities(ties, seed=_SEED)
    members = [[number for number in sorted(part) if number < len(names)] for part in parts]
    ordered = sorted((group for group in members if len(group) > 1), key=lambda group: (-len(group), group))
    return tuple(_community(graph, [names[number] for number in group], shared) for group in ordered)


_Theme = tuple[str, str]


def _shared(graph: Network) -> dict[_Theme, list[str]]:
    """Return the themes that two or more memories have, with their ids."""
    ids_of: dict[_Theme, list[str]] = defaultdict(list)
    for key, _ in memories(graph):
        for theme in _themes(graph, key):
            ids_of[theme].append(key)
    return {theme: ids for theme, ids in ids_of.items() if len(ids) > 1}


def _themes(graph: Network, key: str) -> Iterator[_Theme]:
    node = memory(graph, key)
    yield from dict.fromkeys(("label", label) for label in node["labels"])
    if node["subject"] is not None:
        yield "subject", node["subject"]
    about = (anchor for anchor in anchors(graph, key) if anchor["kind"] is not AnchorKind.REPO)
    yield from dict.fromkeys((anchor["kind"].value, anchor["name"]) for anchor in about)


def _ties(graph: Network, shared: dict[_Theme, list[str]]) -> Iterator[tuple[str | _Theme, str | _Theme, float]]:
    yield from ((source, target, 1.0) for source, target, _ in edges(graph, *_LINKS))
    yield from ((old, new, 1.0) for old, new in (*takeovers(graph), *amendments(graph)))
    for theme, ids in shared.items():
        yield from ((key, theme, 1 / (len(ids) - 1)) for key in ids)


def _community(graph: Network, members: list[str], shared: dict[_Theme, list[str]]) -> Community:
    counted = Counter(theme for key in members for theme in _themes(graph, key))
    # A theme that all memories share is not specific to these.
    weights = {theme: count * count / len(shared[theme]) for theme, count in counted.items() if count > 1}
    common = sorted(weights, key=lambda theme: (-weights[theme], theme))
    return Community(tuple(members), tuple(name for _, name in common[:_THEMES]))

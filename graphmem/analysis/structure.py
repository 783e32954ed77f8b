"""What carries what, and what belongs together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphmem.analysis.walking import amendments, anchors, edges, memories, memory, recorded_order, takeovers
from graphmem.model import AnchorKind, Kind
from graphmem.service.attributes import EdgeType

if TYPE_CHECKING:
    import networkx as nx

    from graphmem.analysis.walking import Network

_LEANING = (EdgeType.DEPENDS_ON, EdgeType.IMPLEMENTS, EdgeType.REFINES)
_LINKS = (*_LEANING, EdgeType.FIXES, EdgeType.CONFLICTS_WITH)
_THEMES = 3
#: Louvain's partition depends on the order in which it visits; this makes it one and the same.
_SEED = 7


@dataclass(frozen=True, slots=True)
class Central:
    """A memory, and which others would fall with it: those that lean on it, directly or through others."""

    memory: str
    falls: tuple[str, ...]
    leaning: int


@dataclass(frozen=True, slots=True)
class Community:
    """Memories that are more tied to each other than to the rest; `themes` are what they share and others do not."""

    memories: tuple[str, ...]
    themes: tuple[str, ...]


def central(graph: Network, limit: int = 10, *, kinds: Collection[Kind] = ()) -> tuple[Central, ...]:
    """What most would fall with, of what holds at the graph's point; what nothing leans on is left out.

    A memory leans on what it depends on, implements, refines or amends. `leaning` of it do so directly.

    Args:
        graph: As `to_networkx` gave it.
        limit: At most so many.
        kinds: Only these; empty for every kind.
    """
    import networkx as nx

    carries, places = _carrying(graph), recorded_order(graph)
    found = [
        Central(key, tuple(sorted(nx.descendants(carries, key), key=places.__getitem__)), carries.out_degree(key))
        for key in carries
        if carries.out_degree(key) and (not kinds or memory(graph, key)["kind"] in kinds)
    ]
    # What was recorded first comes first among equals.
    return tuple(sorted(found, key=lambda one: (-len(one.falls), -one.leaning, places[one.memory]))[:limit])


def _carrying(graph: Network) -> nx.DiGraph[str]:
    """From what is leant on to what leans, both in force."""
    import networkx as nx

    carries: nx.DiGraph[str] = nx.DiGraph()
    leaning = [(base, one) for one, base, _ in edges(graph, *_LEANING)]
    for base, one in [*leaning, *amendments(graph)]:
        if base != one and graph.nodes[base].get("holds") and graph.nodes[one].get("holds"):
            carries.add_edge(base, one)
    return carries


def communities(graph: Network) -> tuple[Community, ...]:
    """Communities of two or more memories by Louvain's method, the largest first.

    Memories are tied by supersessions and links, and by the anchors, labels and subjects that they share: the fewer
    share it, the closer. Whole repositories tie nothing.

    Source: Blondel and others 2008, Fast unfolding of communities in large networks, as networkx has it.
    """
    import networkx as nx

    shared = _shared(graph)
    names = [key for key, _ in memories(graph)]
    places = {name: number for number, name in enumerate([*names, *shared])}
    # Numbers, not texts: the order of a set of texts differs from one process to the next.
    ties: nx.Graph[int] = nx.Graph()
    ties.add_nodes_from(places.values())
    for one, other, weight in _ties(graph, shared):
        if one in places and other in places:
            ties.add_edge(places[one], places[other], weight=weight)
    parts = nx.community.louvain_communities(ties, seed=_SEED)
    members = [[place for place in sorted(part) if place < len(names)] for part in parts]
    kept = sorted((some for some in members if len(some) > 1), key=lambda some: (-len(some), some))
    return tuple(_community(graph, [names[place] for place in some], shared) for some in kept)


_Theme = tuple[str, str]


def _shared(graph: Network) -> dict[_Theme, list[str]]:
    """What two or more memories are about or filed under, with their ids."""
    found: dict[_Theme, list[str]] = defaultdict(list)
    for key, _ in memories(graph):
        for theme in _themes(graph, key):
            found[theme].append(key)
    return {theme: ids for theme, ids in found.items() if len(ids) > 1}


def _themes(graph: Network, key: str) -> Iterator[_Theme]:
    node = memory(graph, key)
    yield from dict.fromkeys(("label", label) for label in node["labels"])
    if node["subject"] is not None:
        yield "subject", node["subject"]
    about = (one for one in anchors(graph, key) if one["kind"] is not AnchorKind.REPO)
    yield from dict.fromkeys((one["kind"].value, one["name"]) for one in about)


def _ties(graph: Network, shared: dict[_Theme, list[str]]) -> Iterator[tuple[str | _Theme, str | _Theme, float]]:
    yield from ((one, other, 1.0) for one, other, _ in edges(graph, *_LINKS))
    yield from ((old, new, 1.0) for old, new in (*takeovers(graph), *amendments(graph)))
    for theme, ids in shared.items():
        yield from ((key, theme, 1 / (len(ids) - 1)) for key in ids)


def _community(graph: Network, members: list[str], shared: dict[_Theme, list[str]]) -> Community:
    counted = Counter(theme for key in members for theme in _themes(graph, key))
    # What everything shares says nothing of these.
    weights = {theme: count * count / len(shared[theme]) for theme, count in counted.items() if count > 1}
    common = sorted(weights, key=lambda theme: (-weights[theme], theme))
    return Community(tuple(members), tuple(name for _, name in common[:_THEMES]))

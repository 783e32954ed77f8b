"""What in a memory needs somebody's eye, and what to do about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from graphmem.analysis.walking import asked_at, edges, files, memories, memory, short_name
from graphmem.model import Origin
from graphmem.service.attributes import EdgeType, MemoryNode

if TYPE_CHECKING:
    from graphmem.analysis.walking import Network

#: Who tells without having decided: of less trust than a document.
_HEARSAY = frozenset(one for one in Origin if one.trust < Origin.DOCUMENT.trust)
_LEANING = (EdgeType.DEPENDS_ON, EdgeType.IMPLEMENTS, EdgeType.REFINES)
_GLOB = frozenset("*?[")
_NO_USAGE = "what was never used cannot be told: answers leave no trace in the ledger"
_NO_FILES = "files were not looked for: give the paths that there are"


class Ailment(StrEnum):
    """What can be wrong with a memory that holds, the most urgent first."""

    CONTESTED = "contested"
    ADRIFT = "rests on what no longer holds"
    GONE = "about files that are gone"
    STALE = "stale"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing wrong with one memory: why, in a sentence, and the command that settles it."""

    memory: str
    title: str
    ailment: Ailment
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Health:
    """What is to be cleaned up at a point.

    Attributes:
        holding: How many memories hold; only those are looked at.
        ailing: How many of them have a concern, some more than one.
        concerns: The most urgent first, then in recorded order.
        notes: What could not be looked at, and why.
    """

    at: datetime
    holding: int
    ailing: int
    concerns: tuple[Concern, ...]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[Ailment, int]:
        """How many concerns of each sort, all sorts named."""
        counted = Counter(one.ailment for one in self.concerns)
        return {ailment: counted[ailment] for ailment in Ailment}


def health(graph: Network, *, stale_after_days: float = 365, present: Collection[str] | None = None) -> Health:
    """What is wrong with memories that hold at the graph's point.

    Contested: another holds for its subject. Adrift: it depends on, implements or refines what no longer holds. Gone:
    it speaks of a file or folder that is not there. Stale: it began to hold, and was last confirmed, longer ago than
    `stale_after_days`. Unverified: an agent, a conversation or something outside told it, and nobody confirmed it. What
    was never used cannot be told, since usage is not recorded.

    Args:
        graph: As `to_networkx` gave it.
        stale_after_days: Days, more than 0.
        present: Paths of files that there are, as anchors name them (`git ls-files`); None leaves them alone.
    """
    held = [(key, node) for key, node in memories(graph) if node["holds"]]
    looks = [_contested(graph), _adrift(graph), _gone(graph, present), _stale(graph, stale_after_days), _unverified]
    concerns = [
        Concern(key, node["title"], ailment, why, fix)
        for look, ailment in zip(looks, Ailment, strict=True)
        for key, node in held
        for why, fix in look(key, node)
    ]
    notes = (_NO_USAGE,) if present is not None else (_NO_USAGE, _NO_FILES)
    ailing = len({one.memory for one in concerns})
    return Health(asked_at(graph), len(held), ailing, tuple(concerns), notes)


_Look = Callable[[str, MemoryNode], Iterator[tuple[str, str]]]


def _contested(graph: Network) -> _Look:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for head, other, data in edges(graph, EdgeType.CONFLICTS_WITH):
        if "rule" in data:
            found[other].append((head, data["rule"]))

    def look(key: str, _: MemoryNode) -> Iterator[tuple[str, str]]:
        for head, rule in dict.fromkeys(found[key]):
            by = f", by the rule {rule!r}" if rule else ""
            yield f"{short_name(memory(graph, head))} leads against it{by}", f"graphmem supersede {key} {head}"

    return look


def _adrift(graph: Network) -> _Look:
    found: dict[str, list[str]] = defaultdict(list)
    for one, base, data in edges(graph, *_LEANING):
        node = graph.nodes[base]
        if not node.get("holds"):
            verb = data["type"].value.replace("_", " ")
            found[one].append(f"{verb} {short_name(memory(graph, base))}, which is {node['state'].value}")

    def look(key: str, _: MemoryNode) -> Iterator[tuple[str, str]]:
        for why in dict.fromkeys(found[key]):
            yield why, f"graphmem explain {key}"

    return look


def _gone(graph: Network, present: Collection[str] | None) -> _Look:
    paths = frozenset(present or ())

    def look(key: str, _: MemoryNode) -> Iterator[tuple[str, str]]:
        if present is None:
            return
        gone = [name for name in dict.fromkeys(files(graph, key)) if not _is_there(name, paths)]
        if gone:
            yield f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} not there", f"graphmem explain {key}"

    return look


def _is_there(name: str, paths: frozenset[str]) -> bool:
    """Whether there is a path, or anything in a folder; a glob speaks of files to come as well."""
    if name.endswith("/"):
        return any(path.startswith(name) for path in paths)
    return name in paths or not _GLOB.isdisjoint(name)


def _stale(graph: Network, after_days: float) -> _Look:
    now = asked_at(graph)

    def look(key: str, node: MemoryNode) -> Iterator[tuple[str, str]]:
        began = [one.start for one in node["holding"] if one.start is not None and one.start <= now]
        fresh = max((moment for moment in (*began, node["confirmed_at"]) if moment is not None), default=None)
        if fresh is not None and now - fresh > timedelta(days=after_days):
            yield f"not confirmed for {(now - fresh).days} days", f"graphmem confirm {key}"

    return look


def _unverified(key: str, node: MemoryNode) -> Iterator[tuple[str, str]]:
    if node["origin"] in _HEARSAY and node["confirmed_at"] is None:
        yield f"told by {node['origin'].value}, confirmed by nobody", f"graphmem confirm {key}"

"""Health: memories in force that need attention, each with a command."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from graphmem.analysis.graph_access import asked_at, edges, files, memories, memory, short_name
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Origin
from graphmem.service.attributes import EdgeType, MemoryNode

if TYPE_CHECKING:
    from graphmem.analysis.graph_access import Network

#: Origins that report without having decided: less trusted than a document.
_HEARSAY = frozenset(origin for origin in Origin if origin.trust < Origin.DOCUMENT.trust)
_LEANING = (EdgeType.DEPENDS_ON, EdgeType.IMPLEMENTS, EdgeType.REFINES)
_GLOB = frozenset("*?[")
_NO_USAGE = "unused memories cannot be listed: the ledger does not record reads"
_NO_FILES = "missing files were not checked: pass the paths that exist"


class Ailment(StrEnum):
    """A defect of a memory in force, the most urgent first."""

    CONTESTED = "contested"
    ADRIFT = "rests on what no longer holds"
    GONE = "about files that are gone"
    STALE = "stale"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Concern:
    """A defect of a memory: the reason in a sentence, and the command that fixes it."""

    memory: str
    title: str
    ailment: Ailment
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Health:
    """The defects found at a point.

    Attributes:
        holding: The number of memories in force; only these are checked.
        ailing: How many of them have a concern; some have more.
        concerns: The most urgent first, then in recorded order.
        notes: Checks that were not possible, and why.
    """

    at: datetime
    holding: int
    ailing: int
    concerns: tuple[Concern, ...]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[Ailment, int]:
        """The number of concerns per ailment, zeros included."""
        counted = Counter(concern.ailment for concern in self.concerns)
        return {ailment: counted[ailment] for ailment in Ailment}


def health(graph: Network, *, stale_after_days: float = 365, present: Collection[str] | None = None) -> Health:
    """Return the defects of memories in force at the graph's point.

    Contested: another memory is in force for the subject. Adrift: it depends on, implements or refines a memory that is
    not
    in force. Gone: it names a file or folder that does not exist. Stale: it came into force, and was last confirmed,
    longer
    ago than `stale_after_days`. Unverified: its origin is an agent, a conversation or an external source, and it was
    never
    confirmed. Unused memories are not listed, since reads are not recorded.

    Args:
        graph: As `to_networkx` returns it.
        stale_after_days: Days, more than 0.
        present: Paths of existing files, as anchors name them (`git ls-files`); None skips this check.
    """
    in_force = [(key, node) for key, node in memories(graph) if node["holds"]]
    checks = [_contested(graph), _adrift(graph), _gone(graph, present), _stale(graph, stale_after_days), _unverified]
    concerns = [
        Concern(key, node["title"], ailment, why, fix)
        for check, ailment in zip(checks, Ailment, strict=True)
        for key, node in in_force
        for why, fix in check(key, node)
    ]
    notes = (_NO_USAGE,) if present is not None else (_NO_USAGE, _NO_FILES)
    ailing = len({concern.memory for concern in concerns})
    return Health(asked_at(graph), len(in_force), ailing, tuple(concerns), notes)


_Check = Callable[[str, MemoryNode], Iterator[tuple[str, str]]]


def _contested(graph: Network) -> _Check:
    leaders: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for head, loser, data in edges(graph, EdgeType.CONFLICTS_WITH):
        if "rule" in data:
            leaders[loser].append((head, data["rule"]))

    def check(key: str, _: MemoryNode) -> Iterator[tuple[str, str]]:
        for head, rule in dict.fromkeys(leaders[key]):
            by = f", by the rule {rule!r}" if rule else ""
            yield f"{short_name(memory(graph, head))} leads against it{by}", f"graphmem supersede {key} {head}"

    return check


def _adrift(graph: Network) -> _Check:
    reasons: dict[str, list[str]] = defaultdict(list)
    for dependent, base, data in edges(graph, *_LEANING):
        node = graph.nodes[base]
        if not node.get("holds"):
            verb = data["type"].value.replace("_", " ")
            reasons[dependent].append(f"{verb} {short_name(memory(graph, base))}, which is {node['state'].value}")

    def check(key: str, _: MemoryNode) -> Iterator[tuple[str, str]]:
        for why in dict.fromkeys(reasons[key]):
            yield why, f"graphmem explain {key}"

    return check


def _gone(graph: Network, present: Collection[str] | None) -> _Check:
    paths = frozenset(present or ())

    def check(key: str, _: MemoryNode) -> Iterator[tuple[str, str]]:
        if present is None:
            return
        missing = [name for name in dict.fromkeys(files(graph, key)) if not _is_there(name, paths)]
        if missing:
            yield f"{', '.join(missing)} {'does' if len(missing) == 1 else 'do'} not exist", f"graphmem explain {key}"

    return check


def _is_there(name: str, paths: frozenset[str]) -> bool:
    """Return whether a path exists, or any file in a folder; a glob may match future files and always passes."""
    if name.endswith("/"):
        return any(path.startswith(name) for path in paths)
    return name in paths or not _GLOB.isdisjoint(name)


def _stale(graph: Network, after_days: float) -> _Check:
    now = asked_at(graph)

    def check(key: str, node: MemoryNode) -> Iterator[tuple[str, str]]:
        began = [piece.start for piece in node["holding"] if piece.start is not None and piece.start <= now]
        fresh = max((moment for moment in (*began, node["confirmed_at"]) if moment is not None), default=None)
        if fresh is not None and now - fresh > timedelta(days=after_days):
            yield f"not confirmed for {(now - fresh).days} days", f"graphmem confirm {key}"

    return check


def _unverified(key: str, node: MemoryNode) -> Iterator[tuple[str, str]]:
    if node["origin"] in _HEARSAY and node["confirmed_at"] is None:
        yield f"origin {node['origin'].value}, never confirmed", f"graphmem confirm {key}"

"""Memories of a repository that count in another: rows as a reader of the other repository sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import FOREVER, Memory
from graphmem.rows import MemoryRow, Rows


@dataclass(frozen=True, slots=True)
class Carriage:
    """A linked repository, and the part of its memories that counts in the reader's.

    Private memories and those of open branches do not count: they stay where they are.

    Attributes:
        repo: The repository that has the memories.
        since: The valid time from which they count; None for always.
        is_limited: Only memories about a folder count, with everything that superseded them or that they superseded.
        moved: Returns a memory with its anchors in the reader's repository; None if it is not about the folder. It is
            given the time of the memory's first move.
    """

    repo: str
    since: datetime | None
    is_limited: bool
    moved: Callable[[Memory, datetime], Memory | None]


def carried(rows: Rows, carriages: Sequence[Carriage], related: Collection[str] = ()) -> Rows:
    """Return the rows as seen by a reader into whose repository other repositories are linked.

    Memories of linked repositories that do not count are left out; those that count have their anchors in the reader's
    repository.

    Args:
        rows: Closed under supersession.
        carriages: The links.
        related: Repositories that the reader reads anyway: their memories stay, at all times.
    """
    sources = {carriage.repo for carriage in carriages}
    shared = {
        key: row for key, row in rows.memories.items() if row.memory.scope.repo in sources and not row.memory.scope.user
    }
    if not shared:
        return rows
    counted: dict[str, MemoryRow] = {}
    since: dict[str, datetime] = {}
    for carriage in carriages:
        home = {
            key: row for key, row in shared.items() if row.memory.scope.repo == carriage.repo and key not in counted
        }
        counting = _counting(rows, carriage, home)
        counted |= counting
        if carriage.since is not None and carriage.repo not in related:
            since |= dict.fromkeys(counting, carriage.since)
    remaining = {
        key: row for key, row in rows.memories.items() if key not in shared or row.memory.scope.repo in related
    }
    return replace(rows, memories={**remaining, **counted}, since=since)


def _counting(rows: Rows, carriage: Carriage, home: Mapping[str, MemoryRow]) -> dict[str, MemoryRow]:
    """Return the memories of a repository that count, with their anchors in the reader's repository."""
    starts = _starts(rows, home)
    moved = {
        key: row.memory if row.memory.is_erased else carriage.moved(row.memory, starts.get(key, FOREVER))
        for key, row in home.items()
    }
    about = {key for key, memory in moved.items() if memory is not None}
    inside = _joined(rows, about, home) if carriage.is_limited else home.keys()
    return {key: replace(row, memory=moved[key] or row.memory) for key, row in home.items() if key in inside}


def _starts(rows: Rows, home: Mapping[str, MemoryRow]) -> dict[str, datetime]:
    starts: dict[str, datetime] = {}
    for row in rows.moves:
        if row.memory in home:
            starts[row.memory] = min(row.move.at, starts.get(row.memory, FOREVER))
    return starts


def _joined(rows: Rows, keys: Iterable[str], home: Mapping[str, MemoryRow]) -> set[str]:
    """Return the memories that supersessions and amendments join to some, among those of the repository."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for edge in rows.edges:
        if edge.old in home and edge.new in home:
            neighbours[edge.old].add(edge.new)
            neighbours[edge.new].add(edge.old)
    joined = set(keys)
    todo = list(joined)
    while todo:
        fresh = neighbours[todo.pop()] - joined
        joined |= fresh
        todo += fresh
    return joined

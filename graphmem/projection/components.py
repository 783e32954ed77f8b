"""Rows taken apart into chains of memories that have nothing to do with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from graphmem.rows import EdgeRow, MemoryRow, MoveRow, RetractRow, RevokeRow, Rows, Stamp


@dataclass(frozen=True, slots=True)
class Component:
    """Memories that are chained to each other, with their rows."""

    rows: Rows

    @property
    def first(self) -> int:
        """The ledger position of its first memory."""
        return min(row.stamp.seq for row in self.rows.memories.values())

    def positions(self, after: int, upto: int, merges: Mapping[int, datetime]) -> Iterator[tuple[int, datetime]]:
        """Ledger positions past `after` up to `upto` at which something of it changes, with their times, in order."""
        times = {one.seq: one.recorded_at for one in self._stamps()}
        if any(one.branch is not None for one in self._stamps()):
            times |= merges
        yield from sorted((seq, moment) for seq, moment in times.items() if after < seq <= upto)

    def _stamps(self) -> Iterator[Stamp]:
        rows = self.rows
        yield from (one.stamp for one in rows.memories.values())
        for group in (rows.moves, rows.edges, rows.retractions, rows.revocations):
            yield from (one.stamp for one in group)


def components(rows: Rows) -> list[Component]:
    """The chains in a set of rows. Links and confirmations, on which no answer depends, are left out."""
    root = _roots(rows.memories, rows.edges)
    parts: dict[str, _Part] = defaultdict(_Part)
    homes: dict[int, set[str]] = defaultdict(set)
    for key, row in rows.memories.items():
        parts[root[key]].memories[key] = row
    for move in rows.moves:
        parts[root[move.memory]].moves.append(move)
        homes[move.stamp.seq].add(root[move.memory])
    for retraction in rows.retractions:
        parts[root[retraction.memory]].retractions.append(retraction)
        homes[retraction.stamp.seq].add(root[retraction.memory])
    for edge in rows.edges:
        parts[root[edge.old]].edges.append(edge)
        homes[edge.stamp.seq].add(root[edge.old])
    for revocation in rows.revocations:
        for each in homes[revocation.change]:
            parts[each].revocations.append(revocation)
    return [Component(one.rows(rows)) for one in parts.values()]


class _Part:
    def __init__(self) -> None:
        self.memories: dict[str, MemoryRow] = {}
        self.moves: list[MoveRow] = []
        self.edges: list[EdgeRow] = []
        self.retractions: list[RetractRow] = []
        self.revocations: list[RevokeRow] = []

    def rows(self, whole: Rows) -> Rows:
        return Rows(
            memories=self.memories,
            moves=tuple(self.moves),
            edges=tuple(self.edges),
            retractions=tuple(self.retractions),
            revocations=tuple(self.revocations),
            branches=whole.branches,
        )


def _roots(keys: Iterable[str], edges: Iterable[EdgeRow]) -> dict[str, str]:
    """For each memory, one that stands for all that it is chained to."""
    above = {key: key for key in keys}

    def root_of(key: str) -> str:
        while above[key] != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    for edge in edges:
        above[root_of(edge.old)] = root_of(edge.new)
    return {key: root_of(key) for key in above}

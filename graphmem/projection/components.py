"""Splits rows into independent supersession chains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.rows import EdgeRow, MemoryRow, MoveRow, RetractRow, RevokeRow, Rows, Stamp


@dataclass(frozen=True, slots=True)
class Component:
    """The rows of memories that supersessions join."""

    rows: Rows

    @property
    def first(self) -> int:
        """The ledger position of the first memory."""
        return min(row.stamp.seq for row in self.rows.memories.values())

    def positions(self, after: int, upto: int, merges: Mapping[int, datetime]) -> Iterator[tuple[int, datetime]]:
        """Yield (ledger position, recorded time) of each change of the chain past `after` up to `upto`, in order."""
        times = {stamp.seq: stamp.recorded_at for stamp in self._stamps()}
        if any(stamp.branch is not None for stamp in self._stamps()):
            times |= merges
        yield from sorted((seq, moment) for seq, moment in times.items() if after < seq <= upto)

    def _stamps(self) -> Iterator[Stamp]:
        rows = self.rows
        yield from (row.stamp for row in rows.memories.values())
        for group in (rows.moves, rows.edges, rows.retractions, rows.revocations):
            yield from (row.stamp for row in group)


def components(rows: Rows) -> list[Component]:
    """Split rows into chains; links and confirmations are dropped, since no claim depends on them."""
    root = _roots(rows.memories, rows.edges)
    parts: dict[str, _Part] = defaultdict(_Part)
    homes: dict[int, set[str]] = defaultdict(set)
    for memory_id, row in rows.memories.items():
        parts[root[memory_id]].memories[memory_id] = row
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
        for first_id in homes[revocation.change]:
            parts[first_id].revocations.append(revocation)
    return [Component(part.rows(rows)) for part in parts.values()]


class _Part:
    def __init__(self) -> None:
        self.memories: dict[str, MemoryRow] = {}
        self.moves: list[MoveRow] = []
        self.edges: list[EdgeRow] = []
        self.retractions: list[RetractRow] = []
        self.revocations: list[RevokeRow] = []

    def rows(self, all_rows: Rows) -> Rows:
        return Rows(
            memories=self.memories,
            moves=tuple(self.moves),
            edges=tuple(self.edges),
            retractions=tuple(self.retractions),
            revocations=tuple(self.revocations),
            branches=all_rows.branches,
        )


def _roots(ids: Iterable[str], edges: Iterable[EdgeRow]) -> dict[str, str]:
    """Map each memory id to a representative of its chain."""
    above = {key: key for key in ids}

    def root_of(key: str) -> str:
        while above[key] != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    for edge in edges:
        above[root_of(edge.old)] = root_of(edge.new)
    return {key: root_of(key) for key in above}

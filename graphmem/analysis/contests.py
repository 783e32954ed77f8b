"""Contested subjects: subjects for which two memories were in force at once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from graphmem.analysis.graph_access import amendments, asked_at, memories, memory
from graphmem.answers import Interval
from graphmem.deferred_dataclass import dataclass
from graphmem.model import BEGINNING, FOREVER

if TYPE_CHECKING:
    from graphmem.analysis.graph_access import Network

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContestedSubject:
    """A subject with contradicting memories in the same home scope.

    Attributes:
        claims: Ids of the memories that were ever in force with another, oldest first.
        overlap: The intervals with two or more in force, up to the graph's point.
        is_open: Whether two are in force at that point: `GraphMemory.conflicts` suggests how to resolve it.
        days: The total length of the overlap.
    """

    subject: str
    claims: tuple[str, ...]
    overlap: tuple[Interval, ...]
    is_open: bool
    days: float


def contested(graph: Network) -> tuple[ContestedSubject, ...]:
    """Return contested subjects: open contests first, then the longest. An amendment does not contest its base."""
    homes: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for key, node in memories(graph):
        if node["subject"] is not None and node["holding"]:
            homes[node["subject"], node["repo"], node["user"], node["environment"]].append(key)
    amended = set(amendments(graph))
    contests = [_contest(graph, str(home[0]), ids, amended) for home, ids in homes.items() if len(ids) > 1]
    actual = [contest for contest in contests if contest is not None]
    return tuple(sorted(actual, key=lambda contest: (not contest.is_open, -contest.days, contest.subject)))


def _contest(graph: Network, subject: str, ids: list[str], amended: set[tuple[str, str]]) -> ContestedSubject | None:
    rivals = [key for key in ids if not any((base, key) in amended for base in ids)]
    now = asked_at(graph)
    spans = [(low, min(high, now), key) for key in rivals for low, high in _spans(graph, key) if low < now]
    moments = sorted({moment for low, high, _ in spans for moment in (low, high)})
    claims: dict[str, None] = {}
    overlap: list[tuple[datetime, datetime]] = []
    for low, high in pairwise(moments):
        held = [key for start, end, key in spans if start <= low and high <= end]
        if len(held) > 1:
            claims.update(dict.fromkeys(held))
            overlap.append((low, high))
    held = [key for key in rivals if memory(graph, key)["holds"]]
    is_open = len(held) > 1
    claims.update(dict.fromkeys(held if is_open else ()))
    if not claims:
        return None
    ordered = tuple(key for key in rivals if key in claims)
    days = sum((high - low) / _DAY for low, high in overlap)
    return ContestedSubject(subject, ordered, _merged(overlap), is_open, days)


def _spans(graph: Network, key: str) -> list[tuple[datetime, datetime]]:
    return [(piece.start or BEGINNING, piece.end or FOREVER) for piece in memory(graph, key)["holding"]]


def _merged(pieces: list[tuple[datetime, datetime]]) -> tuple[Interval, ...]:
    """Join adjacent intervals of an ordered list."""
    merged: list[tuple[datetime, datetime]] = []
    for low, high in pieces:
        if merged and merged[-1][1] == low:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(Interval(None if low == BEGINNING else low, high) for low, high in merged)

"""Subjects for which two memories held at once, now or before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from graphmem.analysis.walking import amendments, asked_at, memories, memory
from graphmem.answers import Interval
from graphmem.model import BEGINNING, FOREVER

if TYPE_CHECKING:
    from graphmem.analysis.walking import Network

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContestedSubject:
    """A subject over which memories of one home contradicted each other.

    Attributes:
        claims: Ids of all that ever held against another, oldest first.
        overlap: When two or more held, up to the graph's point.
        is_open: Whether they do at that point: `GraphMemory.conflicts` tells how to settle it.
        days: How long in all.
    """

    subject: str
    claims: tuple[str, ...]
    overlap: tuple[Interval, ...]
    is_open: bool
    days: float


def contested(graph: Network) -> tuple[ContestedSubject, ...]:
    """Contested subjects, open ones first, then the longest; an amendment contests nothing that it amends."""
    homes: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for key, node in memories(graph):
        if node["subject"] is not None and node["holding"]:
            homes[node["subject"], node["repo"], node["user"], node["environment"]].append(key)
    amended = set(amendments(graph))
    found = [_contest(graph, str(home[0]), ids, amended) for home, ids in homes.items() if len(ids) > 1]
    kept = [one for one in found if one is not None]
    return tuple(sorted(kept, key=lambda one: (not one.is_open, -one.days, one.subject)))


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
    return [(one.start or BEGINNING, one.end or FOREVER) for one in memory(graph, key)["holding"]]


def _merged(pieces: list[tuple[datetime, datetime]]) -> tuple[Interval, ...]:
    """Pieces in order, those that touch made one."""
    found: list[tuple[datetime, datetime]] = []
    for low, high in pieces:
        if found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return tuple(Interval(None if low == BEGINNING else low, high) for low, high in found)

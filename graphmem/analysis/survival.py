"""How long decisions last, with those that still hold counted as what they are: not over yet.

Leaving them out would make every project look fickle, and counting them as over as of today would too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from graphmem.analysis.areas import Area, areas
from graphmem.analysis.walking import asked_at, memories
from graphmem.model import Kind
from graphmem.service.attributes import MemoryNode

if TYPE_CHECKING:
    from graphmem.analysis.walking import Network

#: The area of all memories together.
EVERYWHERE = "all"
_HALF = 0.5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Life:
    """How many days a memory held until it was over, or so far."""

    days: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Survival:
    """The share of memories that last longer than so many days."""

    days: float
    share: float


@dataclass(frozen=True, slots=True)
class HalfLife:
    """How long the decisions of one area last.

    Attributes:
        median_days: After how many days half of them are over; None if more than half last as long as anybody has
            watched.
        memories: How many ever held, and `over` how many of them hold no more.
        curve: The share that lasts, one step for each length of a life that is over, and the longest watched last.
    """

    area: str
    median_days: float | None
    memories: int
    over: int
    curve: tuple[Survival, ...]


def half_life(
    graph: Network, by: Area | None = None, *, kinds: Collection[Kind] = (Kind.DECISION,)
) -> tuple[HalfLife, ...]:
    """The half-life of decisions, of all of them first and then by area, the largest first.

    A life reaches from when a memory first held to when it last did. Without `by` there are no areas; a memory of
    several counts in each. One that never held by the graph's point counts nowhere.
    """
    now = asked_at(graph)
    lives = {key: life for key, node in memories(graph) if node["kind"] in kinds and (life := _life(node, now))}
    found: dict[str, list[Life]] = defaultdict(list)
    if by is not None:
        for key, names in areas(graph, by).items():
            for name in names if key in lives else ():
                found[name].append(lives[key])
    parts = sorted((_half_life(name, some) for name, some in found.items()), key=lambda one: (-one.memories, one.area))
    return (_half_life(EVERYWHERE, list(lives.values())), *parts)


def survival(lives: Iterable[Life]) -> tuple[Survival, ...]:
    """The share of lives longer than each length, by the product-limit estimate.

    Source: Kaplan and Meier 1958, Nonparametric estimation from incomplete observations.
    """
    ordered = sorted(lives, key=lambda one: one.days)
    left, share, found = len(ordered), 1.0, [Survival(0.0, 1.0)]
    for days, same in groupby(ordered, key=lambda one: one.days):
        at_once = list(same)
        over = sum(one.is_over for one in at_once)
        if over:
            share *= 1 - over / left
            found.append(Survival(days, share))
        left -= len(at_once)
    if ordered and found[-1].days < ordered[-1].days:
        found.append(Survival(ordered[-1].days, share))
    return tuple(found)


def _half_life(area: str, lives: list[Life]) -> HalfLife:
    curve = survival(lives)
    # Sums of shares may miss a half by a hair.
    median = next((one.days for one in curve if one.share <= _HALF + 1e-9), None)
    return HalfLife(area, median, len(lives), sum(one.is_over for one in lives), curve)


def _life(node: MemoryNode, now: datetime) -> Life | None:
    """From its first start to its last end, as far as both are past; None if it never held, or since ever."""
    begun = [one for one in node["holding"] if one.start is None or one.start <= now]
    if not begun or begun[0].start is None:
        return None
    end = begun[-1].end
    is_over = end is not None and end <= now
    length = (end if is_over and end is not None else now) - begun[0].start
    return Life(length / _DAY, is_over)

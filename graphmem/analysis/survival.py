"""Survival: how long decisions last, with decisions in force counted as censored.

Leaving them out, or counting them as ended today, would both make every project look unstable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from graphmem.analysis.areas import Area, areas
from graphmem.analysis.graph_access import asked_at, memories
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind
from graphmem.service.attributes import MemoryNode

if TYPE_CHECKING:
    from graphmem.analysis.graph_access import Network

#: The area of all memories together.
EVERYWHERE = "all"
_HALF = 0.5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Life:
    """The days that a memory was in force, until it ended or until now."""

    days: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Survival:
    """The share of memories that last longer than `days`."""

    days: float
    share: float


@dataclass(frozen=True, slots=True)
class HalfLife:
    """The survival of an area's decisions.

    Attributes:
        median_days: When half of them have ended; None if more than half outlast the longest observation.
        memories: The number that were ever in force; `over` of them have ended.
        curve: The surviving share after each observed length, and at last after the longest observation.
    """

    area: str
    median_days: float | None
    memories: int
    over: int
    curve: tuple[Survival, ...]


def half_life(
    graph: Network, by: Area | None = None, *, kinds: Collection[Kind] = (Kind.DECISION,)
) -> tuple[HalfLife, ...]:
    """Return the half-life of decisions, first of all of them, then by area, the largest first.

    A life lasts from the first start to the last end. Without `by` there are no areas; a memory counts in each of its
    areas. A memory that was never in force by the graph's point is ignored.
    """
    now = asked_at(graph)
    lives = {key: life for key, node in memories(graph) if node["kind"] in kinds and (life := _life(node, now))}
    lives_of: dict[str, list[Life]] = defaultdict(list)
    if by is not None:
        for key, names in areas(graph, by).items():
            for name in names if key in lives else ():
                lives_of[name].append(lives[key])
    parts = sorted(
        (_half_life(name, group) for name, group in lives_of.items()),
        key=lambda result: (-result.memories, result.area),
    )
    return (_half_life(EVERYWHERE, list(lives.values())), *parts)


def survival(lives: Iterable[Life]) -> tuple[Survival, ...]:
    """Return the share of lives longer than each length, by the product-limit estimate.

    Source: Kaplan and Meier 1958, Nonparametric estimation from incomplete observations.
    """
    ordered = sorted(lives, key=lambda life: life.days)
    left, share, curve = len(ordered), 1.0, [Survival(0.0, 1.0)]
    for days, same in groupby(ordered, key=lambda life: life.days):
        at_once = list(same)
        over = sum(life.is_over for life in at_once)
        if over:
            share *= 1 - over / left
            curve.append(Survival(days, share))
        left -= len(at_once)
    if ordered and curve[-1].days < ordered[-1].days:
        curve.append(Survival(ordered[-1].days, share))
    return tuple(curve)


def _half_life(area: str, lives: list[Life]) -> HalfLife:
    curve = survival(lives)
    # Floating-point products may miss a half by a little.
    median = next((point.days for point in curve if point.share <= _HALF + 1e-9), None)
    return HalfLife(area, median, len(lives), sum(life.is_over for life in lives), curve)


def _life(node: MemoryNode, now: datetime) -> Life | None:
    """Return the life from the first start to the last end up to now; None without a start."""
    begun = [piece for piece in node["holding"] if piece.start is None or piece.start <= now]
    if not begun or begun[0].start is None:
        return None
    end = begun[-1].end
    is_over = end is not None and end <= now
    length = (end if is_over and end is not None else now) - begun[0].start
    return Life(length / _DAY, is_over)

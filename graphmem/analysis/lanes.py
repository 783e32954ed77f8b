"""Where things stand in a picture, so that nothing covers anything else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, count
from typing import TYPE_CHECKING

from graphmem.analysis.chains import Chain
from graphmem.analysis.walking import memory, recorded_order, takeovers

if TYPE_CHECKING:
    from graphmem.analysis.walking import Network

#: More rows than that, and a picture is too tall to be read at once.
MOST_PERIODS = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """One time in which a member of a chain holds, and its row (from 0) within the chain's lane."""

    memory: str
    start: datetime
    end: datetime
    row: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A memory's place in a table of periods, by their first days, and lanes; no two share one."""

    period: date
    lane: int


def segments(graph: Network, lane: Chain, now: datetime) -> tuple[Segment, ...]:
    """The times of a chain's members up to an instant, in order; those that overlap are in different rows."""
    pieces = sorted(
        (piece.start, piece.end or now, key)
        for key in lane.memories
        for piece in memory(graph, key)["holding"]
        if piece.start is not None and piece.start < now
    )
    ends: list[datetime] = []
    found: list[Segment] = []
    for start, end, key in pieces:
        row = next((row for row, taken in enumerate(ends) if taken <= start), len(ends))
        ends[row : row + 1] = [end]
        found.append(Segment(key, start, min(end, now), row))
    return tuple(found)


def cells(graph: Network, ids: Sequence[str], groups: Sequence[Iterable[str]] = ()) -> dict[str, Cell]:
    """A place for each memory: chains keep to a lane, and no group stands in between the members of another.

    Periods are days; months or years if there would be more than a picture has room for.
    """
    periods, places = _periods(graph, ids), recorded_order(graph)
    order = sorted(ids, key=lambda key: (periods[key], memory(graph, key)["aliases"], places[key]))
    blocks = [[key for key in order if key in members] for members in map(frozenset, groups)]
    grouped = {key for block in blocks for key in block}
    before = {new: old for old, new in takeovers(graph)}
    taken: dict[int, list[tuple[date, date]]] = defaultdict(list)
    found: dict[str, Cell] = {}
    for block in [*blocks, *([key] for key in order if key not in grouped)]:
        found.update(_fitted(_block(block, periods, before), taken))
    return found


def _block(members: Iterable[str], periods: Mapping[str, date], before: Mapping[str, str]) -> dict[str, Cell]:
    """Places within a group, as if it were alone: in the lane of what a memory replaced, if that is free."""
    found: dict[str, Cell] = {}
    for key in members:
        taken = {one.lane for one in found.values() if one.period == periods[key]}
        old = found.get(before.get(key, ""))
        wished = [] if old is None else [old.lane]
        found[key] = Cell(periods[key], next(lane for lane in chain(wished, count()) if lane not in taken))
    return found


def _fitted(block: Mapping[str, Cell], taken: dict[int, list[tuple[date, date]]]) -> dict[str, Cell]:
    """A group moved to the first lanes in which nothing stands between its members."""
    spans: dict[int, tuple[date, date]] = {}
    for cell in block.values():
        low, high = spans.get(cell.lane, (cell.period, cell.period))
        spans[cell.lane] = (min(low, cell.period), max(high, cell.period))
    first = next(
        first for first in count() if not any(_meets(span, taken[first + lane]) for lane, span in spans.items())
    )
    for lane, span in spans.items():
        taken[first + lane].append(span)
    return {key: Cell(cell.period, first + cell.lane) for key, cell in block.items()}


def _meets(span: tuple[date, date], others: Iterable[tuple[date, date]]) -> bool:
    return any(span[0] <= high and low <= span[1] for low, high in others)


def _periods(graph: Network, ids: Iterable[str]) -> dict[str, date]:
    days = {key: _day(graph, key) for key in ids}
    for periods in (days, {key: day.replace(day=1) for key, day in days.items()}):
        if len(set(periods.values())) <= MOST_PERIODS:
            return periods
    return {key: day.replace(month=1, day=1) for key, day in days.items()}


def _day(graph: Network, key: str) -> date:
    node = memory(graph, key)
    moves = node["moves"]
    start = node["valid_from"] or (moves[0].at if moves else node["recorded_at"])
    return start.date()

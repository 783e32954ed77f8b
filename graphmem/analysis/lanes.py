"""Layout of pictures: rows and lanes without overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, count
from typing import TYPE_CHECKING

from graphmem.analysis.chains import Chain
from graphmem.analysis.graph_access import memory, recorded_order, takeovers
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.analysis.graph_access import Network

#: With more rows a picture is too tall to read.
MOST_PERIODS = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """A time in which a chain's member is in force, and its row (from 0) within the chain's lane."""

    memory: str
    start: datetime
    end: datetime
    row: int


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell of a memory in a table of periods (by their first days) and lanes; each cell is used once."""

    period: date
    lane: int


def segments(graph: Network, lane: Chain, now: datetime) -> tuple[Segment, ...]:
    """Return the times in force of a chain's members up to an instant, in order; overlaps get different rows."""
    pieces = sorted(
        (piece.start, piece.end or now, key)
        for key in lane.memories
        for piece in memory(graph, key)["holding"]
        if piece.start is not None and piece.start < now
    )
    ends: list[datetime] = []
    result: list[Segment] = []
    for start, end, key in pieces:
        row = next((row for row, taken in enumerate(ends) if taken <= start), len(ends))
        ends[row : row + 1] = [end]
        result.append(Segment(key, start, min(end, now), row))
    return tuple(result)


def cells(graph: Network, ids: Sequence[str], groups: Sequence[Iterable[str]] = ()) -> dict[str, Cell]:
    """Return a cell for each memory: a chain keeps its lane, and the members of a group are adjacent.

    Periods are days, or months or years if there would be too many rows.
    """
    periods, positions = _periods(graph, ids), recorded_order(graph)
    order = sorted(ids, key=lambda key: (periods[key], memory(graph, key)["aliases"], positions[key]))
    blocks = [[key for key in order if key in members] for members in map(frozenset, groups)]
    grouped = {key for block in blocks for key in block}
    predecessors = {new: old for old, new in takeovers(graph)}
    taken: dict[int, list[tuple[date, date]]] = defaultdict(list)
    result: dict[str, Cell] = {}
    for block in [*blocks, *([key] for key in order if key not in grouped)]:
        result.update(_fitted(_block(block, periods, predecessors), taken))
    return result


def _block(members: Iterable[str], periods: Mapping[str, date], before: Mapping[str, str]) -> dict[str, Cell]:
    """Return the cells of a group by itself: a memory takes the lane of its predecessor if that is free."""
    cells_of: dict[str, Cell] = {}
    for key in members:
        taken = {cell.lane for cell in cells_of.values() if cell.period == periods[key]}
        old = cells_of.get(before.get(key, ""))
        preferred = [] if old is None else [old.lane]
        cells_of[key] = Cell(periods[key], next(lane for lane in chain(preferred, count()) if lane not in taken))
    return cells_of


def _fitted(block: Mapping[str, Cell], taken: dict[int, list[tuple[date, date]]]) -> dict[str, Cell]:
    """Move a group to the first lanes in which no other cell lies between its members."""
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


def _meets(span: tuple[date, date], spans: Iterable[tuple[date, date]]) -> bool:
    return any(span[0] <= high and low <= span[1] for low, high in spans)


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

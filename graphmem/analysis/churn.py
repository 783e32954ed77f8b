"""Churn: the number of memories that came into force and ended, by period and area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from graphmem.analysis.areas import Area, areas
from graphmem.analysis.graph_access import asked_at, memories
from graphmem.analysis.survival import EVERYWHERE
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind

if TYPE_CHECKING:
    from graphmem.analysis.graph_access import Network


class Period(StrEnum):
    """The length of a count's period; its value is its name."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Churn:
    """The number of memories of an area that came into force and ended within a period."""

    start: datetime
    area: str
    began: int
    ceased: int


def churn(
    graph: Network, by: Area | None = None, *, every: Period = Period.YEAR, kinds: Collection[Kind] = ()
) -> tuple[Churn, ...]:
    """Return the periods with changes up to the graph's point, in order, each with its areas by name.

    Args:
        graph: As `to_networkx` returns it.
        by: The attribute that defines areas; None counts all memories together. A memory counts in each of its areas.
        every: Calendar periods in UTC.
        kinds: Kinds to count; empty for every kind.
    """
    areas_of = areas(graph, by) if by is not None else {}
    began: Counter[tuple[datetime, str]] = Counter()
    ceased: Counter[tuple[datetime, str]] = Counter()
    for key, moment, is_start in _turns(graph, kinds):
        for area in areas_of.get(key, (EVERYWHERE,)):
            (began if is_start else ceased)[_start_of(moment, every), area] += 1
    keys = sorted(began.keys() | ceased.keys())
    return tuple(Churn(start, area, began[start, area], ceased[start, area]) for start, area in keys)


def _turns(graph: Network, kinds: Collection[Kind]) -> Iterator[tuple[str, datetime, bool]]:
    now = asked_at(graph)
    for key, node in memories(graph):
        for piece in node["holding"] if not kinds or node["kind"] in kinds else ():
            if piece.start is not None and piece.start <= now:
                yield key, piece.start, True
            if piece.end is not None and piece.end <= now:
                yield key, piece.end, False


def _start_of(moment: datetime, every: Period) -> datetime:
    months = _MONTHS[every]
    return datetime(moment.year, (moment.month - 1) // months * months + 1, 1, tzinfo=UTC)

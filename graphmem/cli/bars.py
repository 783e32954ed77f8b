"""Interval bars: the times at which each memory was in force, on a common time axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from graphmem.answers import Card, Interval, Lane, State
from graphmem.cli.blocks import Line, Look, Span, cells, dim, fit, line
from graphmem.cli.phrases import held, name
from graphmem.deferred_dataclass import dataclass
from graphmem.model import OR_LATER, Status

HOLDS, BEHIND, PROPOSED, DEFERRED, REJECTED, UNKNOWN, NOTHING = "█", "▒", "░", "╌", "×", "?", " "
_OPEN = "▶"
_LABEL_CELLS, _MIN_BAR_CELLS, _MAX_BAR_CELLS = 44, 16, 120
_LOOKS = {State.HOLDS: Look.GOOD, State.NOT_YET: Look.WARN, State.PROPOSED: Look.WARN}
_MEANINGS = {
    HOLDS: "in force",
    BEHIND: "overruled by another",
    PROPOSED: "proposed",
    DEFERRED: "deferred",
    REJECTED: "rejected",
    UNKNOWN: "in force from here or later",
}
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Axis:
    """A span of valid time divided into cells."""

    start: datetime
    end: datetime
    width: int

    @property
    def cell(self) -> timedelta:
        """The duration of a cell."""
        return (self.end - self.start) / self.width

    def cell_of(self, moment: datetime) -> int:
        """Return the cell of a time; times outside of the axis are in the first or the last cell."""
        return min(max(int((moment - self.start) / self.cell), 0), self.width - 1)


def bars(lanes: Sequence[Lane], requested: datetime, width: int) -> Iterator[Line]:
    """Yield an axis, a bar for each lane with its dates, a mark at the requested time, and a legend.

    Args:
        lanes: From top to bottom.
        requested: The time to mark on the axis.
        width: The total number of cells.
    """
    if not lanes:
        return
    label = min(_LABEL_CELLS, max(cells(_label(lane.card)) for lane in lanes), max(width // 3, 12))
    dates = max(cells(held(lane.card)) for lane in lanes)
    room = width - label - 2 - dates - 2
    if room < _MIN_BAR_CELLS:
        dates, room = 0, max(width - label - 2, _MIN_BAR_CELLS)
    axis = axis_of(lanes, requested, min(room, _MAX_BAR_CELLS))
    margin = " " * (label + 2)
    yield line(margin, dim(_tick_labels(axis)))
    is_ranked = any(lane.leads for lane in lanes)
    drawn = [_cells_of(lane, axis, is_ranked=is_ranked) for lane in lanes]
    for lane, letters in zip(lanes, drawn, strict=True):
        yield _lane_line(lane, letters, label, is_dated=dates > 0)
    yield line(margin, dim(_rule(axis)))
    yield line(margin, dim(_mark(axis, requested)))
    if legend := _legend(drawn):
        yield line(margin, dim(legend))


def axis_of(lanes: Sequence[Lane], requested: datetime, width: int) -> Axis:
    """Return an axis that covers all dates of the lanes and the requested time."""
    moves = [move.at for lane in lanes for move in lane.moves]
    pieces = [piece for lane in lanes for piece in lane.card.holding]
    bounds = [edge for piece in pieces for edge in (piece.start, piece.end) if edge is not None]
    low, high = min([*moves, *bounds, requested]), max([*moves, *bounds, requested])
    room = max((high - low) / 20, _HOUR)
    try:
        return Axis(low, high + room, width)
    except OverflowError:
        return Axis(low, high, width) if high > low else Axis(low - room, high, width)


def _label(card: Card) -> str:
    return name(card, _LABEL_CELLS)


def _lane_line(lane: Lane, letters: Sequence[str], label: int, *, is_dated: bool) -> Line:
    is_open = any(piece.end is None for piece in lane.card.holding)
    bar = "".join([*letters[:-1], _OPEN] if is_open else letters)
    dates = dim("  " + held(lane.card)) if is_dated else dim("")
    return line(fit(_label(lane.card), label), "  ", Span(bar, _LOOKS.get(lane.card.state, Look.PAST)), dates)


def _cells_of(lane: Lane, axis: Axis, *, is_ranked: bool) -> list[str]:
    drawn = [NOTHING] * axis.width
    for move in lane.moves:
        letter = {Status.PROPOSED: PROPOSED, Status.DEFERRED: DEFERRED}.get(move.status)
        if letter is not None:
            _fill(drawn, axis, Interval(move.at, move.until), letter)
        if move.status is Status.REJECTED:
            drawn[axis.cell_of(move.at)] = REJECTED
    for piece in lane.card.holding:
        _fill(drawn, axis, piece, BEHIND if is_ranked else HOLDS)
    for piece in lane.leads:
        _fill(drawn, axis, piece, HOLDS)
    for move in lane.moves:
        if move.word.endswith(OR_LATER) and drawn[axis.cell_of(move.at)] in {HOLDS, BEHIND}:
            drawn[axis.cell_of(move.at)] = UNKNOWN
    return drawn


def _legend(drawn: Sequence[Sequence[str]]) -> str:
    """Return the meanings of the signs in the bars; empty if the only sign is that of a memory in force."""
    used = {letter for letters in drawn for letter in letters} - {NOTHING}
    if used <= {HOLDS}:
        return ""
    return "   ".join(f"{letter} {meaning}" for letter, meaning in _MEANINGS.items() if letter in used)


def _fill(drawn: list[str], axis: Axis, piece: Interval, letter: str) -> None:
    """Draw an interval: at least one cell, and none in the cell of its end, where the next interval may start."""
    first = 0 if piece.start is None else axis.cell_of(piece.start)
    last = axis.width if piece.end is None else max(axis.cell_of(piece.end), first + 1)
    drawn[first:last] = letter * (last - first)


# ---- ticks


def _tick_labels(axis: Axis) -> str:
    ticks, form = _ticks(axis)
    text = ""
    for tick in ticks:
        word, gap = f"{tick:{form}}", axis.cell_of(tick) - cells(text)
        if gap >= (1 if text else 0) and axis.cell_of(tick) + len(word) <= axis.width:
            text += " " * gap + word
    return text


def _rule(axis: Axis) -> str:
    drawn = ["─"] * axis.width
    for tick in _ticks(axis)[0]:
        drawn[axis.cell_of(tick)] = "┬"
    return "".join(drawn)


def _mark(axis: Axis, requested: datetime) -> str:
    cell = axis.cell_of(requested)
    text = f"asked: {requested:%Y-%m-%d}"
    return (
        " " * cell + f"▲ {text}" if cell + len(text) + 2 <= axis.width else " " * (cell - len(text) - 1) + f"{text} ▲"
    )


def _ticks(axis: Axis) -> tuple[list[datetime], str]:
    """Return the finest round ticks whose labels fit, and the format of the labels."""
    for count, step, form in _STEPS:
        if (axis.end - axis.start) / step > axis.width:
            continue
        ticks = list(_round_times(axis, count))
        room = len(f"{axis.end:{form}}") + 2
        if len(ticks) * room <= axis.width:
            return ticks, form
    return [], "%Y"


def _by_hours(hours: int) -> Callable[[datetime], datetime]:
    return lambda tick: tick + timedelta(hours=hours)


def _by_months(months: int) -> Callable[[datetime], datetime]:
    def following(tick: datetime) -> datetime:
        year, month = divmod(tick.year * 12 + tick.month - 1 + months, 12)
        return tick.replace(year=year, month=month + 1)

    return following


_DAY, _MONTH, _YEAR = 24, 30 * 24, 8766
#: The function to the next tick, its length, and the format of a tick.
_STEPS = tuple(
    [(_by_hours(n), timedelta(hours=n), "%d %H:%M") for n in (1, 6, 12)]
    + [(_by_hours(n * _DAY), timedelta(days=n), "%m-%d") for n in (1, 2, 5, 10)]
    + [(_by_months(n), timedelta(hours=n * _MONTH), "%Y-%m") for n in (1, 3, 6)]
    + [(_by_months(12 * n), timedelta(hours=n * _YEAR), "%Y") for n in (1, 2, 5, 10, 25, 50, 100, 500, 1000)]
)


def _round_times(axis: Axis, following: Callable[[datetime], datetime]) -> Iterator[datetime]:
    """Yield the ticks within the axis, counted from a round time."""
    tick = _round_start(axis.start, following)
    while tick < axis.end:
        if tick >= axis.start:
            yield tick
        try:
            tick = following(tick)
        except (ValueError, OverflowError):
            return


def _round_start(start: datetime, following: Callable[[datetime], datetime]) -> datetime:
    """Return a round time at or before the start: of its month for days and hours, of its century for years."""
    step = following(datetime(2000, 1, 1, tzinfo=UTC)) - datetime(2000, 1, 1, tzinfo=UTC)
    if step < timedelta(hours=_MONTH - _DAY):
        return start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if step < timedelta(hours=_YEAR - _DAY):
        return start.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    years = max(round(step / timedelta(hours=_YEAR)), 1)
    return datetime(start.year - start.year % years or years, 1, 1, tzinfo=UTC)

"""Plots of a memory: interval bars, chain lanes, a decision graph in time, and the results of analyses.

Each function draws on the given axes, or on a new figure, and returns the axes. matplotlib is imported on the first
call: `pip install graphmem[notebooks]`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from graphmem.analysis.chains import Chain
from graphmem.analysis.churn import Churn
from graphmem.analysis.graph_access import amendments, edges, memories, memory, short_name, takeovers, valid_time
from graphmem.analysis.health import Health
from graphmem.analysis.lanes import Segment, cells, segments
from graphmem.analysis.survival import HalfLife
from graphmem.answers import Interval
from graphmem.service.attributes import EdgeType, MemoryNode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from graphmem.analysis.graph_access import Network

HOLDS, PAST, TO_COME, ALARM = "#0f766e", "#b8c4ce", "#e5b567", "#b4452f"
_INK, _FAINT = "#1f2933", "#7b8794"
_GROUPS = ("#d8efec", "#fbe9cf", "#e3e4f6", "#f6dede", "#e6eed6", "#f0e3f2", "#dfeaf3", "#f3f0d7")
_PLAIN = "#f1f4f6"
_SHADES = (HOLDS, "#5b6abf", "#8a5a83", "#9a6b1f", ALARM, "#4b7a3a")
_LEANING = (EdgeType.DEPENDS_ON, EdgeType.IMPLEMENTS, EdgeType.REFINES)
_NAME_CHARS = 46
_ROW_INCHES = 0.30
_DOTS_PER_INCH = 88
#: The number of small letters across axes of the usual width.
_AXIS_CHARS = 105


def interval_bars(
    graph: Network, ids: Iterable[str] | None = None, *, as_of: datetime | None = None, axes: Axes | None = None
) -> Axes:
    """Draw a row for each memory with a bar for each time in force; bars that cross the line are coloured.

    Args:
        graph: Its intervals are those known at the graph's point.
        ids: Memories from top to bottom; by default all that were ever in force, by start.
        as_of: The position of the line; the graph's valid time by default.
        axes: Axes to draw on.
    """
    moment = as_of or valid_time(graph)
    shown = list(ids) if ids is not None else sorted(_ever_held(graph), key=lambda key: _start(graph, key))
    drawn = axes or _axes(9.5, 0.9 + _ROW_INCHES * len(shown))
    last = max([moment, valid_time(graph), *(end for key in shown for end in _ends(graph, key))])
    for row, key in enumerate(shown):
        for piece in memory(graph, key)["holding"]:
            _bar(drawn, piece, row, last, _colour(piece, moment))
    drawn.set_yticks(range(len(shown)), [_row_name(memory(graph, key)) for key in shown], fontsize=8)
    drawn.set_ylim(len(shown) - 0.4, -0.6)
    _mark(drawn, moment)
    return _tidied(drawn)


def belief_rows(graphs: Sequence[Network], subject: str, *, axes: Axes | None = None) -> Axes:
    """Draw the beliefs about a subject: a row for each graph, the last on top, a colour for each memory.

    Args:
        graphs: Graphs of the same reader at rising ledger positions.
        subject: The subject of the memories.
        axes: Axes to draw on.
    """
    drawn = axes or _axes(9.5, 0.9 + 0.42 * len(graphs))
    moments = [moment for graph in graphs for key in _of_subject(graph, subject) for moment in _ends(graph, key)]
    last = max([valid_time(graphs[-1]), *moments])
    low, high = _days([min([last, *moments]), last])
    drawn.set_xlim(low, high + (high - low) * 0.04 + 1)
    colours: dict[str, str] = {}
    for row, graph in enumerate(reversed(graphs)):
        for key in _of_subject(graph, subject):
            colour = colours.setdefault(key, _SHADES[len(colours) % len(_SHADES)])
            for piece in memory(graph, key)["holding"]:
                _named_bar(drawn, piece, row, last, (colour, memory(graph, key)["title"]))
    names = [_recorded_label(graph) for graph in reversed(graphs)]
    drawn.set_yticks(range(len(graphs)), names, fontsize=8)
    drawn.set_ylim(len(graphs) - 0.4, -0.6)
    _mark(drawn, valid_time(graphs[-1]))
    return _tidied(drawn)


def chain_lanes(graph: Network, chains: Sequence[Chain], *, axes: Axes | None = None) -> Axes:
    """Draw a lane for each chain, predecessors to the left; memories in force are coloured."""
    now = valid_time(graph)
    lanes = [segments(graph, chain, now) for chain in chains]
    rows = [max((piece.row for piece in lane), default=0) + 1 for lane in lanes]
    drawn = axes or _axes(9.5, 0.9 + 0.42 * sum(rows))
    low, high = _days([min((piece.start for lane in lanes for piece in lane), default=now), now])
    drawn.set_xlim(low, high + (high - low) * 0.04 + 1)
    top, names = 0, list[tuple[float, str]]()
    for chain, lane, height in zip(chains, lanes, rows, strict=True):
        _segments(drawn, graph, lane, top)
        last = memory(graph, (chain.heads or chain.memories)[-1])
        names.append((top + (height - 1) / 2, "\n".join(textwrap.wrap(last["title"], 34)[:2])))
        top += height
        drawn.axhline(top - 0.5, color="#e4e8eb", linewidth=0.8, zorder=0)
    drawn.set_yticks([height for height, _ in names], [name for _, name in names], fontsize=7.5)
    drawn.set_ylim(top - 0.5, -0.6)
    _mark(drawn, now)
    return _tidied(drawn)


def decision_graph(
    graph: Network, groups: Sequence[Iterable[str]] = (), *, ids: Iterable[str] | None = None, axes: Axes | None = None
) -> Axes:
    """Draw memories as boxes in rows by start, the latest at the bottom, with arrows between them.

    Solid arrows lead to successors, dashed arrows to amendments, dotted arrows to dependents. Memories in force have a
    strong outline, others are grey; each of `groups` (for example communities) has its own colour.
    """
    shown = list(ids) if ids is not None else [key for key, _ in memories(graph)]
    cell_of = cells(graph, shown, groups)
    periods = sorted({cell.period for cell in cell_of.values()})
    rows = {period: number for number, period in enumerate(periods)}
    lanes = max((cell.lane for cell in cell_of.values()), default=0) + 1
    drawn = axes or _axes(0.6 + 1.4 * max(lanes, 3), 0.5 + 0.66 * len(periods))
    fills = {key: _GROUPS[number % len(_GROUPS)] for number, group in enumerate(groups) for key in group}
    spots = {key: (float(cell.lane), float(rows[cell.period])) for key, cell in cell_of.items()}
    boxes = {key: _box(drawn, memory(graph, key), spot, fills.get(key, _PLAIN)) for key, spot in spots.items()}
    _arrows(drawn, graph, boxes)
    drawn.set_xlim(-0.55, max(lanes, 3) - 0.45)
    drawn.set_ylim(max(len(periods), 1) - 0.5, -0.5)
    drawn.set_yticks(range(len(periods)), [_period_name(period, periods) for period in periods], fontsize=8)
    drawn.set_xticks([])
    return _tidied(drawn, has_grid=False)


def survival_curves(half_lives: Sequence[HalfLife], *, axes: Axes | None = None) -> Axes:
    """Draw the share of decisions that last longer than a number of years: a step curve per area with its half-life."""
    drawn = axes or _axes(7.5, 3.6)
    colours = (_INK, HOLDS, ALARM, TO_COME, "#5b6abf", "#8a5a83")
    for number, result in enumerate(half_lives):
        colour = colours[number % len(colours)]
        years = [step.days / _YEAR for step in result.curve]
        summary = (
            "more than half are in force"
            if result.median_days is None
            else f"half over after {result.median_days / _YEAR:.1f} years"
        )
        name = f"{result.area}: {summary} ({result.over} of {result.memories} over)"
        drawn.step(years, [step.share for step in result.curve], where="post", color=colour, linewidth=1.8, label=name)
        if result.median_days is not None:
            drawn.plot(result.median_days / _YEAR, 0.5, "o", color=colour, markersize=5)
    drawn.axhline(0.5, color=_FAINT, linewidth=0.7, linestyle=":")
    drawn.set_ylim(0, 1.04)
    drawn.set_xlim(left=0)
    drawn.set_xlabel("years since it came into force", fontsize=8)
    drawn.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    drawn.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.18))
    return _tidied(drawn)


def churn_bars(counts: Sequence[Churn], *, axes: Axes | None = None) -> Axes:
    """Draw for each period the memories that came into force, upwards, and those that ended, downwards."""
    drawn = axes or _axes(9.0, 2.6)
    starts = sorted({row.start for row in counts})
    gap = min((later - earlier for earlier, later in pairwise(starts)), default=None)
    width = 25.0 if gap is None else gap.days * 0.8
    began = [sum(row.began for row in counts if row.start == start) for start in starts]
    ceased = [-sum(row.ceased for row in counts if row.start == start) for start in starts]
    drawn.bar(_days(starts), began, width, color=HOLDS, label="came into force", align="edge")
    drawn.bar(_days(starts), ceased, width, color=PAST, label="ended", align="edge")
    drawn.axhline(0, color=_INK, linewidth=0.8)
    drawn.xaxis_date(UTC)
    drawn.yaxis.set_major_formatter(lambda count, _: f"{abs(count):.0f}")
    drawn.legend(fontsize=8, frameon=False, loc="upper left")
    return _tidied(drawn)


def health_bars(result: Health, *, axes: Axes | None = None) -> Axes:
    """Draw the number of memories with each ailment, the most urgent on top."""
    drawn = axes or _axes(7.0, 2.2)
    counts = result.counts
    shades = (ALARM, ALARM, ALARM, TO_COME, TO_COME)
    drawn.barh(range(len(counts)), list(counts.values()), color=shades, height=0.6)
    for row, count in enumerate(counts.values()):
        drawn.text(count, row, f" {count}", va="center", fontsize=9, color=_INK)
    drawn.set_yticks(range(len(counts)), [ailment.value for ailment in counts], fontsize=9)
    drawn.invert_yaxis()
    drawn.set_xlim(0, max(max(counts.values()) * 1.12, 1))
    drawn.set_title(
        f"{result.ailing} of {result.holding} memories in force need attention", fontsize=9, loc="left", color=_INK
    )
    drawn.set_xticks([])
    return _tidied(drawn, has_grid=False)


# ---- internals

_YEAR = 365.25


def _axes(width: float, height: float) -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained", dpi=_DOTS_PER_INCH)[1]


def _tidied(axes: Axes, *, has_grid: bool = True) -> Axes:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelcolor=_INK)
    axes.tick_params(axis="x", labelsize=8)
    if has_grid:
        axes.grid(axis="x", color="#e4e8eb", linewidth=0.7)
        axes.set_axisbelow(True)
    return axes


def _days(moments: Iterable[datetime]) -> list[float]:
    from matplotlib.dates import date2num

    return [float(date2num(moment)) for moment in moments]  # type: ignore[no-untyped-call]


def _mark(axes: Axes, moment: datetime) -> None:
    """Draw a line at an instant, labelled with its day."""
    (x,) = _days([moment])
    axes.axvline(x, color=ALARM, linewidth=1.1, zorder=3)
    axes.annotate(
        f"{moment:%Y-%m-%d}", (x, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", fontsize=8, color=ALARM,
    )  # fmt: skip
    axes.xaxis_date(UTC)


def _bar(axes: Axes, piece: Interval, row: int, last: datetime, colour: str) -> None:
    low, high = _days([piece.start or last, piece.end or last])
    axes.barh(row, max(high - low, 1.0), left=low, height=0.62, color=colour, zorder=2)


def _named_bar(axes: Axes, piece: Interval, row: int, last: datetime, look: tuple[str, str]) -> None:
    """Draw a bar with as much of the name as fits."""
    start, end = _days([piece.start or last, piece.end or last])
    low, high = axes.get_xlim()
    colour, name = look
    axes.barh(row, end - start, left=start, height=0.66, color=colour, edgecolor="white", zorder=2)
    shown = textwrap.shorten(name, max(int((end - start) / (high - low) * _AXIS_CHARS) - 1, 0), placeholder="…")
    axes.text(start, row, f" {shown}", va="center", fontsize=7.5, color="white", zorder=4)


def _of_subject(graph: Network, subject: str) -> list[str]:
    return [key for key, node in memories(graph) if node["subject"] == subject]


def _recorded_label(graph: Network) -> str:
    """Return a label with the latest recorded time in the graph."""
    nodes = [node["recorded_at"] for _, node in memories(graph)]
    moves = [move.recorded_at for _, node in memories(graph) for move in node["moves"]]
    supersessions: list[datetime] = [data["recorded_at"] for _, _, data in edges(graph, EdgeType.SUPERSEDED_BY)]
    last = max(nodes + moves + supersessions, default=None)
    return "empty" if last is None else f"known {last:%Y-%m-%d}"


def _colour(piece: Interval, moment: datetime) -> str:
    if piece.start is not None and piece.start > moment:
        return TO_COME
    return HOLDS if piece.end is None or moment < piece.end else PAST


def _segments(axes: Axes, graph: Network, lane: Sequence[Segment], top: int) -> None:
    """Draw a lane's bars, each with its name inside, next to it if there is space, or without a name."""
    low, high = axes.get_xlim()
    day_chars = _AXIS_CHARS / (high - low)
    spots = [_days([piece.start, piece.end]) for piece in lane]
    for number, (piece, (start, end)) in enumerate(zip(lane, spots, strict=True)):
        node = memory(graph, piece.memory)
        colour, ink = (HOLDS, "white") if node["holds"] else (PAST, _INK)
        axes.barh(top + piece.row, end - start, left=start, height=0.66, color=colour, edgecolor="white", zorder=2)
        name = f" {short_name(node, 16)} "
        room = len(name) / day_chars
        same = [spot for index, spot in enumerate(spots) if index != number and lane[index].row == piece.row]
        before, after = max([low, *(e for _, e in same if e <= start)]), min([high, *(s for s, _ in same if s >= end)])
        if end - start >= room:
            axes.text(start, top + piece.row, name, va="center", fontsize=7, color=ink, zorder=4)
        elif after - end >= room:
            axes.text(end, top + piece.row, name, va="center", fontsize=7, color=_INK, zorder=4)
        elif start - before >= room:
            axes.text(start, top + piece.row, name, va="center", ha="right", fontsize=7, color=_INK, zorder=4)


def _box(axes: Axes, node: MemoryNode, spot: tuple[float, float], fill: str) -> Text:
    title = "\n".join(textwrap.wrap(node["title"], 23, max_lines=2, placeholder=" …"))
    text = f"{node['aliases'][0]}\n{title}" if node["aliases"] else title
    edge, ink, width = (HOLDS, _INK, 1.5) if node["holds"] else (PAST, _FAINT, 0.9)
    style = {"boxstyle": "round,pad=0.35", "facecolor": fill, "edgecolor": edge, "linewidth": width}
    return axes.text(*spot, text, ha="center", va="center", fontsize=6.8, color=ink, bbox=style, zorder=3)


def _arrows(axes: Axes, graph: Network, boxes: Mapping[str, Text]) -> None:
    leaning = ((base, dependent) for dependent, base, _ in edges(graph, *_LEANING))
    sorts = ((takeovers(graph), _INK, "-"), (amendments(graph), _FAINT, "--"), (leaning, ALARM, ":"))
    for pairs, colour, line in sorts:
        for source, target in pairs:
            if source in boxes and target in boxes:
                _arrow(axes, boxes[source], boxes[target], {"color": colour, "linestyle": line})


def _arrow(axes: Axes, source: Text, target: Text, look: Mapping[str, str]) -> None:
    """Draw an arrow between two boxes, below other boxes, and curved where a straight arrow would be hidden."""
    start, end = source.get_position(), target.get_position()
    is_hidden = start[0] == end[0] and abs(start[1] - end[1]) > 1
    shape = {
        **look, "arrowstyle": "-|>", "linewidth": 1.1, "shrinkA": 1, "shrinkB": 4,
        "patchA": source.get_bbox_patch(), "patchB": target.get_bbox_patch(),
        "connectionstyle": f"arc3,rad={0.35 if is_hidden else 0.0}",
    }  # fmt: skip
    axes.annotate("", end, start, arrowprops=shape, zorder=2)


def _period_name(period: date, periods: Sequence[date]) -> str:
    if any(day.day > 1 for day in periods):
        return f"{period:%Y-%m-%d}"
    return f"{period:%Y-%m}" if any(day.month > 1 for day in periods) else f"{period:%Y}"


def _row_name(node: MemoryNode) -> str:
    title = " ".join(node["title"].split())
    text = f"{node['aliases'][0]}  {title}" if node["aliases"] else title
    return text if len(text) <= _NAME_CHARS else f"{text[: _NAME_CHARS - 1].rstrip()}…"


def _ever_held(graph: Network) -> list[str]:
    return [key for key, node in memories(graph) if node["holding"]]


def _start(graph: Network, key: str) -> datetime:
    return memory(graph, key)["valid_from"] or datetime.min.replace(tzinfo=UTC)


def _ends(graph: Network, key: str) -> list[datetime]:
    pieces = memory(graph, key)["holding"]
    return [moment for piece in pieces for moment in (piece.start, piece.end) if moment is not None]

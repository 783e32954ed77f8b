"""Plots of a repository: the paths that files had, and what the code said of memories commit by commit.

Each function draws on the given axes, or on a new figure, and returns the axes, as `graphmem.analysis.plots` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.repository.code_verdict import CodeStatus
from graphmem.repository.file_lives import FileLife
from graphmem.repository.file_places import WEAK_BELOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours of verdicts, from right to wrong.
COLOURS: Mapping[CodeStatus, str] = {
    CodeStatus.VERIFIED: "#0f766e",
    CodeStatus.MOVED: "#5b6abf",
    CodeStatus.DRIFTED: "#e5b567",
    CodeStatus.BROKEN: "#b4452f",
    CodeStatus.UNDECIDED: "#b8c4ce",
}
_SHADES = ("#0f766e", "#5b6abf", "#8a5a83", "#9a6b1f", "#4b7a3a")
_INK, _WEAK = "#1f2933", "#b4452f"
_ROW_INCHES = 0.42
_DOTS_PER_INCH = 88
_NAME_CHARS = 44
#: The number of small letters across a lane, and the fewest of a name that are drawn.
_LANE_CHARS, _LEAST_CHARS = 90, 6
_DAY_S = 86_400


def file_lanes(lives: Sequence[FileLife], last: datetime, *, axes: Axes | None = None) -> Axes:
    """Draw a row for each file with a bar for each path that it had; weak renames are marked.

    Args:
        lives: From top to bottom.
        last: Where bars end of files that are still there.
        axes: A new figure by default.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    firsts = [path.start for life in lives for path in life.paths]
    days = max((last - min(firsts, default=last)).total_seconds() / _DAY_S, 1.0)
    axes = axes or _axes(9, 0.8 + _ROW_INCHES * max(len(lives), 1))
    for row, life in enumerate(lives):
        for number, path in enumerate(life.paths):
            start, end = date2num(path.start), date2num(path.end or last)  # type: ignore[no-untyped-call]
            colour = _SHADES[number % len(_SHADES)]
            axes.broken_barh([(start, max(end - start, 0.5))], (row - 0.32, 0.64), color=colour, alpha=0.85)
            room = int((end - start) / days * _LANE_CHARS)
            if room > _LEAST_CHARS:
                name = _clipped(path.path, room)
                axes.annotate(name, (start, row), (3, -2), textcoords="offset points", fontsize=7, color="w")
            if path.similarity is not None and path.similarity < WEAK_BELOW:
                axes.plot([start], [row - 0.42], marker="v", color=_WEAK, markersize=5)
    names = (life.now or f"{life.paths[-1].path} †" for life in lives)
    axes.set_yticks(range(len(lives)), [_clipped(name, _NAME_CHARS) for name in names])
    axes.invert_yaxis()
    locator = AutoDateLocator(maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    return _tidied(axes)


def verdict_map(checks: Mapping[str, Mapping[str, CodeStatus]], *, axes: Axes | None = None) -> Axes:
    """Draw a row for each memory and a column for each commit, in the colour of the verdict; white before its start.

    Args:
        checks: For each commit by its label, the verdict on each memory by its title.
        axes: A new figure by default.
    """
    titles = list(dict.fromkeys(title for verdicts in checks.values() for title in verdicts))
    axes = axes or _axes(9, 1.0 + _ROW_INCHES * max(len(titles), 1))
    for column, verdicts in enumerate(checks.values()):
        for title, status in verdicts.items():
            axes.broken_barh([(column - 0.45, 0.9)], (titles.index(title) - 0.4, 0.8), color=COLOURS[status])
    axes.set_xticks(range(len(checks)), list(checks), fontsize=8)
    axes.set_yticks(range(len(titles)), [title[:_NAME_CHARS] for title in titles])
    axes.invert_yaxis()
    _explain(axes, {status for verdicts in checks.values() for status in verdicts.values()})
    return _tidied(axes)


def verdict_bars(checks: Mapping[str, Mapping[str, CodeStatus]], *, axes: Axes | None = None) -> Axes:
    """Draw a bar for each commit, with the number of memories of each verdict.

    Args:
        checks: As for `verdict_map`.
        axes: A new figure by default.
    """
    from matplotlib.ticker import MaxNLocator

    axes = axes or _axes(9, 2.4)
    bottoms = [0] * len(checks)
    for status, colour in COLOURS.items():
        counts = [list(verdicts.values()).count(status) for verdicts in checks.values()]
        axes.bar(range(len(checks)), counts, 0.7, bottom=bottoms, color=colour)
        bottoms = [low + count for low, count in zip(bottoms, counts, strict=True)]
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xticks(range(len(checks)), list(checks), fontsize=8)
    _explain(axes, {status for verdicts in checks.values() for status in verdicts.values()})
    return _tidied(axes)


def _clipped(name: str, chars: int) -> str:
    """The end of a name, after an ellipsis if it is too long."""
    return name if len(name) <= chars else f"…{name[1 - chars :]}"


def _axes(width: float, height: float) -> Axes:
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(figsize=(width, height), layout="constrained", dpi=_DOTS_PER_INCH)
    return axes


def _explain(axes: Axes, used: set[CodeStatus]) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, label=status.value) for status, colour in COLOURS.items() if status in used]
    axes.legend(handles=patches, frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _tidied(axes: Axes) -> Axes:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="both", length=0, labelsize=8, colors=_INK)
    return axes

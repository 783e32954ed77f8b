"""Plots of files and verdicts have a row or a column for each, and name them."""

from __future__ import annotations

from datetime import UTC, datetime

from matplotlib.colors import to_hex

from graphmem.analysis.repository_plots import COLOURS, file_lanes, verdict_bars, verdict_map
from graphmem.repository.code_verdict import CodeStatus
from graphmem.repository.file_lives import lives_of
from tests.repository.test_file_lives import history, us

LAST = datetime(2026, 2, 1, tzinfo=UTC)
CHECKS = {
    "one": {"Rows are locked": CodeStatus.VERIFIED},
    "two": {"Rows are locked": CodeStatus.MOVED, "Mail is sent at once": CodeStatus.BROKEN},
}


def test_files_are_lanes_with_a_bar_for_each_path() -> None:
    axes = file_lanes(lives_of(history(), "a.py", us(30)), LAST)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a.py", "b.py †"]
    assert [text.get_text() for text in axes.texts] == ["a.py", "a.py", "b.py"]
    assert len(axes.collections) == 3
    assert file_lanes([], LAST).get_yticklabels() == []


def test_verdicts_are_cells_in_the_colours_of_the_legend() -> None:
    axes = verdict_map(CHECKS)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Rows are locked", "Mail is sent at once"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["one", "two"]
    drawn = [to_hex(cell.get_facecolor()[0]) for cell in axes.collections]  # type: ignore[arg-type]
    assert drawn == [COLOURS[status] for verdicts in CHECKS.values() for status in verdicts.values()]


def test_verdicts_are_counted_in_bars() -> None:
    axes = verdict_bars(CHECKS)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["verified", "moved", "broken"]
    assert sum(patch.get_height() for patch in axes.patches) == 3  # type: ignore[attr-defined]

"""The renames, tags and commits of a mainline, brought forward reading by reading."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem import model
from graphmem.repository.mainline_graph import MAX_NAME_CHARS, MainlineGraph, RecordedRenames, Rename, renames
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow, SideCommit

ADDED, RENAMED, RESTORED = PathOrigin.ADDED, PathOrigin.RENAMED, PathOrigin.RESTORED
FIRST = MainlineRows(
    shas=("a0", "a1"),
    times_us=(0, 10),
    segments=(SegmentRow(0, 0, "a", 0, 1, ADDED, None, None), SegmentRow(1, 0, "b", 1, None, RENAMED, 80, 0)),
    segment_count=2,
    refs=(RefRow("tag", "v1", "a0"), RefRow("branch", "main", "a1")),
)
SECOND = MainlineRows(
    start=2,
    shas=("a2", "a3"),
    times_us=(20, 30),
    segments=(
        SegmentRow(1, 0, "b", 1, 2, RENAMED, 80, 0),
        SegmentRow(2, 0, "b", 3, None, RESTORED, 100, 1),
        SegmentRow(3, 1, "c", 2, 3, ADDED, None, None),
        SegmentRow(4, 1, "d", 3, None, PathOrigin.COPIED, None, 3),
    ),
    segment_count=5,
    sides=(SideCommit("s1", "a1", 15, (), ()),),
    refs=(RefRow("tag", "side", "s1"), RefRow("tag", "lost", "ff"), RefRow("tag", "v1", "a3")),
)
A_TO_B = Rename("a", "b", 10, "a1", 80, 0)
C_TO_D = Rename("c", "d", 30, "a3", 100, 1)


class Readings:
    """A history with its renames."""

    def __init__(self, *parts: MainlineRows) -> None:
        self.history = MainlineHistory()
        self.recorded = RecordedRenames()
        for rows in parts:
            self.take(rows)

    def take(self, rows: MainlineRows) -> MainlineGraph:
        """Take a reading; the ledger position of the first is 1."""
        assert self.history.takes(rows)
        is_rewrite, seq = rows.start < len(self.history.shas), self.history.seq + 1
        self.history.add(seq, rows)
        self.recorded.take(self.history, rows, seq, is_rewrite=is_rewrite)
        made = self.recorded.graph(self.history)
        assert set(made.renames) == set(renames(self.history))
        return made


def test_a_rename_has_the_reading_that_recorded_it() -> None:
    readings = Readings(FIRST)
    assert readings.take(SECOND).renames == {A_TO_B: 1, C_TO_D: 2}


def test_a_file_that_came_back_to_its_path_was_not_renamed() -> None:
    made = Readings(FIRST).take(SECOND)
    assert {(rename.old, rename.new) for rename in made.renames} == {("a", "b"), ("c", "d")}


def test_tags_have_their_commits_and_branches_are_left_out() -> None:
    made = Readings(FIRST).take(SECOND)
    assert made.tags == {"v1": "a3", "side": "s1", "lost": "ff"}
    assert made.commits == {"a1": 10, "a3": 30, "s1": 15, "ff": None}


def test_a_rewritten_mainline_drops_and_changes_renames() -> None:
    readings = Readings(FIRST, SECOND)
    rewritten = MainlineRows(start=1, shas=("b1",), times_us=(12,), segment_count=2, segments=())
    assert readings.history.takes(rewritten)
    assert readings.take(rewritten).renames == {A_TO_B._replace(sha="b1", at_us=12): 3}


def test_a_rename_that_a_rewrite_keeps_has_its_first_reading() -> None:
    readings = Readings(FIRST)
    kept = readings.take(MainlineRows(start=0, shas=("a0", "a1"), times_us=(0, 10), segment_count=2))
    assert kept.renames == {A_TO_B: 1}


def test_dropped_segments_are_no_renames_any_more() -> None:
    readings = Readings(FIRST)
    assert readings.take(MainlineRows(start=2, segment_count=1)).renames == {}


def test_the_longest_name_is_that_of_anchors() -> None:
    assert MAX_NAME_CHARS == model.MAX_NAME_CHARS


@pytest.mark.parametrize("path", ["", "b" * 2_000, "b\nc", "\ud800"], ids=["empty", "long", "control", "surrogate"])
def test_a_path_that_no_node_can_have_is_left_out(path: str) -> None:
    strange = SegmentRow(1, 0, path, 1, None, RENAMED, 80, 0)
    made = Readings().take(
        MainlineRows(
            shas=("a0", "a1"),
            times_us=(0, 10),
            segments=(FIRST.segments[0], strange),
            segment_count=2,
            refs=(RefRow("tag", path, "a0"), RefRow("tag", "v1", path)),
        )
    )
    assert made == MainlineGraph()


@pytest.mark.parametrize("times_us", [(0, 10**18), (-(10**18), 10)])
def test_a_time_that_no_store_can_keep_is_left_out(times_us: tuple[int, int]) -> None:
    made = Readings().take(replace(FIRST, times_us=times_us))
    assert set(made.renames) == ({A_TO_B} if times_us[1] == 10 else set())
    assert made.commits["a0"] == (0 if times_us[0] == 0 else None)

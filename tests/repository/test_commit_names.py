"""Commits by their names, on the mainline and beside it."""

from __future__ import annotations

import pytest

from graphmem.errors import InvalidInput, NotFound
from graphmem.repository.commit_names import CommitPlace, files_of, place_of_commit, time_of_commit
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow, SideCommit

ON, SIDE, OLDER, MERGED, ORPHAN = ("a" * 39 + digit for digit in "12345")
MAINLINE = ("b" * 40, ON, "c" * 40)


@pytest.fixture
def history() -> MainlineHistory:
    made = MainlineHistory()
    rows = MainlineRows(
        shas=MAINLINE,
        times_us=(10, 20, 30),
        segments=(
            SegmentRow(0, 0, "a", 0, 2, PathOrigin.ADDED, None, None),
            SegmentRow(1, 1, "b", 1, None, PathOrigin.ADDED, None, None),
        ),
        segment_count=2,
        arrivals=((MERGED, 2),),
        sides=(
            SideCommit(OLDER, ON, 5, ("x",), ("a",)),
            SideCommit(SIDE, OLDER, 25, ("y",), ()),
            SideCommit(ORPHAN, "", 7, ("z",), ()),
        ),
        refs=(
            RefRow("tag", "v1", ON),
            RefRow("tag", "main", SIDE),
            RefRow("branch", "main", "c" * 40),
            RefRow("branch", "origin/fix", SIDE),
            RefRow("tag", "docs", ORPHAN),
            RefRow("tag", "lost", "d" * 40),
        ),
    )
    made.add(1, rows)
    return made


def test_a_tag_comes_before_a_branch_and_a_branch_before_a_hash(history: MainlineHistory) -> None:
    assert place_of_commit(history, "v1") == CommitPlace(ON, 20, 1, is_beside=False)
    assert place_of_commit(history, "main").sha == SIDE
    assert place_of_commit(history, "c" * 12).sha == "c" * 40
    assert place_of_commit(history, "origin/fix").sha == SIDE
    assert place_of_commit(history, "commit:v1") == place_of_commit(history, ON) == place_of_commit(history, ON.upper())


def test_a_commit_beside_the_mainline_has_its_fork_and_a_time_on_its_own_line(history: MainlineHistory) -> None:
    assert place_of_commit(history, OLDER) == CommitPlace(OLDER, 21, 1, is_beside=True)
    assert place_of_commit(history, SIDE) == CommitPlace(SIDE, 25, 1, is_beside=True)
    assert place_of_commit(history, "docs") == CommitPlace(ORPHAN, 7, -1, is_beside=True)


def test_a_merged_commit_has_the_place_of_its_merge(history: MainlineHistory) -> None:
    assert place_of_commit(history, MERGED) == CommitPlace(MERGED, 30, 2, is_beside=False)


def test_the_files_at_a_commit(history: MainlineHistory) -> None:
    assert files_of(history, place_of_commit(history, "v1")) == {"a", "b"}
    assert files_of(history, place_of_commit(history, SIDE)) == {"b", "x", "y"}
    assert files_of(history, place_of_commit(history, "docs")) == {"z"}


@pytest.mark.parametrize("name", ["nope", "commit:v2", "bbb", "lost", "d" * 40])
def test_an_unrecorded_commit_names_the_command_that_reads_it(history: MainlineHistory, name: str) -> None:
    with pytest.raises(NotFound, match="graphmem ingest git"):
        place_of_commit(history, name)


def test_an_ambiguous_beginning_lists_its_candidates(history: MainlineHistory) -> None:
    with pytest.raises(InvalidInput, match=r"5 recorded commits begin with 'aaaa': aaaaaaaaaaaa, .*give more"):
        place_of_commit(history, "aaaa")


def test_a_commit_has_a_time_on_its_own_line_if_it_is_recorded(history: MainlineHistory) -> None:
    assert [time_of_commit(history, sha) for sha in (ON, OLDER, MERGED, "d" * 40)] == [20, 21, 30, None]

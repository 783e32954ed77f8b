"""What the readings of a mainline tell of commits and files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.instants import to_micros
from graphmem.repository.areas import AreaRow, AreaRule
from graphmem.repository.file_places import place_of
from graphmem.repository.mainline_history import FOREVER_US, MainlineHistory, without_second
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow, UnreadCommit


def sha(number: int) -> str:
    return f"{number:040x}"


def added(number: int, lineage: int, path: str, start: int, end: int | None = None) -> SegmentRow:
    return SegmentRow(number, lineage, path, start, end, PathOrigin.ADDED, None, None)


def renamed(number: int, lineage: int, path: str, start: int, previous: int, end: int | None = None) -> SegmentRow:
    return SegmentRow(number, lineage, path, start, end, PathOrigin.RENAMED, 80, previous)


#: `a` becomes `b` at 20, another `a` comes at 30, `b` goes at 40; one commit every 10.
ROWS = MainlineRows(
    shas=tuple(map(sha, range(5))),
    times_us=(0, 10, 20, 30, 40),
    segments=(added(0, 0, "a", 1, 2), renamed(1, 0, "b", 2, 0, 4), added(2, 1, "a", 3), added(3, 2, "dir/c", 0)),
    segment_count=4,
    arrivals=((sha(99), 3),),
    refs=(RefRow("tag", "v1", sha(1)),),
    unread=(UnreadCommit(3, sha(3), "corrupt"),),
)


@pytest.fixture
def history() -> MainlineHistory:
    made = MainlineHistory()
    made.add(7, ROWS)
    return made


def test_a_path_names_the_file_that_has_it_at_a_time(history: MainlineHistory) -> None:
    assert history.binding("a", 10) == history.binding("a", 19) == 0
    assert history.binding("b", 20) == 0
    assert history.binding("a", 35) == 1


def test_a_path_names_the_next_file_that_has_it_else_none(history: MainlineHistory) -> None:
    assert history.binding("a", 5) == 0
    assert history.binding("a", 20) == 1
    assert history.binding("b", 40) is None
    assert history.binding("unknown", 0) is None


def test_the_life_and_the_moves_of_a_file(history: MainlineHistory) -> None:
    assert [segment.path for segment in history.life(0)] == ["a", "b"]
    place = place_of(history, "a", 10, 39)
    assert place is not None
    (move,) = place.renames
    assert (move.old, move.new, to_micros(move.at), move.commit, move.similarity) == ("a", "b", 20, sha(2), 80)
    assert place_of(history, "b", 20, 39) is place_of(history, "a", 10, 19) is None


def test_where_a_file_is_at_a_time(history: MainlineHistory) -> None:
    paths = [segment and segment.path for segment in (history.path_at(0, at) for at in (9, 10, 20, 40))]
    assert paths == [None, "a", "b", None]
    assert history.files_at(30) == {"a", "b", "dir/c"}
    assert history.files_at(FOREVER_US) == {"a", "dir/c"}
    assert history.files_at(-1) == set()


def test_paths_below_a_folder(history: MainlineHistory) -> None:
    assert list(history.below("dir/")) == ["dir/c"]
    assert list(history.below("")) == history.paths() == ["a", "b", "dir/c"]


def test_positions_of_commits(history: MainlineHistory) -> None:
    assert [history.position_of(sha(2)), history.position_of(sha(99))] == [2, None]
    assert [history.position_at(at) for at in (-1, 0, 19, 99)] == [-1, 0, 1, 4]


def test_a_copy_takes_readings_by_itself(history: MainlineHistory) -> None:
    other = history.copy()
    other.add(
        9, MainlineRows(start=5, shas=(sha(5),), times_us=(50,), segment_count=4, refs=(RefRow("tag", "v1", None),))
    )
    assert (history.seq, len(history.shas), len(history.refs)) == (7, 5, 1)
    assert (other.seq, len(other.shas), len(other.refs)) == (9, 6, 0)


def test_a_rewritten_mainline_replaces_commits_and_segments(history: MainlineHistory) -> None:
    rows = MainlineRows(
        start=3,
        shas=(sha(13),),
        times_us=(33,),
        segments=(renamed(1, 0, "b", 2, 0), added(2, 2, "dir/c", 0)),
        segment_count=3,
    )
    history.add(8, rows)
    assert history.shas[2:] == [sha(2), sha(13)]
    assert (history.arrivals, history.unread) == ({}, [])
    assert [segment.path for segment in history.segments] == ["a", "b", "dir/c"]
    assert history.files_at(33) == {"b", "dir/c"}
    assert history.binding("a", 35) is None


def test_areas_are_those_of_the_commits_up_to_the_one_asked_about(history: MainlineHistory) -> None:
    rules = [(AreaRule(("src/**",), (name,)),) for name in ("old", "new")]
    areas = tuple(AreaRow(at, "CODEOWNERS", rule) for at, rule in zip((1, 4), rules, strict=True))
    history.add(8, MainlineRows(start=5, segment_count=4, areas=areas))
    names = [history.areas_of("src/a", at) for at in range(-1, 5)]
    assert names == [set(), set(), {"old"}, {"old"}, {"old"}, {"new"}]
    assert history.until(3).areas_of("src/a", 4) == {"old"}
    assert history.copy().areas_of("src/a", 4) == {"new"}
    history.add(9, MainlineRows(start=4, segment_count=4))
    assert (history.areas_of("src/a", 4), history.has_areas) == ({"old"}, False)


@pytest.mark.parametrize(
    "rows",
    [
        replace(ROWS, start=6),
        replace(ROWS, start=5, times_us=(40, 41, 42, 43, 44)),
        replace(ROWS, times_us=(0, 10, 10, 30, 40)),
        replace(ROWS, segments=(added(0, 0, "a", 5),), segment_count=4),
        replace(ROWS, segments=(added(0, 0, "a", 3, 3),), segment_count=4),
        replace(ROWS, segments=(added(5, 0, "a", 3),), segment_count=6),
        replace(ROWS, segments=(renamed(2, 0, "a", 3, 2),), segment_count=4),
        replace(ROWS, arrivals=((sha(9), 5),)),
        replace(ROWS, areas=(AreaRow(5, "CODEOWNERS", ()),)),
    ],
    ids=[
        "gap",
        "times before the last",
        "equal times",
        "start",
        "empty",
        "gap of numbers",
        "own predecessor",
        "arrival",
        "area",
    ],
)
def test_rows_that_do_not_fit_are_recognised(history: MainlineHistory, rows: MainlineRows) -> None:
    assert history.takes(MainlineRows(start=5, segment_count=4))
    assert not history.takes(rows)


def test_a_memory_of_the_second_in_which_a_file_moves_means_the_file_as_it_was() -> None:
    second = 1_000_000
    made = MainlineHistory()
    rows = replace(ROWS, times_us=tuple(position * second for position in range(5)), arrivals=(), unread=(), refs=())
    made.add(1, rows)
    assert made.binding("a", 2 * second + 500_000) == 0
    assert made.binding("b", 2 * second + 500_000) == 0
    assert made.binding("a", 2 * second) == made.binding("a", 3 * second + 1) == 1
    assert [without_second(at) for at in (5, 2 * second + 7, 2 * second + 500_000)] == [
        5,
        2 * second + 7,
        2 * second - 1,
    ]

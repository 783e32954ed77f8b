"""The life of a file, from the rows of a mainline."""

from __future__ import annotations

from datetime import UTC, datetime

from graphmem.instants import to_micros
from graphmem.repository.file_lives import lives_of
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, SegmentRow


def us(day: int) -> int:
    return to_micros(datetime(2026, 1, day, tzinfo=UTC))


def history() -> MainlineHistory:
    """`a.py` becomes `b.py` on day 10 and is gone on day 20; another `a.py` comes on day 15."""
    made = MainlineHistory()
    rows = MainlineRows(
        shas=tuple(letter * 40 for letter in "1234"),
        times_us=(us(1), us(10), us(15), us(20)),
        segments=(
            SegmentRow(0, 0, "a.py", 0, 1, PathOrigin.ADDED, None, None),
            SegmentRow(1, 0, "b.py", 1, 3, PathOrigin.RENAMED, 70, 0),
            SegmentRow(2, 1, "a.py", 2, None, PathOrigin.ADDED, None, None),
        ),
        segment_count=3,
    )
    made.add(1, rows)
    return made


def test_a_path_of_two_files_tells_the_later_file_first() -> None:
    later, earlier = lives_of(history(), "a.py", us(30))
    assert ([path.path for path in later.paths], later.now) == (["a.py"], "a.py")
    assert ([path.path for path in earlier.paths], earlier.now) == (["a.py", "b.py"], None)
    renamed = earlier.paths[1]
    assert (renamed.start, renamed.end) == (datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC))
    assert (renamed.commit, renamed.ended_by, renamed.similarity) == ("2" * 40, "4" * 40, 70)


def test_what_is_later_than_the_answer_is_not_told() -> None:
    (life,) = lives_of(history(), "a.py", us(12))
    assert ([(path.path, path.end is None) for path in life.paths], life.now) == (
        [("a.py", False), ("b.py", True)],
        "b.py",
    )
    (first,) = lives_of(history(), "a.py", us(5))
    assert (first.paths[0].end, first.paths[0].ended_by, first.now) == (None, None, "a.py")
    assert lives_of(history(), "b.py", us(5)) == lives_of(history(), "no.py", us(5)) == ()

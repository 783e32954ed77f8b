"""Relocations, and where symbols, files and folders are by them."""

from __future__ import annotations

import pytest

from graphmem.errors import InvalidInput
from graphmem.model import RecordRelocations
from graphmem.repository.file_places import place_of
from graphmem.repository.folder_places import place_of_folder
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, SegmentRow
from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.repository.symbol_places import place_of_symbol

A, B, C = "a.py", "dir/b.py", "c.py"


def sha(number: int) -> str:
    return f"{number:040x}"


def moved(commit: int, old: str, name: str, new: str, new_name: str, percent: int = 90) -> Relocation:
    return Relocation(sha(commit), old, RelocationBasis.BODY, name, new, new_name, percent)


def lines(commit: int, old: str, new: str, percent: int) -> Relocation:
    return Relocation(sha(commit), old, RelocationBasis.LINES, new_path=new, similarity=percent)


@pytest.fixture
def history() -> MainlineHistory:
    """`a.py` is there from 0, `dir/b.py` from 20 until it is `c.py` at 40; one commit every 10."""
    made = MainlineHistory()
    segments = (
        SegmentRow(0, 0, A, 0, None, PathOrigin.ADDED, None, None),
        SegmentRow(1, 1, B, 2, 4, PathOrigin.ADDED, None, None),
        SegmentRow(2, 1, C, 4, None, PathOrigin.RENAMED, 80, 1),
    )
    rows = MainlineRows(
        shas=tuple(map(sha, range(6))), times_us=(0, 10, 20, 30, 40, 50), segments=segments, segment_count=3
    )
    made.add(1, rows)
    return made


def test_a_symbol_is_followed_through_moves_and_renames(history: MainlineHistory) -> None:
    history.relocate([moved(2, A, "f", B, "g")])
    found = [place_of_symbol(history, "a.py#f", (), 0, at) for at in (10, 20, 45)]
    assert [place and place.now for place in found] == [None, "dir/b.py#g", "c.py#g"]
    assert found[2] is not None
    assert [(move.old, move.new, move.similarity) for move in found[2].moves] == [
        ("a.py#f", "dir/b.py#g", 90),
        ("dir/b.py#g", "c.py#g", 80),
    ]
    assert place_of_symbol(history, "dir.b.g", (), 20, 45) is not None
    assert place_of_symbol(history, "a.py#other", (), 0, 45) is None
    assert place_of_symbol(history, "nowhere.py#f", (), 0, 45) is None


def test_a_symbol_that_is_gone_and_comes_back(history: MainlineHistory) -> None:
    history.relocate([Relocation(sha(1), A, RelocationBasis.GONE, "f")])
    found = place_of_symbol(history, "a.py#f", (), 0, 45)
    assert found is not None
    assert (found.now, found.gone_in) == (None, sha(1))
    assert found.sentence == f"a.py#f is gone since 1970-01-01 (commit {sha(1)[:10]})"
    history.relocate([Relocation(sha(3), A, RelocationBasis.NAME, "f", A, "f")])
    assert place_of_symbol(history, "a.py#f", (), 0, 45) is None
    assert place_of_symbol(history, "a.py#f", (), 0, 25) is not None


def test_later_relocations_replace_those_of_the_same_part(history: MainlineHistory) -> None:
    similar = [Relocation(sha(2), A, RelocationBasis.SIMILAR, "f", B, name, 35) for name in ("g", "h")]
    history.relocate(similar)
    found = place_of_symbol(history, "a.py#f", (), 0, 45)
    assert found is not None
    assert found.proposals == ("dir/b.py#g", "dir/b.py#h")
    history.relocate([moved(2, A, "f", B, "h")])
    found = place_of_symbol(history, "a.py#f", (), 0, 45)
    assert found is not None
    assert (found.now, found.proposals) == ("c.py#h", ())


def test_parts_of_a_file_are_where_they_went(history: MainlineHistory) -> None:
    history.relocate([lines(2, A, B, 40)])
    assert [place_of(history, A, start, 45) is not None for start in (0, 20_000_000)] == [True, False]
    found = place_of(history, A, 0, 45)
    assert found is not None
    assert [(part.path, part.share, part.commit) for part in found.parts] == [(C, 0.4, sha(2))]
    assert found.sentence == "a.py went to c.py (40%)"
    assert place_of(history, A, 0, 15) is None


def test_a_relocation_of_a_commit_off_the_mainline_does_not_count(history: MainlineHistory) -> None:
    history.relocate([moved(9, A, "f", B, "g"), lines(9, A, B, 40)])
    assert place_of_symbol(history, "a.py#f", (), 0, 45) is None
    assert place_of(history, A, 0, 45) is None
    assert list(history.splits()) == []


def test_a_folder_is_where_its_files_went(history: MainlineHistory) -> None:
    found = place_of_folder(history, "dir", 20, 45)
    assert found is not None
    assert [(part.path, part.share) for part in found.parts] == [("/", 1.0)]
    assert place_of_folder(history, "dir", 20, 35) is None
    assert place_of_folder(history, "nowhere", 20, 35) is None


@pytest.mark.parametrize(
    "values",
    [
        {"basis": "guess", "symbol": "f", "new_path": B},
        {"basis": RelocationBasis.LINES, "symbol": "f", "new_path": B},
        {"basis": RelocationBasis.BODY, "new_path": B},
        {"basis": RelocationBasis.GONE, "symbol": "f", "new_path": B},
        {"basis": RelocationBasis.BODY, "symbol": "f"},
        {"basis": RelocationBasis.BODY, "symbol": "f", "new_path": B, "similarity": 101},
        {"basis": RelocationBasis.BODY, "symbol": "f" * 5_000, "new_path": B},
    ],
)
def test_an_impossible_relocation_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Relocation("0" * 40, A, **values)  # type: ignore[arg-type]


def test_an_entry_without_a_relocation_is_refused() -> None:
    with pytest.raises(InvalidInput, match="0 relocations"):
        RecordRelocations(())

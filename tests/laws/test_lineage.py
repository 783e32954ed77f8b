"""Which rows of branches are seen from where, and where they live after merging."""

from __future__ import annotations

import pytest

from graphmem.model import Scope
from graphmem.rows import BranchRow, Stamp
from graphmem.temporal.lineage import Lineage
from tests.laws.world import CLOCK, R, X, Y, Z


def opened(name: str, parent: str | None, at: int, closed: int | None = None, *, is_merged: bool = False) -> BranchRow:
    return BranchRow(f"r:{name}", parent and f"r:{parent}", at, closed, is_merged)


def lineage(*branches: BranchRow, reader: Scope = R, seq: int = 100) -> Lineage:
    return Lineage({row.key: row for row in branches}, reader, seq)


def stamp(seq: int, branch: str | None = None) -> Stamp:
    return Stamp(seq, CLOCK, branch and f"r:{branch}")


@pytest.mark.parametrize(("reader", "sees"), [(R, False), (X, True), (Y, True), (Z, False)])
def test_rows_of_a_branch_are_seen_on_it_and_its_children(reader: Scope, *, sees: bool) -> None:
    branches = (opened("x", None, 1), opened("y", "x", 2), opened("z", None, 3))
    assert lineage(*branches, reader=reader).sees(stamp(5, "x")) is sees
    assert lineage(*branches, reader=reader).sees(stamp(5))


def test_the_branch_of_one_name_in_another_repository_is_another() -> None:
    reader = Scope(repo="s", branch="x")
    assert not lineage(opened("x", None, 1), reader=reader).sees(stamp(5, "x"))


def test_merging_moves_rows_to_the_parent_from_that_position_on() -> None:
    merged = opened("x", None, 1, 7, is_merged=True)
    assert lineage(merged, seq=7).sees(stamp(5, "x"))
    assert not lineage(merged, seq=6).sees(stamp(5, "x"))
    assert lineage(merged, seq=7).branch_of(stamp(5, "x")) is None
    assert lineage(merged, seq=6).branch_of(stamp(5, "x")) == "r:x"


def test_abandoning_hides_rows_from_that_position_on() -> None:
    abandoned = opened("x", None, 1, 7)
    assert not lineage(abandoned, reader=X, seq=7).sees(stamp(5, "x"))
    assert lineage(abandoned, reader=X, seq=6).sees(stamp(5, "x"))


@pytest.mark.parametrize("is_merged", [True, False])
def test_children_of_a_closed_branch_merge_into_its_parent(*, is_merged: bool) -> None:
    branches = (opened("x", None, 1, 7, is_merged=is_merged), opened("y", "x", 2, 9, is_merged=True))
    assert lineage(*branches).branch_of(stamp(5, "y")) is None


def test_what_was_merged_into_a_branch_is_hidden_when_that_is_abandoned() -> None:
    branches = (opened("x", None, 1, 9), opened("y", "x", 2, 7, is_merged=True))
    assert lineage(*branches).branch_of(stamp(5, "y")) == "r:x"
    assert not lineage(*branches, reader=X).sees(stamp(5, "y"))


def test_nearer_rows_count_for_more() -> None:
    branches = (opened("x", None, 1), opened("y", "x", 2))
    line = lineage(*branches, reader=Y)
    found = [line.nearness(row) for row in (stamp(5, "y"), stamp(5, "x"), stamp(5))]
    assert found == [0, -1, -2]


def test_only_an_opened_and_unclosed_branch_takes_writes() -> None:
    branches = (opened("x", None, 5, 9), opened("y", None, 5))
    assert [lineage(*branches, seq=seq).is_open(X) for seq in (4, 5, 8, 9)] == [False, True, True, False]
    assert not lineage(*branches).is_open(Scope(repo="r", branch="nowhere"))

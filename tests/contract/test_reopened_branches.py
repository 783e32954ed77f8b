"""A name of a branch that is opened again: every store keeps its branches apart, copies of it too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.model import (
    AbandonBranch,
    Change,
    Confirm,
    MergeBranch,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    Provenance,
    Request,
    Retract,
    Revoke,
    Scope,
)
from graphmem.rows import BranchRow
from graphmem.store import Store
from tests.contract.scenario import sorted_rows
from tests.laws.world import CLOCK, FIRST_X, R, X, Y, add, kernel_answers, oracle_answers, supersede
from tests.oracle import OracleStore, OracleView
from tests.stores import BACKENDS, opened

IDS = ("A", "B", "C", "D", "E")
#: Twice on one name: merged, abandoned, and open; y lies under the second.
STORY: tuple[tuple[Operation, Scope], ...] = (
    (OpenBranch("x"), R),
    (add("A", home=X), X),
    (MergeBranch("x"), R),
    (OpenBranch("x"), R),
    (OpenBranch("y", "x"), R),
    (add("B", home=X), X),
    (supersede("A", "B", 2), X),
    (add("C", home=Y), Y),
    (Confirm("A"), replace(X, branch="x:4")),
    (AbandonBranch("x"), R),
    (OpenBranch("x"), R),
    (add("D", home=X), X),
    (Retract("A"), X),
    (Revoke(13), X),
    (MergeBranch("y"), R),
    (add("E", home=X, title="D"), X),
)
READERS = (R, X, Y, FIRST_X, *(replace(X, branch=f"x:{opened}") for opened in (4, 11, 12)))


def play(store: Store) -> list[Change]:
    requests = [Request(f"op{index}", operation, by) for index, (operation, by) in enumerate(STORY)]
    return [store.apply([request], clock=lambda: CLOCK)[0] for request in requests]


@pytest.fixture(params=BACKENDS, ids=lambda one: f"into {one.name}")
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "target"
    folder.mkdir()
    with opened(request.param, folder) as store:
        yield store


def test_a_store_keeps_every_opening_of_a_name(store: Store) -> None:
    play(store)
    assert store.rows(R, ()).branches == {
        "r:x": BranchRow("r:x", None, 1, 3, is_merged=True),
        "r:x:4:": BranchRow("r:x:4:", None, 4, 10),
        "r:y": BranchRow("r:y", "r:x:4:", 5, 15, is_merged=True),
        "r:x:11:": BranchRow("r:x:11:", None, 11),
    }
    assert store.check() == []


def test_every_reader_is_answered_as_by_the_oracle_at_every_position(store: Store) -> None:
    oracle = OracleStore()
    assert play(store) == play(oracle)
    for reader in READERS:
        rows = store.rows(reader, IDS)
        for seq in range(len(STORY) + 1):
            expected = oracle_answers(OracleView(oracle.changes(R), reader, seq))
            assert kernel_answers(rows, reader, seq) == expected, f"{reader} at {seq}"


def test_a_copy_keeps_them_apart_too(store: Store, target: Store) -> None:
    play(store)
    target.restore(store.export(R), tenant="default")
    assert target.changes(R) == store.changes(R)
    assert list(target.export(R)) == list(store.export(R))
    assert [sorted_rows(target.rows(one, IDS)) for one in READERS] == [
        sorted_rows(store.rows(one, IDS)) for one in READERS
    ]
    assert target.check() == []
    assert target.apply([Request("next", add("N", home=X), X)], clock=lambda: CLOCK)[0].writer.branch == "x:11"


@pytest.mark.parametrize(("is_told_on", "is_done"), [("first", True), ("second", False)])
def test_only_what_was_written_on_the_open_branch_decides_who_may_merge_it(
    store: Store, is_told_on: str, *, is_done: bool
) -> None:
    """An agent merges nothing by which a human's mandatory memory was retracted."""
    retract, empty = (Retract("M"), X), (Confirm("M"), X)
    first, second = (retract, empty) if is_told_on == "first" else (empty, retract)
    story: list[tuple[Operation, Scope]] = [
        (add("M", is_mandatory=True), R),
        (OpenBranch("x"), R),
        first,
        (AbandonBranch("x"), R),
        (OpenBranch("x"), R),
        second,
    ]
    for index, (operation, by) in enumerate(story):
        store.apply([Request(f"op{index}", operation, by)], clock=lambda: CLOCK)
    asked = Request("merge", MergeBranch("x"), R, Provenance(origin=Origin.AGENT))
    (done,) = store.apply([asked], clock=lambda: CLOCK)
    assert isinstance(done.operation, Propose) is not is_done


def test_a_batch_may_close_and_open_a_name(store: Store) -> None:
    operations: tuple[Operation, ...] = (
        OpenBranch("x"),
        add("A", home=X),
        AbandonBranch("x"),
        OpenBranch("x"),
        add("B", home=X),
        MergeBranch("x"),
    )
    writers = (R, X, R, R, X, R)
    requests = [Request(f"op{index}", one, by) for index, (one, by) in enumerate(zip(operations, writers, strict=True))]
    done = store.apply(requests, clock=lambda: CLOCK)
    assert [change.writer.branch for change in done] == [None, "x", None, None, "x:4", None]
    rows = store.rows(R, ("A", "B"))
    assert kernel_answers(rows, R, 6)["visible"] == ["B"]
    assert store.check() == []

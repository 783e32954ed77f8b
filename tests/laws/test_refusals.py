"""What may not be written, and which rows an operation needs to be decided on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import (
    AbandonBranch,
    Add,
    Confirm,
    Link,
    LinkKind,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Retract,
    Revoke,
    Scope,
    Status,
    Supersede,
    Transition,
)
from graphmem.temporal import View, touched
from tests.laws.world import ANN, BOB, R, X, add, day, end, moves, on, send, supersede
from tests.oracle.planned import PlannedStore


@pytest.fixture
def store() -> PlannedStore:
    """`A` holds from day 2; `B` is proposed; `P` is Ann's; branch y is abandoned."""
    store = PlannedStore()
    given: list[tuple[Operation, Scope]] = [
        (add("A", ("active", 2)), R),
        (add("B", ("proposed", 1), subject=None), R),
        (add("P", home=ANN), ANN),
        (OpenBranch("y"), R),
        (AbandonBranch("y"), R),
        (add("C", ("proposed", 0), ("rejected", 5)), R),
    ]
    for index, (operation, writer) in enumerate(given):
        send(store, f"given{index}", operation, writer)
    return store


def refused(store: PlannedStore, operation: Operation, by: Scope = R) -> str:
    """The class and the words of the refusal; nothing was written."""
    count = store.position(R).seq
    with pytest.raises((InvalidInput, NotFound, Conflict, Forbidden)) as refusal:
        send(store, "asked", operation, by)
    assert store.position(R).seq == count
    return f"{type(refusal.value).__name__}: {refusal.value}"


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Supersede(old=(), new=("B",), at=day(3)), "cannot be replaced"),
        (Supersede(old=("A",), new=(), at=day(3)), "cannot be replaced"),
        (supersede("A", "A", 3), "name each memory once"),
        (supersede("A", "BB", 3), "name each memory once"),
        (supersede("A", "B", 1), "use kind 'correction'"),
        (supersede("B", "A", 0), "'B' starts at 2020-01-02"),
    ],
)
def test_a_supersession_without_two_sides_or_before_its_start_is_refused(
    store: PlannedStore, operation: Supersede, words: str
) -> None:
    assert words in refused(store, operation)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Add(Memory("N", R, None), moves(("active", 0))), "'N' has no statement"),
        (replace(add("N"), moves=()), "at least one move"),
        (add("N", ("active", 1), ("rejected", 2)), "after it was active"),
        (add("A"), "Conflict: a memory 'A' is already recorded"),
        (add("N", home=Scope(tenant="other", repo="r")), "Forbidden"),
        (add("N", home=BOB), "user='bob'"),
        (add("N", home=X), "on its writer's branch None, not on 'x'"),
    ],
)
def test_a_memory_that_cannot_be_recorded_is_refused(store: PlannedStore, operation: Add, words: str) -> None:
    assert words in refused(store, operation)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Transition("A", Move(Status.REJECTED, day(3))), "it can be ended, no longer rejected"),
        (Transition("C", Move(Status.ACTIVE, day(4))), "'C' was rejected at 2020-01-06"),
        (Link("A", "A", LinkKind.REFINES), "cannot be linked to itself"),
        (Link("A", "nobody", LinkKind.REFINES), "NotFound: no memory 'nobody'"),
        (Confirm("nobody"), "no memory 'nobody'"),
        (Retract("P"), "no memory 'P'"),
        (end("P", 3), "no memory 'P'"),
    ],
)
def test_what_does_not_fit_a_life_or_is_not_seen_is_refused(
    store: PlannedStore, operation: Operation, words: str
) -> None:
    assert words in refused(store, operation)


@pytest.mark.parametrize(
    ("before", "operation", "words"),
    [
        ((), end("A", 1), "'A' starts at 2020-01-03T00:00:00+00:00, after 2020-01-02"),
        ((), end("B", 0), "cannot end before it began"),
        ((), Transition("A", Move(Status.ENDED, day(1))), "cannot end before it began"),
        ((end("A", 4),), end("A", 5), "nothing would change: 'A' is ended since 2020-01-05"),
        ((), Transition("A", Move(Status.ACTIVE, day(3))), "nothing would change: 'A' is active since 2020-01-03"),
        ((Retract("A"),), end("A", 5), "'A' is retracted"),
        ((Retract("A"),), Transition("A", Move(Status.DEFERRED, day(3))), "'A' is retracted"),
        ((Retract("A"),), Retract("A"), "'A' is already retracted"),
        ((Retract("A"),), Confirm("A"), "'A' is already retracted"),
        ((Link("A", "B", LinkKind.FIXES),), Link("A", "B", LinkKind.FIXES), "'A' already fixes 'B'"),
        ((supersede("A", "B", 3, 5),), supersede("A", "B", 3, 5), "already does so"),
        ((supersede("A", "B", 3, kind="amendment"),), supersede("A", "B", 3, kind="amendment"), "already does so"),
    ],
)
def test_what_would_change_nothing_is_refused(
    store: PlannedStore, before: tuple[Operation, ...], operation: Operation, words: str
) -> None:
    for index, one in enumerate(before):
        send(store, f"before{index}", one)
    assert words in refused(store, operation)


def test_what_changes_something_again_is_accepted(store: PlannedStore) -> None:
    done = send(store, "retract", Retract("A"))
    send(store, "undo", Revoke(done.seq))
    linked = send(store, "link", Link("A", "B", LinkKind.FIXES))
    send(store, "undo the link", Revoke(linked.seq))
    send(store, "end", end("A", 4))
    again: tuple[Operation, ...] = (
        Retract("B"),
        Link("A", "B", LinkKind.FIXES),
        Link("B", "A", LinkKind.FIXES),
        end("A", 3),
        replace(end("A", 5), source_word="gone"),
        Transition("A", Move(Status.ACTIVE, day(7))),
        supersede("A", "B", 3, 5),
        supersede("A", "B", 3, 6),
    )
    for index, operation in enumerate(again):
        assert send(store, f"again{index}", operation)


def test_a_rejection_before_the_first_activation_is_a_life(store: PlannedStore) -> None:
    assert send(store, "asked", Transition("A", Move(Status.REJECTED, day(1))))
    assert send(store, "and", Transition("C", Move(Status.ACTIVE, day(6))))


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Revoke(99), "NotFound: no change 99"),
        (Revoke(3), "NotFound: no change 3"),
        (Revoke(1), "change 1 added a memory"),
        (Revoke(6, 0), "a move of it from 1 to 1"),
        (Revoke(6, 2), "a move of it from 1 to 1"),
        (Revoke(4), "change 4 is no supersede"),
    ],
)
def test_only_what_can_be_undone_is_revoked(store: PlannedStore, operation: Revoke, words: str) -> None:
    assert words in refused(store, operation)


def test_a_whole_entry_is_revoked_not_its_one_move_and_only_once(store: PlannedStore) -> None:
    done = send(store, "end", end("A", 4))
    assert "cannot be revoked" in refused(store, Revoke(done.seq, 1))
    send(store, "undo", Revoke(done.seq))
    assert "is already revoked" in refused(store, Revoke(done.seq))


def test_a_revoked_link_is_gone(store: PlannedStore) -> None:
    done = send(store, "link", Link("A", "B", LinkKind.REFINES))
    send(store, "undo", Revoke(done.seq))
    assert [row.stamp.seq for row in store.rows(R, ["A"]).revocations if row.change == done.seq] == [done.seq + 1]


@pytest.mark.parametrize(
    ("operation", "by", "words"),
    [
        (add("N", home=X), X, "no open branch 'x'"),
        (Confirm("A"), replace(R, branch="y"), "no open branch 'y'"),
        (MergeBranch("y"), R, "no open branch 'y' in repository 'r'"),
        (AbandonBranch("z"), R, "no open branch 'z' in repository 'r'"),
        (Confirm("A"), replace(R, branch="y:4"), "branch 'y' opened by entry 4 is closed; write to 'y' to open"),
        (AbandonBranch("y:9"), R, "no open branch 'y:9' in repository 'r'"),
        (OpenBranch("y:9"), R, "'y:9' names an earlier branch"),
        (OpenBranch("z", "y"), R, "no open branch 'y' to open 'z' under"),
    ],
)
def test_a_closed_branch_is_neither_written_nor_closed_again(
    store: PlannedStore, operation: Operation, by: Scope, words: str
) -> None:
    assert words in refused(store, operation, by)


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        (add("A"), ("A",)),
        (supersede("AB", "CD", 1), ("A", "B", "C", "D")),
        (Link("A", "B", LinkKind.FIXES), ("A", "B")),
        (Retract("A"), ("A",)),
        (Revoke(1), ()),
        (OpenBranch("x"), ()),
    ],
)
def test_an_operation_touches_the_memories_that_it_names(operation: Operation, named: tuple[str, ...]) -> None:
    assert touched(operation) == named


def test_a_proposal_of_what_holds_already_is_recorded_as_its_own(store: PlannedStore) -> None:
    done = send(store, "asked", add("N", ("proposed", 3), title="A"))
    assert touched(done.operation) == ("N",)


def test_two_ways_to_one_memory_are_no_circle(store: PlannedStore) -> None:
    for key in "DEFG":
        send(store, key, add(key))
    send(store, "split", supersede("D", "EF", 2))
    send(store, "join", supersede("EF", "G", 3))
    send(store, "late", supersede("A", "D", 5))
    assert on(store, 2) == "AEFG"
    assert on(store, 5) == "G"


def test_a_link_is_seen_by_those_who_see_both_ends(store: PlannedStore) -> None:
    send(store, "shared", Link("A", "B", LinkKind.REFINES))
    send(store, "private", Link("P", "A", LinkKind.REFINES), ANN)
    seen = {
        reader.user: [(row.source, row.target) for row in View(store.rows(reader, "ABP"), reader, 8).links("A")]
        for reader in (R, ANN, BOB)
    }
    assert seen == {None: [("A", "B")], "ann": [("A", "B"), ("P", "A")], "bob": [("A", "B")]}


def test_a_confirmation_counts_for_those_who_see_it(store: PlannedStore) -> None:
    send(store, "first", Confirm("A"))
    last = send(store, "second", Confirm("A"), ANN)
    view = View(store.rows(R, ["A"]), R, last.seq)
    assert view.confirmed_at("A") == last.recorded_at
    assert View(store.rows(R, ["A"]), R, 6).confirmed_at("A") is None


def test_a_part_may_later_join_the_other_part(store: PlannedStore) -> None:
    for key in "DEG":
        send(store, key, add(key))
    send(store, "split", supersede("D", "GE", 2))
    send(store, "join", supersede("E", "G", 3))
    assert [on(store, at) for at in (1, 2, 3)] == ["DEG", "AEG", "AG"]

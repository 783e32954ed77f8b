"""What is cached beside a memory follows from the rows, wherever a write reaches."""

from __future__ import annotations

import pytest

from graphmem.model import Erase, MergeBranch, OpenBranch, Operation, Retract, Revoke, Scope
from graphmem.rows import Derived, Rows
from graphmem.temporal.derivation import derive
from graphmem.temporal.spans import Spans, span
from tests.laws.world import ANN, ORG, R, X, add, day, end, ids_in, send, supersede
from tests.oracle.planned import PlannedStore


def caches(*done: Operation | tuple[Scope, Operation]) -> dict[str, Derived]:
    """The caches after operations, which equal those computed from all rows at once."""
    store = PlannedStore()
    for index, one in enumerate(done):
        writer, operation = one if isinstance(one, tuple) else (R, one)
        send(store, f"op{index}", operation, writer)
        assert store.check() == []
    return store.derived(R.tenant)


def days(start: int | None, stop: int | None = None) -> Spans:
    return span(start if start is None else day(start), stop if stop is None else day(stop))


CHAIN = (add("A"), add("B", ("active", 2)), add("C", ("active", 4)), supersede("A", "B", 2), supersede("B", "C", 4))


def test_a_fresh_memory_has_its_own_life_for_everybody() -> None:
    found = caches(add("A", ("proposed", 0), ("active", 1), ("ended", 3)))
    assert found == {"A": Derived("A", "ended", days(1, 3), is_common=True)}


def test_a_write_reaches_every_predecessor() -> None:
    assert [one.holding for one in caches(*CHAIN).values()] == [days(0, 2), days(2, 4), days(4)]
    found = caches(*CHAIN, Retract("B"), Retract("C"))
    assert [one.holding for one in found.values()] == [days(0), (), ()]


def test_a_write_reaches_the_amendments_of_predecessors() -> None:
    amendment = (add("M", ("active", 1)), supersede("A", "M", 1, kind="amendment"))
    assert caches(*CHAIN, *amendment)["M"].holding == days(1, 2)
    assert caches(*CHAIN, *amendment, Retract("B"))["M"].holding == days(1, 4)


def test_revoking_and_erasing_keep_the_caches_right() -> None:
    assert caches(*CHAIN, Revoke(4))["A"].holding == days(0)
    assert caches(*CHAIN, Erase("B"))["A"].holding == days(0, 2)
    assert caches(*CHAIN, end("C", 6))["C"] == Derived("C", "ended", days(4, 6), is_common=True)


def test_a_branch_shows_on_the_main_line_when_it_is_merged() -> None:
    branch = (add("A"), OpenBranch("x"), (X, add("B", ("active", 3), home=X)), (X, supersede("A", "B", 3)))
    found = caches(*branch)
    assert found["A"] == Derived("A", "active", days(0), is_common=False)
    assert found["B"] == Derived("B", None, (), is_common=False)
    found = caches(*branch, MergeBranch("x"))
    assert found["A"] == Derived("A", "active", days(0, 3), is_common=True)
    assert found["B"] == Derived("B", "active", days(3), is_common=True)


def test_a_private_successor_makes_readers_differ_all_the_way_back() -> None:
    chain = (add("A"), add("B", ("active", 2)), supersede("A", "B", 2))
    found = caches(*chain, (ANN, add("P", ("active", 4), home=ANN)), (ANN, supersede("B", "P", 4)))
    assert [found[key].is_common for key in "ABP"] == [False, False, True]
    assert [found[key].holding for key in "ABP"] == [days(0, 2), days(2), days(4)]


def test_a_wider_successor_is_seen_by_all() -> None:
    found = caches(add("A"), (ORG, add("O", ("active", 2), home=ORG)), supersede("A", "O", 2))
    assert [found[key].is_common for key in "AO"] == [True, True]


def test_a_revoke_on_a_branch_makes_readers_differ() -> None:
    found = caches(add("A"), end("A", 3), OpenBranch("x"), (X, Revoke(2)))
    assert found["A"] == Derived("A", "ended", days(0, 3), is_common=False)


@pytest.mark.parametrize("count", [1, 5])
def test_only_what_changed_is_derived_again(count: int) -> None:
    store = PlannedStore()
    operations: list[Operation] = [*CHAIN, *(add(f"m{number}") for number in range(count))]
    for index, operation in enumerate(operations):
        send(store, f"op{index}", operation)
    before = store.rows(R, ids_in(store.changes(R)))
    last = send(store, "end", end("C", 6))
    appended = Rows(moves=tuple(row for row in store.rows(R, ["C"]).moves if row.stamp.seq == last.seq))
    changed = derive(before, appended, last.seq)
    all_at_once = derive(Rows(), before.plus(appended), last.seq)
    assert changed == tuple(one for one in all_at_once if one.memory == "C")

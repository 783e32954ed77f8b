"""Whole ledgers that no accepted writes can have left, and those that they can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graphmem.errors import CorruptStore
from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Confirm,
    Erase,
    Link,
    LinkKind,
    Memory,
    MergeBranch,
    OpenBranch,
    Operation,
    Origin,
    Retract,
    Revoke,
    Scope,
    Supersede,
    SupersessionKind,
)
from graphmem.rows import BranchRow, EdgeRow, MemoryRow, Rows, Stamp
from graphmem.temporal import LedgerAudit, View
from graphmem.temporal.lineage import Lineage
from tests.laws.world import ANN, CLOCK, R, X, add, day, moves, supersede
from tests.oracle import OracleStore


def change(seq: int, operation: Operation, writer: Scope = R) -> Change:
    return Change(seq, CLOCK + timedelta(seconds=seq), f"op{seq}", operation, writer, provenance=None)  # type: ignore[arg-type]


def faults(*operations: Operation | tuple[Operation, Scope], blank: tuple[int, ...] = ()) -> list[str]:
    history, found = LedgerAudit(), list[str | None]()
    for seq, one in enumerate(operations, 1):
        operation, writer = one if isinstance(one, tuple) else (one, R)
        found.append(history.take(change(seq, operation, writer), is_blank=seq in blank))
    return [one for one in (*found, *(fault.what for fault in history.finish())) if one is not None]


A, B, C = (add(key) for key in "ABC")
BARE = Add(Memory("A", R, None), moves(("active", 0)), may_confirm=False)


@pytest.mark.parametrize(
    ("operations", "fault"),
    [
        ((A, A), "entry 2 records memory 'A', which an entry before it recorded"),
        ((A, supersede("A", "B", 1)), "names memory 'B', which no entry before it recorded"),
        ((Retract("A"),), "names memory 'A', which no entry before it recorded"),
        ((A, Link("A", "A", LinkKind.REFINES)), "links 'A' to itself"),
        ((A, B, supersede("A", "", 1)), "cannot be replaced"),
        ((A, B, supersede("AB", "B", 1)), "name each memory once"),
        ((A, B, supersede("A", "B", 1), supersede("B", "A", 2)), "entry 4 was never accepted: that would close"),
        (
            (A, B, C, supersede("A", "B", 1, 2), supersede("B", "C", 1, 2), supersede("C", "A", 1, kind="amendment")),
            "entry 6 was never accepted: that would close a cycle",
        ),
        ((A, B, C, supersede("A", "B", 1), supersede("A", "C", 2)), "replaces memory 'A' for good, which entry 4 did"),
        ((A, Revoke(1)), "revokes entry 1"),
        ((add("A", ("proposed", 0), ("active", 1)), Revoke(1, 2)), "revokes move 2 of entry 1, which has none"),
        ((add("A", ("proposed", 0), ("active", 1)), Revoke(1)), "revokes move None of entry 1, which has none"),
        ((A, Revoke(7)), "revokes entry 7"),
        ((A, Retract("A"), Revoke(2), Revoke(3)), "revokes entry 3"),
        ((A, Retract("A"), Revoke(2), Revoke(2)), "revokes entry 2 a second time"),
        ((MergeBranch("x"),), "closes branch 'r:x', which is not open"),
        ((OpenBranch("x"), OpenBranch("x")), "opens branch 'r:x' while it is open"),
        ((OpenBranch("x"), OpenBranch("x", "x")), "opens branch 'r:x' while it is open"),
        ((OpenBranch("x:1"),), "opens branch 'r:x:1:', which names an opening"),
        ((OpenBranch("x", "y"),), "under 'r:y', which is not open"),
        ((OpenBranch("x"), AbandonBranch("x"), (add("A", home=X), X)), "is on branch 'r:x', which is not open"),
        (
            (OpenBranch("x"), AbandonBranch("x"), OpenBranch("x"), (add("A", home=X), X)),
            "is on branch 'r:x', which is not open",
        ),
        ((OpenBranch("x"), AbandonBranch("x"), OpenBranch("x"), AbandonBranch("x:1")), "closes branch 'r:x:1:'"),
        (((add("A", home=X), R),), "where its writer may not"),
        (((add("A", home=ANN), R),), "where its writer may not"),
        ((add("A", ("active", 0), ("rejected", 1)),), "rejected at"),
        ((Add(A.memory, ()),), "at least one move"),
        ((BARE,), "without content"),
        ((A, Erase("A")), "it erased memory 'A', of which entry 1 still has the content"),
    ],
)  # fmt: skip
def test_what_was_never_accepted_is_named(operations: tuple[Operation, ...], fault: str) -> None:
    found = faults(*operations)
    assert len(found) == 1
    assert fault in found[0]


def test_an_op_id_is_used_once() -> None:
    history = LedgerAudit()
    assert history.take(change(1, A), is_blank=False) is None
    assert "'op1'" in str(history.take(replace(change(2, B), op_id="op1"), is_blank=False))


@pytest.mark.parametrize(
    ("operations", "blank"),
    [
        ((A, B, supersede("A", "B", 1), Revoke(3), supersede("B", "A", 2)), ()),
        ((A, B, supersede("A", "B", 1), Revoke(3), supersede("A", "B", 2)), ()),
        ((OpenBranch("x"), A, B, (supersede("A", "B", 1), X), AbandonBranch("x"), supersede("B", "A", 2)), ()),
        ((OpenBranch("x"), A, B, C, (supersede("A", "B", 1), X), supersede("A", "C", 2), MergeBranch("x")), ()),
        ((A, B, (add("P", home=ANN), ANN), (supersede("A", "P", 1), ANN), supersede("A", "B", 1)), ()),
        ((A, B, add("Q", origin=Origin.EXTERNAL), supersede("A", "Q", 1), supersede("A", "B", 1)), ()),
        ((BARE, B, supersede("A", "B", 1), Erase("A"), Revoke(3)), (1, 3)),
        ((BARE, B, Link("A", "B", LinkKind.REFINES), Erase("A")), (1, 3)),
        ((A, B, C, Supersede(old=("A", "B"), new=("C",), kind=SupersessionKind.CORRECTION), Confirm("C")), ()),
    ],
)
def test_what_was_accepted_is_not(operations: tuple[Operation, ...], blank: tuple[int, ...]) -> None:
    assert faults(*operations, blank=blank) == []


def test_a_content_is_gone_only_where_an_erasure_names_it() -> None:
    assert faults(BARE, B, Erase("B"), blank=(1, 2)) == [
        "entry 2 records memory 'B' whose content should be gone",
        "entry 3 names memory 'B', which no entry before it recorded",
        "the content of entry 1 is gone, and no later entry erased what it is about",
    ]
    assert faults(A, Retract("A"), blank=(2,)) == [
        "the content of entry 2 is gone, and no later entry erased what it is about"
    ]


def test_a_revoke_that_was_undone_where_it_lives_alone_still_leads_to_a_cycle() -> None:
    undone_on_x = (OpenBranch("x"), A, B, supersede("A", "B", 1), (Revoke(4), X), supersede("B", "A", 2))
    assert len(faults(*undone_on_x)) == 1


def test_a_long_chain_and_a_large_tangle_end_soon() -> None:
    count = 6_000
    chain = [
        EdgeRow(f"m{n}", f"m{n + 1}", SupersessionKind.UPDATE, day(0), None, None, None, at(n)) for n in range(count)
    ]
    history = LedgerAudit()
    history._edges = chain  # noqa: SLF001 - as entries would leave it
    assert list(history.finish()) == []
    history._edges = [*chain, replace(chain[0], old=f"m{count}", new="m0", stamp=at(count))]  # noqa: SLF001
    assert ["lead back to where they began" in fault.what for fault in history.finish()] == [True]


def at(seq: int, branch: str | None = None) -> Stamp:
    return Stamp(seq, CLOCK, branch)


# ---- what the kernel does with rows that no accepted write leaves


@pytest.mark.parametrize("kind", SupersessionKind)
def test_a_cycle_is_refused_instead_of_followed_for_ever(kind: SupersessionKind) -> None:
    when = None if kind is SupersessionKind.CORRECTION else day(1)
    edges = tuple(EdgeRow(pair[0], pair[1], kind, when, None, None, None, at(3)) for pair in ("AB", "BA"))
    rows = Rows(memories={key: MemoryRow(add(key).memory, at(1)) for key in "AB"}, edges=edges)
    view = View(rows, R, 9)
    with pytest.raises(CorruptStore, match="cycle"):
        view.holding("A")


def test_branches_that_are_opened_under_each_other_are_refused() -> None:
    branches = {key: BranchRow(key, parent, 1) for key, parent in (("r:x", "r:y"), ("r:y", "r:x"))}
    with pytest.raises(CorruptStore, match="cycle"):
        Lineage(branches, X, 9)
    closed = {key: replace(row, closed=2, is_merged=True) for key, row in branches.items()}
    with pytest.raises(CorruptStore, match="cycle"):
        Lineage(closed, R, 9).place(at(2, "r:x"))


def test_what_the_oracle_leaves_is_accepted() -> None:
    from tests.contract.scenario import fill

    store = OracleStore()
    fill(store)
    history = LedgerAudit()
    assert [history.take(one, is_blank=False) for one in store.changes(R)] == [None] * store.position(R).seq
    assert list(history.finish()) == []

"""Proposals on every store: entries that change nothing, are part of a memory's history, and survive a restore."""

from __future__ import annotations

import pytest

from graphmem.model import (
    AbandonBranch,
    End,
    Erase,
    MergeBranch,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    Provenance,
    Request,
    Retract,
    Revoke,
)
from graphmem.store import Store
from tests.laws.world import CLOCK, R, X, add, day, end, read, send, supersede
from tests.oracle import OracleStore

WORDS = "say nothing of it"


@pytest.fixture
def store(store: Store) -> Store:
    """`H` is a human's and ended on day 5, `E` is external, `B` on branch x takes over from `H`."""
    given: tuple[Operation, ...] = (add("H"), end("H", 5), add("E", origin=Origin.EXTERNAL), OpenBranch("x"))
    for index, operation in enumerate(given):
        send(store, f"given{index}", operation)
    send(store, "b", add("B", ("active", 2), home=X), X)
    send(store, "over", supersede("H", "B", 2), X)
    return store


def test_what_is_only_proposed_changes_no_row_and_stands_in_the_history(store: Store) -> None:
    asked: tuple[Operation, ...] = (
        supersede("H", "E", 2),
        end("H", 3),
        Retract("H"),
        Revoke(2),
        MergeBranch("x"),
        AbandonBranch("x"),
        Erase("H"),
    )
    rows, before = store.rows(R, ["H", "E", "B"]), read(store, R)
    done = [send(store, f"op{index}", one, origin=Origin.EXTERNAL) for index, one in enumerate(asked)]
    assert [one.operation for one in done] == [Propose(one) for one in asked]  # type: ignore[arg-type]
    assert (store.rows(R, ["H", "E", "B"]), read(store, R)) == (rows, before)
    assert [one.seq for one in store.changes_of(R, "H")] == [1, 2, 6, 7, 8, 9, 10, 13]
    assert [one.seq for one in store.changes_of(R, "E")] == [3, 7]
    assert store.changes(R, after=6)[0].provenance == Provenance(origin=Origin.EXTERNAL)
    assert store.check() == []


def test_a_proposal_is_exported_restored_and_sent_again(store: Store) -> None:
    asked = Request("asked", end("H", 3), R, Provenance("me", origin=Origin.CONVERSATION))
    (done,) = store.apply([asked], clock=lambda: CLOCK)
    assert store.apply([asked], clock=lambda: CLOCK) == [done]
    with OracleStore() as copy:
        copy.restore(store.export(R), tenant="default")
        assert copy.changes(R) == store.changes(R)
        assert list(copy.export(R)) == list(store.export(R))


def test_an_agent_merges_a_branch_that_replaces_a_human_s_words(store: Store) -> None:
    assert send(store, "merge", MergeBranch("x"), origin=Origin.AGENT).operation == MergeBranch("x")


def test_a_branch_that_leaves_trusted_words_alone_may_be_merged_by_anybody(store: Store) -> None:
    send(store, "z", OpenBranch("z"))
    assert send(store, "merge", MergeBranch("z"), origin=Origin.EXTERNAL).operation == MergeBranch("z")


def test_erasing_takes_the_words_of_proposals_too(store: Store) -> None:
    by = Provenance("me", reason=WORDS, origin=Origin.EXTERNAL)
    asked: tuple[Operation, ...] = (End("H", day(3), WORDS), supersede("H", "E", 2), Revoke(2))
    for index, one in enumerate(asked):
        store.apply([Request(f"op{index}", one, R, by)], clock=lambda: CLOCK)
    assert WORDS in "".join(store.export(R))
    send(store, "erase", Erase("H"))
    assert WORDS not in "".join(store.export(R))
    kept = store.changes(R, after=6)[0]
    assert kept.operation == Propose(end("H", 3))
    assert kept.provenance == Provenance("me", origin=Origin.EXTERNAL)
    assert store.check() == []

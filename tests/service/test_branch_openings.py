"""The first write on a branch opens it, in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread

import pytest

from graphmem.errors import Conflict, NotFound
from graphmem.model import Change, OpenBranch, Provenance, Request, Scope
from graphmem.service import GraphMemory, New, Write
from graphmem.store import Store
from tests.service.conftest import REPO

THERE = replace(REPO, branch="x")
ON_X = Write(scope=THERE)


def log(memory: GraphMemory) -> list[str]:
    """Operations of the ledger with the branch on which each was written."""
    changes = memory._context.store.changes(REPO)  # noqa: SLF001 - the ledger as it is
    return [f"{type(one.operation).__name__} {one.writer.branch or 'main'}" for one in changes]


def titles(memory: GraphMemory, scope: Scope) -> set[str]:
    return {card.memory.statement.title for card in memory.list(scope=scope).cards if card.memory.statement}


def test_the_first_write_on_a_branch_opens_it(memory: GraphMemory) -> None:
    memory.add("Try it", write=ON_X)
    memory.add("Again", write=ON_X)
    assert log(memory) == ["OpenBranch main", "Add x", "Add x"]
    assert titles(memory, REPO) == set()
    memory.merge_branch("x")
    assert titles(memory, REPO) == {"Try it", "Again"}


def test_a_write_on_a_name_whose_branch_was_closed_opens_it_again(memory: GraphMemory) -> None:
    memory.add("Dropped", write=ON_X)
    memory.abandon_branch("x")
    memory.add("Kept", write=ON_X)
    assert log(memory)[-2:] == ["OpenBranch main", "Add x:4"]
    assert titles(memory, THERE) == {"Kept"}
    assert titles(memory, replace(REPO, branch="x:1")) == set()


def test_an_earlier_branch_stays_closed(memory: GraphMemory) -> None:
    memory.add("Dropped", write=ON_X)
    memory.abandon_branch("x")
    with pytest.raises(NotFound):
        memory.add("Late", write=Write(scope=replace(REPO, branch="x:1")))
    assert len(log(memory)) == 3


def test_what_is_written_of_the_main_line_opens_a_branch_too(memory: GraphMemory) -> None:
    key = memory.add("Kept").ids[0]
    memory.retract(key, write=ON_X)
    assert (titles(memory, REPO), titles(memory, THERE)) == ({"Kept"}, set())


def test_a_batch_opens_each_of_its_branches(memory: GraphMemory) -> None:
    memory.open_branch("open")
    items = [New(statement=name, scope=replace(REPO, branch=name)) for name in ("open", "x", "y", "x again")]
    items[-1] = replace(items[-1], scope=THERE)
    written = memory.add_many(items)
    assert [one.change.writer.branch for one in written] == ["open", "x", "y", "x"]
    assert log(memory)[1:] == ["OpenBranch main", "OpenBranch main", "Add open", "Add x", "Add y", "Add x"]


def test_what_is_refused_opens_nothing(memory: GraphMemory) -> None:
    with pytest.raises(NotFound):
        memory.end("nothing", write=ON_X)
    assert log(memory) == []


@pytest.mark.parametrize("scope", [Scope(branch="x"), Scope(branch="x", user="ann")])
def test_a_branch_of_no_repository_is_opened_by_hand(memory: GraphMemory, scope: Scope) -> None:
    with pytest.raises(NotFound):
        memory.add("Words", write=Write(scope=scope))


def test_work_on_branches_opens_none(memory: GraphMemory) -> None:
    with pytest.raises(NotFound):
        memory.merge_branch("x", write=ON_X)
    assert log(memory) == []


def test_a_write_that_is_sent_again_opens_nothing(memory: GraphMemory) -> None:
    once = replace(ON_X, op_id="once")
    first = memory.add("Try it", write=once)
    memory.abandon_branch("x")
    assert memory.add("Try it", write=once) == first
    assert log(memory) == ["OpenBranch main", "Add x", "AbandonBranch main"]


def test_a_confirmation_on_a_later_branch_can_be_sent_again(memory: GraphMemory) -> None:
    memory.open_branch("x")
    memory.abandon_branch("x")
    memory.add("Try it", write=ON_X)
    once = replace(ON_X, op_id="once")
    assert memory.add("Try it", write=once) == memory.add("Try it", write=once)
    assert log(memory)[-1] == "Confirm x:3"


@pytest.mark.parametrize(
    ("opened_at", "expected"),
    [(1, [["Add"], ["Add"]]), (2, [["Add"], ["OpenBranch", "Add"], ["Add"]])],
)
def test_of_two_writers_at_once_one_opens_the_branch(
    memory: GraphMemory, monkeypatch: pytest.MonkeyPatch, opened_at: int, expected: list[list[str]]
) -> None:
    """Another writer opens the branch after this one was refused, or after it saw that the branch is not open."""
    store: Store = memory._context.store  # noqa: SLF001 - the store that both write to
    apply, clock = store.apply, memory._context.clock  # noqa: SLF001 - the same
    tries: list[list[str]] = []

    def other() -> None:
        if len(tries) == opened_at:
            apply([Request("other", OpenBranch("x"), REPO, Provenance())], clock=clock)

    def raced(requests: list[Request], **rest: object) -> list[Change]:
        tries.append([type(request.operation).__name__ for request in requests])
        if opened_at > 1:
            other()
        try:
            return apply(requests, **rest)  # type: ignore[arg-type]
        finally:
            if opened_at == 1:
                other()

    monkeypatch.setattr(store, "apply", raced)
    memory.add("Try it", write=ON_X)
    assert tries == expected
    assert log(memory) == ["OpenBranch main", "Add x"]


def test_many_writers_at_once_open_a_branch_once(memory: GraphMemory) -> None:
    barrier, failed = Barrier(4), []

    def write(number: int) -> None:
        barrier.wait()
        try:
            memory.add(f"memory {number}", write=ON_X)
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            failed.append(error)

    threads = [Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert log(memory) == ["OpenBranch main", *["Add x"] * 4]


def test_a_conflict_of_the_write_itself_is_raised(memory: GraphMemory) -> None:
    item = New(statement="Twice", id="same", scope=THERE)
    with pytest.raises(Conflict):
        memory.add_many([item, replace(item, statement="Otherwise")])
    assert log(memory) == []

"""Every writing verb, sent again by `op_id`: nothing changes, and the answer is that of the first time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from graphmem.answers import Written
from graphmem.errors import Conflict, NotFound
from graphmem.model import Change, LinkKind, Move, Scope, Statement, Status, SupersessionKind
from graphmem.service import GraphMemory, New, Write
from tests.service.conftest import REPO, TickingClock, day

ONCE = Write(op_id="once", actor="somebody", reason="because")
NEW = New(statement=Statement(title="Use spaces"))
CORRECTION = SupersessionKind.CORRECTION

#: Each is given a memory with active "a", active "b", proposed "p", and a branch "x".
VERBS: dict[str, Callable[[GraphMemory], Written | list[Written]]] = {
    "add": lambda m: m.add("Use spaces", write=ONCE),
    "add what holds already": lambda m: m.add("a", write=ONCE),
    "add what held already then": lambda m: m.add("a", start=day(2), write=ONCE),
    "add many": lambda m: m.add_many([NEW, New(statement=Statement(title="More"))], write=ONCE),
    "add many that hold already": lambda m: m.add_many([New(statement=Statement(title="a"))], write=ONCE),
    "add many, some of which hold": lambda m: m.add_many(
        [
            New(statement=Statement(title="a")),
            New(statement=Statement(title="told"), moves=(Move(Status.ACTIVE, day(1)),)),
        ],
        write=ONCE,
    ),
    "add many that supersede": lambda m: m.add_many(
        [
            New(statement=Statement(title="b")),
            New(statement="Use spaces", supersedes=("a",)),
            New(statement=Statement(title="Use tabs"), supersedes=(1,)),
            New(statement="Never proposed", supersedes=("p",), supersession=CORRECTION),
            New(statement=Statement(title="Theirs"), supersedes=(0,), scope=replace(REPO, user="ann")),
        ],
        write=ONCE,
    ),
    "supersede by id": lambda m: m.supersede("a", "b", write=ONCE),
    "supersede by words": lambda m: m.supersede("a", "Use spaces now", write=ONCE),
    "supersede by what was superseded": lambda m: (
        m.supersede("a", "b", write=Write(op_id="before")),
        m.supersede("b", by="a", write=ONCE),
    )[1],
    "correct by words": lambda m: m.supersede("a", "Use spaces now", kind=CORRECTION, write=ONCE),
    "correct a proposal by words": lambda m: m.supersede("p", "Use spaces now", kind=CORRECTION, write=ONCE),
    "amend": lambda m: m.amend("a", "Use spaces in Python", "Python", write=ONCE),
    "transition": lambda m: m.transition("a", Status.DEFERRED, word="on hold", write=ONCE),
    "end": lambda m: m.end("a", write=ONCE),
    "retract": lambda m: m.retract("a", write=ONCE),
    "confirm": lambda m: m.confirm("a", write=ONCE),
    "link": lambda m: m.link("a", "b", LinkKind.REFINES, write=ONCE),
    "revoke": lambda m: m.revoke(5, write=ONCE),
    "open a branch": lambda m: m.open_branch("y", write=ONCE),
    "merge a branch": lambda m: m.merge_branch("x", write=ONCE),
    "abandon a branch": lambda m: m.abandon_branch("x", write=ONCE),
    "erase": lambda m: m.erase("a", write=ONCE),
}
verbs = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())


@pytest.fixture
def given(memory: GraphMemory, clock: TickingClock) -> GraphMemory:
    lives = {"a": Status.ACTIVE, "b": Status.ACTIVE, "p": Status.PROPOSED}
    memory.add_many(
        New(statement=Statement(title=key), id=key, moves=(Move(status, day(1)),)) for key, status in lives.items()
    )
    memory.open_branch("x")
    memory.end("b", at=day(20))
    clock.pass_days(9)
    return memory


@verbs
def test_a_write_sent_again_later_changes_nothing(
    given: GraphMemory, clock: TickingClock, verb: Callable[[GraphMemory], object]
) -> None:
    first, count = verb(given), given.status().changes
    clock.pass_days(30)
    assert verb(given) == first
    assert given.status().changes == count


@verbs
def test_a_write_sent_again_after_an_erasure_changes_nothing(
    given: GraphMemory, verb: Callable[[GraphMemory], object]
) -> None:
    verb(given)
    for key in ("a", "p"):
        with suppress(NotFound):
            given.erase(key)
    count = given.status().changes
    verb(given)
    assert given.status().changes == count


@verbs
def test_a_write_sent_twice_at_once_gives_both_the_one_answer(
    given: GraphMemory, monkeypatch: pytest.MonkeyPatch, verb: Callable[[GraphMemory], object]
) -> None:
    """The other is carried out after the first has looked for its `op_id` in vain."""
    store, others = given._context.store, list[object]()  # noqa: SLF001 - the store is where both meet
    look_up, count = store.change_by_op_id, given.status().changes

    def look_up_and_lose(reader: Scope, op_id: str) -> Change | None:
        found = look_up(reader, op_id)
        if not others:
            others.append(None)
            others[0] = verb(given)
        return found

    monkeypatch.setattr(store, "change_by_op_id", look_up_and_lose)
    assert [verb(given)] == others
    written = given.status().changes - count
    assert verb(given) == others[0]
    assert given.status().changes == count + written


@pytest.mark.parametrize(
    "other",
    [
        lambda m: m.add("c", write=ONCE),
        lambda m: m.add("a", start=day(3), write=ONCE),
        lambda m: m.add("a", write=Write(op_id="once", actor="another")),
        lambda m: m.add("a", write=replace(ONCE, scope=replace(REPO, user="ann"))),
        lambda m: m.retract("a", write=ONCE),
    ],
    ids=["other words", "another start", "another writer", "another scope", "another verb"],
)
def test_the_id_of_a_confirmation_cannot_mean_something_else(
    given: GraphMemory, other: Callable[[GraphMemory], object]
) -> None:
    assert given.add("a", write=ONCE).is_confirmation
    with pytest.raises(Conflict, match="once"):
        other(given)


def test_the_id_of_a_batch_that_was_confirmed_cannot_mean_another_batch(given: GraphMemory) -> None:
    given.add_many([New(statement=Statement(title="a"))], write=ONCE)
    with pytest.raises(Conflict, match="once"):
        given.add_many([NEW], write=ONCE)


def test_a_batch_that_grew_records_what_is_new_in_it(given: GraphMemory) -> None:
    known = New(statement=Statement(title="a"))
    given.add_many([known], write=ONCE)
    assert [one.is_confirmation for one in given.add_many([known, NEW], write=ONCE)] == [True, False]

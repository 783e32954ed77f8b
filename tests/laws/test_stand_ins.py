"""What later requests of a call mean by the id of a memory that was confirmed in its place."""

from __future__ import annotations

import pytest

from graphmem.model import (
    Change,
    Confirm,
    End,
    Erase,
    Link,
    LinkKind,
    Move,
    OpenBranch,
    Operation,
    Propose,
    Provenance,
    Request,
    Retract,
    Revoke,
    Status,
    Supersede,
    Transition,
)
from graphmem.temporal import StandIns
from tests.laws.world import CLOCK, R, add, day


def led_to(request: Request, operation: Operation) -> Change:
    return Change(1, CLOCK, request.op_id, operation, R, Provenance())


def meant(operation: Operation) -> Operation:
    """By a caller whose `new` was confirmed as `old`."""
    known, asked = StandIns(), Request("add", add("new"), R)
    known.note(asked, led_to(asked, Confirm("old")))
    return known.meant(Request("op", operation, R)).operation


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Supersede(old=("new",), new=("b",), at=day(1)), Supersede(old=("old",), new=("b",), at=day(1))),
        (Supersede(old=("a",), new=("new",), at=day(1)), Supersede(old=("a",), new=("old",), at=day(1))),
        (Supersede(old=("new", "old"), new=("b",), at=day(1)), Supersede(old=("old",), new=("b",), at=day(1))),
        (Propose(Retract("new")), Propose(Retract("old"))),
        (Transition("new", Move(Status.ENDED, day(1))), Transition("old", Move(Status.ENDED, day(1)))),
        (End("new", day(1), "word"), End("old", day(1), "word")),
        (Retract("new"), Retract("old")),
        (Confirm("new"), Confirm("old")),
        (Erase("new"), Erase("old")),
        (Link("new", "b", LinkKind.REFINES), Link("old", "b", LinkKind.REFINES)),
        (Link("b", "new", LinkKind.REFINES), Link("b", "old", LinkKind.REFINES)),
    ],
    ids=repr,
)
def test_the_one_that_was_confirmed_is_meant(asked: Operation, expected: Operation) -> None:
    assert meant(asked) == expected


@pytest.mark.parametrize(
    "asked",
    [Retract("b"), Propose(Retract("b")), Link("a", "b", LinkKind.REFINES), Revoke(1), OpenBranch("x"), add("new")],
    ids=repr,
)
def test_what_names_no_such_memory_stays_the_very_same(asked: Operation) -> None:
    assert meant(asked) is asked


def test_an_id_that_is_recorded_after_all_means_itself() -> None:
    known = StandIns()
    for asked, effect in ((add("new"), Confirm("old")), (add("new", title="other"), add("new", title="other"))):
        request = Request("add", asked, R)
        known.note(request, led_to(request, effect))
    request = Request("op", Retract("new"), R)
    assert known.meant(request) is request


def test_a_confirmation_that_was_asked_for_stands_for_nothing() -> None:
    known, request = StandIns(), Request("op", Confirm("old"), R)
    known.note(request, led_to(request, Confirm("old")))
    assert known.meant(request) is request

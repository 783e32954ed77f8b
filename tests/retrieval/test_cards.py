from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graphmem.answers import Interval, State
from graphmem.model import Confirm, Erase, Kind, Move, Operation, Origin, Retract, Status, Transition
from graphmem.relations import Side
from graphmem.retrieval.cards import card, confidence, moves, step
from graphmem.retrieval.reference import state
from tests.laws.world import ANN, BOB, CLOCK, R, add, day, end, supersede
from tests.retrieval.conftest import World


@pytest.mark.parametrize(
    ("operations", "at", "expected"),
    [
        ([add("A")], 1, State.HOLDS),
        ([add("A", ("active", 2))], 1, State.NOT_YET),
        ([add("A", ("proposed", 0))], 1, State.PROPOSED),
        ([add("A", ("deferred", 0))], 1, State.DEFERRED),
        ([add("A", ("rejected", 0))], 1, State.REJECTED),
        ([add("A"), end("A", 1)], 1, State.ENDED),
        ([add("A"), Retract("A")], 1, State.RETRACTED),
        ([add("A"), add("B"), supersede("A", "B", 1)], 1, State.SUPERSEDED),
        ([add("A"), add("B"), supersede("A", "B", 2)], 1, State.HOLDS),
        ([add("A"), add("B"), supersede("A", "B", None, kind="correction")], 1, State.CORRECTED),
        ([add("B"), add("A"), supersede("B", "A", 0, kind="amendment"), end("B", 1)], 1, State.FALLEN),
    ],
)
def test_where_a_memory_stands_is_one_word(world: World, operations: list[Operation], at: int, expected: State) -> None:
    world.play(*operations)
    assert state(world.view(), "A", day(at)) is expected


def test_a_card_says_when_it_holds_and_since_when_it_is_known(world: World) -> None:
    world.play(add("A", ("active", 1)), end("A", 3))
    shown = card(world.view(), "A", day(2))
    assert shown is not None
    assert (shown.id, shown.title, shown.state) == ("A", "A", State.HOLDS)
    assert shown.holding == (Interval(day(1), day(3)),)
    assert (shown.change, shown.recorded_at, shown.confirmed_at) == (1, CLOCK, None)


def test_what_others_keep_or_what_was_erased_has_no_card(world: World) -> None:
    world.play(add("A", home=ANN), add("E"), by=ANN)
    world.play(Erase("E"))
    assert card(world.view(BOB), "A", day(1)) is None
    assert card(world.view(), "E", day(1)) is None
    assert card(world.view(), "nobody", day(1)) is None


def test_before_its_first_move_nothing_is_told(world: World) -> None:
    world.play(add("A", ("active", 2)))
    shown = card(world.view(), "A", day(1))
    assert shown is not None
    assert (shown.told, shown.state) == (None, State.NOT_YET)


def test_the_move_that_decides_is_told_in_the_words_of_its_source(world: World) -> None:
    world.play(add("A", ("proposed", 0)), Transition("A", Move(Status.ACTIVE, day(2), source_word="Accepted")))
    shown = card(world.view(), "A", day(3))
    assert shown is not None
    assert shown.told is not None
    assert (shown.told.word, shown.told.at, shown.told.until, shown.told.change) == ("Accepted", day(2), None, 2)


def test_moves_follow_one_another_whatever_the_order_of_recording(world: World) -> None:
    world.play(add("A", ("active", 2)), Transition("A", Move(Status.PROPOSED, day(0), source_word="Draft")))
    told = moves(world.view(), "A")
    assert [(one.word, one.at, one.until) for one in told] == [("Draft", day(0), day(2)), ("active", day(2), None)]


def test_amendments_that_hold_are_named(world: World) -> None:
    world.play(add("A"), add("B", ("active", 2)), supersede("A", "B", 2, kind="amendment"))
    early, late = (card(world.view(), "A", day(at)) for at in (1, 3))
    assert early is not None
    assert late is not None
    assert ([one.id for one in early.amended_by], [one.id for one in late.amended_by]) == ([], ["B"])


def test_confidence_fades_from_the_start_of_the_stretch_in_force(world: World) -> None:
    world.play(add("A", ("active", 0), ("ended", 10), ("active", 60), kind=Kind.TASK, confidence=0.8))
    view, memory = world.view(), world.store.rows(R, ["A"]).memories["A"].memory
    trusted = [confidence(view, memory, day(at)) for at in (0, 60, 120)]
    assert trusted == pytest.approx([0.8, 0.8, 0.4])


def test_what_was_stated_is_shown_and_age_beside_it(world: World) -> None:
    world.play(add("A", kind=Kind.TASK, confidence=0.8))
    shown = card(world.view(), "A", day(120))
    assert shown is not None
    assert (shown.confidence, shown.fresh_at) == (0.8, day(0))
    assert shown.freshness == pytest.approx(0.25)


def test_a_confirmation_makes_confidence_fresh(world: World) -> None:
    world.play(add("A", kind=Kind.TASK, origin=Origin.EXTERNAL), Confirm("A"))
    shown = card(world.view(), "A", CLOCK)
    assert shown is not None
    assert (shown.confidence, shown.freshness, shown.fresh_at) == (1.0, 1.0, shown.confirmed_at)
    assert confidence(world.view(), shown.memory, CLOCK) == pytest.approx(0.5)  # of origin external
    assert shown.confirmed_at == CLOCK + timedelta(microseconds=1)


def test_what_never_held_is_as_sure_as_it_was_stated(world: World) -> None:
    world.play(add("A", ("proposed", 0), kind=Kind.TASK, confidence=0.6))
    shown = card(world.view(), "A", day(900))
    assert shown is not None
    assert (shown.confidence, shown.freshness, shown.fresh_at) == (0.6, 1.0, None)


def test_a_step_tells_when_an_edge_covers_and_who_is_on_the_far_side(world: World) -> None:
    world.play(add("A"), add("B", title="the new one"), supersede("A", "B", 1, until=3))
    view = world.view()
    (edge,) = view.edges_out("A")
    told = step(view, edge, side=Side.OLD, valid=day(2))
    assert (told.memory.id, told.memory.title, told.covers) == ("B", "the new one", (Interval(day(1), day(3)),))
    assert (told.at, told.until, told.change) == (day(1), day(3), 3)
    assert (told.before, told.after) == ("superseded by", " on 2020-01-02 until 2020-01-04")


def test_an_amendment_replaces_a_part_and_covers_nothing(world: World) -> None:
    world.play(add("A"), add("B"), replace(supersede("A", "B", 1, kind="amendment"), part="one line"))
    view = world.view()
    told = step(view, view.edges_out("A")[0], side=Side.OLD, valid=day(2))
    assert (told.memory.title, told.part, told.covers) == ("B", "one line", ())


def test_a_step_to_what_was_erased_has_neither_title_nor_words(world: World) -> None:
    world.play(add("A"), add("B"), replace(supersede("A", "B", 1, kind="amendment"), part="one line"), Erase("B"))
    view = world.view()
    told = step(view, view.edges_out("A")[0], side=Side.OLD, valid=day(2))
    assert (told.memory.title, told.part, told.covers) == (None, None, ())

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graphmem.model import BEGINNING, Erase, Move, Operation, Provenance, Request, Retract, Status, Transition
from graphmem.retrieval.reasons import because, edge_reason, named, state_reason
from graphmem.retrieval.relation_phrases import day as told_day
from graphmem.temporal import resolve
from tests.laws.world import ANN, BOB, CLOCK, R, add, day, end, supersede
from tests.retrieval.conftest import World


@pytest.mark.parametrize(
    ("operations", "at", "sentence"),
    [
        ([add("A")], 1, "in force since 2020-01-01"),
        ([add("A"), end("A", 3)], 1, "in force since 2020-01-01 until 2020-01-04"),
        ([add("A"), end("A", 3)], 5, "ended since 2020-01-04"),
        ([add("A"), Retract("A")], 1, "retracted: not valid at any time"),
        ([add("A", ("active", 2))], 1, "not yet in force: its first status is from 2020-01-03"),
        ([add("A", ("rejected", 0))], 1, "rejected since 2020-01-01"),
        ([add("A"), add("B"), supersede("A", "B", 1)], 2, "superseded by 'B' on 2020-01-02"),
        ([add("A"), add("B"), supersede("A", "B", None, kind="correction")], 2, "corrected by 'B'"),
        (
            [add("A"), add("B"), add("C"), supersede("A", "BC", 1)],
            2,
            "superseded by 'B' on 2020-01-02 and 'C' on 2020-01-02",
        ),
        (
            [add("B"), add("A"), supersede("B", "A", 0, kind="amendment"), end("B", 1)],
            2,
            "the memory that it amends is no longer in force",
        ),
    ],
)
def test_a_state_is_told_with_its_dates_and_the_other_side(
    world: World, operations: list[Operation], at: int, sentence: str
) -> None:
    world.play(*operations)
    assert state_reason(world.view(), "A", day(at)) == sentence


def test_the_word_of_the_source_is_quoted_where_it_differs(world: World) -> None:
    word = Transition("A", Move(Status.DEFERRED, day(1), source_word="on hold"))
    world.play(add("A", ("proposed", 0)), word)
    assert state_reason(world.view(), "A", day(2)) == "deferred since 2020-01-02 (in its source: 'on hold')"


@pytest.mark.parametrize(
    ("operations", "asked", "at", "sentence"),
    [
        ([add("A")], "A", 1, "in force since 2020-01-01"),
        (
            [add("A"), add("B"), supersede("A", "B", 1)],
            "A",
            2,
            "in force since 2020-01-01; supersedes 'A' since 2020-01-02",
        ),
        (
            [add("A"), add("B"), add("C"), supersede("A", "B", 1), supersede("B", "C", 2)],
            "A",
            3,
            "in force since 2020-01-01; supersedes 'A' through 'B'",
        ),
        (
            [add("A", ("active", 2))],
            "A",
            1,
            "not yet in force: its first status is from 2020-01-03",
        ),
        ([add("A"), end("A", 1)], "A", 2, "nothing is in force now; this was the last: ended since 2020-01-02"),
        (
            [add("A"), end("A", 1), add("B", ("active", 4)), supersede("A", "B", 4)],
            "A",
            2,
            "not yet in force: its first status is from 2020-01-05; will supersede 'A' on 2020-01-05",
        ),
    ],
)
def test_an_answer_says_why_it_is_the_answer(
    world: World, operations: list[Operation], asked: str, at: int, sentence: str
) -> None:
    world.play(*operations)
    view = world.view()
    (resolved,) = resolve(view, asked, day(at))
    assert because(view, resolved, day(at)) == sentence


def test_what_is_found_by_its_successor_s_words_is_not_said_to_replace_it(world: World) -> None:
    world.play(add("A"), add("B", ("active", 4)), supersede("A", "B", 4))
    view = world.view()
    (resolved,) = resolve(view, "B", day(2))
    told = "in force since 2020-01-01 until 2020-01-05; will be superseded by 'B' on 2020-01-05"
    assert (resolved.memory, because(view, resolved, day(2))) == ("A", told)


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (supersede("A", "B", 1), "'B' supersedes 'A' since 2020-01-02 [change 3]: it was decided"),
        (supersede("A", "B", 1, 3), "'B' supersedes 'A' since 2020-01-02 until 2020-01-04 [change 3]: it was decided"),
        (supersede("A", "B", None, kind="correction"), "'B' corrects 'A' [change 3]: it was decided"),
        (
            replace(supersede("A", "B", 1, kind="amendment"), part="ports"),
            "'B' amends 'A' (ports) since 2020-01-02 [change 3]: it was decided",
        ),
    ],
)
def test_a_supersession_is_a_sentence_with_its_evidence(world: World, operation: Operation, sentence: str) -> None:
    world.play(add("A"), add("B"))
    why = Provenance(reason="it was decided")
    world.store.apply([Request("why", operation, R, why)], clock=lambda: CLOCK)
    view = world.view()
    assert edge_reason(view, view.edges_out("A")[0], day(2)) == sentence


def test_what_is_erased_or_unseen_is_not_named(world: World) -> None:
    world.play(add("A", title="Use tabs"), add("E"), Erase("E"))
    world.play(add("P", home=ANN), by=ANN)
    view = world.view(BOB)
    told = [named(view, key) for key in ("A", "E", "P")]
    assert told == ["'Use tabs'", "an erased memory", "a memory that you cannot see"]


def test_a_moment_is_a_day_if_it_is_a_midnight() -> None:
    noon = datetime(2026, 1, 1, 12, 30, 5, 999, tzinfo=UTC)
    told = [told_day(one) for one in (noon.replace(hour=0, minute=0, second=0, microsecond=0), noon, BEGINNING)]
    assert told == ["2026-01-01", "2026-01-01 12:30:05Z", "the open end"]


def test_a_second_past_midnight_is_told_to_the_second() -> None:
    assert told_day(day(0) + timedelta(seconds=1)) == "2020-01-01 00:00:01Z"

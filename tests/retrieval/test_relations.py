"""What a supersession does at a point, for every standing of the new side and both sides' words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.model import Operation, Retract
from graphmem.relations import Effect, Side
from graphmem.retrieval.relation_phrases import edge_words, effect_of, relation
from tests.laws.world import add, day, end, supersede
from tests.retrieval.conftest import World

A, A_ENDED = [add("A")], [add("A"), end("A", 1)]


@pytest.mark.parametrize(
    ("operations", "at", "effect"),
    [
        ([*A, add("B"), supersede("A", "B", 1)], 1, Effect.IN_EFFECT),
        ([*A, add("B"), supersede("A", "B", 1)], 0, Effect.TO_COME),
        ([*A, add("B", ("active", 3)), supersede("A", "B", 1)], 2, Effect.TO_COME),
        ([*A, add("B"), supersede("A", "B", 1, 3)], 4, Effect.OVER),
        ([*A, add("B"), supersede("A", "B", 1), end("B", 2)], 3, Effect.IN_EFFECT),
        ([*A, add("B"), add("C"), supersede("A", "B", 1), supersede("B", "C", 2)], 3, Effect.IN_EFFECT),
        ([*A, add("B", ("proposed", 0)), supersede("A", "B", 1)], 2, Effect.PROPOSED),
        ([*A, add("B", ("proposed", 3)), supersede("A", "B", 1)], 2, Effect.PROPOSED),
        ([*A, add("B", ("deferred", 0)), supersede("A", "B", 1)], 2, Effect.DEFERRED),
        ([*A, add("B", ("rejected", 0)), supersede("A", "B", 1)], 2, Effect.REJECTED),
        ([*A, add("B", ("proposed", 0), ("ended", 1)), supersede("A", "B", 1)], 2, Effect.UNUSED),
        ([*A, add("B"), supersede("A", "B", 1), Retract("B")], 2, Effect.RETRACTED),
        (
            [*A, add("B"), add("C"), supersede("A", "B", 1, 3), supersede("B", "C", None, kind="correction")],
            4,
            Effect.CORRECTED,
        ),
        ([*A_ENDED, add("B", ("proposed", 0)), supersede("A", "B", 1)], 2, Effect.NAMED),
        ([*A_ENDED, add("B", ("proposed", 0), ("ended", 1)), supersede("A", "B", 1)], 2, Effect.NAMED),
        ([*A, add("B"), supersede("A", "B", None, kind="correction")], 2, Effect.IN_EFFECT),
        ([*A, add("B"), supersede("A", "B", 1, kind="amendment")], 2, Effect.IN_EFFECT),
        ([*A, add("B"), supersede("A", "B", 1, kind="amendment")], 0, Effect.TO_COME),
        ([*A, add("B", ("proposed", 0)), supersede("A", "B", 1, kind="amendment")], 2, Effect.PROPOSED),
        ([*A, add("B"), supersede("A", "B", 1, kind="amendment"), end("B", 2)], 3, Effect.OVER),
    ],
)
def test_what_a_supersession_does_follows_from_how_both_sides_stand(
    world: World, operations: list[Operation], at: int, effect: Effect
) -> None:
    world.play(*operations)
    view = world.view()
    assert effect_of(view, view.edges_out("A")[0], day(at)) is effect


def test_the_date_told_is_the_one_from_which_the_new_covers_the_old(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3)), supersede("A", "B", 1))
    view = world.view()
    (edge,) = view.edges_out("A")
    told = [edge_words(view, edge, Side.OLD, day(at)).around("B") for at in (0, 4)]
    assert told == ["will be superseded by B on 2020-01-04", "superseded by B on 2020-01-04"]


@pytest.mark.parametrize(("status", "told"), [("deferred", "only deferred"), ("rejected", "rejected")])
def test_a_named_successor_is_told_with_its_own_status(world: World, status: str, told: str) -> None:
    world.play(add("A"), end("A", 1), add("B", (status, 0)), supersede("A", "B", 1))
    view = world.view()
    words = edge_words(view, view.edges_out("A")[0], Side.NEW, day(2)).around("A")
    assert words == f"named as successor of A, itself {told}"


@pytest.mark.parametrize(
    ("path", "at", "phrase", "is_successor"),
    [
        ("AB", 2, "supersedes A since 2020-01-02", True),
        ("BA", 0, "will be superseded by B on 2020-01-02", False),
        ("ABC", 4, "supersedes A, through 1 other", True),
        ("CBA", 0, "comes before C, through 1 other", False),
        ("DBC", 4, "is in one chain with D, through 1 other", False),
    ],
)
def test_a_path_of_resolution_is_one_relation(
    world: World, path: str, at: int, phrase: str, *, is_successor: bool
) -> None:
    world.play(add("A"), add("B"), add("C"), add("D"))
    world.play(supersede("A", "B", 1), supersede("B", "C", 3))
    world.play(replace(supersede("B", "D", 2, kind="amendment"), part="x"))
    near = relation(world.view(), tuple(path), day(at))
    assert near is not None
    assert (f"{near.before} {near.memory.title}{near.after}", near.is_successor) == (phrase, is_successor)


def test_what_matched_itself_has_no_relation(world: World) -> None:
    world.play(add("A"))
    assert relation(world.view(), ("A",), day(1)) is None

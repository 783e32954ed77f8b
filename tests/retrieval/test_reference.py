"""What a reader is shown of a memory that an answer names."""

from __future__ import annotations

from graphmem.answers import Interval, Reference, State
from graphmem.model import Erase, Origin
from graphmem.retrieval.reference import reference
from tests.laws.world import ANN, BOB, add, day, supersede
from tests.retrieval.conftest import World


def test_a_memory_is_named_by_its_title_and_state_at_the_point(world: World) -> None:
    world.play(add("A", title="old", origin=Origin.EXTERNAL), add("B"), supersede("A", "B", 2))
    held = (Interval(day(0), day(2)),)
    assert reference(world.view(), "A", day(1)) == Reference("A", "old", None, State.HOLDS, Origin.EXTERNAL, held)
    assert reference(world.view(), "A", day(3)).state is State.SUPERSEDED


def test_a_successor_that_the_reader_does_not_see_has_no_title(world: World) -> None:
    world.play(add("A"), add("B", title="private", home=ANN), by=ANN)
    world.play(supersede("A", "B", 1), by=ANN)
    assert reference(world.view(ANN), "B", day(2)).title == "private"
    assert reference(world.view(BOB), "B", day(2)) == Reference("B")


def test_an_erased_memory_has_no_title(world: World) -> None:
    world.play(add("A", title="secret"), Erase("A"))
    assert reference(world.view(), "A", day(1)) == Reference("A")

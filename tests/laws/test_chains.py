"""Laws 5 and 12 on linear chains, whatever their length and however they were recorded."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import Retract
from graphmem.rows import Rows
from graphmem.temporal import Standing, View, resolve
from tests.laws.laws import in_another_order
from tests.laws.world import ASKED, R, add, day, ids_in, send, supersede
from tests.oracle.planned import PlannedStore

LETTERS = "ABCDE"


def chain(starts: list[int]) -> PlannedStore:
    store = PlannedStore()
    for letter, start in zip(LETTERS, starts, strict=False):
        send(store, letter, add(letter, ("active", start)))
    for index, start in enumerate(starts[1:]):
        send(store, f"{index}", supersede(LETTERS[index], LETTERS[index + 1], start))
    return store


def view_of(store: PlannedStore) -> View:
    log = store.changes(R)
    return View(store.rows(R, ids_in(log)), R, len(log))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5).map(sorted), st.randoms(use_true_random=False))
def test_a_chain_has_one_head_from_its_first_start_on(starts: list[int], chance: random.Random) -> None:
    shuffled = in_another_order(chain(starts).changes(R), chance)
    view = view_of(chain(starts) if shuffled is None else shuffled)
    for valid in ASKED:
        held = [letter for letter in LETTERS[: len(starts)] if view.holds(letter, valid)]
        assert len(held) == (valid >= day(starts[0]))
        for letter in LETTERS[: len(starts)] if held else ():
            assert [(one.memory, one.standing) for one in resolve(view, letter, valid)] == [(held[0], Standing.HOLDS)]


@given(st.lists(st.integers(0, 5), min_size=3, max_size=5).map(sorted))
def test_a_retracted_link_of_a_chain_leaves_the_one_before_in_force(starts: list[int]) -> None:
    store = chain(starts)
    send(store, "retract", Retract("B"))
    view = view_of(store)
    for valid in ASKED:
        held = [letter for letter in LETTERS[: len(starts)] if view.holds(letter, valid)]
        assert len(held) == (valid >= day(starts[0]))
        assert "B" not in held


def test_a_chain_of_five_thousand_is_followed_to_its_end() -> None:
    rows = long_chain(5_000)
    view = View(rows, R, 10_000)
    assert [one.memory for one in resolve(view, "m0", day(6_000))] == ["m4999"]
    assert view.holding("m7") == ((day(7), day(8)),)
    assert view.holding("m4999")[0][0] == day(4_999)


def long_chain(count: int) -> Rows:
    from graphmem.model import Memory, Move, Statement, Status, SupersessionKind
    from graphmem.rows import EdgeRow, MemoryRow, MoveRow, Stamp

    stamps = [Stamp(index + 1, day(index), None) for index in range(2 * count)]
    names = [f"m{index}" for index in range(count)]
    update = SupersessionKind.UPDATE
    return Rows(
        memories={n: MemoryRow(Memory(n, R, Statement(title=n)), s) for n, s in zip(names, stamps, strict=False)},
        moves=tuple(MoveRow(n, Move(Status.ACTIVE, day(i)), 0, stamps[i]) for i, n in enumerate(names)),
        edges=tuple(
            EdgeRow(names[i], names[i + 1], update, day(i + 1), None, None, None, stamps[count + i])
            for i in range(count - 1)
        ),
    )

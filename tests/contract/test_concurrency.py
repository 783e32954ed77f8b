"""Several threads at one store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from graphmem.errors import Conflict
from graphmem.model import Change, Request, Supersede
from graphmem.store import Store
from tests.laws.world import CLOCK, Outcome, R, add, attempt, day, read, send

WRITERS, ROUNDS = 32, 3


def test_of_many_that_supersede_one_head_exactly_one_wins(store: Store) -> None:
    head = "head"
    send(store, head, add(head, ("active", 0)))
    with ThreadPoolExecutor(WRITERS) as pool:
        for turn in range(1, ROUNDS + 1):
            outcomes = list(pool.map(_racer(store, head, turn), range(WRITERS)))
            won = [index for index, one in enumerate(outcomes) if isinstance(one, Change)]
            assert len(won) == 1
            winner = f"m{turn}-{won[0]}"
            assert {one for one in outcomes if not isinstance(one, Change)} == {(Conflict, (winner,))}
            head = winner
    assert read(store, R, asked=(day(9),))[f"holds {day(9)}"] == [head]
    assert store.position(R).seq == 1 + 2 * ROUNDS
    assert store.check() == []


def _racer(store: Store, head: str, turn: int) -> Callable[[int], Outcome]:
    together = Barrier(WRITERS)

    def race(index: int) -> Outcome:
        key = f"m{turn}-{index}"
        take_over = Supersede(old=(head,), new=(key,), at=day(turn))
        together.wait()
        try:
            sent = [Request(f"a{key}", add(key, ("active", turn)), R), Request(f"s{key}", take_over, R)]
            return store.apply(sent, clock=lambda: CLOCK)[-1]
        except Conflict as refusal:
            return Conflict, refusal.heads

    return race


def test_one_request_sent_by_many_is_recorded_once(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: attempt(store, Request("same", add("A"), R)), range(16)))
    assert len({repr(one) for one in outcomes}) == 1
    assert store.position(R).seq == 1


def test_readers_see_whole_batches_while_others_write(store: Store) -> None:
    def write(index: int) -> None:
        store.apply([Request(f"{index}{part}", add(f"m{index}{part}"), R) for part in "ab"], clock=lambda: CLOCK)

    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, index) for index in range(16)]
        sizes = [len(store.changes(R)) for _ in range(50)]
        for one in writing:
            one.result()
    assert all(size % 2 == 0 for size in sizes)
    assert sizes == sorted(sizes)
    assert [one.seq for one in store.changes(R)] == list(range(1, 33))

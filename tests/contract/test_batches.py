"""Long batches in which memories supersede each other: what the oracle makes of them, at once and one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from graphmem.errors import Conflict, GraphMemError, NotFound
from graphmem.model import Confirm, Memory, Operation, Origin, Provenance, Request, Retract, Scope
from graphmem.store import Store
from tests.contract.scenario import sorted_rows
from tests.laws.world import CLOCK, R, add, day, read, send, supersede
from tests.oracle import OracleStore

ORIGINS = (*[Origin.HUMAN] * 8, Origin.EXTERNAL)
KINDS = (*["update"] * 8, "correction", "amendment")


def drawn(chance: random.Random, tenant: str, count: int) -> Iterator[Request]:
    """Memories of few words, many of which supersede one before them, in two repositories and for one person."""
    places = [Scope(tenant, "r"), Scope(tenant, "r"), Scope(tenant, "s"), Scope(tenant, "r", user="ann")]
    keys = [f"m{number}" for number in range(count)]
    for number, key in enumerate(keys):
        place, by = chance.choice(places), Provenance(origin=chance.choice(ORIGINS))
        status = "proposed" if chance.random() < 0.05 else "active"
        made = add(key, (status, chance.randint(0, 2)), home=place, title=f"words {chance.randint(0, count)}")
        said = made.memory.statement
        assert said is not None
        memory = Memory(key, place, replace(said, origin=by.origin))
        yield Request(f"add {key}", replace(made, memory=memory, may_confirm=chance.random() < 0.7), place, by)
        if number and chance.random() < 0.5:
            old = keys[max(0, number - chance.choice([1, 1, 1, 2, 7]))]
            kind, at = chance.choice(KINDS), chance.randint(1, 4)
            part = "part" if kind == "amendment" else None
            until = at + 1 if kind == "update" and chance.random() < 0.1 else None
            asked = supersede("a", "b", None if kind == "correction" else at, until, kind)
            yield Request(f"op {key}", replace(asked, old=(old,), new=(key,), part=part), place, by)
        if chance.random() < 0.02:
            yield Request(f"retract {key}", Retract(chance.choice(keys[: number + 1])), place, by)


def accepted(requests: Sequence[Request]) -> list[Request]:
    """Those of them that an oracle accepts in one call: what is refused is left out."""
    kept: list[Request] = []
    for request in requests:
        try:
            OracleStore().apply([*kept, request], clock=lambda: CLOCK)
        except GraphMemError:
            continue
        kept.append(request)
    return kept


def told(store: Store, tenant: str, ids: Sequence[str]) -> list[object]:
    """All that anybody is told."""
    readers = [Scope(tenant, "r"), Scope(tenant, "s"), Scope(tenant, "r", user="ann")]
    changes = [(one.seq, one.op_id, one.operation, one.writer) for one in store.changes(readers[0])]
    return [changes, *[(sorted_rows(store.rows(one, ids)), read(store, one)) for one in readers]]


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(6))
def test_a_batch_of_memories_that_supersede_each_other_is_as_the_oracle_has_it(store: Store, seed: int) -> None:
    chance, tenant = random.Random(seed), f"t{seed}"  # noqa: S311
    requests, ids = accepted(list(drawn(chance, tenant, 40))), [f"m{number}" for number in range(40)]
    oracle, left = OracleStore(), list(requests)
    while left:
        part, left = left[: (size := chance.choice([1, 3, 60]))], left[size:]
        for each in (oracle, store):
            each.apply(part, clock=lambda: CLOCK)
    assert told(store, tenant, ids) == told(oracle, tenant, ids)
    assert store.check() == []
    assert store.apply(requests, clock=lambda: CLOCK) == store.changes(Scope(tenant, "r"))


def sent(*operations: Operation) -> list[Request]:
    return [Request(f"op{index}", one, R) for index, one in enumerate(operations)]


def test_what_is_confirmed_is_meant_by_the_id_that_the_call_chose(store: Store) -> None:
    send(store, "first", add("A", title="the same"))
    asked = sent(add("B", title="the same"), add("C", ("active", 3)), supersede("B", "C", 3))
    confirmed, _, superseded = store.apply(asked, clock=lambda: CLOCK)
    assert confirmed.operation == Confirm("A")
    assert superseded.operation == supersede("A", "C", 3)
    assert store.apply(asked, clock=lambda: CLOCK)[2] == superseded
    assert store.check() == []


def test_an_id_means_another_memory_within_its_call_alone(store: Store) -> None:
    send(store, "first", add("A", title="the same"))
    store.apply(sent(add("B", title="the same"), add("C", ("active", 3))), clock=lambda: CLOCK)
    with pytest.raises(NotFound):
        send(store, "late", supersede("B", "C", 3))


def test_a_call_that_is_sent_again_longer_means_the_same_by_its_ids(store: Store) -> None:
    send(store, "first", add("A", title="the same"))
    asked = sent(add("B", title="the same"), add("C", ("active", 3)), supersede("B", "C", 3))
    store.apply(asked[:2], clock=lambda: CLOCK)
    assert store.apply(asked, clock=lambda: CLOCK)[2].operation == supersede("A", "C", 3)


def test_what_follows_from_a_confirmed_memory_is_known_to_the_rest_of_the_call(store: Store) -> None:
    send(store, "first", add("A", title="the same"))
    asked = sent(
        add("B", title="the same"),
        add("C", ("active", 2)),
        add("D", ("active", 3)),
        supersede("B", "C", 2),
        supersede("C", "D", 3),
    )
    store.apply(asked, clock=lambda: CLOCK)
    assert _in_force(store) == {day(1): ["A"], day(2): ["C"], day(3): ["D"]}
    assert store.check() == []
    with pytest.raises(Conflict):
        store.apply(sent(add("E"), supersede("C", "E", 3))[1:], clock=lambda: CLOCK)


def test_words_that_are_said_again_for_good_supersede_what_replaced_them(store: Store) -> None:
    words = add("A", title="tabs"), add("B", ("active", 2), title="spaces"), add("C", ("active", 3), title="tabs")
    first, second, again = (replace(one, may_confirm=False) for one in words)
    asked = sent(first, second, supersede("A", "B", 2), again, supersede("B", "C", 3))
    store.apply(asked, clock=lambda: CLOCK)
    assert _in_force(store) == {day(1): ["A"], day(2): ["B"], day(3): ["C"]}
    assert store.check() == []


def _in_force(store: Store) -> dict[object, object]:
    found = read(store, R)
    return {day(number): found[f"holds {day(number)}"] for number in (1, 2, 3)}

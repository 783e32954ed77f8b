"""Large batches: what is looked up together, what is kept from one batch to the next, and when it is not."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.adapters.sqlite import SQLiteStore, write_batch
from graphmem.adapters.sqlite.write_batch import _CHUNK
from graphmem.errors import Conflict, NotFound
from graphmem.model import Add, Anchor, AnchorKind, Confirm, Erase, Request, Retract, Scope, Supersede
from tests.adapters.sqlite.given import MAIN, add, clock, send
from tests.contract.test_batches import accepted, drawn, told
from tests.oracle import OracleStore

POOL = Anchor(AnchorKind.FILE, "src/db/pool.py", "shop")
POOL_AS_SOURCE = Anchor(AnchorKind.FILE, "src/db/pool.py", "shop", "made of")
CACHE = Anchor(AnchorKind.COMPONENT, "cache", "shop")


def many(count: int, start: int = 0) -> list[Request]:
    """Memories whose contents differ, two of each about one file."""
    return [
        add(f"m{number}", f"Number {number}", anchors=(Anchor(AnchorKind.FILE, f"f{number // 2}", "shop"),))
        for number in range(start, start + count)
    ]


def again(key: str) -> Request:
    """Another memory of the same id."""
    return replace(add(key, "Other words"), op_id="another")


def test_a_batch_of_several_chunks_is_as_its_requests_one_by_one(store: SQLiteStore) -> None:
    count = 2 * _CHUNK + 3
    changes = store.apply(many(count), clock=clock)
    assert [change.seq for change in changes] == list(range(1, count + 1))
    assert store.check() == []
    assert [one.memory for one in store.neighbours(MAIN, ["m0"], seq=count, limit=9).steps] == ["m1"]


def test_a_batch_sent_again_changes_nothing(store: SQLiteStore) -> None:
    requests = many(_CHUNK + 5)
    first = store.apply(requests, clock=clock)
    assert store.apply([*requests, *many(3, start=len(requests))], clock=clock)[:-3] == first
    assert store.position(MAIN).seq == len(requests) + 3
    assert store.check() == []


def test_what_an_earlier_chunk_recorded_is_known_to_a_later_one(store: SQLiteStore) -> None:
    requests = many(_CHUNK)
    changes = store.apply([*requests, requests[0], add("twin", "Number 1", anchors=(_file(0),))], clock=clock)
    assert changes[_CHUNK] == changes[0]
    assert changes[_CHUNK + 1].operation == Confirm("m1")
    with pytest.raises(Conflict, match="already recorded"):
        store.apply([*many(_CHUNK, start=_CHUNK), again("m0")], clock=clock)
    assert store.check() == []


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize(
    "key", ["\0", "a\0b", "\x01\x7f", "\"'\\", "\u2028\uffff", "\U0001f511", "1", "1.0", "null", "é", "É"]
)
def test_any_id_is_known_again(store: SQLiteStore, key: str, others: int) -> None:
    requests = [add(key), *many(others)]
    first = store.apply(requests, clock=clock)
    assert store.apply(requests, clock=clock) == first
    with pytest.raises(Conflict, match="already recorded"):
        store.apply([*many(others), again(key)], clock=clock)


def test_one_thing_in_two_roles_is_one_anchor(store: SQLiteStore) -> None:
    send(store, add("a", "A", anchors=(POOL, POOL_AS_SOURCE)), add("b", "B", anchors=(POOL_AS_SOURCE,)))
    send(store, add("c", "C", anchors=(POOL_AS_SOURCE, POOL)))
    assert {one.memory for one in store.neighbours(MAIN, ["c"], seq=3, limit=9).steps} == {"a", "b"}
    assert store.check() == []


def test_anchors_of_a_batch_that_was_rolled_back_are_not_kept(store: SQLiteStore) -> None:
    send(store, add("a", "A", anchors=(POOL,)))
    with pytest.raises(NotFound):
        send(store, add("b", "B", anchors=(CACHE,)), Retract("nowhere"))
    send(store, add("c", "C", anchors=(Anchor(AnchorKind.COMPONENT, "other", "shop"),)))
    send(store, add("d", "D", anchors=(CACHE, POOL)))
    assert [one.memory for one in store.neighbours(MAIN, ["d"], seq=9, limit=9).steps] == ["a"]
    assert store.check() == []


def test_an_anchor_that_another_store_erased_is_not_kept(store: SQLiteStore, path: Path) -> None:
    send(store, add("a", "A", anchors=(POOL,)))
    with SQLiteStore.open(path, create=False) as other:
        send(other, Erase("a"))
        send(other, add("b", "B", anchors=(CACHE,)))
    send(store, add("c", "C", anchors=(POOL,)))
    assert store.neighbours(MAIN, ["c"], seq=9, limit=9).steps == ()
    assert store.check() == []


def test_an_anchor_erased_in_the_same_batch_is_made_again(store: SQLiteStore) -> None:
    send(store, add("a", "A", anchors=(POOL,)), Erase("a"), add("b", "B", anchors=(POOL, CACHE)))
    send(store, add("c", "C", anchors=(POOL,)))
    assert [one.memory for one in store.neighbours(MAIN, ["c"], seq=9, limit=9).steps] == ["b"]
    assert store.check() == []


def test_equal_contents_of_another_tenant_are_not_met(store: SQLiteStore) -> None:
    other = Scope("other")
    store.apply([add("a", "Use tabs", scope=other), add("b", "Use spaces", scope=other)], clock=clock)
    changes = send(store, add("a", "Use tabs"), add("b", "Use spaces"))
    assert all(isinstance(change.operation, Add) for change in changes)
    assert store.check() == []


def _file(number: int) -> Anchor:
    return Anchor(AnchorKind.FILE, f"f{number}", "shop")


@pytest.mark.heavy
@pytest.mark.parametrize("size", [2, 7, 25])
def test_supersessions_are_planned_the_same_however_a_batch_is_cut(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(write_batch, "_CHUNK", size)
    requests, ids = accepted(list(drawn(random.Random(size), "t", 60))), [f"m{number}" for number in range(60)]  # noqa: S311
    oracle = OracleStore()
    for each in (oracle, store):
        each.apply(requests, clock=clock)
    assert told(store, "t", ids) == told(oracle, "t", ids)
    assert store.check() == []


@pytest.mark.parametrize("odd", ["\0", "a\0b", "é", "\U0001f511"])
def test_a_batch_supersedes_memories_of_any_id(store: SQLiteStore, odd: str) -> None:
    send(store, add(odd, "Old words"))
    asked = [add("new", "New words"), Request("op", Supersede(old=(odd,), new=("new",), at=clock()), MAIN)]
    assert store.apply(asked, clock=clock)[1].operation == asked[1].operation
    assert store.check() == []

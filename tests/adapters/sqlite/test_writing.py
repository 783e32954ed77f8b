from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import (
    Add,
    Anchor,
    AnchorKind,
    Confirm,
    End,
    Memory,
    Move,
    Operation,
    Provenance,
    Request,
    Retract,
    Scope,
    Status,
    Supersede,
    Transition,
)
from graphmem.store import Filter, Probe
from tests.adapters.sqlite.given import DAY, MAIN, START, add, clock, ids, send


def test_a_later_request_of_a_batch_sees_the_earlier(store: SQLiteStore) -> None:
    takes_over = Supersede(old=("a",), new=("b",), at=START + DAY)
    changes = send(store, add("a"), add("b"), takes_over, add("c"))
    assert [change.seq for change in changes] == [1, 2, 3, 4]
    rows = store.rows(MAIN, ["b"])
    assert [(edge.old, edge.new) for edge in rows.edges] == [("a", "b")]


def test_the_same_memory_twice_in_a_batch_is_confirmed(store: SQLiteStore) -> None:
    changes = send(store, add("a", "Use tabs"), add("b", "Use tabs"))
    assert changes[1].operation == Confirm("a")
    assert ids(store) == ["a"]


def test_the_same_op_id_twice_in_a_batch_is_one_entry(store: SQLiteStore) -> None:
    changes = send(store, add("a"), add("a"))
    assert changes[0] == changes[1]
    assert store.position(MAIN).seq == 1


def test_a_request_that_fails_takes_the_whole_batch_with_it(store: SQLiteStore) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        send(store, add("a"), Retract("nowhere"))
    assert (store.position(MAIN).seq, ids(store), store.check()) == (0, [], [])
    send(store, add("b"))
    assert ids(store) == ["b"]


def test_an_interrupt_rolls_back(store: SQLiteStore) -> None:
    def interrupted() -> datetime:
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(1)
        return START

    calls: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        store.apply([add("a"), add("b")], clock=interrupted)
    assert ids(store) == []
    send(store, add("c"))
    assert ids(store) == ["c"]


def test_a_reused_op_id_is_a_conflict(store: SQLiteStore) -> None:
    send(store, add("a"))
    with pytest.raises(Conflict, match="add a"):
        send(store, replace(add("b"), op_id="add a"))


def test_requests_of_two_tenants_are_refused(store: SQLiteStore) -> None:
    with pytest.raises(InvalidInput, match="tenants"):
        send(store, add("a"), add("b", scope=Scope("other")))
    with pytest.raises(InvalidInput, match="at least one"):
        store.apply([], clock=clock)


def test_a_clock_that_runs_backwards_is_overtaken(store: SQLiteStore) -> None:
    first, second = send(store, add("a"), add("b"))
    late = store.apply([add("c")], clock=lambda: START - DAY)[0]
    assert first.recorded_at < second.recorded_at < late.recorded_at


HALF = "\ud800"

HALVES: list[tuple[str, Request]] = [
    ("memory.statement.title", add("x", HALF + "title")),
    ("memory.statement.body", add("x", body="a " + HALF)),
    ("memory.statement.labels", add("x", labels=("ok", HALF))),
    ("memory.statement.anchors.name", add("x", anchors=(Anchor(AnchorKind.FILE, HALF),))),
    ("memory.id", replace(add(HALF), op_id="x")),
    ("op_id", replace(add("x"), op_id=HALF)),
    ("by.reason", replace(add("x"), provenance=Provenance(reason=HALF))),
    ("source_word", Request("end", End("a", START, HALF), MAIN)),
    ("moves.source_word", Request("add", Add(add("x").operation.memory, (Move(Status.ACTIVE, START, 0, HALF),)), MAIN)),  # type: ignore[union-attr]
]


@pytest.mark.parametrize(("field", "request_"), HALVES, ids=[field for field, _ in HALVES])
def test_half_a_surrogate_pair_is_refused_by_name(store: SQLiteStore, field: str, request_: Request) -> None:
    send(store, add("a"))
    with pytest.raises(InvalidInput, match=f"^{field} "):
        send(store, add("b"), request_)
    assert ids(store) == ["a"]


def test_a_number_too_large_is_refused(store: SQLiteStore) -> None:
    send(store, add("a"))
    with pytest.raises(InvalidInput, match="too large"):
        send(store, Transition("a", Move(Status.ENDED, START + DAY, 2**70)))


ODD = [
    "nul\x00inside",
    "🦓 zebra",
    "İstanbul ﬁ",
    "日本語の決定",
    "a'b\"c;--",
    '") OR body:(x',
    "%_*^",
    "\u202eevil",
    "e\u0301",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_text_survives_everywhere(store: SQLiteStore, text: str) -> None:
    said = add(text, text, body=text, subject=text, labels=(text,), aliases=(text,), language=text)
    send(store, said, add("other"))
    assert isinstance(said.operation, Add)
    assert store.rows(MAIN, [text]).memories[text].memory == said.operation.memory
    assert [one.operation for one in store.changes_of(MAIN, text)] == [replace(said.operation, may_confirm=False)]
    where = Filter(labels=(text,), subjects=(text,), languages=(text,))
    assert store.select(MAIN, where, at=None, before=99, limit=9) == [text]
    assert store.match(MAIN, Probe(terms=(text,), names=(text,)), where, seq=9).vector == ()
    assert store.check() == []


HOSTILE_SCOPES = [Scope("a'; DROP TABLE memory; --"), Scope("t", repo="*"), Scope("t", user="x' OR '1'='1")]


@pytest.mark.parametrize("scope", HOSTILE_SCOPES, ids=str)
def test_a_scope_is_only_ever_a_value(store: SQLiteStore, scope: Scope) -> None:
    send(store, add("a"))
    send(store, add("b", scope=scope))
    assert ids(store, scope) == ["b"]
    assert ids(store) == ["a"]


def test_a_revoke_of_an_entry_of_nobody_is_not_found(store: SQLiteStore) -> None:
    from graphmem.model import Revoke

    send(store, add("a", scope=Scope("first")))
    send(store, add("b"))
    operations: list[Operation] = [Revoke(change) for change in (0, -1, 2, -(2**40), 2**40 + 1, 2**70)]
    for operation in operations:
        with pytest.raises(NotFound):
            send(store, operation)


def test_a_vector_of_another_dimension_is_refused(store: SQLiteStore) -> None:
    store.apply([add("a")], clock=clock, vectors={"a": np.ones(3, np.float32)})
    with pytest.raises(InvalidInput, match="4 dimensions"):
        store.apply([add("b")], clock=clock, vectors={"b": np.ones(4, np.float32)})
    with pytest.raises(InvalidInput, match="2 dimensions"):
        store.match(MAIN, Probe(vector=np.ones(2, np.float32)), Filter(), seq=9)


def test_a_memory_may_have_many_homes_and_moves(store: SQLiteStore) -> None:
    homes = [Scope("acme"), MAIN, Scope("acme", user="ann"), Scope("acme", repo="shop", environment="test")]
    moves = tuple(Move(status, START + DAY * day) for day, status in enumerate((Status.PROPOSED, Status.ACTIVE)))
    for number, home in enumerate(homes):
        memory = Memory(f"m{number}", home, add("x").operation.memory.statement)  # type: ignore[union-attr]
        store.apply([Request(f"r{number}", Add(memory, moves), home)], clock=clock)
    assert [row.memory.scope for row in store.rows(MAIN, ["m0", "m1", "m2", "m3"]).memories.values()] == homes
    assert store.check() == []

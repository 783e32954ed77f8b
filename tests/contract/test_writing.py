"""What `apply` promises: all or nothing, once and only once, and nobody else's data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import (
    Add,
    Confirm,
    End,
    Link,
    LinkKind,
    Memory,
    Move,
    Operation,
    Provenance,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Supersede,
    Transition,
)
from graphmem.store import Filter, Probe, Store
from tests.contract.scenario import NOON, READERS, VECTORS, fill, requests, sorted_rows
from tests.laws.world import ANN, BOB, CLOCK, PROD, R, add, day, read, send, supersede

IDS = ("A", "B", "C", "P", "D", "X", "E", "O")


def snapshot(store: Store) -> list[object]:
    """Everything that can be read of the tenant."""
    return [
        (
            store.position(reader),
            store.changes(reader),
            sorted_rows(store.rows(reader, IDS)),
            store.select(reader, Filter(), at=None, before=999, limit=99),
            store.match(reader, Probe(terms=("storage", "theirs"), vector=VECTORS["A"]), Filter(), seq=999),
            store.without_vector(reader, 99),
        )
        for reader in READERS
    ]


def test_entries_are_numbered_from_one_without_gaps(store: Store) -> None:
    changes = fill(store)
    assert [one.seq for one in changes if one.writer.tenant == "default"] == list(range(1, len(changes)))
    assert [one.seq for one in changes if one.writer.tenant == "other"] == [1]


def test_recorded_times_rise_whatever_the_clock_does(store: Store) -> None:
    readings = iter([NOON, NOON, NOON - timedelta(days=9), NOON + timedelta(seconds=1), NOON])
    sent = [Request(f"op{index}", add(f"m{index}"), R) for index in range(5)]
    changes = store.apply(sent, clock=lambda: next(readings))
    past = [(one.recorded_at - NOON) // timedelta(microseconds=1) for one in changes]
    assert past == [0, 1, 2, 1_000_000, 1_000_001]


def test_a_refused_batch_leaves_nothing_behind(store: Store) -> None:
    fill(store)
    before = snapshot(store)
    bad = [Request("n1", add("N"), R), Request("n2", End("N", day(3)), R), Request("n3", Retract("nobody"), R)]
    with pytest.raises(NotFound):
        store.apply(bad, clock=lambda: CLOCK, vectors={"N": VECTORS["A"]})
    assert snapshot(store) == before
    assert store.apply(bad[:2], clock=lambda: CLOCK)[1].seq == store.position(R).seq


def test_requests_of_one_batch_see_those_before_them(store: Store) -> None:
    batch: list[Operation] = [
        add("A"),
        add("B", ("active", 3)),
        supersede("A", "B", 3),
        End("B", day(5)),
        add("A2", title="A"),
    ]
    sent = [Request(f"op{index}", one, R) for index, one in enumerate(batch)]
    changes = store.apply(sent, clock=lambda: CLOCK)
    assert [one.seq for one in changes] == [1, 2, 3, 4, 5]
    assert read(store, R)[f"holds {day(3)}"] == ["A2", "B"]


def test_the_same_content_in_one_batch_is_confirmed(store: Store) -> None:
    sent = [Request("1", add("A", title="same"), R), Request("2", add("B", title="same"), R)]
    assert store.apply(sent, clock=lambda: CLOCK)[1].operation == Confirm("A")


def test_sending_again_changes_nothing_and_answers_the_same(store: Store) -> None:
    first = fill(store)
    before = snapshot(store)
    assert fill(store) == first
    assert store.apply([one for one in requests() if one.writer.tenant == "default"], clock=lambda: CLOCK)
    assert snapshot(store) == before


def test_one_op_id_twice_in_a_batch_is_one_operation(store: Store) -> None:
    request = Request("once", add("A"), R)
    changes = store.apply([request, request], clock=lambda: CLOCK)
    assert changes[0] == changes[1]
    assert store.position(R).seq == 1


@pytest.mark.parametrize(
    "other",
    [
        Request("op1", add("A", title="something else"), R),
        Request("op1", add("A"), R, Provenance(actor="somebody else")),
        Request("op1", add("A"), R, Provenance(reason="another reason")),
        Request("op1", add("A"), ANN),
        Request("op1", Confirm("A"), R),
    ],
    ids=lambda request: repr(request.operation)[:30],
)
def test_an_op_id_stands_for_one_request(store: Store, other: Request) -> None:
    send(store, "op1", add("A"))
    with pytest.raises(Conflict):
        store.apply([other], clock=lambda: CLOCK)
    assert store.position(R).seq == 1


def test_a_retry_of_a_confirmed_add_is_recognised(store: Store) -> None:
    send(store, "op1", add("A", title="same"))
    confirmed = send(store, "op2", add("B", title="same"))
    assert send(store, "op2", add("B", title="same")) == confirmed
    with pytest.raises(Conflict):
        send(store, "op2", Confirm("A"))


def test_tenants_share_nothing(store: Store) -> None:
    other = Scope(tenant="other", repo="r")
    send(store, "op1", add("A"))
    send(store, "op1", Add(Memory("A", other, Statement(title="theirs")), add("A").moves), other)
    assert store.position(other).seq == 1
    assert store.rows(other, ["A"]).memories["A"].memory.scope.tenant == "other"
    with pytest.raises(NotFound):
        send(store, "op2", Retract("B"), other)
    assert not store.rows(Scope(tenant="third"), ["A"]).memories
    assert store.changes(Scope(tenant="third")) == []


def test_one_batch_is_of_one_tenant(store: Store) -> None:
    sent = [Request("1", add("A"), R), Request("2", add("A", home=Scope("other")), Scope("other"))]
    with pytest.raises(InvalidInput):
        store.apply(sent, clock=lambda: CLOCK)
    assert store.position(R).seq == 0


@pytest.mark.parametrize("home", [ANN, PROD], ids=["user", "environment"])
def test_what_lives_narrower_is_never_found_from_elsewhere(store: Store, home: Scope) -> None:
    send(store, "op1", add("A", home=home, labels=("secret",), aliases=("ADR-7",)), home)
    for reader in (R, BOB, Scope(), Scope(repo="s", related_repos=("r",))):
        probe = Probe(terms=("a",), names=("adr 7",), vector=VECTORS["A"])
        store.save_vectors(home, {"A": VECTORS["A"]})
        found = store.match(reader, probe, Filter(), seq=9)
        assert (found.lexical, found.vector, dict(found.named)) == ((), (), {})
        assert store.select(reader, Filter(labels=("secret",)), at=None, before=9, limit=9) == []
        assert read(store, reader)["visible"] == []
    assert store.match(home, Probe(terms=("a",)), Filter(), seq=9).lexical


def test_times_beyond_every_calendar_survive(store: Store) -> None:
    first, last = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    request = Request("1", replace(add("A"), moves=tuple(replace(add("A").moves[0], at=at) for at in (first, last))), R)
    store.apply([request], clock=lambda: CLOCK)
    assert [row.move.at for row in store.rows(R, ["A"]).moves] == [first, last]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE memory; --", '"*" OR NEAR(', "a\x00b", "\U0001d518nicode\u202e", "\\", "%_", "{}$1"]
)
def test_text_is_only_ever_text(store: Store, text: str) -> None:
    said = Statement(title=f"t {text}", body=text, subject=text, aliases=(text,), labels=(text,), language=text)
    send(store, text, Add(Memory(text, R, said), add("A").moves), R)
    row = store.rows(R, [text]).memories[text]
    assert row.memory.statement == said
    assert store.select(R, Filter(labels=(text,), subjects=(text,), languages=(text,)), at=None, before=9, limit=9) == [
        text
    ]
    store.match(R, Probe(terms=(text.casefold(),), names=(text,)), Filter(), seq=9)
    assert store.check() == []


CHANGES = (
    Transition("A", Move(Status.DEFERRED, day(9))),
    Confirm("A"),
    Link("B", "A", LinkKind.REFINES),
    Supersede(old=("A",), new=("C",), at=day(9), until=day(12)),
    Revoke(4),
)


@pytest.mark.parametrize("between", CHANGES, ids=lambda one: type(one).__name__)
def test_what_changed_since_its_writer_looked_is_not_written(store: Store, between: Operation) -> None:
    for key in "ABC":
        send(store, f"add {key}", add(key))
    send(store, "first", Transition("A", Move(Status.ACTIVE, day(5), source_word="accepted")))
    for key in "AB":
        store.apply([Request(f"seen {key}", Confirm(key), R, seen=4)], clock=lambda: CLOCK)
    send(store, "between", between)
    late = Request("late", End("A", day(20)), R, seen=6)
    with pytest.raises(Conflict):
        store.apply([late], clock=lambda: CLOCK)
    assert store.position(R).seq == 7
    (done,) = store.apply([replace(late, seen=7)], clock=lambda: CLOCK)
    assert store.apply([late], clock=lambda: CLOCK) == [done]


def test_what_a_writer_may_not_know_of_changes_nothing_for_them(store: Store) -> None:
    ann, bob = replace(R, user="ann"), replace(R, user="bob")
    send(store, "shared", add("A"))
    send(store, "private", add("B", home=ann), ann)
    send(store, "over", Supersede(old=("A",), new=("B",), at=day(9), until=day(12)), ann)
    send(store, "undone", Revoke(3), ann)
    for change in (3, 4):
        with pytest.raises(NotFound):
            store.apply([Request(f"revoke {change}", Revoke(change), bob)], clock=lambda: CLOCK)
    with pytest.raises(InvalidInput):
        store.apply([Request("own", Revoke(4), ann)], clock=lambda: CLOCK)
    with pytest.raises(Conflict):
        store.apply([Request("seen by ann", Confirm("A"), ann, seen=2)], clock=lambda: CLOCK)
    store.apply([Request("seen by bob", Confirm("A"), bob, seen=2)], clock=lambda: CLOCK)


def test_what_was_recorded_after_its_writer_looked_is_no_change(store: Store) -> None:
    send(store, "a", add("A"))
    sent = [Request("b", add("B"), R), Request("s", Supersede(old=("A",), new=("B",), at=day(9)), R, seen=1)]
    assert [one.seq for one in store.apply(sent, clock=lambda: CLOCK)] == [2, 3]

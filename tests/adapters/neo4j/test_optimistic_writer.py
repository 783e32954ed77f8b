"""What is planned before the lock is held: written in one statement if nothing changed, else as ever."""

from __future__ import annotations

from collections.abc import Iterator

import neo4j
import numpy as np
import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.neo4j.combiner import Call
from graphmem.adapters.neo4j.write_batch import LOCK_AND_COUNT, LOCK_AND_READ, carry_out
from graphmem.errors import Conflict, NotFound
from graphmem.model import Operation, Request
from graphmem.store import ModelCard
from tests.adapters.neo4j.load import op_ids, whole
from tests.adapters.neo4j.opening import opened
from tests.laws.world import CLOCK, R, add, send, supersede
from tests.servers import Access

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def store(place: Access) -> Iterator[Neo4jStore]:
    with opened(place) as store:
        yield store


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each transaction that looks before it writes."""
    seen: list[int] = []
    run = neo4j.ManagedTransaction.run

    def counted(self: neo4j.ManagedTransaction, query: str, **kwargs: object) -> object:
        seen.extend([1] * (query in {LOCK_AND_COUNT, LOCK_AND_READ}))
        return run(self, query, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(neo4j.ManagedTransaction, "run", counted)
    return seen


def test_who_writes_alone_looks_once(store: Neo4jStore, transactions: list[int]) -> None:
    for number in range(5):
        send(store, f"op{number}", add(f"m{number}"))
    assert len(transactions) == 1
    assert whole(store, {f"op{number}" for number in range(5)}) == []


def test_what_is_no_addition_is_looked_up_and_foreseen_from(store: Neo4jStore, transactions: list[int]) -> None:
    send(store, "A", add("A"))
    send(store, "B", add("B", ("active", 1)))
    send(store, "A to B", supersede("A", "B", 1))
    send(store, "C", add("C"))
    assert len(transactions) == 2
    assert whole(store, {"A", "B", "A to B", "C"}) == []


def test_several_writers_take_turns_and_look_ever_more_often(place: Access, transactions: list[int]) -> None:
    names = [f"{number}{writer}" for number in range(12) for writer in "ab"]
    with opened(place) as first, opened(place) as second:
        for name in names:
            send(first if name.endswith("a") else second, name, add(name))
        assert op_ids(first) == names
        assert whole(second, set(names)) == []
    assert len(transactions) == len(names)


def test_what_was_sent_before_is_not_written_again(store: Neo4jStore) -> None:
    send(store, "A", add("A"))
    done = send(store, "B", add("B"))
    assert send(store, "B", add("B")) == done
    assert op_ids(store) == ["A", "B"]


def test_what_is_refused_is_refused_in_the_same_words(store: Neo4jStore) -> None:
    send(store, "A", add("A"))
    with pytest.raises(Conflict):
        send(store, "again", add("A", title="other"))
    with pytest.raises(Conflict, match="was used for another request"):
        send(store, "A", add("B"))
    send(store, "B", add("B"))
    assert whole(store, {"A", "B"}) == []


def test_another_model_that_was_adopted_meanwhile_is_noticed(place: Access) -> None:
    one, other, vector = ModelCard("one", 2, "1"), ModelCard("other", 2, "2"), np.ones(2, np.float32)
    with opened(place) as first, opened(place) as second:
        first.apply([Request("A", add("A"), R)], clock=lambda: CLOCK, vectors={"A": vector}, model=one)
        assert first.model() == one
        second.adopt_model(other)
        first.apply([Request("B", add("B"), R)], clock=lambda: CLOCK, vectors={"B": vector}, model=one)
        assert op_ids(first) == ["A", "B"]
        assert (first.model(), first.info(R).vectors, first.without_vector(R, 9)) == (other, 0, ["A", "B"])


def test_calls_of_one_transaction_mean_their_own_memories_by_the_ids_that_they_chose(store: Neo4jStore) -> None:
    send(store, "first", add("A", title="the same"))
    own: list[Operation] = [add("B", title="the same"), add("C", ("active", 3)), supersede("B", "C", 3)]
    calls = [
        Call([Request(f"own {number}", one, R) for number, one in enumerate(own)], lambda: CLOCK, {}),
        Call([Request("other", supersede("B", "C", 4), R)], lambda: CLOCK, {}),
    ]
    with pytest.raises(NotFound):
        store._database.write(lambda tx: carry_out(tx, calls))  # noqa: SLF001 - as its writers are carried out together
    done = store._database.write(lambda tx: carry_out(tx, calls[:1]))  # noqa: SLF001
    assert done.changes[0][2].operation == supersede("A", "C", 3)
    assert store.check() == []

"""Whose words weigh in a score: those of shared memories and of the reader's own private ones, nobody else's."""

from __future__ import annotations

import pytest

from graphmem.model import Add, Erase, Memory, Move, Scope, Statement, Status
from graphmem.store import Filter, Probe, Store
from tests.contract.scenario import NOON
from tests.laws.world import send
from tests.oracle import OracleStore

TEAM, ANA, BEN = Scope("acme", "r"), Scope("acme", "r", user="ana"), Scope("acme", "r", user="ben")
PROBE = Probe(terms=("kafka", "queue"))


def tell(store: Store, key: str, title: str, scope: Scope) -> None:
    memory = Memory(key, scope, Statement(title=title))
    send(store, f"add {key}", Add(memory, (Move(Status.ACTIVE, NOON),)), scope)


def scores(store: Store, reader: Scope) -> dict[str, float]:
    return dict(store.match(reader, PROBE, Filter()).lexical)


@pytest.fixture
def told(store: Store) -> Store:
    for key, title in (("a", "Kafka carries events"), ("b", "A queue of jobs"), ("c", "Tests run in CI")):
        tell(store, key, title, TEAM)
    return store


def test_private_words_of_others_change_nobodys_scores(told: Store) -> None:
    before = scores(told, BEN)
    for number in range(12):
        tell(told, f"private {number}", "Kafka Kafka and one queue more", ANA)
    assert scores(told, BEN) == pytest.approx(before)
    assert scores(told, TEAM) == pytest.approx(before)


def test_the_readers_own_private_words_weigh(told: Store) -> None:
    before = scores(told, ANA)
    tell(told, "mine", "kafka", ANA)
    after = scores(told, ANA)
    assert after["a"] < before["a"]
    assert "mine" in after


def test_every_reader_gets_the_oracles_scores_while_memories_come_and_go(told: Store) -> None:
    oracle = OracleStore()
    for key, title in (("a", "Kafka carries events"), ("b", "A queue of jobs"), ("c", "Tests run in CI")):
        tell(oracle, key, title, TEAM)
    for key, title, scope in (("d", "queue", ANA), ("e", "kafka queue", BEN), ("f", "Kafka, a queue", TEAM)):
        for one in (told, oracle):
            tell(one, key, title, scope)
        for reader in (TEAM, ANA, BEN, Scope("acme"), Scope("acme", user="ana")):
            assert scores(told, reader) == pytest.approx(scores(oracle, reader))
    for one in (told, oracle):
        send(one, "erase", Erase("d"), ANA)
    for reader in (TEAM, ANA, BEN):
        assert scores(told, reader) == pytest.approx(scores(oracle, reader))
    assert told.check() == []

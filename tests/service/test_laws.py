"""The laws of the model, asked of the public verbs on every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.answers import State
from graphmem.model import At, Origin, Statement
from graphmem.service import GraphMemory, New
from graphmem.store import Filter, Page
from tests.service.conftest import TickingClock, day
from tests.service.played import READERS, WORDS, Player, everything

CHAIN = ("Sessions live in cookies", "Sessions live in Redis", "Sessions live in the database", "No sessions at all")
STARTS = (1, 5, 9, 13)


@pytest.mark.heavy
@pytest.mark.unmeasured
@pytest.mark.parametrize("seed", [2])
def test_what_was_known_once_is_answered_the_same_ever_after(
    memory: GraphMemory, clock: TickingClock, seed: int
) -> None:
    clock.pass_days(100)
    player = Player(memory, seed)
    player.play(40)
    position, ids = memory.status().changes, tuple(player.ids)
    before = {reader: everything(memory, reader, ids, position) for reader in READERS}
    player.play(60)
    for reader in READERS:
        after = everything(memory, reader, ids, position)
        assert {key for key in after if after[key] != before[reader][key]} == set()


@pytest.mark.unmeasured
@pytest.mark.parametrize("seed", [3])
def test_every_hit_returned_as_holding_holds(memory: GraphMemory, clock: TickingClock, seed: int) -> None:
    clock.pass_days(100)
    Player(memory, seed).play(60)
    for reader in READERS:
        for at in (At(day(9)), At(day(20)), At(day(20), known_at=25)):
            for where in (Filter(), Filter(include_history=True)):
                hits = [hit for word in WORDS for hit in memory.search(word, at=at, scope=reader, where=where).hits]
                states = {memory.get(hit.card.id, at=at, scope=reader).state for hit in hits if hit.holds}
                assert states == {State.HOLDS}


@pytest.fixture
def chain(memory: GraphMemory, clock: TickingClock) -> list[str]:
    """A linear chain: each member takes over when it starts."""
    clock.pass_days(100)
    keys = [memory.add(CHAIN[0], start=day(STARTS[0])).ids[0]]
    for title, start in zip(CHAIN[1:], STARTS[1:], strict=True):
        keys.append(memory.supersede(keys[-1], title, at=day(start)).ids[1])
    return keys


@pytest.mark.parametrize("title", CHAIN)
def test_every_member_of_a_chain_resolves_to_the_one_that_holds(
    memory: GraphMemory, chain: list[str], title: str
) -> None:
    found = [memory.search(title, at=At(day(start + 1))).hits for start in STARTS]
    assert [(hits[0].card.id, hits[0].holds) for hits in found] == [(key, True) for key in chain]


@pytest.mark.parametrize("title", CHAIN)
def test_before_its_first_start_nothing_of_a_chain_holds(memory: GraphMemory, chain: list[str], title: str) -> None:
    hits = memory.search(title, at=At(day(1).replace(year=2025))).hits
    assert hits
    assert not any(hit.holds for hit in hits)
    assert chain


def fill(memory: GraphMemory, first: int, count: int) -> None:
    memory.add_many(
        New(statement=Statement(title=f"Rule {number} about imports", body="sort them " * (number % 5)))
        for number in range(first, first + count)
    )


def test_pages_of_a_search_join_to_one_big_page_while_others_write(memory: GraphMemory) -> None:
    fill(memory, 0, 20)
    whole = [hit.card.id for hit in memory.search("imports", page=Page(100)).hits]
    seen, cursor, turn = list[str](), None, 1
    while turn == 1 or cursor:
        answer = memory.search("imports", page=Page(3, cursor))
        seen, cursor, turn = [*seen, *(hit.card.id for hit in answer.hits)], answer.cursor, turn + 1
        fill(memory, 100 * turn, 4)
    assert seen == whole


def test_pages_of_a_listing_join_to_one_big_page_while_others_write(memory: GraphMemory) -> None:
    fill(memory, 0, 20)
    whole = [card.id for card in memory.list(page=Page(100)).cards]
    seen, cursor, turn = list[str](), None, 1
    while turn == 1 or cursor:
        answer = memory.list(page=Page(3, cursor))
        seen, cursor, turn = [*seen, *(card.id for card in answer.cards)], answer.cursor, turn + 1
        memory.end(whole[turn])
    assert seen == whole


def test_age_is_told_beside_confidence_and_hides_nothing(memory: GraphMemory) -> None:
    keys = {memory.add(Statement(title=f"Port {n} is open", origin=origin)).ids[0] for n, origin in enumerate(Origin)}
    in_ten_years = At(day(1).replace(year=2036))
    hits = memory.search("port is open", at=in_ten_years, page=Page(50)).hits
    assert {hit.card.id for hit in hits} == keys
    assert all(hit.card.confidence == 1.0 for hit in hits)
    assert all(hit.card.freshness < 0.05 for hit in hits)
    assert {card.id for card in memory.list(at=in_ten_years).cards} == keys


def test_the_least_confidence_is_asked_of_the_stated_one(memory: GraphMemory) -> None:
    sure = Statement(title="Port 80 is open", confidence=0.9)
    key = memory.add(sure).ids[0]
    memory.add(replace(sure, title="Port 81 is open", confidence=0.5))
    at, where = At(day(1).replace(year=2036)), Filter(min_confidence=0.8)
    assert [hit.card.id for hit in memory.search("port is open", at=at, where=where).hits] == [key]
    assert [card.id for card in memory.list(where, at=at).cards] == [key]


def test_what_was_confirmed_lately_comes_before_its_equal(memory: GraphMemory, clock: TickingClock) -> None:
    stale, fresh = (memory.add(f"Port {number} is open").ids[0] for number in (80, 81))
    clock.pass_days(2000)
    memory.confirm(stale)
    assert [hit.card.id for hit in memory.search("port is open").hits] == [stale, fresh]

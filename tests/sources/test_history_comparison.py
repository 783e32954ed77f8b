"""Histories and states that are compared with existing memories, through a memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.model import Kind, Move, Origin, Statement, Status
from graphmem.service import GraphMemory
from graphmem.sources.observations import Observation, Reading
from tests.sources.stored_memories import opened

ACTIVE, ENDED = Status.ACTIVE, Status.ENDED


def move(status: Status, day: int, word: str) -> Move:
    return Move(status, datetime(2024, 1, day, tzinfo=UTC), 0, word)


def history(title: str, *moves: Move) -> Observation:
    said = Statement(title=title, kind=Kind.TASK, origin=Origin.DOCUMENT)
    return Observation(key="t:1", statement=said, moves=moves, path="tasks", is_history=True)


def state(title: str, day: int, status: Status) -> Observation:
    return replace(history(title, move(status, day, status.value)), is_history=False, is_state=True)


def ingest(memory: GraphMemory, *observations: Observation) -> int:
    before = memory.status().changes
    assert memory.ingest(Reading(observations, (), ())).problems == []
    return memory.status().changes - before


def words(memory: GraphMemory, title: str) -> list[tuple[str, int]]:
    card = next(hit.card for hit in memory.search(title).hits if hit.card.title == title)
    return [(told.word, told.at.day) for told in memory.history(card.id).moves]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    with opened(tmp_path / "store.db") as memory:
        yield memory


def test_a_word_that_comes_again_is_a_further_move(memory: GraphMemory) -> None:
    moves = (move(ACTIVE, 1, "open"), move(ENDED, 2, "closed"), move(ACTIVE, 3, "open"))
    for number in (1, 2, 3):
        assert ingest(memory, history("Parse files", *moves[:number])) == 1
    assert words(memory, "Parse files") == [("open", 1), ("closed", 2), ("open", 3)]


def test_words_of_one_key_in_one_reading_follow_each_other(memory: GraphMemory) -> None:
    read = [history(f"Parse files {name}", move(ACTIVE, day, "open")) for day, name in enumerate("abc", start=1)]
    ingest(memory, *read)
    assert [card.title for card in memory.list().cards] == ["Parse files c"]
    assert ingest(memory, *read) == 0


def test_a_wording_that_comes_back_is_a_memory_of_its_own(memory: GraphMemory) -> None:
    read = [history(f"Parse files {name}", move(ACTIVE, day, "open")) for day, name in enumerate("aba", start=1)]
    ingest(memory, *read)
    (card,) = memory.list().cards
    assert (card.title, card.holding[0].start) == ("Parse files a", datetime(2024, 1, 3, tzinfo=UTC))
    assert ingest(memory, *read) == 0


def test_words_with_another_title_supersede_nothing(memory: GraphMemory) -> None:
    first = history("Parse files", move(ACTIVE, 1, "open"), move(ENDED, 2, "moved"))
    ingest(memory, first, history("Draw a picture", move(ACTIVE, 2, "open")))
    (card,) = memory.list().cards
    assert (card.title, memory.history(card.id).predecessors) == ("Draw a picture", ())


def test_a_state_that_the_memory_has_is_left_out(memory: GraphMemory) -> None:
    for day, status, count in ((1, ACTIVE, 1), (2, ACTIVE, 0), (3, ENDED, 1), (4, ENDED, 0), (5, ACTIVE, 1)):
        assert ingest(memory, state("Test fails", day, status)) == count
    assert words(memory, "Test fails") == [("active", 1), ("ended", 3), ("active", 5)]


def test_a_state_keeps_the_words_of_the_memory(memory: GraphMemory) -> None:
    ingest(memory, state("Test fails", 1, ACTIVE))
    assert ingest(memory, state("Test fails otherwise", 2, ACTIVE)) == 0


def test_an_end_without_a_memory_and_a_time_before_it_say_nothing(memory: GraphMemory) -> None:
    assert ingest(memory, state("Test fails", 1, ENDED)) == 0
    ingest(memory, state("Test fails", 3, ACTIVE))
    assert ingest(memory, state("Test fails", 2, ENDED)) == 0

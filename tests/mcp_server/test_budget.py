"""How much of a search answer is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.answers import Sentence, State
from graphmem.mcp_server.budget import fitted
from graphmem.mcp_server.marked_documents import Marking
from graphmem.model import Kind, Origin, Point, Scope
from graphmem.retrieval.briefs import Brief, BriefAnswer, Rejected
from graphmem.temporal import Standing
from graphmem.token_count import token_count

THEN = datetime(2024, 1, 1, tzinfo=UTC)
MARKING = Marking(Scope(), lambda _: {}, lambda _: "abcdefghijkmnp")


def hit(number: int, words: int = 40, origin: Origin = Origin.HUMAN) -> Brief:
    return Brief(
        f"id{number:010}", f"ADR-{number}", f"Title {number}", Kind.DECISION, 0.5, Standing.HOLDS, State.HOLDS, THEN,
        None, Scope(), origin, excerpt=" ".join(["word"] * words), rejected=(Rejected("Kafka", "large"),),
    )  # fmt: skip


def answer(*hits: Brief) -> BriefAnswer:
    return BriefAnswer(hits, Point(THEN, 1), "hybrid", (Sentence.of("One note."),))


def test_what_has_room_is_sent_whole_and_nothing_is_said_of_it() -> None:
    told, text = fitted(answer(hit(1), hit(2)), 2_000, MARKING.document)
    assert ([one["alias"] for one in told["hits"]], told["notes"], told["left_out"]) == (
        ["ADR-1", "ADR-2"],
        ["One note."],
        0,
    )
    assert text.count("rejected: Kafka, since large") == 2


def test_the_rest_comes_by_its_heading_and_then_not_and_the_answer_says_so() -> None:
    told, text = fitted(answer(*(hit(number, words=200) for number in range(8))), 800, MARKING.document)
    shown = ["excerpt" in one for one in told["hits"]]
    assert (shown[0], shown[-1], len(shown) + told["left_out"]) == (True, False, 8)
    ask = f"Left out for want of room: {told['left_out']} more hits and what {shown.count(False)} hits say; ask with "
    assert told["notes"][1].startswith(ask + "budget=")
    assert told["notes"][1] in text
    enough = int(told["notes"][1].rpartition("=")[2].rstrip("."))
    again, _ = fitted(answer(*(hit(number, words=200) for number in range(8))), enough, MARKING.document)
    assert (len(again["hits"]), again["left_out"], again["notes"]) == (8, 0, ["One note."])


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(Origin)), max_size=12),
    st.integers(300, 3_000),
    st.sampled_from(["word", "<>", "词", "a-b_c"]),
)
def test_neither_form_is_larger_than_the_budget(hits: list[tuple[int, Origin]], budget: int, word: str) -> None:
    found = [replace(hit(number, 0, origin), excerpt=f"{word} " * words) for number, (words, origin) in enumerate(hits)]
    told, text = fitted(answer(*found), budget, MARKING.document)
    assert token_count(json.dumps(told, ensure_ascii=False)) <= budget
    assert token_count(text) <= budget
    assert len(told["hits"]) + told["left_out"] == len(hits)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("We use Python 3.11.", 7), ("internationalization", 4), ("数据库", 3), ("база", 2), ('{"id": 1}', 7)],
)
def test_tokens_are_counted_by_words_digits_and_signs(text: str, count: int) -> None:
    assert token_count(text) == count

"""What is said of questions that can hardly be answered as they are put."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from graphmem.answers import Card, Hit, Reference, SearchAnswer, Sentence, State
from graphmem.model import Memory, Origin, Point, Scope, Statement
from graphmem.retrieval.remarks import remarks
from graphmem.temporal import Standing

LONG = (
    "The query has 9999 characters: names are looked up only in its first 250 words, and its vector covers only its"
    " beginning. Use a shorter query."
)
THEN = datetime(2024, 1, 1, tzinfo=UTC)
DATABASE = Statement(title="The database is SQLite, in UTF-8", aliases=("ADR-0012",), origin=Origin.EXTERNAL)


def hit(parts: Mapping[str, float], said: Statement = DATABASE) -> Hit:
    card = Card(Memory("4tjam7b0s2tq", Scope(), said), State.HOLDS, (), None, 1.0, THEN, 1, THEN, None)
    return Hit(card, Standing.HOLDS, 0.5, parts, (Reference("4tjam7b0s2tq"),), "in force")


@dataclass
class Told:
    """Knows some names and what they are nearly."""

    known: tuple[str, ...] = ()
    near: tuple[str, ...] = ()

    def has_memory(self, key: str) -> bool:
        return key in self.known

    def nearest(self, name: str) -> tuple[Sentence, ...]:
        assert name
        return tuple(Sentence.quoting(one, Origin.EXTERNAL) for one in self.near)


def said(question: str, *hits: Hit, known: tuple[str, ...] = (), near: tuple[str, ...] = ()) -> tuple[str, ...]:
    return remarks(question, SearchAnswer(hits, Point(THEN, 1), "lexical"), Told(known, near))


@pytest.mark.parametrize(
    ("question", "remark"),
    [
        ("  ", "The query is empty: enter words to search for."),
        ("?!", "'?!' has no words to search for."),
        ("x", "'x' is a single character: enter at least a word."),
        ("what is it for?", "'what is it for?' has only stop words: add a word for the subject."),
        (
            "какая база данных",
            "No hit contains a word of the query, which is in Cyrillic: try another language.",
        ),
        ("数据库", "No hit contains a word of the query, which is in Chinese characters: try another language."),
        ("what does ADR-77 say", "No memory is called 'ADR-77'."),
        ("paag0h8bd6g7", "No memory is called 'paag0h8bd6g7'."),
        (
            "word " * 2_000,
            LONG,
        ),
        ("a" * 9_999, LONG),
    ],
)
def test_each_has_its_sentence(question: str, remark: str) -> None:
    assert said(question) == (remark,)


def test_an_ordinary_question_has_none() -> None:
    assert said("which database do we use?", hit({"words": 0.4})) == ()
    assert said("which database do we use?") == ()
    assert said("какая база", hit({"words": 0.4})) == ()
    assert said("why UTF-8?", hit({"words": 0.4})) == ()
    assert said("HTTP 404 in 2024") == ()


def test_a_name_that_led_to_an_answer_is_not_missed() -> None:
    assert said("ADR-0001", hit({"name": 4.0})) == ()


def test_a_name_that_is_spelt_almost_like_one_is_told_with_that_in_its_owners_words() -> None:
    (remark,) = remarks("ADR-0021", SearchAnswer((hit({"words": 0.1}),), Point(THEN, 1), "lexical"), Told())
    assert remark == "No memory is called 'ADR-0021'; nearest: ADR-0012."
    assert [(remark[one.start : one.end], one.origin) for one in remark.quotes] == [("ADR-0012", Origin.EXTERNAL)]


def test_a_name_is_compared_with_those_that_there_are_if_nothing_answers() -> None:
    assert said("ARD-0012", near=("ADR-0012",)) == ("No memory is called 'ARD-0012'; nearest: ADR-0012.",)
    four = ("ADR-1", "ADR-2", "ADR-3", "ADR-4")
    assert said("ADR-9", near=four) == ("No memory is called 'ADR-9'; nearest: ADR-1, ADR-2, ADR-3.",)


def test_what_may_be_a_name_is_told_of_only_if_one_is_near() -> None:
    assert said("the auht-policy") == ()
    assert said("the auht-policy", near=("auth-policy",)) == (
        "No memory is called 'auht-policy'; nearest: auth-policy.",
    )
    assert said("the front-end", hit({"words": 0.4}), near=("frontend",)) == ()
    assert said("PEP 99", hit({"words": 0.4}), near=("PEP 9",)) == ("No memory is called 'PEP 99'; nearest: PEP 9.",)


def test_a_memory_that_was_not_found_by_its_id_is_told_of() -> None:
    assert said("paag0h8bd6g7", known=("paag0h8bd6g7",)) == (
        "Memory 'paag0h8bd6g7' exists but is not among the hits: search for that name alone.",
    )

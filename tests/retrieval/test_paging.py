from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from graphmem.errors import InvalidInput
from graphmem.model import Point
from graphmem.retrieval.paging import Place, make_cursor, next_cursor, place_of, question_mark
from graphmem.store import Page

NOW = Point(datetime(2026, 1, 1, 12, 0, 0, 7, tzinfo=UTC), 41)
LATER = Point(datetime(2026, 1, 2, tzinfo=UTC), 99)
MARK = question_mark("what is it?")


def forged(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_a_first_page_starts_at_the_beginning_of_the_asked_point() -> None:
    assert place_of(Page(10), NOW, MARK) == Place(NOW, 0)


def test_a_later_page_is_pinned_to_the_point_of_the_first() -> None:
    cursor = next_cursor(Place(NOW, 0), 10, 25, MARK)
    assert place_of(Page(10, cursor), LATER, MARK) == Place(NOW, 10)


@pytest.mark.parametrize(("shown", "total"), [(0, 0), (10, 10), (3, 3)])
def test_after_the_last_answer_there_is_no_cursor(shown: int, total: int) -> None:
    assert next_cursor(Place(NOW, 0), shown, total, MARK) is None


def test_a_cursor_is_short_and_safe_in_an_address() -> None:
    cursor = make_cursor(Place(NOW, 10**6), MARK)
    assert len(cursor) < 100
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_has_at_least_one_answer(limit: int) -> None:
    with pytest.raises(InvalidInput, match="not at least 1"):
        place_of(Page(limit), NOW, MARK)


def test_a_cursor_belongs_to_its_question() -> None:
    cursor = make_cursor(Place(NOW, 10), question_mark("something else"))
    with pytest.raises(InvalidInput, match="another question"):
        place_of(Page(10, cursor), NOW, MARK)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "not a cursor",
        "ключ",
        "[" * 10_000,
        forged(),
        forged(1, 2, 3),
        forged("1", 2, 3, MARK),
        forged(None, 2, 3, MARK),
        forged(10**30, 2, 3, MARK),
        forged(1, None, 3, MARK),
        forged(1, 2, -3, MARK),
        forged(1, -2, 3, MARK),
        forged(1, 2, float("nan"), MARK),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"5").decode(),
        base64.urlsafe_b64encode(b"[" * 140).decode(),
    ],
)
def test_a_damaged_cursor_is_refused_with_the_remedy(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="take the one that the answer before gave"):
        place_of(Page(10, cursor), NOW, MARK)


def test_equal_questions_have_one_mark_and_others_another() -> None:
    assert question_mark("a", 1) == question_mark("a", 1)
    assert question_mark("a", 1) != question_mark("a", 2)
    assert question_mark("\ud800")

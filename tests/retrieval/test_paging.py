from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import cast

import pytest

from graphmem.errors import InvalidInput
from graphmem.model import Point, Scope
from graphmem.retrieval.cursors import Cursors, PageStart, Seal, question_mark
from graphmem.store import Page, Store

NOW = Point(datetime(2026, 1, 1, 12, 0, 0, 7, tzinfo=UTC), 41)
LATER = Point(datetime(2026, 1, 2, tzinfo=UTC), 99)
MARK = question_mark("what is it?")


class Secret:
    """A store that knows a secret of each tenant, and nothing else."""

    def __init__(self, word: str = "") -> None:
        self._word = word

    def secret(self, reader: Scope) -> str:
        return self._word + reader.tenant


def cursors(mark: str = MARK, *, reader: Scope | None = None, word: str = "") -> Cursors:
    return Cursors(Seal(cast("Store", Secret(word))), reader or Scope(), mark)


def forged(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_a_first_page_starts_at_the_beginning_of_the_asked_point() -> None:
    assert cursors().start(Page(10), NOW) == PageStart(NOW, 0)


def test_a_later_page_is_pinned_to_the_point_of_the_first() -> None:
    cursor = cursors().after(PageStart(NOW, 0), 10, 25)
    assert cursors().start(Page(10, cursor), LATER) == PageStart(NOW, 10)


@pytest.mark.parametrize(("shown", "total"), [(0, 0), (10, 10), (3, 3)])
def test_after_the_last_answer_there_is_no_cursor(shown: int, total: int) -> None:
    assert cursors().after(PageStart(NOW, 0), shown, total) is None


def test_a_cursor_is_short_and_safe_in_an_address() -> None:
    cursor = cursors().after(PageStart(NOW, 10**6), 1, 10**7)
    assert cursor is not None
    assert len(cursor) < 100
    assert cursor.replace("-", "").replace("_", "").replace(".", "").isalnum()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_has_at_least_one_answer(limit: int) -> None:
    with pytest.raises(InvalidInput, match="not at least 1"):
        cursors().start(Page(limit), NOW)


@pytest.mark.parametrize(
    "other",
    [
        cursors(question_mark("something else")),
        cursors(reader=Scope("another tenant")),
        cursors(word="another store"),
    ],
)
def test_a_cursor_belongs_to_its_question_its_tenant_and_its_store(other: Cursors) -> None:
    cursor = other.after(PageStart(NOW, 0), 10, 25)
    with pytest.raises(InvalidInput, match="with the same query"):
        cursors().start(Page(10, cursor), NOW)


def test_a_cursor_that_was_changed_pins_nothing() -> None:
    cursor = cursors().after(PageStart(NOW, 0), 10, 25)
    assert cursor is not None
    text, _, signature = cursor.partition(".")
    for forgery in (forged(1, 10**9, 10), text, f"{text}.", f"{forged(1, 10**9, 10)}.{signature}", f"{cursor}a"):
        with pytest.raises(InvalidInput, match="does not belong to this query"):
            cursors().start(Page(10, forgery), NOW)


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
    with pytest.raises(InvalidInput, match="use the cursor of the previous page"):
        cursors().start(Page(10, cursor), NOW)


def test_equal_questions_have_one_mark_and_others_another() -> None:
    assert question_mark("a", 1) == question_mark("a", 1)
    assert question_mark("a", 1) != question_mark("a", 2)
    assert question_mark("\ud800")

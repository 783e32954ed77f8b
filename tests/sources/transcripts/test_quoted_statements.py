"""A model's statement counts only with a quote that is in its turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import Kind
from graphmem.sources.transcripts import Speaker, TranscriptTurn
from graphmem.sources.transcripts.quoted_statements import QuotedStatement, with_quotes

TURN = TranscriptTurn(Speaker.USER, "Fine, httpx it is,\nfor every service.\n```\nimport requests as r\n```", 3)
GOOD = QuotedStatement("Use httpx in all services", "httpx it is, for every service", 3, Speaker.USER, Kind.DECISION)


def checked(*statements: QuotedStatement) -> tuple[list[str], dict[str, int]]:
    dropped = Counter[str]()
    return [one.title for one in with_quotes(statements, [TURN], dropped)], dict(dropped)


def test_a_quote_is_in_its_turn_but_for_white_space() -> None:
    dropped = Counter[str]()
    (one,) = with_quotes([GOOD], [TURN], dropped)
    assert (one.title, one.quote, one.turn, one.rule) == (GOOD.title, GOOD.quote, TURN, "model")
    assert not dropped


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quote": "we chose httpx for every service"}, "quote not in its turn"),
        ({"quote": "Httpx it is, for every service"}, "quote not in its turn"),
        ({"quote": "import requests as r"}, "quote not in its turn"),
        ({"quote": "httpx it"}, "quote too short or too long"),
        ({"quote": "x " * 400}, "quote too short or too long"),
        ({"number": 4}, "no such turn"),
        ({"speaker": Speaker.ASSISTANT}, "another speaker"),
        ({"title": "  "}, "without a statement"),
    ],
)
def test_a_statement_without_a_true_quote_is_dropped_and_counted(changes: dict[str, object], reason: str) -> None:
    assert checked(GOOD, replace(GOOD, **changes)) == ([GOOD.title], {reason: 1})  # type: ignore[arg-type]


@given(st.text(max_size=80))
def test_no_quote_counts_that_is_not_in_the_turn(quote: str) -> None:
    titles, dropped = checked(replace(GOOD, quote=quote))
    is_in = " ".join(quote.split()) in "Fine, httpx it is, for every service." and len(quote.split()) >= 3
    assert (bool(titles), sum(dropped.values())) == (is_in, 1 - is_in)

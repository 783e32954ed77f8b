"""Durations as people type them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graphmem.claims.durations import read_duration
from graphmem.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "hours"),
    [("30m", 0.5), ("4h", 4), ("2d", 48), ("1w", 168), ("1h30m", 1.5), (" 4 H ", 4)],
)
def test_a_duration_is_numbers_with_units(text: str, hours: float) -> None:
    assert read_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "4", "h", "4x", "-4h", "4h later", "tomorrow", "1.5h"])
def test_a_text_that_is_no_duration_is_named_with_the_mend(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no duration; write it as 30m, 4h, 2d or 1h30m"):
        read_duration(text)


@pytest.mark.parametrize("text", ["0m", "91d", "13w", "999999w"])
def test_a_duration_has_bounds(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not between a minute and 90 days"):
        read_duration(text)

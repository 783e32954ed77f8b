"""Times as they are typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphmem.errors import InvalidInput
from graphmem.wire.times import read_known_at, read_time
from tests.cli.conftest import Tool


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2025-03-31", 0), ("2025-03-31T14:00Z", 14), ("2025-03-31 14:00:00+00:00", 14), ("2025-03-31T16:00+02:00", 14)],
)
def test_a_date_is_its_midnight_and_a_zone_is_honoured(text: str, hour: int) -> None:
    assert read_time(text) == datetime(2025, 3, 31, hour, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2025-02-30", "2025-13-01T00:00Z", "0001-01-01T00:00+14:00", "١٢"])
def test_what_is_no_time_is_refused_with_the_shapes_that_are(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a time; write 2025-03-31"):
        read_time(text)


def test_a_time_without_zone_is_refused_with_the_fix() -> None:
    with pytest.raises(InvalidInput, match=r"no time zone; give one, such as 2025-03-31T14:00:00\+00:00"):
        read_time("2025-03-31T14:00")


def test_digits_are_a_ledger_position() -> None:
    assert read_known_at("31") == 31
    assert read_known_at("2025-03-31") == datetime(2025, 3, 31, tzinfo=UTC)


def test_a_time_without_zone_is_wrong_usage(tool: Tool) -> None:
    done = tool.run("list", "--as-of", "2025-03-31T14:00")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no time zone" in done.stderr

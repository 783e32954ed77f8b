"""The measure of guard on decision records counts what words alone bring about."""

from __future__ import annotations

from pathlib import Path

from benchmarks.guard.record_words import record_words

RECORD = """# Use zoneinfo

## Status

Accepted

## Considered Options

* [pytz](https://pypi.org/project/pytz/)
* Redis, with some luck
* zoneinfo

## Decision Outcome

Chosen option: "zoneinfo", because Redis and `redis` are slow.
"""


def test_words_of_rejected_options_alarm_nobody_and_typed_keys_are_counted_apart(tmp_path: Path) -> None:
    (tmp_path / "0001-zones.md").write_text(RECORD, encoding="utf-8")
    found = record_words(tmp_path)
    assert (found.records, found.rejected, found.alarms) == (1, 2, [])
    assert found.changes == 2 + 3 * found.rejected
    assert found.typed == 1, "import pytz"

"""Times as people type them: an instant with its zone, a bare date, or a ledger position."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from graphmem.errors import InvalidInput
from graphmem.model import instant

_SHAPES = "2025-03-31, 2025-03-31T14:00Z or 2025-03-31T14:00+02:00"


def read_time(text: str) -> datetime:
    """The instant that a text names; a bare date is its midnight in UTC.

    Raises:
        InvalidInput: It is no time, or one without a zone.
    """
    word = text.strip()
    try:
        return datetime.combine(date.fromisoformat(word), time(), UTC)
    except ValueError:
        pass
    try:
        return instant(datetime.fromisoformat(word))
    except (ValueError, OverflowError) as exc:
        raise InvalidInput(f"{text!r} is no time; write {_SHAPES}") from exc


def read_known(text: str) -> datetime | int:
    """The time or, if it is digits alone, the ledger position that a text names."""
    word = text.strip()
    return int(word) if word.isdecimal() else read_time(word)

"""Times in the forms that people type: an instant with its zone, a bare date, or a ledger position."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from graphmem.errors import InvalidInput
from graphmem.model import instant

_FORMATS = "2025-03-31, 2025-03-31T14:00Z or 2025-03-31T14:00+02:00"


def read_time(text: str) -> datetime:
    """Return the instant that a text names; a bare date is midnight UTC.

    Raises:
        InvalidInput: The text is not a time, or has no zone.
    """
    word = text.strip()
    try:
        return datetime.combine(date.fromisoformat(word), time(), UTC)
    except ValueError:
        pass
    try:
        return instant(datetime.fromisoformat(word))
    except (ValueError, OverflowError) as exc:
        raise InvalidInput(f"{text!r} is not a time; write {_FORMATS}") from exc


def read_known_at(text: str) -> datetime | int:
    """Return the time that a text names, or the ledger position if it consists of digits."""
    word = text.strip()
    return int(word) if word.isdecimal() else read_time(word)

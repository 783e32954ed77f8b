"""Instants as they are stored: microseconds since 1970 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: The forms of a time that people type, for messages.
TIME_FORMS = "2025-03-31, 2025-03-31T14:00Z or 2025-03-31T14:00+02:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400
_SECOND_US = 1_000_000


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exact."""
    since = moment - _EPOCH
    return (since.days * _DAY_S + since.seconds) * _SECOND_US + since.microseconds


def from_micros(micros: int) -> datetime:
    """The moment that `to_micros` counted."""
    return _EPOCH + timedelta(microseconds=micros)

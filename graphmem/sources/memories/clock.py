"""Dates as other memories write them: taken where they say an instant, reported where they do not."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

from graphmem.sources.memories.export import Gathered

NO_ZONE = "a time without a zone counts as none: --timezone says which zone it is of"
NO_TIME = "a date that could not be read counts as none"


class Clock:
    """Reads the dates of one file.

    Args:
        gathered: Receives the losses for unreadable dates.
        zone: Time zone of times without a zone.
    """

    def __init__(self, gathered: Gathered, zone: tzinfo | None) -> None:
        self._gathered = gathered
        self._zone = zone

    def moment(self, value: object, path: str, line: int) -> datetime | None:
        """An ISO time, a bare date (its midnight in UTC) or seconds since 1970 as an instant; None if it is none."""
        if value is None or value == "":
            return None
        try:
            moment = _instant(value)
        except (TypeError, ValueError, OverflowError, OSError):
            self._gathered.lose(path, line, NO_TIME, value)
            return None
        if moment.tzinfo is None and self._zone is None:
            self._gathered.lose(path, line, NO_ZONE, value)
            return None
        return _in_utc(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))


def _instant(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{value!r} is no date")
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        return datetime.fromisoformat(value.strip())
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _in_utc(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None

"""Since when and until when an observation of Basic Memory holds, where its author wrote it before the words.

`@effective[2026-06-10,2026-07-27) words`, `@valid:2026-06 words` and `@2026-07-27 words`; a time without a zone is UTC,
as Basic Memory has it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from graphmem.deferred_dataclass import dataclass

#: Kinds that say when a statement holds. The others (occurred, due, mentioned) say something else.
_OF_VALIDITY = frozenset({"", "effective", "valid"})
_RANGE = re.compile(
    r"^@(?P<kind>[A-Za-z]\w*)?(?P<open>[\[(])(?P<low>[^,\[\]()]*),(?P<high>[^,\[\]()]*)(?P<close>[\])])\s+"
)
_POINT = re.compile(r"^@(?:(?P<kind>[A-Za-z]\w*):)?(?:\"(?P<quoted>[^\"]+)\"|(?P<bare>\d\S*))\s+")
_YEAR, _MONTH = re.compile(r"^\d{4}$"), re.compile(r"^\d{4}-\d{2}$")
_DECEMBER = 12


@dataclass(frozen=True, slots=True)
class Qualified:
    """Words with the time that they hold in; an open side is None."""

    text: str
    start: datetime | None
    end: datetime | None


def qualified(text: str) -> Qualified | None:
    """The words without their time, and the time; None if it is missing or not made of ISO dates."""
    match = _RANGE.match(text) or _POINT.match(text)
    if match is None or (match["kind"] or "") not in _OF_VALIDITY or not text[match.end() :].strip():
        return None
    try:
        start, end = _range(match) if match.re is _RANGE else _point(match["quoted"] or match["bare"])
    except (ValueError, OverflowError):
        return None
    if start is not None and end is not None and end <= start:
        return None
    return Qualified(text[match.end() :].strip(), start, end)


def is_attempted(text: str) -> bool:
    """True if words begin with a qualifier of time in a form that is not read."""
    match = _RANGE.match(text) or _POINT.match(text)
    return match is not None and (match["kind"] or "") in _OF_VALIDITY and qualified(text) is None


def _range(match: re.Match[str]) -> tuple[datetime | None, datetime | None]:
    low, high = match["low"].strip(), match["high"].strip()
    start = _bound(low, is_after=match["open"] == "(") if low else None
    return start, _bound(high, is_after=match["close"] == "]") if high else None


def _bound(text: str, *, is_after: bool) -> datetime:
    """An instant or the midnight of a day; of a day that is itself passed over or included, the midnight after it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _aware(datetime.fromisoformat(text))
    return _midnight(day + timedelta(days=1) if is_after else day)


def _point(text: str) -> tuple[datetime, datetime | None]:
    """The start and end of a point in time: a day or an instant has no end, a month or a year does."""
    if _YEAR.match(text):
        year = int(text)
        return _midnight(date(year, 1, 1)), _midnight(date(year + 1, 1, 1))
    if _MONTH.match(text):
        year, month = map(int, text.split("-"))
        after = date(year + 1, 1, 1) if month == _DECEMBER else date(year, month + 1, 1)
        return _midnight(date(year, month, 1)), _midnight(after)
    return _bound(text, is_after=False), None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _aware(match: datetime) -> datetime:
    return match.replace(tzinfo=UTC) if match.tzinfo is None else match.astimezone(UTC)

"""Dates as people write them in decision records, read as midnight UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from graphmem.deferred_dataclass import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = re.compile(
    r"(?<![\w/.-])(?:"
    r"(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})(?=[Tt]\d\d:|(?![\w/]))"
    r"|(?P<d2>\d{1,2})(?P<sep>[-/.])(?P<m2>\d{1,2})(?P=sep)(?P<y2>\d{4}|\d{2})(?![\w/])"
    r"|(?P<y3>\d{4})[- ]" + _MONTH.format(3) + r"[- ](?P<d3>\d{1,2})(?!\w)"
    r"|" + _MONTH.format(4) + r"[- ](?P<d4>\d{1,2})(?:st|nd|rd|th)?,?[- ](?P<y4>\d{4})(?!\w)"
    r"|(?P<d5>\d{1,2})(?:st|nd|rd|th)?[- ](?:of )?" + _MONTH.format(5) + r",?[- ](?P<y5>\d{4})(?!\w)"
    r")",
    re.IGNORECASE,
)
_CENTURY_TURN = 70


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a text: the moment, and its position."""

    at: datetime
    start: int
    end: int


def find_dates(text: str) -> Iterator[FoundDate]:
    """The dates in `text`, in order; numbers that only look like a date are left out.

    A slash date is read day first unless that is impossible, since a record's other spellings leave no doubt.
    """
    for match in _DATE.finditer(text):
        at = _moment(match)
        if at is not None:
            yield FoundDate(at, match.start(), match.end())


def first_date(text: str) -> datetime | None:
    """The first date in `text`, None if there is none."""
    return next((result.at for result in find_dates(text)), None)


def _moment(match: re.Match[str]) -> datetime | None:
    groups = match.groupdict()
    style = next(n for n in "12345" if groups[f"y{n}"])
    year, day = int(groups[f"y{style}"]), int(groups[f"d{style}"])
    if len(groups[f"y{style}"]) == len("yy"):
        year += 1900 if year >= _CENTURY_TURN else 2000
    name = groups.get(f"month{style}")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(groups[f"m{style}"])
    if style == "2" and month > len(_MONTHS) >= day:
        month, day = day, month
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None

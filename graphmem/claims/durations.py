"""Durations as people type them: `30m`, `4h`, `2d`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

from graphmem.errors import InvalidInput

#: The duration of a claim unless its writer says otherwise: a working day.
DEFAULT_DURATION = "8h"
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=90)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_PART = re.compile(r"([0-9]{1,6})([mhdw])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def read_duration(text: str) -> timedelta:
    """Return the duration that a text gives, between a minute and 90 days.

    >>> read_duration("1h30m")
    datetime.timedelta(seconds=5400)

    Raises:
        InvalidInput: The text is no duration, or it is too short or too long.
    """
    plain = "".join(text.split()).lower()
    if _WHOLE.fullmatch(plain) is None:
        raise InvalidInput(f"{text[:80]!r} is no duration; write it as 30m, 4h, 2d or 1h30m")
    duration = sum((int(count) * _UNITS[unit] for count, unit in _PART.findall(plain)), timedelta())
    if not SHORTEST <= duration <= LONGEST:
        raise InvalidInput(f"{text[:80]!r} is not between a minute and {LONGEST.days} days; renew a claim to go on")
    return duration

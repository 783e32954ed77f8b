"""Times in the forms that people type: an instant with its zone, a bare date, or a ledger position."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from graphmem.errors import InvalidInput
from graphmem.instants import TIME_FORMS
from graphmem.model import instant

#: Git allows no blanks, control characters and `~^:?*[\\` in names.
_NAME = re.compile(r"(?:commit:)?[^\s\x00-\x1f\x7f~^:?*\[\\]+")
_LIKE_A_TIME = re.compile(r"\d{4}-\d{1,2}(?:-|$|T)")


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
        raise InvalidInput(f"{text!r} is not a time; write {TIME_FORMS}") from exc


def read_as_of(text: str) -> datetime | str:
    """Return the instant that a text names, else the name of a commit, tag or branch.

    `commit:` in front makes a name of what looks like a time.

    Raises:
        InvalidInput: The text is neither: it begins like a time, or has characters that no name has.
    """
    try:
        return read_time(text)
    except InvalidInput:
        word = text.strip()
        if not word or not _NAME.fullmatch(word) or _LIKE_A_TIME.match(word):
            raise
        return word


def read_known_at(text: str) -> datetime | int | str:
    """Return the ledger position, the time or the name of a commit that a text names; digits are a position."""
    word = text.strip()
    return int(word) if word.isdecimal() else read_as_of(word)

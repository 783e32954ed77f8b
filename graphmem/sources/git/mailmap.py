"""Parses `.mailmap`, which gives the authors of commits one name and address each."""

from __future__ import annotations

import re
from typing import NamedTuple

MAILMAP = ".mailmap"
#: Larger files are not read.
MAX_BYTES = 1 << 20
_ENTRY = re.compile(r"(?P<name>[^<>#]*)<(?P<email>[^<>]*)>(?:(?P<old_name>[^<>]*)<(?P<old_email>[^<>]*)>)?")


class Person(NamedTuple):
    """An author: the name and the address."""

    name: str
    email: str


class Mailmap:
    """The entries of a `.mailmap`. Names and addresses are compared without regard to case, as git compares them.

    Args:
        text: The file.
    """

    def __init__(self, text: str = "") -> None:
        self._entries: dict[tuple[str | None, str], Person] = {}
        for line in text.splitlines():
            match = _ENTRY.match(line) if not line.lstrip().startswith("#") else None
            if match is None:
                continue
            name, email, old_name = match["name"].strip(), match["email"].strip(), (match["old_name"] or "").strip()
            old_email = (match["old_email"] if match["old_email"] is not None else email).strip()
            key = (old_name.casefold() or None, old_email.casefold())
            earlier = self._entries.get(key, Person("", ""))
            is_renaming = match["old_email"] is not None
            self._entries[key] = Person(name or earlier.name, email if is_renaming else earlier.email)

    def person(self, name: str, email: str) -> Person:
        """Return the author of a commit with this name and address."""
        address = email.casefold()
        entry = self._entries.get((name.casefold(), address)) or self._entries.get((None, address))
        return Person(name, email) if entry is None else Person(entry.name or name, entry.email or email)

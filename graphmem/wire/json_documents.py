"""Answers as JSON: the fields of the library's values under their own names.

Times are ISO 8601 in UTC; enumerations are their values; a point is `{as_of, known_at}`, `known_at` a ledger position;
a memory's card is flat; an operation carries its verb as `operation`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from graphmem.answers import Card
from graphmem.model import Operation, Point

_OPERATIONS = get_args(Operation)
_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
_SECOND_WORD = re.compile("(?<=[a-z])([A-Z])")


class Writer:
    """Converts values to JSON; a subclass may convert texts in its own way."""

    def value(self, value: object) -> Any:  # noqa: ANN401 - JSON is free-form
        """Return a value in the types that `json` writes."""
        if type(value) in _PLAIN_TYPES:
            return value
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, str | int | float):
            return value
        if isinstance(value, datetime):
            return value.isoformat().replace("+00:00", "Z")
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, Mapping):
            return {str(key): self.value(entry) for key, entry in value.items()}
        if isinstance(value, tuple | list):
            return [self.value(element) for element in value]
        return self.record(value)

    def record(self, value: object) -> dict[str, Any]:
        """Return a dataclass as a mapping of its fields."""
        if isinstance(value, Point):
            return {"as_of": self.value(value.valid), "known_at": value.seq, "commit": self.value(value.commit)}
        if isinstance(value, Card):
            return self._card(value)
        named = {"operation": verb_of(type(value))} if isinstance(value, _OPERATIONS) else {}
        return {**named, **self._fields(value)}

    def field(self, owner: object, name: str, value: object) -> Any:  # noqa: ANN401 - JSON is free-form
        """Return the value of a dataclass's field."""
        del owner, name
        return self.value(value)

    def _card(self, card: Card) -> dict[str, Any]:
        """Return a card and its memory's fields in a single mapping."""
        statement = self._fields(card.memory.statement)
        derived = self._fields(card, without="memory")
        memory_id, home = (self.field(card.memory, name, getattr(card.memory, name)) for name in ("id", "scope"))
        return {"id": memory_id, "title": statement.pop("title"), **derived, **statement, "scope": home}

    def _fields(self, value: object, without: str = "") -> dict[str, Any]:
        if not is_dataclass(value) or isinstance(value, type):
            raise TypeError(f"{value!r} has no JSON form")
        names = _names_of(type(value))
        return {name: self.field(value, name, getattr(value, name)) for name in names if name != without}


@lru_cache(maxsize=256)
def _names_of(record: type) -> tuple[str, ...]:
    return tuple(spec.name for spec in fields(record))


_PLAIN = Writer()


def document(value: object) -> Any:  # noqa: ANN401 - JSON is free-form
    """Return a value in the types that `json` writes."""
    return _PLAIN.value(value)


def verb_of(operation: type) -> str:
    """Return the name of an operation, for example `open_branch` for `OpenBranch`."""
    return _SECOND_WORD.sub(r"_\1", operation.__name__).lower()


def as_json(value: object) -> str:
    """Return a value as indented JSON in ASCII, which any pipe can carry."""
    return json.dumps(document(value), indent=2)

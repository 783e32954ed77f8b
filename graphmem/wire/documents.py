"""Answers as JSON: the fields of the library's own values under their own names.

Times are ISO 8601 in UTC; enumerations are their values; a point is `{as_of, known_at}`, its second a ledger position;
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
    """Writes values as `json` does; one derived from it may write texts in its own way."""

    def value(self, value: object) -> Any:  # noqa: ANN401 - JSON is free-form
        """A value as `json` writes it."""
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
            return {str(key): self.value(one) for key, one in value.items()}
        if isinstance(value, tuple | list):
            return [self.value(one) for one in value]
        return self.record(value)

    def record(self, value: object) -> dict[str, Any]:
        """A dataclass with its fields under their names."""
        if isinstance(value, Point):
            return {"as_of": self.value(value.valid), "known_at": value.seq}
        if isinstance(value, Card):
            return self._card(value)
        named = {"operation": verb_of(type(value))} if isinstance(value, _OPERATIONS) else {}
        return {**named, **self._fields(value)}

    def field(self, owner: object, name: str, value: object) -> Any:  # noqa: ANN401 - JSON is free-form
        """One field of a dataclass."""
        del owner, name
        return self.value(value)

    def _card(self, card: Card) -> dict[str, Any]:
        """A card with its memory's fields beside its own."""
        said = self._fields(card.memory.statement)
        shown = self._fields(card, without="memory")
        key, home = (self.field(card.memory, name, getattr(card.memory, name)) for name in ("id", "scope"))
        return {"id": key, "title": said.pop("title"), **shown, **said, "scope": home}

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
    """A value as `json` writes it."""
    return _PLAIN.value(value)


def verb_of(operation: type) -> str:
    """The word of an operation: `open_branch` of `OpenBranch`."""
    return _SECOND_WORD.sub(r"_\1", operation.__name__).lower()


def as_json(value: object) -> str:
    """One JSON document, pure ASCII, so that any pipe can carry it."""
    return json.dumps(document(value), indent=2)

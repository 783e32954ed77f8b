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
from pathlib import Path
from typing import Any, get_args

from graphmem.answers import Card
from graphmem.model import Operation, Point

_OPERATIONS = get_args(Operation)
_SECOND_WORD = re.compile("(?<=[a-z])([A-Z])")


def document(value: object) -> Any:  # noqa: ANN401 - JSON is free-form
    """A value as `json` writes it."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): document(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [document(one) for one in value]
    return _record(value)


def _record(value: object) -> dict[str, Any]:
    if isinstance(value, Point):
        return {"as_of": document(value.valid), "known_at": value.seq}
    if isinstance(value, Card):
        return _card(value)
    named = {"operation": verb_of(type(value))} if isinstance(value, _OPERATIONS) else {}
    return {**named, **_fields(value)}


def _card(card: Card) -> dict[str, Any]:
    """A card with its memory's fields beside its own."""
    said = _fields(card.memory.statement)
    shown = _fields(card)
    del shown["memory"]
    return {"id": card.id, "title": said.pop("title"), **shown, **said, "scope": document(card.memory.scope)}


def _fields(value: object) -> dict[str, Any]:
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{value!r} has no JSON form")
    return {spec.name: document(getattr(value, spec.name)) for spec in fields(value)}


def verb_of(operation: type) -> str:
    """The word of an operation: `open_branch` of `OpenBranch`."""
    return _SECOND_WORD.sub(r"_\1", operation.__name__).lower()


def as_json(value: object) -> str:
    """One JSON document, pure ASCII, so that any pipe can carry it."""
    return json.dumps(document(value), indent=2)

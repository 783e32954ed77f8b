"""Attributes of the graph as scalars and lists of texts: what exchange formats can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum

from graphmem.answers import Interval, Told

Flat = str | int | float | bool | datetime | list[str]


def flat(attributes: Mapping[str, object]) -> dict[str, Flat]:
    """Attributes without those that have no value; intervals and moves are texts, `2024-01-01T00:00:00Z/..`."""
    found = {name: _flat(value) for name, value in attributes.items() if value is not None}
    return {name: value for name, value in found.items() if value != []}


def instant_text(moment: datetime | None) -> str:
    """ISO 8601 in UTC; `..` for an open side."""
    return ".." if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _flat(value: object) -> Flat:
    match value:
        case bool() | int() | float() | datetime():
            return value
        case Enum():
            return str(value.value)
        case str():
            return value
        case Iterable():
            return [_item(one) for one in value]
    return str(value)


def _item(value: object) -> str:
    match value:
        case Interval(start, end):
            return f"{instant_text(start)}/{instant_text(end)}"
        case Told():
            return f"{instant_text(value.at)} {value.status.value} ({value.word})"
    return str(value)

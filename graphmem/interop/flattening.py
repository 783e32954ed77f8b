"""Converts node and edge attributes to scalars and lists of strings for exchange formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum

from graphmem.answers import Interval, Told

Flat = str | int | float | bool | datetime | list[str]


def flat(attributes: Mapping[str, object]) -> dict[str, Flat]:
    """Drop empty attributes and convert the others; intervals and moves become strings, `2024-01-01T00:00:00Z/..`."""
    converted = {name: _flat(value) for name, value in attributes.items() if value is not None}
    return {name: value for name, value in converted.items() if value != []}


def instant_text(moment: datetime | None) -> str:
    """Return ISO 8601 in UTC; `..` for an open end."""
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
            return [_item(element) for element in value]
    return str(value)


def _item(value: object) -> str:
    match value:
        case Interval(start, end):
            return f"{instant_text(start)}/{instant_text(end)}"
        case Told():
            return f"{instant_text(value.at)} {value.status.value} ({value.word})"
    return str(value)

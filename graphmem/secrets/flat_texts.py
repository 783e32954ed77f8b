"""The texts of a value without their places, for a quick look at values that have no secret."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, cast

from graphmem.model import ReadMainline, Statement

#: Joins title and body, since a secret of several lines can begin in the title and end in the body.
JOINT = "\n"
#: The fields of a statement that are searched as one text.
JOINED = frozenset({"title", "body"})
#: Packed rows are no text: file names, tags and hashes as git has them, compressed.
_PACKED = {(ReadMainline, "content"), (ReadMainline, "authors")}
#: Classes of values that have no text.
_WITHOUT_TEXT = (Enum, int, float, date, timedelta, type(None))


class OpaqueValue(Exception):
    """A value is of a class that the quick look does not know."""


def flat_texts(value: object) -> list[str]:
    """Return all texts of a value in any order: title and body of a statement as one, the names of scopes included.

    Args:
        value: A text, a dataclass, a list, a tuple or a mapping, nested as may be.

    Raises:
        OpaqueValue: It holds a value of another class.
    """
    texts: list[str] = []
    values: list[Any] = [value]
    while values:
        part = values.pop()
        kind = type(part)
        if kind is str:
            texts.append(part)
        elif kind is tuple or kind is list:
            values.extend(part)
        elif (parts := _parts_of[kind]) is not None:
            values.extend(parts(part))
    return texts


@cache
def names_of_texts(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a dataclass
    """Return the fields of a dataclass that can hold a text."""
    plain = {"int", "float", "bool", "datetime", "datetime | None", "int | None"}
    return tuple(
        spec.name
        for spec in fields(kind)
        if spec.init and (kind, spec.name) not in _PACKED and str(spec.type) not in plain
    )


def joined_words(statement: Statement) -> str:
    """Return title and body of a statement as the text that is searched."""
    return f"{statement.title}{JOINT}{statement.body}" if statement.body else statement.title


class _PartsByClass(dict[type, "Callable[[Any], Iterable[object]] | None"]):
    """Functions that return the parts of a value, by its class; None for classes without texts."""

    def __missing__(self, kind: type) -> Callable[[Any], Iterable[object]] | None:
        self[kind] = parts = _parts_function(kind)
        return parts


_parts_of = _PartsByClass()


def _parts_function(kind: type) -> Callable[[Any], Iterable[object]] | None:
    if issubclass(kind, _WITHOUT_TEXT):
        return None
    if issubclass(kind, str):
        return lambda text: (str(text),)
    if issubclass(kind, tuple | list):
        return iter
    if issubclass(kind, dict):
        return lambda mapping: (*mapping.keys(), *mapping.values())
    if not is_dataclass(kind):
        return _refuse
    names = names_of_texts(cast("Hashable", kind))
    if not issubclass(kind, Statement):
        return _values(names)
    others = _values(tuple(name for name in names if name not in JOINED))
    return lambda statement: (joined_words(statement), *others(statement))


def _values(names: tuple[str, ...]) -> Callable[[Any], Iterable[object]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: [getattr(record, name) for name in names]


def _refuse(value: object) -> Iterable[object]:
    raise OpaqueValue(type(value).__name__)

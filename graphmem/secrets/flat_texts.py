"""The texts of a value without their places, for a quick look at values that have no secret."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import field, fields, is_dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cache
from typing import Any, cast

from graphmem.deferred_dataclass import dataclass, values_of
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


class CleanStatements:
    """Statements without secrets; an instance knows them by identity and keeps them alive."""

    def __init__(self) -> None:
        self._by_id: dict[int, Statement] = {}

    def __contains__(self, statement: Statement) -> bool:
        return self._by_id.get(id(statement)) is statement

    def add(self, statements: Iterable[Statement]) -> None:
        """Add statements that were searched."""
        self._by_id.update((id(statement), statement) for statement in statements)


@dataclass(slots=True)
class FlatTexts:
    """The texts of a value, in any order, and the statements in it."""

    texts: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)


def flat_texts(value: object, known: CleanStatements) -> FlatTexts:
    """Return all texts of a value: title and body of a statement as one, the names of scopes included.

    Args:
        value: A text, a dataclass, a list, a tuple or a mapping, nested as may be.
        known: Statements whose texts are left out.

    Raises:
        OpaqueValue: It holds a value of another class.
    """
    found = FlatTexts()
    texts = found.texts
    values: list[Any] = [value]
    while values:
        part = values.pop()
        kind = type(part)
        if kind is str:
            texts.append(part)
        elif kind is tuple or kind is list:
            values.extend(part)
        elif kind is Statement:
            if part not in known:
                found.statements.append(part)
                values.extend(_parts_of_statement(part))
        elif (parts := _parts_of[kind]) is not None:
            values.extend(parts(part))
    return found


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
    return _parts_of_statement if issubclass(kind, Statement) else values_of(names_of_texts(cast("Hashable", kind)))


def _parts_of_statement(statement: Statement) -> Iterable[object]:
    return (joined_words(statement), *_other_parts()(statement))


@cache
def _other_parts() -> Callable[[Any], Iterable[object]]:
    return values_of(tuple(name for name in names_of_texts(cast("Hashable", Statement)) if name not in JOINED))


def _refuse(value: object) -> Iterable[object]:
    raise OpaqueValue(type(value).__name__)

"""Checks that values decoded from JSON have the types that their dataclasses declare."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

_MOST = 1 << 63


def mistyped(value: object) -> str | None:
    """Return "name is value" for the first field, at any depth, whose value does not have its declared type; else None.

    Whole numbers must fit into 64 bits, and strings must be encodable as UTF-8.
    """
    for name, expected in _declared(type(value)):  # type: ignore[arg-type] # a type is hashable
        held = getattr(value, name)
        if not _is_of(held, expected):
            parts = held if isinstance(held, tuple) else (held,)
            inner = next((fault for part in parts if is_dataclass(part) and (fault := mistyped(part))), None)
            return f"{name}.{inner}" if inner else f"{name} is {held!r:.80}"
    return None


@cache
def _declared(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))


def _is_of(value: Any, expected: Any) -> bool:  # noqa: ANN401 - any value, and a return for each sort of type
    if expected is str:
        return type(value) is str and _is_encodable(value)
    if expected is int:
        return type(value) is int and -_MOST <= value < _MOST
    if expected is float:
        return type(value) in (float, int, bool)  # as a confidence, True is 1.0
    origin = get_origin(expected)
    if origin in (UnionType, Union):
        return any(_is_of(value, item) for item in get_args(expected))
    if origin is tuple:
        return isinstance(value, tuple) and all(_is_of(item, get_args(expected)[0]) for item in value)
    if not isinstance(value, expected):
        return False
    return expected in (bool, NoneType) or issubclass(expected, Enum) or not is_dataclass(value) or not mistyped(value)


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

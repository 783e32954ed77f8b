"""Dataclasses as canonical JSON, derived from their fields: sorted keys, no blanks, defaults left out.

Each field has its name as key; an enumeration is its word, a time its microseconds since 1970. A new field with a
default changes no text that was written before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from json.encoder import encode_basestring
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from graphmem.instants import from_micros, to_micros
from graphmem.model import Anchor, Provenance, Scope

T = TypeVar("T")
Write = Callable[[Any], str]
Read = Callable[[Any], Any]

#: A value of plain types as canonical JSON, and a text as a JSON string.
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
json_text = encode_basestring

#: Classes of which few values are met again and again: their texts, and their values by their text, are kept.
_KEPT = (Anchor, Provenance, Scope)
_MOST_KEPT = 4_096


class Codec:
    """Writes and reads dataclasses.

    Args:
        words: Word to class, for fields that take values of several classes: the word is written under `do`.
    """

    def __init__(self, words: Mapping[str, type]) -> None:
        self._words = words
        self._word_of = {kind: word for word, kind in words.items()}
        self._fields: Callable[[Any], list[tuple[str, object, Write]]] = cache(self._fields_of)
        self._readers: Callable[[Any], Read] = cache(self._reader_of)
        #: As `text`, of a value of one of the classes whose texts are kept.
        self.kept_text: Write = lru_cache(_MOST_KEPT)(self._plain_text)

    def text(self, value: object, *more: str) -> str:
        """Canonical JSON of a value, with more members (`"key":value`) beside its fields."""
        return self.kept_text(value) if type(value) in _KEPT and not more else self._plain_text(value, *more)

    def read(self, kind: type[T], raw: Any) -> T:  # noqa: ANN401 - JSON is free-form
        """The value in parsed JSON, which is used up.

        Raises:
            KeyError: A word is none of an enumeration.
            TypeError: A field is missing, unknown or of another sort.
        """
        found: T = self._readers(kind)(raw)
        return found

    # ---- writing

    def _plain_text(self, value: object, *more: str) -> str:
        parts = [
            f'"{name}":{write(held)}'
            for name, default, write in self._fields(type(value))
            if (held := getattr(value, name)) is not default and held != default
        ]
        if more:
            parts = sorted([*parts, *more])  # as their keys: a quote sorts before all that a name may go on with
        return f"{{{','.join(parts)}}}"

    def _fields_of(self, kind: Any) -> list[tuple[str, object, Write]]:  # noqa: ANN401 - a dataclass
        """(name, default, writer) of each field, by the alphabet."""
        hints = get_type_hints(kind)
        return sorted((field.name, field.default, self._writer(hints[field.name])) for field in fields(kind))

    def _writer(self, hint: object) -> Write:
        kind, is_many = _kind_of(hint)
        write: Write = canonical
        if kind is None:
            write = self._tagged
        elif kind is datetime:
            write = _time_text
        elif is_dataclass(kind):
            write = self.text
        if is_many:
            return lambda values: f"[{','.join([write(value) for value in values])}]"
        return write if write is canonical else lambda value: "null" if value is None else write(value)

    def _tagged(self, value: object) -> str:
        return self.text(value, f'"do":{json_text(self._word_of[type(value)])}')

    # ---- reading

    def _reader_of(self, kind: type) -> Read:
        hints = get_type_hints(kind)
        reads = [
            (name, read, NoneType in get_args(hint))
            for name, hint in hints.items()
            if (read := self._read_of(hint)) is not None
        ]

        def read_value(raw: dict[str, Any]) -> object:
            for name, read, may_be_none in reads:
                if name in raw and ((held := raw[name]) is not None or not may_be_none):
                    raw[name] = read(held)
            return kind(**raw)

        return _keeping(read_value) if kind in _KEPT else read_value

    def _read_of(self, hint: object) -> Read | None:
        kind, is_many = _kind_of(hint)
        read: Read | None = None
        if kind is None:
            read = self._read_tagged
        elif kind is datetime:
            read = from_micros
        elif issubclass(kind, StrEnum):
            read = {word.value: word for word in kind}.__getitem__
        elif is_dataclass(kind):
            read = self._readers(kind)
        if is_many:
            return tuple if read is None else (lambda values: tuple([read(value) for value in values]))
        return read

    def _read_tagged(self, raw: dict[str, Any]) -> object:
        return self.read(self._words[raw.pop("do")], raw)


def _time_text(moment: datetime) -> str:
    return str(to_micros(moment))


def _keeping(read: Read) -> Read:
    """The same reader, which returns the same value for the same plain JSON."""
    known = lru_cache(_MOST_KEPT)(lambda items: read(dict(items)))

    def read_or_known(raw: dict[str, Any]) -> object:
        try:
            return known(tuple(raw.items()))
        except TypeError:  # a list has no hash
            return read(raw)

    return read_or_known


def _kind_of(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any type of a field
    """The class that a field takes (None: one of several, told apart by words), and whether it takes many of it."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return (None, False) if len(kinds) > 1 else _kind_of(kinds[0])
    return (get_args(hint)[0], True) if get_origin(hint) is tuple else (hint, False)

"""Dataclasses as canonical JSON, derived from their fields: sorted keys, no blanks, no default values.

Keys are field names; an enumeration member is its value, a time its microseconds since 1970. A new field with a
default leaves earlier texts unchanged.
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

#: Classes with few distinct values, which recur often: their texts and their parsed values are cached.
_CACHED = (Anchor, Provenance, Scope)
_CACHE_SIZE = 4_096


class Codec:
    """Writes and reads dataclasses.

    Args:
        words: Names of classes, for fields that take several classes; the name is written under the key `do`.
    """

    def __init__(self, words: Mapping[str, type]) -> None:
        self._words = words
        self._word_of = {kind: word for word, kind in words.items()}
        self._fields: Callable[[Any], list[tuple[str, object, Write]]] = cache(self._fields_of)
        self._readers: Callable[[Any], Read] = cache(self._reader_of)
        #: `text` with a cache, for values of `_CACHED`.
        self.kept_text: Write = lru_cache(_CACHE_SIZE)(self._plain_text)

    def text(self, value: object, *more: str) -> str:
        """Canonical JSON of a value, with additional members (`"key":value`)."""
        return self.kept_text(value) if type(value) in _CACHED and not more else self._plain_text(value, *more)

    def read(self, kind: type[T], raw: Any) -> T:  # noqa: ANN401 - JSON is free-form
        """The value in parsed JSON; `raw` is modified.

        Raises:
            KeyError: A text is not a member of its enumeration.
            TypeError: A field is missing, unknown or of another type.
        """
        value: T = self._readers(kind)(raw)
        return value

    # ---- writing

    def _plain_text(self, value: object, *more: str) -> str:
        parts = [
            f'"{name}":{write(held)}'
            for name, default, write in self._fields(type(value))
            if (held := getattr(value, name)) is not default and held != default
        ]
        if more:
            parts = sorted([*parts, *more])  # sorts by key: a quote sorts before every letter of a longer name
        return f"{{{','.join(parts)}}}"

    def _fields_of(self, kind: Any) -> list[tuple[str, object, Write]]:  # noqa: ANN401 - a dataclass
        """(name, default, writer) of each field, sorted by name."""
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

        return _with_cache(read_value) if kind in _CACHED else read_value

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


def _with_cache(read: Read) -> Read:
    """Cache a reader: equal JSON objects without lists give the same value."""
    cached = lru_cache(_CACHE_SIZE)(lambda items: read(dict(items)))

    def read_cached(raw: dict[str, Any]) -> object:
        try:
            return cached(tuple(raw.items()))
        except TypeError:  # a list has no hash
            return read(raw)

    return read_cached


def _kind_of(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any type of a field
    """The class of a field's values (None if there are several), and True if the field is a tuple of them."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return (None, False) if len(kinds) > 1 else _kind_of(kinds[0])
    return (get_args(hint)[0], True) if get_origin(hint) is tuple else (hint, False)

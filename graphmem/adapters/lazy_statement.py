"""Statements that decode their stored JSON on first use of a field that the row's columns do not hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from graphmem.deferred_dataclass import field_names
from graphmem.errors import CorruptStore, GraphMemError
from graphmem.model import Kind, Origin, Statement
from graphmem.statement_json import decode_statement, encode_statement

_FIELDS: tuple[str, ...] = field_names(Statement)
_values: Callable[[Statement], tuple[Any, ...]] = attrgetter(*_FIELDS)
_KINDS: dict[str, Kind] = {member.value: member for member in Kind}
_ORIGINS: dict[str, Origin] = {member.value: member for member in Origin}
_set = object.__setattr__
_decoder = json.JSONDecoder()

#: Keys are sorted, so `title` is last; inside a string its quotes would be escaped.
_TITLE = '"title":'
#: For the same reason `aliases` are first; a statement without any lacks the key.
_ALIASES = '{"aliases":'
#: The same holds here; planning reads this field of every superseded memory.
_MANDATORY = '"is_mandatory":true'


class UnreadStatement(Statement):
    """A statement that holds only its stored JSON at first; equal to a `Statement` with the same fields."""

    __slots__ = ("_memory", "_text")
    _memory: str
    _text: str

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
        """Decode the title or the whole text when a field is first read."""
        if name not in _FIELDS:
            raise AttributeError(name)
        text = self._text
        try:
            if name == "title" and (at := text.rfind(_TITLE)) > 0:
                _set(self, "title", _read_text(text[at + len(_TITLE) : -1]))
            elif name == "aliases" and text[:1] == "{" and text[-1:] == "}":
                _set(self, "aliases", _leading_texts(text) if text.startswith(_ALIASES) else ())
            elif name == "is_mandatory" and text[:1] == "{" and text[-1:] == "}":
                _set(self, "is_mandatory", _MANDATORY in text)
            elif text:
                self._read(decode_statement(text))
        except (ValueError, KeyError, TypeError) as exc:
            raise _unreadable(self._memory, exc) from exc
        # Without a text, another thread has set the field in the meantime.
        return object.__getattribute__(self, name)

    def _read(self, statement: Statement) -> None:
        for name, value in zip(_FIELDS, _values(statement), strict=True):
            _set(self, name, value)
        _set(self, "_text", "")

    def __eq__(self, value: object) -> bool:
        return isinstance(value, Statement) and _values(self) == _values(value)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        return f"Statement({', '.join(f'{name}={getattr(self, name)!r}' for name in _FIELDS)})"

    def __reduce__(self) -> tuple[Callable[[str], Statement], tuple[str]]:
        return decode_statement, (encode_statement(self),)


def unread(memory: str, kind: str, origin: str, confidence: float, subject: str | None, text: str) -> UnreadStatement:
    """Return the statement of a memory from the columns of its row.

    Raises:
        CorruptStore: A column has a value that graphmem never writes.
    """
    statement = object.__new__(UnreadStatement)
    try:
        _set(statement, "kind", _KINDS[kind])
        _set(statement, "origin", _ORIGINS[origin])
    except KeyError as exc:
        raise _unreadable(memory, exc) from exc
    _set(statement, "confidence", confidence)
    _set(statement, "subject", subject)
    _set(statement, "_memory", memory)
    _set(statement, "_text", text)
    return statement


def readable_statement(text: str) -> Statement | None:
    """Decode a stored statement; returns None if it is damaged."""
    try:
        return decode_statement(text)
    except (ValueError, KeyError, TypeError, AttributeError, GraphMemError):
        return None


def _read_text(encoded: str) -> str:
    """Decode a JSON string; without escapes in a tenth of the time of `json.loads`."""
    plain = encoded[1:-1]
    if '"' in plain or "\\" in plain or encoded != f'"{plain}"':
        return str(json.loads(encoded))
    return plain


def _leading_texts(text: str) -> tuple[str, ...]:
    """Decode the list of strings that is the first value of a JSON object."""
    texts, _ = _decoder.raw_decode(text, len(_ALIASES))
    return tuple(map(str, texts))


def _unreadable(memory: str, why: Exception) -> CorruptStore:
    return CorruptStore(f"memory {memory!r} cannot be read ({why}); run `graphmem check`")

"""Statements as stores keep them, decoded only when more is asked of them than is kept beside their text."""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from graphmem.errors import CorruptStore, GraphMemError
from graphmem.model import Kind, Origin, Statement
from graphmem.statement_json import decode_statement, encode_statement

_FIELDS: tuple[str, ...] = tuple(Statement.__dataclass_fields__)
_values: Callable[[Statement], tuple[Any, ...]] = attrgetter(*_FIELDS)
_KINDS: dict[str, Kind] = {one.value: one for one in Kind}
_ORIGINS: dict[str, Origin] = {one.value: one for one in Origin}
_set = object.__setattr__

#: Keys are sorted, so this one comes last; within a text, its quotes would be escaped.
_TITLE = '"title":'
#: So would the quotes of this one; it is asked of every memory that is superseded.
_MANDATORY = '"is_mandatory":true'


class UnreadStatement(Statement):
    """A statement of which its text alone is there at first; equal to a `Statement` that says the same."""

    __slots__ = ("_memory", "_text")
    _memory: str
    _text: str

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
        """Called for fields that are not there yet: decode the title, or everything."""
        if name not in _FIELDS:
            raise AttributeError(name)
        text = self._text
        try:
            if name == "title" and (at := text.rfind(_TITLE)) > 0:
                _set(self, "title", _read_text(text[at + len(_TITLE) : -1]))
            elif name == "is_mandatory" and text[:1] == "{" and text[-1:] == "}":
                _set(self, "is_mandatory", _MANDATORY in text)
            elif text:
                self._read(decode_statement(text))
        except (ValueError, KeyError, TypeError) as exc:
            raise _unreadable(self._memory, exc) from exc
        # If there was no text left, another thread has set the field since it was found missing.
        return object.__getattribute__(self, name)

    def _read(self, statement: Statement) -> None:
        for name, value in zip(_FIELDS, _values(statement), strict=True):
            _set(self, name, value)
        _set(self, "_text", "")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statement) and _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        return f"Statement({', '.join(f'{name}={getattr(self, name)!r}' for name in _FIELDS)})"

    def __reduce__(self) -> tuple[Callable[[str], Statement], tuple[str]]:
        return decode_statement, (encode_statement(self),)


def unread(memory: str, kind: str, origin: str, confidence: float, subject: str | None, text: str) -> UnreadStatement:
    """The statement of a memory, from the columns of its row.

    Raises:
        CorruptStore: The columns hold what graphmem never writes.
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
    """The statement in a stored text; None if the text is damaged."""
    try:
        return decode_statement(text)
    except (ValueError, KeyError, TypeError, AttributeError, GraphMemError):
        return None


def _read_text(said: str) -> str:
    """As `json.loads` of a string, in a tenth of the time where nothing is escaped."""
    plain = said[1:-1]
    if '"' in plain or "\\" in plain or said != f'"{plain}"':
        return str(json.loads(said))
    return plain


def _unreadable(memory: str, why: Exception) -> CorruptStore:
    return CorruptStore(f"memory {memory!r} cannot be read ({why}); run `graphmem check`")

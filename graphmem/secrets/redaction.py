"""Redacts values: searches each text of a value, and replaces the secrets in it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from graphmem.deferred_dataclass import replace
from graphmem.model import Scope, Statement
from graphmem.redactions import Redaction
from graphmem.secrets.flat_texts import (
    JOINED,
    JOINT,
    CleanStatements,
    OpaqueValue,
    flat_texts,
    joined_words,
    names_of_texts,
)
from graphmem.secrets.scanner import LEAST_CHARS, Scanner, SecretFinding

_Value = TypeVar("_Value")

_MARK = re.compile(r"\[redacted(?:: [\w.-]{1,80})?\]")
#: Texts of at most this length get the mark with the name of the rule even if it is longer than the secret.
_SHORT_TEXT = 500
_BARE_MARK = "[redacted]"
_ROUNDS = 3
#: The characters of texts without secrets that are remembered, and of the longest of them.
_MOST_REMEMBERED = 8_000_000
_LONGEST_REMEMBERED = 2_000
#: Texts of at most this length are searched for keywords together, so many of their characters at once.
_SHORT_KEYWORD_TEXT = 100
_CHARS_AT_ONCE = 1_000
_NO_STATEMENTS = CleanStatements()


class Redactor:
    """Replaces the secrets in values.

    Args:
        scanner: Finds them; None for a scanner with all rules, made on first need.
    """

    def __init__(self, scanner: Scanner | None = None) -> None:
        self._own_scanner = scanner
        self._clean: dict[str, None] = {}
        self._clean_chars = 0

    def is_clean(
        self, value: object, known: CleanStatements = _NO_STATEMENTS, found: CleanStatements | None = None
    ) -> bool:
        """Return True if no text of a value has a secret, not even a name in a scope.

        Args:
            value: As in `value`. False if it holds a value of another class, since its texts are not known.
            known: Statements that need no search.
            found: The statements of a clean value are added to these.
        """
        try:
            flat = flat_texts(value, known)
        except OpaqueValue:
            return False
        new_texts = [text for text in set(flat.texts).difference(self._clean) if len(text) >= LEAST_CHARS]
        if any(self.text(text)[1] for text in self._with_keywords(new_texts)):
            return False
        if found is not None:
            found.add(flat.statements)
        return True

    def text(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return a text without its secrets, and the name of the rule of each."""
        if text in self._clean:
            return text, ()
        rules: list[str] = []
        redacted = text
        for _ in range(_ROUNDS):
            findings = self._secrets(redacted)
            if not findings:
                break
            rules += [finding.rule for finding in findings]
            redacted = _replaced(redacted, findings)
        if not rules:
            self._remember(text)
        return redacted, tuple(rules)

    def value(self, value: _Value, location: str = "") -> tuple[_Value, tuple[Redaction, ...]]:
        """Return a value without its secrets, and the list of replacements; the same value if there is none.

        Args:
            value: A text, a dataclass, a list, a tuple or a mapping, nested as may be. Scopes stay as they are: see
                `in_scopes`.
            location: The name of the value; fields and positions are added to it.
        """
        if self.is_clean(value):
            return value, ()
        walk = _ValueRedaction(self)
        return walk.value(value, location), tuple(walk.redactions)

    @property
    def _scanner(self) -> Scanner:
        if self._own_scanner is None:
            self._own_scanner = Scanner()
        return self._own_scanner

    def _with_keywords(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield the texts that may have a secret, and remember the others; short texts are searched together."""
        together: list[str] = []
        chars = 0
        for text in texts:
            if len(text) > _SHORT_KEYWORD_TEXT:
                yield from self._if_keyword([text])
                continue
            together.append(text)
            chars += len(text)
            if chars >= _CHARS_AT_ONCE:
                yield from self._if_keyword(together)
                together, chars = [], 0
        yield from self._if_keyword(together)

    def _if_keyword(self, texts: list[str]) -> list[str]:
        """Return all of the texts if any of them may have a secret; else remember them."""
        if not texts or self._scanner.has_keyword("\n".join(texts) if len(texts) > 1 else texts[0]):
            return texts
        for text in texts:
            self._remember(text)
        return []

    def _secrets(self, text: str) -> list[SecretFinding]:
        findings = self._scanner.find(text)
        marks = [match.span() for match in _MARK.finditer(text)] if findings else []
        return [each for each in findings if not any(start <= each.start < end for start, end in marks)]

    def _remember(self, text: str) -> None:
        if len(text) > _LONGEST_REMEMBERED:
            return
        if self._clean_chars >= _MOST_REMEMBERED:
            self._clean, self._clean_chars = {}, 0
        self._clean[text] = None
        self._clean_chars += len(text)


@cache
def redactor() -> Redactor:
    """Return the redactor of this process, with all rules."""
    return Redactor()


def without_secrets(text: str) -> str:
    """Return a text for people or for a log without its secrets."""
    return redactor().text(text)[0]


class _ValueRedaction:
    """A walk through a value; `redactions` lists the replacements so far."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.redactions: list[Redaction] = []

    def value(self, value: Any, location: str) -> Any:  # noqa: ANN401 - any value
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self._text(value, location)
        if isinstance(value, tuple | list):
            return self._sequence(value, location)
        if isinstance(value, dict):
            return {
                self.value(key, location): self.value(entry, _inside(location, str(key)))
                for key, entry in value.items()
            }
        if is_dataclass(value) and not isinstance(value, type | Scope):
            return self._record(value, location)
        return value

    def _text(self, text: str, location: str) -> str:
        redacted, rules = self._redactor.text(text)
        if not rules:
            return text
        self.redactions += [Redaction(rule, location) for rule in rules]
        return type(text)(redacted)

    def _sequence(self, values: Any, location: str) -> Any:  # noqa: ANN401 - a tuple or list
        if not values:
            return values
        walked = [self.value(entry, f"{location}[{index}]") for index, entry in enumerate(values)]
        if all(new is old for new, old in zip(walked, values, strict=True)):
            return values
        return values._make(walked) if hasattr(values, "_make") else type(values)(walked)

    def _record(self, record: Any, location: str) -> Any:  # noqa: ANN401 - a dataclass
        is_statement = isinstance(record, Statement)
        changes = dict(self._words(record, location)) if is_statement else {}
        for name in names_of_texts(cast("Hashable", type(record))):
            old = getattr(record, name)
            if old is None or (is_statement and name in JOINED):
                continue
            new = self.value(old, _inside(location, name))
            if new is not old:
                changes[name] = new
        return replace(record, **changes) if changes else record

    def _words(self, statement: Statement, location: str) -> Iterator[tuple[str, str]]:
        """Yield title and body if a secret is in either of them, or across both."""
        redacted, rules = self._redactor.text(joined_words(statement))
        if not rules:
            return
        title, separator, body = redacted.partition(JOINT)
        in_title = _MARK.findall(title) if title != statement.title else []
        where = [_inside(location, "title")] * len(in_title) + [_inside(location, "body")] * len(rules)
        self.redactions += [Redaction(rule, named) for rule, named in zip(rules, where, strict=False)]
        yield "title", title
        yield "body", body if separator else ""


def _inside(location: str, name: str) -> str:
    return f"{location}.{name}" if location else name


def _replaced(text: str, findings: list[SecretFinding]) -> str:
    parts, done = [], 0
    for finding in findings:
        mark = f"[redacted: {finding.rule}]"
        if len(text) > _SHORT_TEXT and len(mark) > finding.end - finding.start:
            mark = _BARE_MARK
        parts += [text[done : finding.start], mark]
        done = finding.end
    return "".join([*parts, text[done:]])


def in_scopes(value: object) -> Iterator[Redaction]:
    """Yield the secrets in the scopes of a value, however deep; they name places and are not replaced."""
    if isinstance(value, Scope):
        for name in names_of_texts(cast("Hashable", Scope)):
            yield from redactor().value(getattr(value, name), name)[1]
    elif isinstance(value, tuple | list):
        for entry in value:
            yield from in_scopes(entry)
    elif is_dataclass(value) and not isinstance(value, type):
        for name in names_of_texts(cast("Hashable", type(value))):
            yield from in_scopes(getattr(value, name))

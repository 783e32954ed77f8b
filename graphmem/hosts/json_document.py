"""The positions of members and items in a text of JSON with comments and trailing commas (JSONC)."""

from __future__ import annotations

import json
import re
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass

_MAX_DEPTH = 100
_BLANKS = " \t\r\n"
_SCALAR = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')


class NotJson(ValueError):
    """The text is not JSON with comments; the message says where and why."""


class NodeKind(StrEnum):
    """The form of a value."""

    OBJECT = "object"
    ARRAY = "array"
    SCALAR = "scalar"


@dataclass(frozen=True, slots=True)
class Child:
    """A member of an object, or an item of an array.

    Attributes:
        key: The key of a member; None for an item.
        start: The position of the key or item.
        node: The value.
        comma: The position of the comma behind it; None without one.
    """

    key: str | None
    start: int
    node: JsonNode
    comma: int | None


@dataclass(frozen=True, slots=True)
class JsonNode:
    """A value with its position, `[start, end)`.

    Attributes:
        scalar: The value of a scalar; None for objects and arrays.
        children: Members or items, in order.
    """

    kind: NodeKind
    start: int
    end: int
    scalar: object = None
    children: tuple[Child, ...] = ()

    def member(self, key: str) -> Child | None:
        """Return the member with a key; None if there is none."""
        return next((child for child in self.children if child.key == key), None)

    def value(self) -> object:
        """Return the value as `json.loads` returns it."""
        if self.kind is NodeKind.OBJECT:
            return {child.key: child.node.value() for child in self.children}
        if self.kind is NodeKind.ARRAY:
            return [child.node.value() for child in self.children]
        return self.scalar


def parse(text: str) -> JsonNode:
    """Return the value of a text.

    Raises:
        NotJson: The text is not JSON, even with comments and trailing commas allowed; or an object has a key twice.
    """
    parser = _Parser(text)
    node = parser.value(parser.skipped(0), 0)
    end = parser.skipped(node.end)
    if end < len(text):
        raise parser.error(end, "unexpected text after the value")
    return node


class _Parser:
    """Reads a text; positions are character offsets."""

    def __init__(self, text: str) -> None:
        self.text = text

    def error(self, at: int, message: str) -> NotJson:
        """Return the error for a position."""
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        return NotJson(f"line {line}, column {column}: {message}")

    def skipped(self, at: int) -> int:
        """Return the position behind blanks and comments."""
        text = self.text
        while at < len(text):
            if text[at] in _BLANKS:
                at += 1
            elif text.startswith("//", at):
                end = text.find("\n", at)
                at = len(text) if end < 0 else end
            elif text.startswith("/*", at):
                end = text.find("*/", at + 2)
                if end < 0:
                    raise self.error(at, "comment without end")
                at = end + 2
            else:
                break
        return at

    def value(self, at: int, depth: int) -> JsonNode:
        if depth > _MAX_DEPTH:
            raise self.error(at, f"nested deeper than {_MAX_DEPTH} levels")
        sign = self.text[at : at + 1]
        if sign == "{":
            return self.container(at, depth, NodeKind.OBJECT, "}")
        if sign == "[":
            return self.container(at, depth, NodeKind.ARRAY, "]")
        match = (_STRING if sign == '"' else _SCALAR).match(self.text, at)
        if match is None:
            raise self.error(at, f"expected a value, found {sign!r}" if sign else "the text ends here")
        return JsonNode(NodeKind.SCALAR, at, match.end(), self.scalar(at, match[0]))

    def scalar(self, at: int, written: str) -> object:
        try:
            return json.loads(written)
        except ValueError as exc:
            raise self.error(at, f"{written[:40]!r} is no value of JSON") from exc

    def container(self, start: int, depth: int, kind: NodeKind, closing: str) -> JsonNode:
        children: list[Child] = []
        keys: set[str | None] = set()
        at, needs_comma = self.skipped(start + 1), False
        while not self.text.startswith(closing, at):
            if needs_comma:
                raise self.error(at, f"expected ',' or {closing!r}")
            child = self.child(at, depth, kind)
            if child.key is not None and child.key in keys:
                raise self.error(at, f"the key {child.key!r} occurs twice")
            keys.add(child.key)
            children.append(child)
            needs_comma = child.comma is None
            at = self.skipped(child.node.end if child.comma is None else child.comma + 1)
        return JsonNode(kind, start, at + 1, None, tuple(children))

    def child(self, at: int, depth: int, kind: NodeKind) -> Child:
        key, start = None, at
        if kind is NodeKind.OBJECT:
            match = _STRING.match(self.text, at)
            if match is None:
                raise self.error(at, "expected a key in double quotes")
            key = str(self.scalar(at, match[0]))
            colon = self.skipped(match.end())
            if not self.text.startswith(":", colon):
                raise self.error(colon, "expected ':'")
            at = self.skipped(colon + 1)
        node = self.value(at, depth + 1)
        comma = self.skipped(node.end)
        return Child(key, start, node, comma if self.text.startswith(",", comma) else None)

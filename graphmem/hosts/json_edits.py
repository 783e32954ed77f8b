"""Insertions into, and removals from, a text of JSON with comments; every other character stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from graphmem.deferred_dataclass import dataclass
from graphmem.hosts.json_document import Child, JsonNode, NodeKind, NotJson, parse

_DEFAULT_INDENT = "  "
_COMMENT = re.compile(r"[ \t]*(?://[^\n]*|/\*(?:(?!\*/)[^\n])*\*/)")


@dataclass(frozen=True, slots=True)
class Insertion:
    """Text that is inserted at a position."""

    at: int
    text: str


def apply(text: str, insertions: Sequence[Insertion]) -> str:
    """Return the text after insertions; each position refers to the text after the earlier insertions."""
    for insertion in insertions:
        text = text[: insertion.at] + insertion.text + text[insertion.at :]
    return text


def member_insertions(text: str, path: Sequence[str], value: object) -> list[Insertion]:
    """Return insertions that set the member at a path of keys; it must not exist. Missing objects are created.

    Args:
        text: JSON with comments whose root is an object, or only blanks and comments.
        path: Keys from the root.
        value: Any JSON value.

    Raises:
        NotJson: The text is not JSON, or a value on the path is no object.
    """
    return _inserted(text, path, value, is_item=False)


def item_insertions(text: str, path: Sequence[str], value: object) -> list[Insertion]:
    """Insertions that append an item to the array at a path of keys; missing objects and the array are created.

    Raises:
        NotJson: The text is not JSON, or a value on the path is of another form.
    """
    return _inserted(text, path, value, is_item=True)


def without(
    text: str, path: Sequence[str | int], *, is_removable: Callable[[Sequence[str | int]], bool] = lambda _: True
) -> str:
    """Return the text without the member or item at a path, and without the containers on the path that are then empty.

    Args:
        text: JSON with comments.
        path: Keys and numbers of items from the root; the member or item exists.
        is_removable: Whether a container that became empty may be removed, by its path.
    """
    nodes = _nodes(parse(text), path)
    container = nodes[-2]
    text = _cut(text, container, _index(container, path[-1]))
    parent = tuple(path[:-1])
    if parent and len(container.children) == 1 and is_removable(parent):
        return without(text, parent, is_removable=is_removable)
    return text


# ---- insertion


def _inserted(text: str, path: Sequence[str], value: object, *, is_item: bool) -> list[Insertion]:
    if not text.strip():
        inner = _nested(path, [value] if is_item else value)
        return [Insertion(0, json.dumps(inner, indent=_DEFAULT_INDENT, ensure_ascii=False) + "\n")]
    node = parse(text)
    for depth, key in enumerate(path):
        if node.kind is not NodeKind.OBJECT:
            raise NotJson(f"{'.'.join(path[:depth]) or 'the root'} is no object")
        child = node.member(key)
        if child is None:
            rest = _nested(path[depth + 1 :], [value] if is_item else value)
            return _Style(text).insertions(node, key, rest)
        node = child.node
    if not is_item:
        raise NotJson(f"{'.'.join(path)} exists already")
    if node.kind is not NodeKind.ARRAY:
        raise NotJson(f"{'.'.join(path)} is no array")
    return _Style(text).insertions(node, None, value)


def _nested(path: Sequence[str], value: object) -> object:
    for key in reversed(path):
        value = {key: value}
    return value


class _Style:
    """The way in which a text is written: line ends and indentation."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        indents = re.findall(r"\n([ \t]+)[\"{\[]", text)
        self.unit = (
            "\t" if indents and indents[0].startswith("\t") else (min(indents, key=len, default=_DEFAULT_INDENT))
        )

    def insertions(self, container: JsonNode, key: str | None, value: object) -> list[Insertion]:
        """Insertions that add a child at the end of a container."""
        last = container.children[-1] if container.children else None
        if last is None:
            return [self.first_child(container, key, value)]
        if "\n" not in self.text[container.start : container.end]:
            return self.inline(last, key, value)
        indent = self.indent_of(last.start)
        if indent is None:
            indent = self.base(container) + self.unit
        child = self.newline + indent + self.written(key, value, indent)
        if last.comma is not None:
            return [Insertion(self.line_end(last.comma + 1), child + ",")]
        return [Insertion(last.node.end, ","), Insertion(self.line_end(last.node.end) + 1, child)]

    def first_child(self, container: JsonNode, key: str | None, value: object) -> Insertion:
        base = self.base(container)
        indent = base + self.unit
        at = self.comments_end(container)
        child = self.newline + indent + self.written(key, value, indent)
        rest = self.text[at : container.end - 1]
        return Insertion(at, child if "\n" in rest else child + self.newline + base)

    def inline(self, last: Child, key: str | None, value: object) -> list[Insertion]:
        name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
        child = f" {name}{json.dumps(value, ensure_ascii=False)}"
        if last.comma is not None:
            return [Insertion(last.comma + 1, child + ",")]
        return [Insertion(last.node.end, "," + child)]

    def written(self, key: str | None, value: object, indent: str) -> str:
        text = json.dumps(value, indent=self.unit, ensure_ascii=False).replace("\n", self.newline + indent)
        return text if key is None else f"{json.dumps(key, ensure_ascii=False)}: {text}"

    def base(self, container: JsonNode) -> str:
        """Return the indentation of the line on which a container ends or, if that line begins with more, starts."""
        closing = self.indent_of(container.end - 1)
        if closing is not None:
            return closing
        line = self.text.rfind("\n", 0, container.start) + 1
        start = self.text[line : container.start]
        return start[: len(start) - len(start.lstrip(" \t"))]

    def indent_of(self, at: int) -> str | None:
        """Return the blanks before a position if nothing else is before it on its line."""
        before = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return before if not before.strip(" \t") else None

    def line_end(self, at: int) -> int:
        """Return the position behind comments that follow on the same line."""
        while (match := _COMMENT.match(self.text, at)) is not None:
            at = match.end()
        return at - 1 if self.text[at - 1 : at] == "\r" else at

    def comments_end(self, container: JsonNode) -> int:
        """Return the position behind the last comment in an empty container."""
        inner = self.text[container.start + 1 : container.end - 1]
        return container.start + 1 + len(inner.rstrip())


# ---- removal


def _nodes(node: JsonNode, path: Sequence[str | int]) -> list[JsonNode]:
    nodes = [node]
    for step in path:
        node = node.children[_index(node, step)].node
        nodes.append(node)
    return nodes


def _index(node: JsonNode, step: str | int) -> int:
    if isinstance(step, int):
        return step
    return next(number for number, child in enumerate(node.children) if child.key == step)


def _cut(text: str, container: JsonNode, index: int) -> str:
    """Return the text without a child, its comma, and the blanks before it."""
    own = container.children[index]
    previous = container.children[index - 1] if index else None
    following = container.children[index + 1] if index + 1 < len(container.children) else None
    end = own.node.end if own.comma is None else own.comma + 1
    before = text[: own.start].rstrip(" \t\r\n")
    if previous is None and following is not None and "\n" not in text[container.start : own.start]:
        return text[: own.start] + text[following.start :]
    if previous is None and following is None:
        rest = text[end : container.end - 1]
        return (
            before
            + (rest.lstrip(" \t\r\n") if not rest.strip() and before.endswith(("{", "[")) else rest)
            + text[container.end - 1 :]
        )
    if own.comma is None and previous is not None and previous.comma is not None:
        kept = text[previous.comma + 1 : len(before)]
        return text[: previous.comma] + kept + text[end:]
    return before + text[end:]

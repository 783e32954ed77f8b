"""ESLint settings in JavaScript: literals are read with tree-sitter, nothing is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from graphmem.sources.bans.ban import texts
from graphmem.sources.bans.eslint_bans import RULES, UNKNOWN, ConfigBlock, Unknown, rule_blocks
from graphmem.symbols.grammars import loaded_grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_MOST_NODES = 200_000
_MAX_DEPTH = 60
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": None}


def script_blocks(text: str) -> tuple[list[ConfigBlock], list[str]]:
    """Return the blocks that ban imports, and patterns of ignored files, of settings in JavaScript or TypeScript.

    Args:
        text: The content of an `eslint.config.js` or `.eslintrc.js`. Values may be constants that the file declares;
            computed or imported values are unknown.
    """
    root = _parser().parse(text.encode("utf-8", "replace")).root_node
    literals = _Literals(_declared(root))
    blocks: list[ConfigBlock] = []
    ignored: list[str] = []
    for node in _objects(root):
        fields = literals.object_of(node, 0)
        rules = fields.get("rules")
        if isinstance(rules, Mapping) and any(rule in rules for rule in RULES):
            files, ignores = fields.get("files"), fields.get("ignores", fields.get("excludedFiles"))
            found = rule_blocks(rules, tuple(texts(files)), tuple(texts(ignores)))
            blocks += (replace(block, has_known_files=not _has_unknown(files)) for block in found)
        elif set(fields) == {"ignores"}:
            ignored += texts(fields["ignores"])
        ignored += texts(fields.get("ignorePatterns"))
    return blocks, ignored


def script_extends(text: str) -> list[str]:
    """Return the names of settings that an `.eslintrc.js` extends; without overrides and computed names.

    Args:
        text: The content of the file.
    """
    root = _parser().parse(text.encode("utf-8", "replace")).root_node
    literals = _Literals(_declared(root))
    for node in _objects(root):
        names = texts(literals.object_of(node, 0).get("extends"))
        if names:
            return names
    return []


def _has_unknown(value: object) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, list) and any(map(_has_unknown, value)))


@cache
def _parser() -> Parser:
    from tree_sitter import Parser

    return Parser(loaded_grammar("tree_sitter_typescript", "language_typescript"))


def _objects(root: Node) -> Iterator[Node]:
    """Yield the objects of a text in its order, an outer object before its inner objects."""
    pending, seen = [root], 0
    while pending and seen < _MOST_NODES:
        node = pending.pop()
        seen += 1
        if node.type == "object":
            yield node
        pending.extend(reversed(node.named_children))


def _declared(root: Node) -> dict[str, Node]:
    """Return the values of the constants that a text declares at its top level."""
    found: dict[str, Node] = {}
    for statement in root.named_children:
        inner = statement.child_by_field_name("declaration") or statement
        for child in inner.named_children if inner.type == "lexical_declaration" else ():
            name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if name is not None and value is not None:
                found[_text(name)] = value
    return found


class _Literals:
    """The values of literals; constants of the file are followed."""

    def __init__(self, declared: Mapping[str, Node]) -> None:
        self._declared = declared

    def object_of(self, node: Node, depth: int) -> dict[str, object]:
        """Return the fields of an object; those of an unknown spread are missing."""
        fields: dict[str, object] = {}
        for child in node.named_children:
            if child.type == "spread_element":
                spread = self.value(child.named_children[0], depth + 1) if child.named_children else UNKNOWN
                fields |= spread if isinstance(spread, dict) else {}
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if child.type == "pair" and key is not None and value is not None:
                fields[_unquoted(key)] = self.value(value, depth + 1)
            elif child.type == "shorthand_property_identifier":
                fields[_text(child)] = self.value(child, depth + 1)
        return fields

    def value(self, node: Node, depth: int) -> object:
        """Return the value of a node; `UNKNOWN` if it is no literal."""
        if depth > _MAX_DEPTH:
            return UNKNOWN
        kind = node.type
        if kind == "object":
            return self.object_of(node, depth)
        if kind == "array":
            return [item for child in node.named_children for item in self._items(child, depth)]
        if kind in {"string", "template_string"}:
            has_code = any(child.type == "template_substitution" for child in node.named_children)
            return UNKNOWN if has_code else _unquoted(node)
        if kind == "number":
            return _text(node)
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        return self._followed(node, depth)

    def _followed(self, node: Node, depth: int) -> object:
        if node.type in {"identifier", "shorthand_property_identifier"} and _text(node) in self._declared:
            return self.value(self._declared[_text(node)], depth + 1)
        if node.type in {"as_expression", "satisfies_expression", "parenthesized_expression"} and node.named_children:
            return self.value(node.named_children[0], depth + 1)
        if node.type == "binary_expression":
            sides = [self.value(child, depth + 1) for child in node.named_children]
            operator = node.child_by_field_name("operator")
            if operator is not None and operator.type == "+" and all(isinstance(side, str) for side in sides):
                return "".join(map(str, sides))
        return UNKNOWN

    def _items(self, node: Node, depth: int) -> Iterator[object]:
        if node.type == "comment":
            return
        if node.type != "spread_element":
            yield self.value(node, depth + 1)
            return
        spread = self.value(node.named_children[0], depth + 1) if node.named_children else UNKNOWN
        yield from spread if isinstance(spread, list) else [UNKNOWN]


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def _unquoted(node: Node) -> str:
    """Return the text of a name or a string without its quotes."""
    if node.type not in {"string", "template_string"}:
        return _text(node)
    parts = []
    for child in node.named_children:
        text = _text(child)
        is_escape = child.type == "escape_sequence"
        parts.append(_ESCAPES.get(text[1:], text[1:]) if is_escape else text)
    return "".join(parts)


def commented_json(text: str) -> object:
    """Return JSON with comments and trailing commas as values; None if it is none."""
    root = _parser().parse(f"({text}\n)".encode("utf-8", "replace")).root_node
    outer = next((node for node in _objects(root)), None)
    return None if root.has_error or outer is None else _Literals({}).object_of(outer, 0)

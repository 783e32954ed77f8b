"""Syntax trees of texts that may be a part of a file only; each grammar is loaded when it is first needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_MODULES = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
}
_COMMENT = "/*\n"
#: What a part of a file can be the rest of, by language.
_OPENINGS = {
    "python": ('"""\n', "'''\n"),
    "javascript": ("import {\n", _COMMENT, "`\n"),
    "typescript": ("import {\n", _COMMENT, "`\n"),
    "tsx": ("import {\n", _COMMENT, "`\n"),
    "go": ("import (\n", _COMMENT, "const _ = `\n"),
    "rust": (_COMMENT,),
    "java": (_COMMENT,),
}
_MOST_FAULTS = 50


@dataclass(frozen=True, slots=True)
class Parsed:
    """The syntax tree of a text.

    Attributes:
        shift: How many lines were put in front of the text.
    """

    root: Node
    shift: int

    def row(self, node: Node) -> int:
        """Return the index, from 0, of the line of the text on which a node begins."""
        return int(node.start_point[0]) - self.shift

    def last_row(self, node: Node) -> int:
        """Return the index of the line on which a node ends."""
        return int(node.end_point[0]) - self.shift


def parsed(language: str, text: str, *, is_part: bool) -> Parsed:
    """Return the syntax tree of a text.

    Args:
        language: A key of `graphmem.guard.code_paths.LANGUAGES`' values.
        text: A file or a part of one.
        is_part: The text may begin within a comment, a string or a list of imports: of the readings that this allows,
            the one with the fewest faults counts.
    """
    best = Parsed(_root(language, text), 0)
    faults = _faults(best.root)
    openings = _OPENINGS[language] if is_part and (faults or language == "go") else ()
    for opening in openings:
        other = Parsed(_root(language, opening + text), 1)
        others_faults = _faults(other.root)
        if others_faults < faults or (opening == "import (\n" and others_faults == faults and _is_list_of_specs(other)):
            best, faults = other, others_faults
    return best


def _is_list_of_specs(reading: Parsed) -> bool:
    """Return whether a Go text, read as the rest of a list of imports, has one on its first lines."""
    first = reading.root.named_child(0)
    return first is not None and first.type == "import_declaration" and not first.has_error


@cache
def _parser(language: str) -> Parser:
    from tree_sitter import Language, Parser

    module, function = _MODULES[language]
    return Parser(Language(getattr(import_module(module), function)()))


def _root(language: str, text: str) -> Node:
    return _parser(language).parse(text.encode("utf-8", "replace")).root_node


def _faults(root: Node) -> int:
    """Return how much of a text did not fit: its bytes in errors, and the missing tokens; counted up to a limit."""
    if not root.has_error:
        return 0
    total = 0
    for count, node in enumerate(_nodes_with_faults(root)):
        total += 1 if node.is_missing else int(node.end_byte - node.start_byte) + 1
        if count >= _MOST_FAULTS:
            break
    return total


def _nodes_with_faults(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            stack.extend(node.children)

"""Syntax trees of texts that may be a part of a file only; each grammar is loaded when it is first needed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.symbols.grammars import loaded_grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Query

_MODULES = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
}
_COMMENT, _LIST = "/*\n", "import (\n"
#: Openings of the comments, strings and lists that a part of a file can begin within, by language.
_OPENINGS = {
    "python": ('"""\n', "'''\n"),
    "javascript": ("import {\n", _COMMENT, "`\n"),
    "typescript": ("import {\n", _COMMENT, "`\n"),
    "tsx": ("import {\n", _COMMENT, "`\n"),
    "go": (_LIST, _COMMENT, "const _ = `\n"),
    "rust": (_COMMENT,),
    "java": (_COMMENT,),
}
#: The token that ends a comment or a string: a text without it cannot begin within a comment or string.
_CLOSINGS = {_COMMENT: "*/", "`\n": "`", "const _ = `\n": "`", '"""\n': '"""', "'''\n": "'''"}
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
        """Return the index, from 0, of the first line of a node in the text."""
        return int(node.start_point[0]) - self.shift

    def last_row(self, node: Node) -> int:
        """Return the index, from 0, of the last line of a node in the text."""
        return int(node.end_point[0]) - self.shift


def parsed(language: str, text: str, *, is_part: bool) -> Parsed:
    """Return the syntax tree of a text.

    Args:
        language: A key of `graphmem.guard.code_paths.LANGUAGES`' values.
        text: A file or a part of a file.
        is_part: The text may begin within a comment, a string or a list of imports: of the trees that this allows,
            the tree with the fewest syntax errors is returned.
    """
    best = Parsed(_root(language, text), 0)
    faults = _faults(best.root)
    openings = _OPENINGS[language] if is_part and (faults or language == "go") else ()
    for opening in (each for each in openings if _CLOSINGS.get(each, "") in text):
        other = Parsed(_root(language, opening + text), 1)
        others_faults = _faults(other.root)
        # A list that the text does not end lacks its closing bracket: a single fault more.
        is_list = opening == _LIST and others_faults <= faults + 1 and _is_list_of_specs(other)
        if others_faults < faults or is_list:
            best, faults = other, others_faults
    return best


def _is_list_of_specs(reading: Parsed) -> bool:
    """Return True if a Go text, read as the rest of a list of imports, begins with an import declaration."""
    first = reading.root.named_child(0)
    return first is not None and first.type == "import_declaration"


def nodes_of(language: str, root: Node, types: tuple[str, ...]) -> list[Node]:
    """Return the nodes of some types below a node, in the order of the text."""
    from tree_sitter import QueryCursor

    found = QueryCursor(_query(language, types)).captures(root)
    return sorted((node for nodes in found.values() for node in nodes), key=lambda node: int(node.start_byte))


@cache
def _query(language: str, types: tuple[str, ...]) -> Query:
    from tree_sitter import Query

    return Query(loaded_grammar(*_MODULES[language]), "\n".join(f"({each}) @found" for each in types))


@cache
def _parser(language: str) -> Parser:
    from tree_sitter import Parser

    return Parser(loaded_grammar(*_MODULES[language]))


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

"""The definitions in a source file, by a parser: their names, their places and their texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.symbols.languages import grammar, language_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

#: Larger files are not parsed.
MAX_FILE_BYTES = 2 << 20
#: Definitions nested deeper are left out, and so are definitions of a file beyond this number.
_MOST_SCOPES = 30
_MOST_DEFINITIONS = 20_000
_MAX_NAME_BYTES = 200
#: A query takes quadratic time in brackets that are never closed.
_MOST_DEPTH = 1_000
_OPENING = b"([{"
_OTHER_BYTES = bytes(byte for byte in range(256) if byte not in b"()[]{}")
_SEPARATOR = re.compile(r"::|[.\\]")


class DefinitionKind(StrEnum):
    """The kind of a definition: only definitions of the same kind are compared."""

    FUNCTION = "function"
    TYPE = "type"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition in a file.

    Attributes:
        name: Its name with those of the definitions around it, dotted: `Pool.acquire`.
        first_line: Number of its first line, from 1; `last_line` of its last.
        text: The definition from its start to its end.
        body: The text after its name, with parameters and statements.
        heads: The first lines of the definitions around it, the outermost first.
    """

    name: str
    kind: DefinitionKind
    first_line: int
    last_line: int
    text: bytes
    body: bytes
    heads: tuple[bytes, ...] = ()

    @property
    def last_name(self) -> str:
        """The last part of its name."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The definitions of a file, in the order of their starts.

    Attributes:
        is_complete: False if the file does not parse as a whole: it may define more than is listed.
    """

    listed: tuple[Definition, ...]
    is_complete: bool

    def named(self, name: str) -> Definition | None:
        """Return the first definition with a name, else the first whose dotted name ends in it; None if none has it."""
        ending = f".{name}"
        ends = (each for each in self.listed if each.name.endswith(ending))
        return next((each for each in self.listed if each.name == name), None) or next(ends, None)


#: Those of a file that could not be parsed.
UNPARSED = Definitions((), is_complete=False)


def definitions_in(path: str, content: bytes) -> Definitions | None:
    """Return the definitions in a file.

    Args:
        path: Its ending names the language.
        content: The bytes of the file.

    Returns:
        None if no parser knows the language, its grammar is not installed, or the file is too large to be parsed.
    """
    language = language_of(path)
    if language is None or not language.is_installed or len(content) > MAX_FILE_BYTES or b"\0" in content:
        return None
    tree = _parsed(path, content)
    if tree is None:
        return UNPARSED
    found = sorted(_spans(path, content, tree), key=lambda span: (span.start, -span.end))
    listed = tuple(_named(content, found[:_MOST_DEFINITIONS]))
    return Definitions(listed, is_complete=not tree.root_node.has_error and len(found) <= _MOST_DEFINITIONS)


def _parsed(path: str, content: bytes) -> Tree | None:
    """Return the tree of a file; None if its brackets are nested deeper than those of any source file."""
    from tree_sitter import Parser

    language = language_of(path)
    assert language is not None, "only files of known languages are parsed"  # noqa: S101
    return None if _depth(content) > _MOST_DEPTH else Parser(grammar(language)[0]).parse(content)


def _depth(content: bytes) -> int:
    """Return the greatest number of brackets that are open at a time."""
    depth = most = 0
    for byte in content.translate(None, _OTHER_BYTES):
        depth = depth + 1 if byte in _OPENING else max(depth - 1, 0)
        most = max(most, depth)
    return most


@dataclass(frozen=True, slots=True)
class _NamedPart:
    """A part of a file that has a name; `kind` is None for a scope that defines nothing."""

    start: int
    end: int
    first_line: int
    last_line: int
    kind: DefinitionKind | None
    parts: tuple[str, ...]
    name_end: int


def _spans(path: str, content: bytes, tree: Tree) -> Iterable[_NamedPart]:
    from tree_sitter import QueryCursor

    language = language_of(path)
    assert language is not None, "only files of known languages are parsed"  # noqa: S101
    spans: dict[tuple[int, int, tuple[str, ...]], _NamedPart] = {}
    for _, captures in QueryCursor(grammar(language)[1]).matches(tree.root_node):
        span = _span(content, captures)
        if span is not None:
            key = span.start, span.end, span.parts
            # A variable whose value is a function matches twice.
            if key not in spans or spans[key].kind is DefinitionKind.VALUE:
                spans[key] = span
    return spans.values()


def _span(content: bytes, captures: dict[str, list[Node]]) -> _NamedPart | None:
    (name,), of = captures["name"], captures.get("of")
    if name.end_byte - name.start_byte > _MAX_NAME_BYTES:
        return None
    word = next(kind for kind in ("function", "type", "value", "scope") if kind in captures)
    node = captures[word][0]
    parts = _parts(content, name) if of is None else (*_parts(content, of[0]), *_parts(content, name))
    kind = None if word == "scope" else DefinitionKind(word)
    lines = node.start_point[0] + 1, node.end_point[0] + 1
    return _NamedPart(node.start_byte, node.end_byte, *lines, kind, parts, name.end_byte) if parts else None


def _parts(content: bytes, node: Node) -> tuple[str, ...]:
    text = content[node.start_byte : node.end_byte].decode("utf-8", "replace")
    return tuple(part for part in _SEPARATOR.split(re.sub(r"\s+", "", text)) if part)


def _named(content: bytes, spans: Sequence[_NamedPart]) -> Iterator[Definition]:
    """Yield the definitions with the names of the spans that they lie in."""
    around: list[_NamedPart] = []
    for span in spans:
        while around and around[-1].end <= span.start:
            around.pop()
        if span.kind is not None and len(around) <= _MOST_SCOPES:
            name = ".".join(part for each in (*around, span) for part in each.parts)
            heads = tuple(content[each.start :].partition(b"\n")[0][:_MAX_NAME_BYTES] for each in around)
            text, body = content[span.start : span.end], content[span.name_end : span.end]
            yield Definition(name, span.kind, span.first_line, span.last_line, text, body, heads)
        around.append(span)

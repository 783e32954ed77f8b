"""The texts in lists and maps of Go source, as far as they are literals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_PIECE = re.compile(r'//[^\n]*|/\*.*?\*/|`[^`]*`|"(?:[^"\\\n]|\\.)*"|\s+|.', re.DOTALL)
_OPENING = frozenset("{([")
_CLOSING = frozenset("})]")


def literals(source: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of each literal that a list or map of this name gets; the path is a map's key.

    Elements with calls in them are left out; what is joined by `+` is one.
    """
    starts = rf"\b{name}\s*:?=\s*(?:\[\]string|map\[string\]string)\{{|\b{name}\s*=\s*append\({name},"
    for start in re.finditer(starts, source):
        for element in _elements(source[start.end() :]):
            key, colon, value = _split(element)
            path, text = _joined(key), _joined(value) if colon else None
            if colon and path is not None and text is not None:
                yield path, text
            elif not colon and path is not None:
                yield "", path


def _elements(source: str) -> Iterator[list[str]]:
    """Yield the tokens of each element up to the bracket that closes the list."""
    depth, element = 0, list[str]()
    for match in _PIECE.finditer(source):
        piece = match.group()
        if piece.isspace() or piece.startswith(("//", "/*")):
            continue
        depth += (piece in _OPENING) - (piece in _CLOSING)
        if depth < 0 or (piece == "," and not depth):
            if element:
                yield element
            if depth < 0:
                return
            element = []
        else:
            element.append(piece)


def _split(element: list[str]) -> tuple[list[str], bool, list[str]]:
    if ":" not in element:
        return element, False, []
    at = element.index(":")
    return element[:at], True, element[at + 1 :]


def _joined(pieces: list[str]) -> str | None:
    """Return the text of literals joined by `+`; None if there is anything else."""
    texts = pieces[::2]
    if any(piece != "+" for piece in pieces[1::2]) or not all(piece[0] in '`"' and len(piece) > 1 for piece in texts):
        return None
    return "".join(piece[1:-1] if piece[0] == "`" else json.loads(piece) for piece in texts)

"""Definitions of functions, classes and other symbols in the text of a file, without a parser of its language."""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = (
    r"def|class|func(?:tion)?|fn|fun|struct|enum|interface|trait|type|impl|module|mod|namespace|record|object|protocol"
    r"|extension|const|let|var|val|static|macro_rules!|define|sub|package|union|actor|abstract|data"
)
_MAX_LINE_CHARS = 500


def definition(text: str, name: str) -> tuple[int, int] | None:
    """Return the first and last line, from 1, of the definition of a symbol; None if a file has none.

    A definition ends before the next line that is indented as far as its first line or less; a closing bracket at that
    depth belongs to it.
    """
    lines = text.splitlines()
    patterns = _patterns(name)
    for number, line in enumerate(lines, start=1):
        if name in line and len(line) <= _MAX_LINE_CHARS and any(pattern.search(line) for pattern in patterns):
            return number, _last_line(lines, number)
    return None


@lru_cache(maxsize=500)
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    """Return patterns of lines that define a symbol: with a keyword, as an assignment, as a function with its type."""
    word = re.escape(name)
    return (
        re.compile(rf"\b(?:{_WORDS})\s+(?:\([^()]{{0,200}}\)\s*)?(?:[\w:<>]{{0,80}}[.:])?{word}\b"),
        re.compile(rf"^\s*{word}\s*(?::[^=]{{0,200}})?=(?!=)"),
        re.compile(
            rf"^\s*(?!return\b|await\b|new\b|throw\b|else\b)[\w<>\[\]?*&:@][\w\s<>\[\],.?*&:@]{{0,200}}[\s*&]{word}\s*\([^;]*$"
        ),
        re.compile(rf"^\s*#?{word}\s*\([^;]*\)[^;()]{{0,100}}\{{\s*$"),
    )


def _last_line(lines: list[str], first: int) -> int:
    depth = _depth(lines[first - 1])
    last = first
    for number, line in enumerate(lines[first:], start=first + 1):
        if not line.strip():
            continue
        if _depth(line) <= depth:
            return number if line.strip()[0] in ")}]" else last
        last = number
    return last


def _depth(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())

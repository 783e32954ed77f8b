"""Paths in the headers of diffs: git's quotes, and the prefixes `a/` and `b/`."""

from __future__ import annotations

import re

#: Git's name for a side without a file.
NO_FILE = "/dev/null"
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_OLD_PREFIXES, _NEW_PREFIXES = ("a/", "i/", "c/", "o/", "1/"), ("b/", "w/", "i/", "c/", "2/")
_SIDES = re.compile(r"^(?:---|\+\+\+) \S.*$", re.MULTILINE)
_HALVES = re.compile(r'("(?:[^"\\]|\\.)*"|\S.*?) ("(?:[^"\\]|\\.)*"|\S.*)')


def unquoted(text: str) -> str:
    """Return a path of a header as it is in the file system; git quotes a path with special characters as in C."""
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return text
    content = bytearray()
    position = 1
    for match in _ESCAPE.finditer(text, 1, len(text) - 1):
        content += text[position : match.start()].encode("utf-8", "surrogateescape")
        code = match[1]
        content.append(int(code, 8) & 255 if code.isdigit() else _LETTERS.get(code, ord(code) & 255))
        position = match.end()
    content += text[position:-1].encode("utf-8", "surrogateescape")
    return content.decode("utf-8", "surrogateescape")


def side(line: str) -> str:
    """Return the path of a `---` or `+++` line without the time or the tab that may follow it."""
    text = line[4:]
    if text.startswith('"'):
        return unquoted(text[: text.rfind('"') + 1])
    return text.partition("\t")[0]


def without_prefixes(old: str, new: str) -> tuple[str | None, str | None]:
    """Return both paths without git's prefixes; None for a side without a file."""
    known_old, known_new = old.startswith(_OLD_PREFIXES), new.startswith(_NEW_PREFIXES)
    if old == NO_FILE:
        return None, new[2:] if known_new else new
    if new == NO_FILE:
        return (old[2:] if known_old else old), None
    # Without prefixes, a folder can be called `a`: then both sides begin with it.
    return (old[2:], new[2:]) if known_old and known_new and old[:2] != new[:2] else (old, new)


def both_sides(line: str) -> tuple[str, str] | None:
    """Return the paths of a `diff --git` line; None if the end of the first path is ambiguous.

    A change that renames nothing has the same path twice, so the line can be cut in the middle.
    """
    text = line.removeprefix("diff --git ")
    if '"' in text:
        match = _HALVES.fullmatch(text)
        return None if match is None else (unquoted(match[1]), unquoted(match[2]))
    middle = len(text) // 2
    old, new = text[:middle], text[middle + 1 :]
    if len(text) % 2 and text[middle] == " " and (old == new or old[2:] == new[2:]):
        return old, new
    parts = text.split(" ")
    return (parts[0], parts[1]) if len(parts) == 2 else None  # noqa: PLR2004 - one blank


def paths_in_headers(diff: str) -> set[str]:
    """Return the paths that the headers of a diff name, without git's prefixes."""
    sides = {side(line.rstrip("\r")) for line in _SIDES.findall(diff)} - {NO_FILE}
    return {path[2:] if path.startswith((*_OLD_PREFIXES, *_NEW_PREFIXES)) else path for path in sides}

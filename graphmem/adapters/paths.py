"""Paths of files as filters: the folders that they are in, and globs."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GLOB = re.compile(r"[*?]")
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def ancestry(path: str) -> list[str]:
    """A path and every folder that it is in, each with its closing slash."""
    cuts = [place for place, letter in enumerate(path) if letter == "/"]
    return [path, *(path[: cut + 1] for cut in cuts if cut + 1 < len(path))]


def fixed_part(path: str) -> str:
    """The path itself, or the folder in which all that a glob matches lies."""
    found = _GLOB.search(path)
    return path if found is None else path[: path.rfind("/", 0, found.start()) + 1]


def path_pattern(paths: Iterable[str]) -> str | None:
    """A regular expression, of Python and of Java, that matches what one of the paths asks for; None without a glob.

    `*` and `?` stay within one folder, `**` does not, a final slash means all beneath.
    """
    asked = list(paths)
    if not any(_GLOB.search(path) for path in asked):
        return None
    return "(?s)" + "|".join(_glob_pattern(path) for path in asked)


def _glob_pattern(path: str) -> str:
    pieces = re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", path)
    parts = [_WILD.get(piece) or re.escape(piece) for piece in pieces]
    return f"(?:{''.join(parts)}{'.+' if path.endswith('/') else ''})"

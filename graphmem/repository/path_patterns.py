"""File paths as filters: parent folders and globs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

_GLOB = re.compile(r"[*?]")
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def ancestry(path: str) -> list[str]:
    """Return a path and each of its parent folders, each with a trailing slash."""
    cuts = [index for index, letter in enumerate(path) if letter == "/"]
    return [path, *(path[: cut + 1] for cut in cuts if cut + 1 < len(path))]


def fixed_part(path: str) -> str:
    """Return the path, or for a glob the folder in front of its first wildcard."""
    wildcard = _GLOB.search(path)
    return path if wildcard is None else path[: path.rfind("/", 0, wildcard.start()) + 1]


def path_pattern(paths: Iterable[str]) -> str | None:
    """Return a regular expression for Python and Java that matches any of the paths; None if none is a glob.

    `*` and `?` match within one folder, `**` across folders; a trailing slash matches everything in the folder.
    """
    globs = list(paths)
    if not any(map(is_glob, globs)):
        return None
    return "(?s)" + "|".join(_glob_pattern(path) for path in globs)


def is_glob(path: str) -> bool:
    """Return True if a path has wildcards."""
    return _GLOB.search(path) is not None


def path_test(paths: Iterable[str]) -> Callable[[str], bool]:
    """Return a test of whether one of some paths, folders that end in a slash, or globs matches a path by itself."""
    listed = list(paths)
    tests = [re.compile(text) for path in listed if (text := path_pattern([path])) is not None]
    exact, folders = frozenset(listed), tuple(path for path in listed if path.endswith("/"))
    return lambda path: path in exact or path.startswith(folders) or any(test.fullmatch(path) for test in tests)


@lru_cache(maxsize=4_096)
def compiled_glob(path: str) -> re.Pattern[str] | None:
    """Return the pattern of a glob, for `fullmatch`; None for a path without wildcards."""
    text = path_pattern([path])
    return None if text is None else re.compile(text)


def _glob_pattern(path: str) -> str:
    """Return a pattern without backtracking: the text after a star is matched at its first occurrence.

    A later occurrence leaves less text for the rest of the pattern, so the first suffices, except at the end of the
    path.
    """
    blocks = _blocks(path)
    head = "".join(_middle(*block) for block in blocks[:-1])
    gap, units = blocks[-1]
    *inner, last = units
    end = _units(inner) + (f"[^/]*{last}" if inner else last)
    return f"(?:{head}{_WILD[gap] if gap else ''}{end}{'.+' if path.endswith('/') else ''})"


def _blocks(path: str) -> list[tuple[str, list[str]]]:
    """Split a glob at double stars: each double star with the patterns between the single stars that follow it."""
    blocks: list[tuple[str, list[str]]] = [("", [""])]
    for piece in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", path):
        if piece in {"**/", "**"}:
            blocks.append((piece, [""]))
        elif piece == "*":
            blocks[-1][1].append("")
        else:
            blocks[-1][1][-1] += _WILD.get(piece) or re.escape(piece)
    return blocks


def _middle(gap: str, units: list[str]) -> str:
    block = _units(units)
    return {"": block, "**": f"(?>.*?{block})", "**/": f"(?>(?:.*?/)??{block})"}[gap]


def _units(units: list[str]) -> str:
    return "".join(unit if not index else f"(?>[^/]*?{unit})" for index, unit in enumerate(units))

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
    """A pattern that never goes back over what it found: what follows a star is taken where it stands first.

    A later place leaves less for what is still to come, so the first one is enough; but for what ends the path.
    """
    blocks = _blocks(path)
    found = "".join(_middle(*one) for one in blocks[:-1])
    gap, units = blocks[-1]
    *inner, last = units
    end = _units(inner) + (f"[^/]*{last}" if inner else last)
    return f"(?:{found}{_WILD[gap] if gap else ''}{end}{'.+' if path.endswith('/') else ''})"


def _blocks(path: str) -> list[tuple[str, list[str]]]:
    """What stands between double stars: the one before it, and its parts between single stars as patterns."""
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
    return "".join(one if not index else f"(?>[^/]*?{one})" for index, one in enumerate(units))

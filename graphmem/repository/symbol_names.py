"""Symbols as memories name them: `src/pool.py#Pool.acquire`, `src/pool.py:Pool.acquire`, `pool.Pool.acquire`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from graphmem.deferred_dataclass import dataclass

_PATH_AND_NAME = re.compile(r"(?P<path>[^:#]*[^:#/])(?:::?|#)(?P<name>[^:#].*)")
_SEPARATOR = re.compile(r"::|[.#]")
#: Files that represent their folder.
_FOLDER_FILES = frozenset({"__init__", "mod", "index", "lib"})


@dataclass(frozen=True, slots=True)
class SymbolName:
    """A symbol as a memory names it.

    Attributes:
        path: The file that the name gives; empty if it gives none.
        parts: The parts of the dotted name.
    """

    path: str
    parts: tuple[str, ...]

    @property
    def dotted(self) -> str:
        """The dotted name."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class SymbolTarget:
    """A file that can have a symbol.

    Attributes:
        path: The path, or its end if `is_end`.
        name: The name that the symbol would have in the file: `Pool.acquire`.
    """

    path: str
    name: str
    is_end: bool = False


def symbol_name(text: str) -> SymbolName:
    """Return the parts of `path/file.py#Class.method`, `package.module.name` or `name`; `:` and `::` do as `#` does."""
    path = ""
    if (match := _PATH_AND_NAME.fullmatch(text)) and ("/" in match["path"] or "." in match["path"]):
        path, text = match["path"], match["name"]
    parts = tuple(part for part in _SEPARATOR.split(text.removesuffix("()")) if part)
    return SymbolName(path and posixpath.normpath(path), parts or (text,))


def symbol_file(text: str) -> str | None:
    """Return the file that a symbol's name begins with, as it is written; None if it names no file."""
    match = _PATH_AND_NAME.fullmatch(text)
    return match["path"] if match and ("/" in match["path"] or "." in match["path"]) else None


def symbol_targets(text: str, files: Sequence[str]) -> list[SymbolTarget]:
    """Return the files that can have a symbol, the likeliest first.

    Args:
        text: The symbol as a memory names it.
        files: The files that the memory is about besides.
    """
    name = symbol_name(text)
    if name.path:
        return [SymbolTarget(name.path, name.dotted)]
    if files:
        return [SymbolTarget(path, _within(path, name.parts)) for path in files]
    return [
        SymbolTarget(end, ".".join(name.parts[count:]), is_end=True)
        for count in range(len(name.parts) - 1, 0, -1)
        for end in ("/".join(name.parts[:count]) + ".py", "/".join(name.parts[:count]) + "/__init__.py")
    ]


def _within(path: str, parts: tuple[str, ...]) -> str:
    """Return a dotted name without the parts that name the file: `shop.pool.Pool` in `src/shop/pool.py` is `Pool`."""
    folders = path.split("/")
    folders[-1] = folders[-1].partition(".")[0]
    if folders[-1] in _FOLDER_FILES:
        folders.pop()
    for count in range(len(parts) - 1, 0, -1):
        if tuple(folders[-count:]) == parts[:count]:
            return ".".join(parts[count:])
    return ".".join(parts)


def spellings(path: str, name: str) -> Iterator[str]:
    """Yield the ways in which memories write a symbol of a file.

    Args:
        path: The file.
        name: The dotted name of the symbol.
    """
    parts = name.split(".")
    for joined in dict.fromkeys((name, "::".join(parts), "#".join(parts))):
        for end in ("", "()"):
            yield from (f"{path}{mark}{joined}{end}" for mark in ("#", ":", "::"))
    folders = path.split("/")
    folders[-1] = folders[-1].partition(".")[0]
    if folders[-1] in _FOLDER_FILES:
        folders.pop()
    for count in range(len(folders) + 1):
        within = [*folders[len(folders) - count :], *parts]
        for mark in (".", "::"):
            yield from (f"{mark.join(within)}{end}" for end in ("", "()"))

"""The changes of paths that can alter a verdict: a path, a folder (`src/`), or a name anywhere (`*/setup.py`)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

ANYWHERE = "*/"


def path_watches(path: str) -> Iterator[str]:
    """Watches for a path that may be a file or a folder."""
    yield path
    yield f"{path}/"


def name_watch(path: str, *, is_folder: bool = False) -> str:
    """The watch for all paths with the last component of a path."""
    return f"{ANYWHERE}{posixpath.basename(path)}{'/' if is_folder else ''}"


def touched_watches(paths: Iterable[str]) -> set[str]:
    """All watches that changes of these paths set off."""
    touched: set[str] = set()
    for path in paths:
        touched |= {path, name_watch(path)}
        folder = posixpath.dirname(path)
        while folder and f"{folder}/" not in touched:
            touched |= {f"{folder}/", name_watch(folder, is_folder=True)}
            folder = posixpath.dirname(folder)
    return touched


def is_exact(watch: str) -> bool:
    """Return True if a watch is for a single path."""
    return not watch.startswith(ANYWHERE)

"""The files in which a rejection holds: globs that admit files, and globs and expressions that exclude them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, Self, cast

from graphmem.repository.path_patterns import path_pattern

#: Role of an anchor whose name is a glob: the rejection does not hold in the files that it matches.
EXCLUDED_GLOB = "excluded files"
#: Role of an anchor whose name is a regular expression, as a linter's settings have it, searched anywhere in a path.
EXCLUDED_PATTERN = "excluded pattern"
_ABOUT = "about"
_FILE = "file"


class _NamedAnchor(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


class _Search(Protocol):
    def search(self, text: str) -> object: ...


@dataclass(frozen=True, slots=True)
class FileScope:
    """The files in which a rejection holds.

    Attributes:
        globs: Globs of the files; empty for all files.
        excluded_globs: Globs of files in which it does not hold.
        excluded_patterns: Regular expressions; it does not hold in a file in whose path one is found.
    """

    globs: tuple[str, ...] = ()
    excluded_globs: tuple[str, ...] = ()
    excluded_patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, anchors: Iterable[_NamedAnchor]) -> Self:
        """Return the scope that the anchors of a memory give: file anchors in the role `about`, and exclusions."""
        anchors = list(anchors)
        return cls(
            tuple(anchor.name for anchor in anchors if anchor.kind == _FILE and anchor.role == _ABOUT),
            tuple(anchor.name for anchor in anchors if anchor.role == EXCLUDED_GLOB),
            tuple(anchor.name for anchor in anchors if anchor.role == EXCLUDED_PATTERN),
        )

    def covers(self, path: str) -> bool:
        """Return whether the rejection holds in a file.

        Args:
            path: The path relative to the repository, with forward slashes.
        """
        if self.globs and not any(path_matches(glob, path) for glob in self.globs):
            return False
        if any(path_matches(glob, path) for glob in self.excluded_globs):
            return False
        return not any(_is_found(pattern, path) for pattern in self.excluded_patterns)


def path_matches(glob: str, path: str) -> bool:
    """Return whether a path is that of a glob, or lies in the folder that it names.

    Args:
        glob: A path or a glob: `*` and `?` within one folder, `**` across folders.
        path: A path relative to the repository.
    """
    compiled = _compiled(glob)
    if compiled is not None:
        return compiled.fullmatch(path) is not None
    return path == glob or path.startswith(glob if glob.endswith("/") else f"{glob}/")


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str] | None:
    text = path_pattern([glob])
    return None if text is None else re.compile(text)


def _is_found(pattern: str, path: str) -> bool:
    """Return whether an expression is found in a path; one that google-re2 does not take is found nowhere."""
    compiled = _searched(pattern)
    return compiled is not None and compiled.search(path) is not None


@lru_cache(maxsize=1024)
def _searched(pattern: str) -> _Search | None:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return cast("_Search", re2.compile(pattern, options))
    except re2.error:
        return None

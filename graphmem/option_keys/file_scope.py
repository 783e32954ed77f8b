"""The files that a rejection applies to: globs that admit files, and globs and expressions that exclude them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, Self, cast

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.path_patterns import ancestry, compiled_glob

#: Role of an anchor whose name is a glob: the rejection does not hold in the files that it matches.
EXCLUDED_GLOB = "excluded files"
#: Role of an anchor whose name is a regular expression, as a linter's settings have it: the rejection does not hold in
#: a file in whose path it is found.
EXCLUDED_PATTERN = "excluded pattern"
#: The same, searched in the path of each folder above the file.
EXCLUDED_FOLDER_PATTERN = "excluded folder pattern"
#: Role of an anchor whose name is a regular expression: the rejection holds only in files in whose path it is found.
REQUIRED_PATTERN = "required pattern"
#: The roles above, in the order of the fields of `FileScope`.
EXCLUSIONS = (EXCLUDED_GLOB, EXCLUDED_PATTERN, EXCLUDED_FOLDER_PATTERN, REQUIRED_PATTERN)
_ABOUT = "about"
_FILE = "file"


class _NamedAnchor(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


class _CompiledPattern(Protocol):
    def search(self, text: str) -> object: ...


@dataclass(frozen=True, slots=True)
class FileScope:
    """The files that a rejection applies to.

    Attributes:
        globs: Globs of the files; empty for all files.
        excluded_globs: Globs of files that it does not apply to.
        excluded_patterns: Regular expressions; it does not apply to a file if any matches in its path.
        excluded_folder_patterns: The same, found in the path of a folder above the file.
        required_patterns: Regular expressions; it applies only to a file if each matches in its path.
    """

    globs: tuple[str, ...] = ()
    excluded_globs: tuple[str, ...] = ()
    excluded_patterns: tuple[str, ...] = ()
    excluded_folder_patterns: tuple[str, ...] = ()
    required_patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, anchors: Iterable[_NamedAnchor]) -> Self:
        """Return the scope that the anchors of a memory give: file anchors in the role `about`, and exclusions."""
        anchors = list(anchors)
        globs = tuple(anchor.name for anchor in anchors if anchor.kind == _FILE and anchor.role == _ABOUT)
        return cls(globs, *(tuple(anchor.name for anchor in anchors if anchor.role == role) for role in EXCLUSIONS))

    def covers(self, path: str) -> bool:
        """Return True if the rejection holds in a file.

        Args:
            path: The path relative to the repository, with forward slashes.
        """
        if self.globs and not any(path_matches(glob, path) for glob in self.globs):
            return False
        if any(path_matches(glob, path) for glob in self.excluded_globs):
            return False
        if any(is_found(pattern, path) for pattern in self.excluded_patterns):
            return False
        folders = [folder.rstrip("/") for folder in ancestry(path)[1:]]
        if any(is_found(pattern, folder) for pattern in self.excluded_folder_patterns for folder in folders):
            return False
        return all(is_found(pattern, path) for pattern in self.required_patterns)


def path_matches(glob: str, path: str) -> bool:
    """Return True if a path matches a glob, or is in the folder that the glob names.

    Args:
        glob: A path or a glob: `*` and `?` within a folder, `**` across folders.
        path: A path relative to the repository.
    """
    compiled = compiled_glob(glob)
    if compiled is not None:
        return compiled.fullmatch(path) is not None
    return path == glob or path.startswith(glob if glob.endswith("/") else f"{glob}/")


def is_found(pattern: str, text: str) -> bool:
    """Return True if a regular expression matches in a text; an expression that google-re2 rejects never matches."""
    compiled = _searched(pattern)
    return compiled is not None and compiled.search(text) is not None


def is_expression(pattern: str) -> bool:
    """Return True if google-re2 takes a text as a regular expression."""
    return _searched(pattern) is not None


@lru_cache(maxsize=1024)
def _searched(pattern: str) -> _CompiledPattern | None:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return cast("_CompiledPattern", re2.compile(pattern, options))
    except re2.error:
        return None

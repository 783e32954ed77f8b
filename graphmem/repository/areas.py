"""Parts of a repository that have a name: components and modules, as files of the repository declare them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from graphmem.repository.path_patterns import compiled_glob, path_test

#: Where CODEOWNERS may lie; the first that there is counts.
OWNER_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
COMPONENT_FILE = ".graphmem/config.toml"
#: Manifests that name the module of their folder.
MANIFESTS = ("pyproject.toml", "setup.cfg", "package.json", "Cargo.toml", "go.mod")
_PACKAGE_FILE = "__init__.py"
#: A name that no file has: it represents any file of a folder.
_ANY_FILE = "\x7f"


class AreaRule(NamedTuple):
    """A rule of a file that declares areas: the paths that match any of its globs belong to the areas with its names.

    Attributes:
        globs: Globs with `*`, `**` and `?`, from the root of the repository.
        names: Names of components or modules; none takes paths out of the areas of earlier rules.
        section: The section of CODEOWNERS: in each of them the last rule that matches counts.
    """

    globs: tuple[str, ...]
    names: tuple[str, ...]
    section: str = ""


class AreaRow(NamedTuple):
    """The areas that a file declares from a mainline commit on; a later row for the same file and commit replaces it.

    Attributes:
        position: Position of the commit.
        path: The file.
        rules: Its rules in their order; none if it is gone.
    """

    position: int
    path: str
    rules: tuple[AreaRule, ...]


class Areas:
    """The areas that files declare at each commit.

    Args:
        rows: The declarations of the files.
    """

    def __init__(self, rows: Iterable[AreaRow]) -> None:
        self._rows: dict[str, list[AreaRow]] = {}
        for row in sorted(rows):
            self._rows.setdefault(row.path, []).append(row)

    def names_of(self, path: str, position: int) -> Iterator[str]:
        """Yield the names of the areas that a path belongs to at a commit, except those of Python's packages.

        Args:
            path: A file, or a folder that ends in `/`.
            position: Position of the commit.
        """
        file = f"{path}{_ANY_FILE}" if path.endswith("/") else path
        yield from _names(self._rules(COMPONENT_FILE, position), file)
        owners = next((rules for name in OWNER_FILES if (rules := self._rules(name, position))), ())
        yield from _last_names(owners, file)
        for manifest in MANIFESTS:
            for folder in _folders(file):
                if rules := self._rules(f"{folder}{manifest}", position):
                    yield from (name for rule in rules for name in rule.names)
                    break

    def files_test(self, name: str, position: int) -> Callable[[str], bool]:
        """Return a test of whether rules for a name match a file; others may take it out of the area again.

        Args:
            name: The name of an area.
            position: Position of a commit.
        """
        globs = [
            glob
            for path in self._rows
            for rule in self._rules(path, position)
            if name in rule.names
            for glob in rule.globs
        ]
        return path_test(globs)

    def _rules(self, path: str, position: int) -> tuple[AreaRule, ...]:
        rows = self._rows.get(path, ())
        index = bisect_right(rows, position, key=lambda row: row.position)
        return rows[index - 1].rules if index else ()


def package_names(path: str, is_file: Callable[[str], bool]) -> list[str]:
    """Return the dotted names of a Python file and of the package that it is in; none outside of packages.

    Args:
        path: A file, or a folder that ends in `/`.
        is_file: Whether there is a file at a path.
    """
    folder, _, name = path.rpartition("/")
    folders = folder.split("/") if folder else []
    parts: list[str] = []
    while folders and is_file(f"{'/'.join(folders)}/{_PACKAGE_FILE}"):
        parts.insert(0, folders.pop())
    if not parts:
        return []
    is_module = name.endswith(".py") and name != _PACKAGE_FILE
    package = ".".join(parts)
    return [f"{package}.{name.removesuffix('.py')}", package] if is_module else [package]


def package_paths(name: str) -> re.Pattern[str]:
    """Return a pattern to search for in `/path/to/file.py`: the files that may belong to the Python module of a name.

    Args:
        name: A dotted name.
    """
    return re.compile(f"/{re.escape(name.replace('.', '/'))}(?:/|\\.py$)")


def _folders(path: str) -> Iterator[str]:
    """Yield the folders of a file, the innermost first and the root, "", last."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield f"{path}/"
    yield ""


def _names(rules: Sequence[AreaRule], path: str) -> Iterator[str]:
    for rule in rules:
        if _matches(rule.globs, path):
            yield from rule.names


def _last_names(rules: Sequence[AreaRule], path: str) -> Iterator[str]:
    """Yield the names of the last rule of each section that matches."""
    decided: set[str] = set()
    for rule in reversed(rules):
        if rule.section not in decided and _matches(rule.globs, path):
            decided.add(rule.section)
            yield from rule.names


def _matches(globs: tuple[str, ...], path: str) -> bool:
    return any(
        glob == path if test is None else test.fullmatch(path) for glob in globs for test in [compiled_glob(glob)]
    )

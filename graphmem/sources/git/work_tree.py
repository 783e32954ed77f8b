"""Facts about a repository that its files give without starting git: its work tree, its directory, its owner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_POINTER = "gitdir:"


def work_tree(folder: Path) -> Path | None:
    """The root of the git work tree around a folder; None outside of a repository."""
    start = folder.resolve()
    return next((parent for parent in (start, *start.parents) if (parent / ".git").exists()), None)


def common_directory(entry: Path) -> Path | None:
    """The git directory that all work trees of a repository share.

    Args:
        entry: The `.git` of a work tree: a folder, or a file that names a folder.

    Returns:
        None if the entry is neither.
    """
    if entry.is_dir():
        return entry.resolve()
    if not entry.is_file():
        return None
    text = entry.read_text(encoding="utf-8", errors="replace").strip()
    if not text.startswith(_POINTER):
        return None
    own = (entry.parent / text.removeprefix(_POINTER).strip()).resolve()
    pointer = own / "commondir"
    return (own / pointer.read_text(encoding="utf-8").strip()).resolve() if pointer.is_file() else own


class GitDirectory(NamedTuple):
    """The git directory around a folder.

    Attributes:
        common: The directory that all work trees share.
        checked: The paths whose owners git compares with the user; empty if `.git` is a file that names a folder.
    """

    common: Path
    checked: tuple[Path, ...]

    @property
    def is_own(self) -> bool:
        """True if the user owns it: git then needs no `safe.directory` for it."""
        try:
            return bool(self.checked) and all(path.lstat().st_uid == os.geteuid() for path in self.checked)
        except (AttributeError, OSError):  # Windows has no numbers of users.
            return False


def git_directory(folder: Path) -> GitDirectory | None:
    """The git directory that git finds around a folder; None if these files do not tell."""
    start = folder.resolve()
    for parent in (start, *start.parents):
        entry = parent / ".git"
        try:
            common = common_directory(entry)
        except OSError:
            return None
        if common is not None:
            checked = (parent, entry, common) if entry.is_dir() else ()
            return GitDirectory(common, checked) if _is_git_directory(common) else None
        if entry.exists():
            return None
        if _is_git_directory(parent):
            return GitDirectory(parent, (parent,))
    return None


def _is_git_directory(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()

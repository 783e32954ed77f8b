"""Facts about a repository that its files give without starting git: its work tree and its common directory."""

from __future__ import annotations

from pathlib import Path

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

"""Facts about a repository that its files give without starting git: its work tree, common directory and remote."""

from __future__ import annotations

from pathlib import Path

_POINTER = "gitdir:"
_ORIGIN = '[remote "origin"]'


def work_tree(folder: Path) -> Path | None:
    """The root of the git work tree around a folder; None outside of a repository."""
    start = folder.resolve()
    return next((parent for parent in (start, *start.parents) if (parent / ".git").exists()), None)


def common_directory(entry: Path) -> Path | None:
    """The git directory that all work trees of a repository share.

    Args:
        entry: The `.git` of a work tree: a folder, or a file that names one.

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


def repository_name(folder: Path) -> str | None:
    """The name of the repository around a folder: `host/path` of its origin, else the name of its root folder."""
    for parent in (folder, *folder.parents):
        common = common_directory(parent / ".git")
        if common is not None:
            return _origin(common / "config") or common.parent.name
    return None


def _origin(config: Path) -> str | None:
    try:
        lines = config.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    is_origin = False
    for line in map(str.strip, lines):
        if line.startswith("["):
            is_origin = line == _ORIGIN
        elif is_origin and line.startswith("url") and "=" in line:
            return _without_credentials(line.split("=", 1)[1].strip())
    return None


def _without_credentials(url: str) -> str:
    """`host/path` of a remote's URL, which may carry a user and a token."""
    bare = url.split("://", 1)[-1].rsplit("@", 1)[-1].removesuffix("/").removesuffix(".git")
    return bare if "://" in url else bare.replace(":", "/", 1)

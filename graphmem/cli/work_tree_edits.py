"""The uncommitted change of some files, as edits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.errors import NotFound

if TYPE_CHECKING:
    from graphmem.service.guard_answers import FileEdit

_MOST_FILES = 1_000
_SKIPPED_FOLDERS = frozenset({".git", ".graphmem", ".venv", "node_modules", "__pycache__", ".tox", ".mypy_cache"})


def uncommitted_edits(folder: Path, paths: Sequence[Path]) -> list[FileEdit]:
    """Return the edits of files since the last commit; outside of a repository a file is new.

    Args:
        folder: The current folder.
        paths: Files and folders.

    Raises:
        NotFound: The file does not exist.
    """
    from graphmem.service.guard_answers import FileEdit
    from graphmem.sources.git.work_tree import work_tree

    root = work_tree(folder) or folder.resolve()
    files: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise NotFound(f"no file {str(path)!r}")
        for file in _files(path):
            resolved = file.resolve()
            name = resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else file.as_posix()
            files[name] = file
    chosen = dict(list(files.items())[:_MOST_FILES])
    before = _before(root, list(chosen))
    texts = {name: file.read_bytes().decode("utf-8", "replace") for name, file in chosen.items()}
    return [FileEdit(name, text, before.get(name)) for name, text in texts.items() if text != before.get(name)]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for parent, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        yield from (Path(parent) / name for name in sorted(names))


def _before(root: Path, names: list[str]) -> dict[str, str]:
    from graphmem.sources.git.changes import committed_texts
    from graphmem.sources.git.runner import GitFailure

    try:
        return committed_texts(root, names)
    except GitFailure:
        return {}

"""Finding the files that may hold decision records, and reading them without leaving the allowed root."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput, NotFound
from graphmem.sources.decisions.file_names import RECORD_SUFFIXES
from graphmem.sources.observations import Problem

MAX_DOCUMENT_BYTES = 500_000
_KEP_NAMES = frozenset({"kep.yaml", "kep.yml"})
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


@dataclass(frozen=True, slots=True)
class Document:
    """A file's bytes under its path relative to the root, with `/` separators.

    `is_named` means that the caller named this file: it is then reported if it is no record.
    """

    path: str
    content: bytes
    is_named: bool = False


def load_documents(paths: Sequence[Path], root: Path | None) -> tuple[list[Document], list[Problem]]:
    """The candidate files below `paths`, in order of their path, and problems for unreadable files.

    Raises:
        InvalidInput: If a path contains `..` or NUL, or lies outside the root.
        NotFound: If a path does not exist.
    """
    checked = [_checked(path) for path in paths]
    if not checked:
        return [], []
    base = _checked(root).resolve() if root else common_root(checked)
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for path in checked:
        start = path if path.is_absolute() or root is None else base / path
        start = start if start.exists() else path
        _require_inside(start, base)
        for file in _candidates(start):
            relative = _relative(file, start, base)
            if (named := _printable(relative)) != relative:
                problems.append(
                    Problem(named, 1, "a name with bytes that are no text, or control characters: not read")
                )
                continue
            loaded = load_document(file, relative, base, is_named=file == start)
            if isinstance(loaded, Document):
                was_named = relative in documents and documents[relative].is_named
                documents[relative] = replace(loaded, is_named=loaded.is_named or was_named)
            else:
                problems.append(loaded)
    return [documents[path] for path in sorted(documents)], problems


def _checked(path: Path) -> Path:
    if "\0" in str(path):
        raise InvalidInput(f"{str(path)!r} is no path: it contains NUL")
    if ".." in path.parts:
        raise InvalidInput(f"{str(path)!r} climbs with '..': name the folder itself")
    return path


def common_root(paths: Sequence[Path]) -> Path:
    """The folder that all paths have in common."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    return Path(os.path.commonpath([str(folder.resolve()) for folder in folders]))


def folders_below(paths: Sequence[Path], root: Path | None) -> tuple[str, ...]:
    """The folders among the paths, relative to the root; '' is the root itself."""
    base = root.resolve() if root else common_root(paths)
    starts = [
        path if path.is_absolute() or root is None or not (base / path).exists() else base / path for path in paths
    ]
    folders = [start.resolve().relative_to(base).as_posix() for start in starts if start.is_dir()]
    return tuple("" if folder == "." else folder for folder in folders)


def _require_inside(path: Path, base: Path) -> None:
    if not path.exists():
        raise NotFound(f"no file or folder at {str(path)!r}")
    if not path.resolve().is_relative_to(base):
        raise InvalidInput(f"{str(path)!r} is outside of {str(base)!r}: pass a root that contains it")


def _candidates(start: Path) -> Iterator[Path]:
    if not start.is_dir():
        yield start
        return
    for folder, folders, files in os.walk(start):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS and name != ".git")
        for name in sorted(files):
            if name.lower() in _KEP_NAMES or Path(name).suffix.lower() in RECORD_SUFFIXES:
                yield Path(folder) / name


def _relative(file: Path, start: Path, base: Path) -> str:
    """Relative to the root without following a link at the end, since that is the name the file is known by."""
    folder = start.resolve() if start.is_dir() else start.parent.resolve()
    below = file.relative_to(start) if start.is_dir() else Path(file.name)
    return (folder.relative_to(base) / below).as_posix()


def _printable(name: str) -> str:
    """A file name as text, with characters that cannot be printed escaped."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() else ascii(sign).strip("'") for sign in text)


def load_document(file: Path, relative: str, base: Path, *, is_named: bool = False) -> Document | Problem:
    """A file's bytes under a path, or why they are not read: it is too large, or leads out of the folder `base`."""
    try:
        target = file.resolve(strict=True)
        if not target.is_relative_to(base):
            return Problem(relative, 1, "a link that leads out of the root: not followed")
        if not target.is_file():
            return Problem(relative, 1, "not a plain file")
        with target.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT_BYTES + 1)
    except (OSError, RuntimeError) as error:
        return Problem(relative, 1, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(content) > MAX_DOCUMENT_BYTES:
        return Problem(relative, 1, f"larger than {MAX_DOCUMENT_BYTES} bytes: not read")
    return Document(relative, content, is_named)

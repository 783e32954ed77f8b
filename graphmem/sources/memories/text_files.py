"""Files of other memories, read by line or completely, and folders without their links; all sizes are limited."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from graphmem.errors import InvalidInput, NotFound
from graphmem.sources.decisions.documents import Document, load_document
from graphmem.sources.memories.export import Gathered

MAX_LINE_BYTES = 8 << 20
MAX_FILE_BYTES = 256 << 20
_SKIPPED = frozenset({".git", "node_modules", "__pycache__", "venv", ".venv", "site-packages"})
_NOTES = frozenset({".md", ".markdown"})

TOO_LONG = f"a line of more than {MAX_LINE_BYTES >> 20} MiB"
UNREADABLE = "a folder that cannot be read"
NOT_UTF8 = "bytes that are no UTF-8"
LINKED_FOLDER = "a link to a folder: not followed"


def checked(path: Path) -> Path:
    """The path of an existing file or folder.

    Raises:
        InvalidInput: It contains NUL.
        NotFound: There is no file or folder.
    """
    if "\0" in str(path):
        raise InvalidInput(f"{str(path)!r} is no path: it contains NUL")
    if not path.exists():
        raise NotFound(f"no file or folder at {str(path)!r}")
    return path


def file_text(path: Path) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        InvalidInput: It is too large, or no UTF-8.
    """
    with path.open("rb") as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise InvalidInput(f"{str(path)!r} has more than {MAX_FILE_BYTES >> 20} MiB: export it in parts")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise InvalidInput(f"{str(path)!r} has bytes that are no UTF-8 in line {line}: save it as UTF-8") from exc


def lines_of(path: Path, gathered: Gathered) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without blank lines; an unreadable line is reported."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                _skip_rest(stream.readline)
                gathered.pass_over(path.name, number, TOO_LONG)
                continue
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError:
                gathered.pass_over(path.name, number, NOT_UTF8)
                continue
            if text:
                yield number, text


def notes_below(root: Path, gathered: Gathered) -> list[tuple[str, str]]:
    """The Markdown files below a folder, or that file itself, as (path below it, text); the rest is reported."""
    base = root.resolve() if root.is_dir() else root.resolve().parent
    notes: list[tuple[str, str]] = []
    for file in _files(root, gathered):
        relative = file.relative_to(root).as_posix() if root.is_dir() else file.name
        text = _text(load_document(file, relative, base), gathered)
        if text is not None:
            notes.append((relative, text))
    return notes


def _skip_rest(readline: object) -> None:
    assert callable(readline)  # noqa: S101 - a stream's own method
    while (part := readline(MAX_LINE_BYTES)) and not part.endswith(b"\n"):
        pass


def _files(root: Path, gathered: Gathered) -> Iterator[Path]:
    if not root.is_dir():
        yield root
        return
    skipped_count = 0

    def lose(error: OSError) -> None:
        if Path(error.filename) == root:
            raise InvalidInput(f"{str(root)!r} cannot be read: {error.strerror}") from error
        gathered.pass_over(Path(error.filename).relative_to(root).as_posix(), 1, UNREADABLE, error.strerror)

    for folder, folders, names in os.walk(root, onerror=lose):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in folders:
            if (Path(folder) / name).is_symlink():
                gathered.pass_over((Path(folder) / name).relative_to(root).as_posix(), 1, LINKED_FOLDER)
        notes = sorted(name for name in names if Path(name).suffix.lower() in _NOTES)
        skipped_count += len(names) - len(notes)
        yield from (Path(folder) / name for name in notes)
    if skipped_count:
        gathered.lose(root.name, 1, "files that are no Markdown", f"{skipped_count} of them")


def _text(loaded: object, gathered: Gathered) -> str | None:
    if not isinstance(loaded, Document):
        gathered.pass_over(loaded.path, loaded.line, loaded.reason)  # type: ignore[attr-defined]
        return None
    try:
        text = loaded.content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        gathered.pass_over(loaded.path, loaded.content.count(b"\n", 0, exc.start) + 1, NOT_UTF8)
        return None
    if not text.strip():
        gathered.lose(loaded.path, 1, "an empty file")
        return None
    return text.replace("\r\n", "\n")

"""Finds the files that have lines a commit took out of a file: files that it added; for a deleted file, any file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from graphmem.deferred_dataclass import dataclass

#: Shorter lines are in any file.
_LEAST_CHARS = 12
#: Lines that many files have alike.
_IMPORTS = (b"import ", b"from ", b"use ", b"#include", b"using ", b"require ")
#: A file has a part of another if it gained at least this many lines that only the other file lost, and those are at
#: least this share of its new lines.
LEAST_LINES = 8
LEAST_SHARE = 0.15
#: A file that existed before has a part of a deleted file if it gained this share of the deleted lines.
LEAST_SHARE_OF_DELETED = 0.3
_MAX_FILE_BYTES = 2 << 20


@dataclass(frozen=True)
class FileContents:
    """A file before and after a commit; `before` is None for an addition, `after` for a deletion.

    Attributes:
        old_path: The path before the commit; `path` that after it.
    """

    old_path: str
    path: str
    before: bytes | None
    after: bytes | None

    @cached_property
    def lines_before(self) -> Counter[bytes]:
        """The distinctive lines before the commit."""
        return telling_lines(self.before or b"")

    @cached_property
    def lost(self) -> Counter[bytes]:
        """The lines that the commit took out."""
        return self.lines_before - telling_lines(self.after or b"")

    @cached_property
    def gained(self) -> Counter[bytes]:
        """The lines that the commit put in; none for a deletion."""
        return telling_lines(self.after or b"") - self.lines_before


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file that has lines of another since a commit.

    Attributes:
        path: The path after the commit.
        lines: The number of lines that went there.
        share: Their share, from 0 to 1, of the lines that the other file had before.
    """

    path: str
    lines: int
    share: float


def file_parts(files: Sequence[FileContents], wanted: Iterable[str]) -> dict[str, list[FilePart]]:
    """Return the parts of files that are in other files after a commit.

    Args:
        files: All files that a commit changed.
        wanted: The files in question, by their paths before the commit.

    Returns:
        By path before the commit; the files with the most lines first. Files without a part are left out.
    """
    losers, gainers = _counted(file.lost for file in files), _counted(file.gained for file in files)
    targets = [file for file in files if file.after is not None]
    found: dict[str, list[FilePart]] = {}
    names = set(wanted)
    for source in files:
        if source.old_path not in names or source.before is None or source.lost.total() < LEAST_LINES:
            continue
        only = {line for line in source.lost if losers[line] == 1 and gainers[line] == 1 and not _is_import(line)}
        parts = [part for target in targets if target is not source for part in _part(source, target, only)]
        if parts:
            found[source.old_path] = sorted(parts, key=lambda part: (-part.lines, part.path))
    return found


def _part(source: FileContents, target: FileContents, only: set[bytes]) -> Iterable[FilePart]:
    if len(only & target.gained.keys()) < LEAST_LINES:
        return
    moved = source.lost & target.gained
    if target.before is None:
        is_part = _total(moved) >= LEAST_SHARE * _total(target.gained)
    else:
        is_part = source.after is None and moved.total() >= LEAST_SHARE_OF_DELETED * source.lost.total()
    if is_part:
        yield FilePart(target.path, moved.total(), moved.total() / source.lines_before.total())


def telling_lines(content: bytes) -> Counter[bytes]:
    """Return the lines of a file that are long enough to recognise; of a binary or huge file none."""
    if len(content) > _MAX_FILE_BYTES or b"\0" in content[:8_000]:
        return Counter()
    return Counter(line for line in map(bytes.strip, content.splitlines()) if len(line) >= _LEAST_CHARS)


def _counted(groups: Iterable[Iterable[bytes]]) -> Counter[bytes]:
    """Return the number of groups that have a line."""
    return Counter(line for group in groups for line in group)


def _total(lines: Counter[bytes]) -> int:
    return sum(count for line, count in lines.items() if not _is_import(line))


def _is_import(line: bytes) -> bool:
    return line.startswith(_IMPORTS)

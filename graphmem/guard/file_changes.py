"""A change of files, as guard reads it: connected parts of each file, before and after."""

from __future__ import annotations

from graphmem.deferred_dataclass import dataclass

#: The most characters of a file's change that guard reads.
MAX_FILE_CHARS = 2_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A connected part of a changed file.

    Attributes:
        before: The part before the change; empty if it is new.
        after: The part after the change; empty if it is removed.
        start: The number of the first line of `after` in the file, from 1.
        added: The numbers of the lines that the change adds; None if only the two texts are known.
        is_whole: True if the part is the complete file.
    """

    before: str
    after: str
    start: int = 1
    added: frozenset[int] | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """The change of a file.

    Attributes:
        path: The path after the change; for a deleted file, the path before.
        old_path: The path before the change if it differs; None otherwise.
        is_new: True if the change creates the file.
        is_deleted: True if the change deletes the file.
    """

    path: str
    pieces: tuple[Piece, ...] = ()
    old_path: str | None = None
    is_new: bool = False
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file of the change that was not read, and the reason."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadChange:
    """The files of a change, and those that were not read."""

    files: tuple[ChangedFile, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()

    def __add__(self, other: ReadChange) -> ReadChange:
        return ReadChange(self.files + other.files, self.skipped + other.skipped)

"""The port to the contents of a repository along its mainline, for code that follows parts of files.

Paths have `/` separators. Positions count the commits of the mainline from 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from graphmem.deferred_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CommittedEdit:
    """A file that a commit changed.

    Attributes:
        position: Position of the commit.
        old_path: The path before; equal to `path` unless the commit renamed the file.
        old_blob: Hash of the content before; empty for an addition.
        path: The path after the commit; of a deletion, before it.
        blob: Hash of the content after; empty for a deletion.
    """

    position: int
    old_path: str
    old_blob: str
    path: str
    blob: str


class FilePeriod(Protocol):
    """A path of a file for a part of the mainline."""

    @property
    def lineage(self) -> int:
        """Number of the file, the same under all its paths."""

    @property
    def path(self) -> str:
        """The path."""

    @property
    def start(self) -> int:
        """Position of the commit that brought the path."""

    @property
    def end(self) -> int | None:
        """Position of the commit that removed the path; None while it is there."""


class CodeChanges(Protocol):
    """The files of a repository along its mainline, and their contents."""

    def commit_at(self, position: int) -> str:
        """Return the hash of a commit."""

    def periods(self, path: str) -> Sequence[FilePeriod]:
        """Return all periods of a path."""

    def lineage(self, number: int) -> Sequence[FilePeriod]:
        """Return all periods of a file."""

    def blobs_at(self, places: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], str]:
        """Return the hashes of the contents of (position, path); places without a file are left out."""

    def texts(self, blobs: Collection[str]) -> Mapping[str, bytes]:
        """Return contents by their hashes; those that are too large or missing are left out."""

    def edits_of(self, paths: Collection[str], after: int) -> Sequence[CommittedEdit]:
        """Return the changes of files by the commits after a position, in order, without renames."""

    def edits_at(self, positions: Collection[int]) -> Mapping[int, Sequence[CommittedEdit]]:
        """Return all changes of files by some commits, with renames."""

"""The port to a repository: its current files, and the paths that its files had along the mainline.

Paths have `/` separators and are relative to the root. Positions count the commits of the mainline from 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from graphmem.symbols.code_changes import CommittedEdit


class PathPeriod(Protocol):
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

    @property
    def similarity(self) -> int | None:
        """Percent of the rename that brought the path; None for an addition."""


class CurrentFiles(Protocol):
    """The files of a repository now: those of the last commit, or those of the work tree."""

    @property
    def commit(self) -> str:
        """Hash of the last commit of the mainline."""

    def is_file(self, path: str) -> bool:
        """Return True if a file, a link or a submodule has this path; links to folders are followed."""

    def is_folder(self, path: str) -> bool:
        """Return True if files are below this path; links to folders are followed."""

    def is_ignored(self, path: str) -> bool:
        """Return True if git ignores this path in the repository."""

    def is_uncommitted(self, path: str) -> bool:
        """Return True if the work tree and the last commit differ at this path, which ends in `/` for a folder."""

    def files_named(self, name: str) -> Sequence[str]:
        """Paths of the files with this last component."""

    def folders_named(self, name: str) -> Sequence[str]:
        """Paths of the folders with this last component."""

    def files_mentioning(self, word: str) -> Sequence[str]:
        """Paths of the files that contain a word."""

    def blob(self, path: str) -> str | None:
        """Hash of the content of a file; None if there is no file."""


class PathHistory(Protocol):
    """The paths and contents of a repository along its mainline."""

    def position_at(self, at: datetime) -> int:
        """Position of the last commit that is not later than a time; 0 for a time before the first commit."""

    def commit_at(self, position: int) -> str:
        """Hash of a commit."""

    def time_at(self, position: int) -> datetime:
        """Effective time of a commit."""

    def periods(self, path: str) -> Sequence[PathPeriod]:
        """All periods of a path."""

    def periods_named(self, name: str) -> Sequence[PathPeriod]:
        """All periods of all paths with this last component."""

    def periods_below(self, folder: str) -> Sequence[PathPeriod]:
        """All periods of all paths below a folder."""

    def lineage(self, number: int) -> Sequence[PathPeriod]:
        """All periods of a file."""

    def manifests(self) -> Collection[str]:
        """All paths, now or before, for which `graphmem.verification.manifests.is_manifest` is true."""

    def versions(self, manifest: str) -> Sequence[tuple[int, str]]:
        """(Position, hash of the content) of each version of a manifest in order; the hash of a removal is empty."""

    def blobs_at(self, places: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], str]:
        """Hashes of the contents of (position, path); places without a file are left out."""

    def texts(self, blobs: Collection[str]) -> Mapping[str, bytes]:
        """Contents by their hashes; those that are too large or missing are left out."""

    def edits_of(self, paths: Collection[str], after: int) -> Sequence[CommittedEdit]:
        """The changes of files by the commits after a position, in order, without renames."""

    def edits_at(self, positions: Collection[int]) -> Mapping[int, Sequence[CommittedEdit]]:
        """All changes of files by some commits, with renames."""

    def changed_since(self, commit: str) -> frozenset[str] | None:
        """Paths that changed between an earlier commit and the last commit; None if git does not know that commit."""


class CodeHistory(CurrentFiles, PathHistory, Protocol):
    """The data that a verification reads of a repository."""

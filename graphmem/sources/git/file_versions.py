"""The versions of chosen files along a mainline, each with the commit that brought it, and their contents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros
from graphmem.sources.git.mainline import Mainline, MainlineCommit, content_sizes
from graphmem.sources.git.raw_log import FileChange
from graphmem.sources.git.runner import GitFailure, git_stream

if TYPE_CHECKING:
    from graphmem.store import Progress

#: Larger files are not read.
MAX_CONTENT_BYTES = 2 << 20
_REGULAR = frozenset({"100644", "100755"})
_MOST_AT_ONCE = 500
_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class FileVersion:
    """A file as a commit of the mainline left it.

    Attributes:
        position: Place of the commit on the mainline, from 0.
        sha: Hash of the commit.
        at: Effective time of the commit (`MainlineCommit.at_us`).
        change: The change of the file: its path before and after, its content's hash, its status.
    """

    position: int
    sha: str
    at: datetime
    change: FileChange

    @property
    def path(self) -> str:
        """The path after the commit; of a deletion, before it."""
        return self.change.path

    @property
    def is_deleted(self) -> bool:
        """Return True if the commit removed the file."""
        return self.change.status == "D"

    @property
    def is_regular(self) -> bool:
        """False for links and submodules, whose content is no text of the file."""
        return self.change.mode in _REGULAR

    @property
    def has_content(self) -> bool:
        """Return True if the commit left a file with a text of its own."""
        return not self.is_deleted and self.is_regular


def file_versions(commits: Iterable[MainlineCommit], selects: Callable[[str], bool]) -> Iterator[FileVersion]:
    """The versions of the files that a test selects by path, in the order of the mainline.

    A file that is renamed from a selected path to another path is a version whose `path` is not selected.

    Args:
        commits: Commits of a mainline, in order (`Mainline.commits`).
        selects: Whether a path, with `/` separators, is wanted.
    """
    for commit in commits:
        for change in commit.raw.changes:
            if selects(change.path) or (change.old_path != change.path and selects(change.old_path)):
                yield FileVersion(commit.position, commit.raw.sha, from_micros(commit.at_us), change)


def commit_files(
    mainline: Mainline, read_at_us: int, selects: Callable[[str], bool], progress: Progress
) -> Iterator[list[tuple[FileVersion, bytes | None]]]:
    """Yield the versions of selected files, those of a commit together, from the first commit of a mainline to its tip.

    Args:
        mainline: The mainline.
        read_at_us: The time of reading, in microseconds since 1970.
        selects: Whether a path, with `/` separators, is wanted.
        progress: Called after every commit with the number of read commits, and their total.

    Returns:
        Each version with its content: None if it has none, if its path is not selected, or as `contents` says.

    Raises:
        GitFailure: Git could not answer.
    """
    versions = list(file_versions(mainline.counted_commits(read_at_us, progress), selects))
    is_read = [version.has_content and selects(version.path) for version in versions]
    blobs = [version.change.blob for version, wanted in zip(versions, is_read, strict=True) if wanted]
    texts = contents(mainline.root, blobs)
    files = ((version, next(texts)[1] if wanted else None) for version, wanted in zip(versions, is_read, strict=True))
    for _, group in groupby(files, key=lambda file: file[0].position):
        yield list(group)


def have_changed(
    mainline: Mainline,
    read_at_us: int,
    start: int,
    selects: Callable[[str], bool],
    state_of: Callable[[str, bytes | None], object],
) -> bool:
    """Return True if commits from a position on may have changed the state of a selected file.

    A settings file changes more often than the part of it that a reader looks at.

    Args:
        mainline: The mainline.
        read_at_us: The time of reading, in microseconds since 1970.
        start: The position of the first commit.
        selects: Whether a path, with `/` separators, is wanted.
        state_of: Returns the state of a path and its content, equal for equal states; None if it cannot be read.

    Raises:
        GitFailure: Git could not answer.
    """
    versions = list(file_versions(mainline.commits(read_at_us, start=start), selects))
    if mainline.quarantined or any(version.change.status != "M" or not version.is_regular for version in versions):
        return True
    texts = contents(mainline.root, [blob for version in versions for blob in _blobs(version)])
    for version in versions:
        before, after = (state_of(version.path, next(texts)[1]) for _ in _blobs(version))
        if before is None or before != after:
            return True
    return False


def _blobs(version: FileVersion) -> tuple[str, str]:
    return version.change.old_blob, version.change.blob


def contents(
    root: Path, blobs: Sequence[str], *, max_bytes: int | None = None, at_once: int | None = None
) -> Iterator[tuple[str, bytes | None]]:
    """(Hash, content) of each content, in the given order; None for a content that git lacks or that is too large.

    Args:
        root: A folder of the repository.
        blobs: Hashes of contents; a repeated hash is returned each time.
        max_bytes: Size up to which contents are read; `MAX_CONTENT_BYTES` if not given.
        at_once: Number of contents that are in memory at a time; 500 if not given.

    Raises:
        GitFailure: Git could not answer.
    """
    most, number = max_bytes or MAX_CONTENT_BYTES, at_once or _MOST_AT_ONCE
    for start in range(0, len(blobs), number):
        part = blobs[start : start + number]
        sizes = content_sizes(root, dict.fromkeys(part))
        wanted = [blob for blob in dict.fromkeys(part) if sizes.get(blob, most + 1) <= most]
        read = dict(_batch(root, wanted))
        for blob in part:
            yield blob, read.get(blob)


def _batch(root: Path, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    if not blobs:
        return
    asked = "".join(f"{blob}\n" for blob in blobs).encode("ascii")
    chunks = git_stream(root, ("cat-file", "--batch", "--buffer"), timeout_s=_TIMEOUT_S, sent=asked)
    buffer = bytearray()
    for blob in blobs:
        head = _until_newline(buffer, chunks)
        name, *words = head.decode("ascii", "replace").split(" ")
        if words[-1:] == ["missing"] or len(words) != 2:  # noqa: PLR2004 - kind and size
            continue
        size = int(words[1])
        while len(buffer) <= size:
            chunk = next(chunks, b"")
            if not chunk:
                raise GitFailure(f"git cat-file ended within {name}")
            buffer += chunk
        yield blob, bytes(buffer[:size])
        del buffer[: size + 1]
    for _ in chunks:
        pass


def _until_newline(buffer: bytearray, chunks: Iterator[bytes]) -> bytes:
    """Take the first line off a buffer, which is filled from chunks."""
    while (end := buffer.find(b"\n")) < 0:
        chunk = next(chunks, b"")
        if not chunk:
            raise GitFailure("git cat-file ended early")
        buffer += chunk
    line = bytes(buffer[:end])
    del buffer[: end + 1]
    return line

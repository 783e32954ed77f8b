"""The port of verifications to a repository, over git: `graphmem.verification.CodeHistory`."""

from __future__ import annotations

import hashlib
import posixpath
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros, to_micros
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.sources.git.code_edits import edits_at, edits_of
from graphmem.sources.git.file_versions import MAX_CONTENT_BYTES, contents
from graphmem.sources.git.ignored_paths import IgnoredPaths
from graphmem.sources.git.lineages import PathSegment, recorded_segments
from graphmem.sources.git.mainline import Mainline, find_mainline
from graphmem.sources.git.path_records import PathRecord, read_path_record, recorded_path_record
from graphmem.sources.git.revisions import commit_of
from graphmem.sources.git.runner import GitFailure, git_stream, git_text
from graphmem.sources.git.tree_files import TreeFiles, tree_files
from graphmem.sources.git.work_tree import work_tree
from graphmem.sources.git.work_tree_files import WorkTreeFiles
from graphmem.symbols.code_changes import CommittedEdit

_Key = TypeVar("_Key", str, int)
_SHA1_CHARS = 40
_IGNORE_FILE = ".gitignore"


@dataclass
class GitCodeHistory:
    """A repository as verifications read it. Its history is read when a reference first needs it.

    Attributes:
        mainline: The mainline that ends at the commit to be checked.
        read_at: Later times of commits are clock errors.
        files: The work tree to be checked; None for the commit alone.
        record: The paths of the mainline, if they were read before; None to read them when they are needed.
        recorded: The ledger's history of the mainline; git is read only for the rest. None if it has none.
    """

    mainline: Mainline
    read_at: datetime
    files: WorkTreeFiles | None = None
    record: PathRecord | None = None
    recorded: MainlineHistory | None = None
    _own_texts: dict[str, bytes] = field(default_factory=dict)
    _own_blobs: dict[str, str | None] = field(default_factory=dict)

    @property
    def commit(self) -> str:
        """Hash of the last commit of the mainline."""
        return self.mainline.tip

    @cached_property
    def _tree(self) -> TreeFiles:
        return tree_files(self.mainline.root, self.commit)

    @cached_property
    def _record(self) -> PathRecord:
        if self.record is not None:
            return self.record
        known = None if self.recorded is None else recorded_path_record(self.mainline, self.recorded, self.read_at)
        return known or read_path_record(self.mainline, self.read_at)

    def know(self, recorded: MainlineHistory) -> None:
        """Take the ledger's history of the mainline: git is then read only for paths that the ledger lacks."""
        self.recorded = recorded

    # ---- current files

    def is_file(self, path: str) -> bool:
        """Return True if a file, a link or a submodule has this path; links to folders are followed."""
        real = self._tree.followed(path)
        if self.files is None:
            return path in self._tree.blobs or real in self._tree.blobs
        return (self.files.is_entry(real) or self.files.is_entry(path)) and not self.is_folder(path)

    def is_folder(self, path: str) -> bool:
        """Return True if files are below this path; links to folders are followed."""
        real = self._tree.followed(path)
        return self.files.is_entry(f"{real}/") if self.files is not None else real in self._tree.folders

    def is_ignored(self, path: str) -> bool:
        """Return True if a `.gitignore` file of the commit ignores this path."""
        return path in self._ignored

    @cached_property
    def _ignored(self) -> IgnoredPaths:
        files = {posixpath.dirname(path): self._tree.blobs[path] for path in self._tree.by_name.get(_IGNORE_FILE, ())}
        texts = self.texts(frozenset(files.values()))
        return IgnoredPaths({folder: texts.get(blob, b"").decode("utf-8", "replace") for folder, blob in files.items()})

    def is_uncommitted(self, path: str) -> bool:
        """Return True if the work tree and the last commit differ at this path, which ends in `/` for a folder."""
        if self.files is None:
            return False
        if path.endswith("/"):
            return self.files.is_entry(path) != (path.rstrip("/") in self._tree.folders)
        if path in self._tree.folders:
            return not self.files.is_entry(path)
        committed = self._tree.blobs.get(path)
        if committed is None or path in self._tree.links:
            return self.files.is_entry(path) != (committed is not None)
        return self._own_blob(path) != committed

    def files_named(self, name: str) -> Sequence[str]:
        """Paths of the files of the commit with this last component."""
        return self._tree.by_name.get(name, ())

    def folders_named(self, name: str) -> Sequence[str]:
        """Paths of the folders of the commit with this last component."""
        return self._tree.folders_by_name.get(name, ())

    def files_mentioning(self, word: str) -> Sequence[str]:
        """Paths of the files of the commit that contain a word; empty if there is none."""
        arguments = ("grep", "-z", "-l", "-I", "-w", "-F", "--no-textconv", "--full-name", "-e", word, self.commit)
        try:
            output = git_text(self.mainline.root, arguments)
        except GitFailure:
            return ()
        return tuple(entry.partition(":")[2] for entry in output.split("\0") if entry)

    def blob(self, path: str) -> str | None:
        """Hash of the content of a file; None if there is no file."""
        real = self._tree.followed(path)
        return self._own_blob(real) if self.files is not None else self._tree.blobs.get(real)

    def _own_blob(self, path: str) -> str | None:
        """Hash that git gives to the bytes of a file of the work tree, whose content is kept."""
        if path not in self._own_blobs:
            content = self.files.content(path) if self.files is not None else None
            blob = None if content is None else self._hash(content)
            if blob is not None and content is not None and blob != self._tree.blobs.get(path):
                self._own_texts[blob] = content
            self._own_blobs[path] = blob
        return self._own_blobs[path]

    def _hash(self, content: bytes) -> str:
        algorithm = "sha1" if len(self.commit) == _SHA1_CHARS else "sha256"
        return hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

    # ---- paths and contents before

    def position_at(self, at: datetime) -> int:
        """Position of the last commit that is not later than a time; 0 for a time before the first commit."""
        return max(bisect_right(self._record.times, to_micros(at)) - 1, 0)

    def commit_at(self, position: int) -> str:
        """Hash of a commit."""
        return self.mainline.shas[position]

    def time_at(self, position: int) -> datetime:
        """Effective time of a commit."""
        return from_micros(self._record.times[position])

    def periods(self, path: str) -> Sequence[PathSegment]:
        """All periods of a path."""
        return [period for period in self.periods_named(posixpath.basename(path)) if period.path == path]

    def periods_named(self, name: str) -> Sequence[PathSegment]:
        """All periods of all paths with this last component."""
        return self._by_name.get(name, ())

    def periods_below(self, folder: str) -> Sequence[PathSegment]:
        """All periods of all paths below a folder."""
        paths, segments = self._by_path
        start = bisect_left(paths, f"{folder}/")
        return segments[start : bisect_left(paths, f"{folder}0", lo=start)]  # "0" follows "/".

    def lineage(self, number: int) -> Sequence[PathSegment]:
        """All periods of a file."""
        return self._by_lineage[number]

    @cached_property
    def _by_name(self) -> dict[str, list[PathSegment]]:
        return _grouped((segment.path.rpartition("/")[2], segment) for segment in self._record.segments)

    @cached_property
    def _by_path(self) -> tuple[list[str], list[PathSegment]]:
        """The paths of all segments in alphabetical order, and the segments."""
        ordered = sorted(self._record.segments, key=lambda segment: segment.path)
        return [segment.path for segment in ordered], ordered

    @cached_property
    def _by_lineage(self) -> dict[int, list[PathSegment]]:
        return _grouped((segment.lineage, segment) for segment in self._record.segments)

    def manifests(self) -> Collection[str]:
        """All paths of manifests, now or before."""
        return self._record.versions.keys()

    def versions(self, manifest: str) -> Sequence[tuple[int, str]]:
        """(Position, hash of the content) of each version of a manifest in order; the hash of a removal is empty."""
        return self._record.versions.get(manifest, ())

    def blobs_at(self, places: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], str]:
        """Hashes of the contents of (position, path); places without a file are left out."""
        listed = [place for place in places if "\n" not in place[1]]
        if not listed:
            return {}
        names = "".join(f"{self.commit_at(position)}:{path}\n" for position, path in listed)
        arguments = ("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer")
        sent = names.encode("utf-8", "surrogateescape")
        lines = b"".join(git_stream(self.mainline.root, arguments, sent=sent)).split(b"\n")[:-1]
        pairs = zip(listed, (line.decode("ascii", "replace").rpartition(" ") for line in lines), strict=True)
        return {place: blob for place, (blob, _, kind) in pairs if kind == "blob"}

    def texts(self, blobs: Collection[str]) -> Mapping[str, bytes]:
        """Contents by their hashes; those that are too large or missing are left out."""
        own = {blob: self._own_texts[blob] for blob in blobs if blob in self._own_texts}
        read = contents(self.mainline.root, [blob for blob in blobs if blob not in own])
        return own | {blob: content for blob, content in read if content is not None}

    def edits_of(self, paths: Collection[str], after: int) -> Sequence[CommittedEdit]:
        """The changes of files by the commits after a position, in order, without renames."""
        before = self.mainline.shas[after] if after >= 0 else self.mainline.before
        found = edits_of(self.mainline.root, self.commit, before, paths, self._positions)
        return sorted(found, key=lambda edit: edit.position)

    def edits_at(self, positions: Collection[int]) -> Mapping[int, Sequence[CommittedEdit]]:
        """All changes of files by some commits, with renames."""
        commits = [self.commit_at(position) for position in sorted(positions)]
        return dict(edits_at(self.mainline.root, commits, self._positions))

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {sha: position for position, sha in enumerate(self.mainline.shas)}

    def changed_since(self, commit: str) -> frozenset[str] | None:
        """Paths that changed between an earlier commit and the last commit; None if git does not know that commit."""
        form = ("-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv")
        arguments = ("diff-tree", *form, "--end-of-options", commit, self.commit)
        try:
            return frozenset(filter(None, git_text(self.mainline.root, arguments).split("\0")))
        except GitFailure:
            return None


def read_code_history(
    root: Path, *, ref: str | None = None, read_at: datetime, with_work_tree: bool = False
) -> GitCodeHistory:
    """The repository around a folder, for verifications.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit to be checked; the default branch if not given, `HEAD` with a work tree.
        read_at: The time of the reading.
        with_work_tree: Check the files of the work tree instead of those of the commit. A sparse work tree, or a
            repository without a work tree, is checked at the commit.

    Raises:
        GitFailure: There is no repository, or the ref does not exist.
    """
    mainline = find_mainline(root, "HEAD" if ref is None and with_work_tree else ref)
    folder = work_tree(root) if with_work_tree else None
    if folder is None or _is_sparse(root):
        return GitCodeHistory(mainline, read_at)
    return GitCodeHistory(mainline, read_at, WorkTreeFiles(folder, MAX_CONTENT_BYTES))


def recorded_code_history(root: Path, history: MainlineHistory) -> GitCodeHistory:
    """The repository around a folder at the last commit that readings recorded, with their paths.

    Args:
        root: A folder of the repository.
        history: The history from readings; it has a commit.

    Raises:
        GitFailure: There is no repository, or it lacks the commit.
    """
    tip = commit_of(root, history.shas[-1])
    mainline = Mainline(root, history.ref or tip, tip, tuple(history.shas), frozenset())
    segments = recorded_segments(history, len(history.shas))
    read_at = from_micros(history.times_us[-1])
    return GitCodeHistory(mainline, read_at, record=PathRecord(history.times_us, segments, {}))


def _is_sparse(root: Path) -> bool:
    file = git_text(root, ("rev-parse", "--git-path", "info/sparse-checkout")).strip()
    return (root / file).exists()


def _grouped(pairs: Iterable[tuple[_Key, PathSegment]]) -> dict[_Key, list[PathSegment]]:
    groups: dict[_Key, list[PathSegment]] = defaultdict(list)
    for key, segment in pairs:
        groups[key].append(segment)
    return dict(groups)

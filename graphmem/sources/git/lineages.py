"""The identity of files over time: a lineage is a file under all the paths that it had along the mainline.

A path may name several files, one after the other. A lineage may have two paths for a while: a file that was copied and
whose original was deleted soon after has moved.
"""

from __future__ import annotations

import posixpath
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Self

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.file_places import WEAK_BELOW
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import PathOrigin
from graphmem.repository.path_names import path_of_text
from graphmem.sources.git.mainline import MainlineCommit
from graphmem.sources.git.raw_log import FileChange, RawCommit

#: Commits of the mainline within which a deletion and an addition of the same content are a move.
_MOVE_COMMITS = 50
#: Smaller contents are the same by chance.
_LEAST_BYTES = 200
_LICENCES = ("license", "licence", "copying", "notice", "unlicense")
_SUBMODULE = "160000"


@dataclass(slots=True)
class PathSegment:
    """A path of a lineage, for a part of the mainline.

    Attributes:
        lineage: Number of the lineage, in the order of first appearance.
        path: Bytes that are not UTF-8 are surrogates.
        start: Position on the mainline of the commit that brought the path, from 0.
        end: Position of the commit that removed it; None while it is there.
        similarity: Percent of the rename; None for an addition.
        previous: Index of the segment that it continues; None for an addition.
    """

    lineage: int
    path: str
    start: int
    origin: PathOrigin
    end: int | None = None
    similarity: int | None = None
    previous: int | None = None

    @property
    def is_weak(self) -> bool:
        """Return True if the rename is of low similarity."""
        return self.similarity is not None and self.similarity < WEAK_BELOW


def recorded_segments(history: MainlineHistory, position: int) -> list[PathSegment]:
    """The segments of a recorded mainline that began before a position; they are those of the lowest numbers."""
    return [
        PathSegment(row.lineage, path_of_text(row.path), row.start, row.origin, row.end, row.similarity, row.previous)
        for row in history.segments
        if row.start < position
    ]


#: Sizes in bytes of contents by their hashes; those that git lacks are left out.
SizesOf = Callable[[Iterable[str]], Mapping[str, int]]


@dataclass(slots=True)
class Lineages:
    """Lineages that grow commit by commit, in the order of the mainline.

    Attributes:
        segments: Every segment so far, in the order of their starts.
        lineages: The number of the next lineage.
        changed: Indexes of the segments that were made or changed; the caller empties it.
    """

    segments: list[PathSegment] = field(default_factory=list)
    lineages: int = 0
    changed: set[int] = field(default_factory=set)
    _edited: list[tuple[int, int]] = field(default_factory=list)
    _open: dict[str, int] = field(default_factory=dict)
    _blobs: dict[str, str] = field(default_factory=dict)
    _paths_of_blob: dict[str, dict[str, None]] = field(default_factory=dict)
    _deleted: OrderedDict[str, tuple[int, int]] = field(default_factory=OrderedDict)
    _copies: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def read(self, commits: Iterable[MainlineCommit], sizes_of: SizesOf) -> None:
        """Take in commits, each later on the mainline than those before it.

        Args:
            commits: They are held in memory together.
            sizes_of: Called once with the contents whose size decides.
        """
        listed = list(commits)
        sizes = sizes_of(self._candidates(commit.raw for commit in listed))
        for commit in listed:
            self._take(commit.position, commit.raw.changes, sizes)

    def take_edited(self) -> list[tuple[int, int]]:
        """Return (position, index of a segment) of each modification of a file since the last call."""
        edited, self._edited = self._edited, []
        return edited

    @classmethod
    def resumed(cls, segments: list[PathSegment], lineages: int, position: int, blobs: Mapping[str, str]) -> Self:
        """The lineages as they were before the commit at a position.

        Files deleted or copied shortly before are not known: read about 100 commits before new ones, and keep the
        segments of those that were read before (`rejoined`).

        Args:
            segments: All segments of commits before the position, and their later ends; they become the lineages' own.
            lineages: The number of the next lineage.
            position: Position of the next commit.
            blobs: The content's hash of each path at that position.
        """
        made = cls(segments, lineages)
        for index, segment in enumerate(segments):
            original = None if segment.previous is None else segments[segment.previous]
            is_copy = segment.origin is PathOrigin.COPIED and original is not None
            if is_copy and original is not None and original.end is not None and original.end >= position:
                made._separate(segment)
                made.changed.add(index)
        for index, segment in enumerate(segments):
            if segment.end is not None and segment.end >= position:
                segment.end = None
                made.changed.add(index)
            if segment.end is None and segment.path in blobs:
                made._open[segment.path] = index
                made._keep_blob(segment.path, blobs[segment.path])
        return made

    def rejoined(self, segments: list[PathSegment], lineages: int, position: int) -> Self:
        """These lineages with the segments that an earlier reading found, where both have read up to a position.

        Args:
            segments: As for `resumed`.
            lineages: The number of the next lineage.
            position: Position of the next commit.
        """
        made = type(self).resumed(segments, lineages, position, self._blobs)
        numbers = {(segment.path, segment.start): index for index, segment in enumerate(segments)}

        def number(index: int) -> int | None:
            return numbers.get((self.segments[index].path, self.segments[index].start))

        for blob, (at, index) in self._deleted.items():
            made.note_deletion(blob, at, number(index))
        for path, copies in self._copies.items():
            for at, index in copies:
                made.note_copy(path, at, number(index))
        return made

    def note_deletion(self, blob: str, position: int, index: int | None) -> None:
        """Remember a segment whose content was deleted at a position; None is ignored."""
        if index is not None:
            self._deleted[blob] = (position, index)

    def note_copy(self, path: str, position: int, index: int | None) -> None:
        """Remember a segment that copied a path at a position; None is ignored."""
        if index is not None:
            self._copies.setdefault(path, []).append((position, index))

    def _separate(self, copy: PathSegment) -> None:
        """Make a file of its own of a copy whose original is not deleted yet."""
        copy.lineage, copy.origin, copy.similarity, copy.previous = self._new(), PathOrigin.ADDED, None, None

    def _candidates(self, commits: Iterable[RawCommit]) -> set[str]:
        """Contents that are added where the same content is, or was deleted before."""
        deleted, present = self._deleted, self._paths_of_blob
        seen: set[str] = set()
        candidates: set[str] = set()
        for commit in commits:
            for change in commit.changes:
                blob = change.blob
                if change.status == "A" and (blob in seen or blob in present or blob in deleted):
                    candidates.add(blob)
                seen.add(blob)
                seen.add(change.old_blob)
        return candidates

    def _take(self, position: int, changes: Iterable[FileChange], sizes: Mapping[str, int]) -> None:
        listed = _with_folder_moves(list(changes))
        closed: dict[str, int] = {}
        for change in listed:
            if change.status in "DR":
                index = self._close(change.old_path, position)
                if index is not None:
                    closed[change.old_path] = index
        for change in listed:
            if change.status == "R":
                self._rename(position, change, closed.get(change.old_path))
            elif change.status == "A":
                self._add(position, change, sizes)
            elif change.status != "D":
                self._modify(position, change)
        for change in listed:
            if change.status == "D" and change.old_path in closed:
                self._delete(position, change, closed[change.old_path])

    def _close(self, path: str, position: int) -> int | None:
        index = self._open.pop(path, None)
        if index is not None:
            self.segments[index].end = position
            self.changed.add(index)
        self._forget(path)
        return index

    def _start(self, path: str, segment: PathSegment, blob: str) -> int:
        index = len(self.segments)
        self.segments.append(segment)
        self.changed.add(index)
        self._open[path] = index
        self._keep_blob(path, blob)
        return index

    def _keep_blob(self, path: str, blob: str) -> None:
        self._blobs[path] = blob
        self._paths_of_blob.setdefault(blob, {})[path] = None

    def _forget(self, path: str) -> None:
        blob = self._blobs.pop(path, None)
        if blob is not None:
            paths = self._paths_of_blob[blob]
            del paths[path]
            if not paths:
                del self._paths_of_blob[blob]

    def _new(self) -> int:
        self.lineages += 1
        return self.lineages - 1

    def _rename(self, position: int, change: FileChange, old: int | None) -> None:
        if old is None:
            self._start(change.path, PathSegment(self._new(), change.path, position, PathOrigin.ADDED), change.blob)
            return
        lineage = self.segments[old].lineage
        origin = PathOrigin.RENAMED
        segment = PathSegment(lineage, change.path, position, origin, None, change.similarity, old)
        self._start(change.path, segment, change.blob)

    def _add(self, position: int, change: FileChange, sizes: Mapping[str, int]) -> None:
        is_telling = _is_telling(change, sizes)
        gone = self._deleted.get(change.blob) if is_telling else None
        if gone is not None and position - gone[0] <= _MOVE_COMMITS:
            del self._deleted[change.blob]
            lineage, origin = self.segments[gone[1]].lineage, PathOrigin.RESTORED
            segment = PathSegment(lineage, change.path, position, origin, None, 100, gone[1])
            self._start(change.path, segment, change.blob)
            return
        twins = list(self._paths_of_blob.get(change.blob, ())) if is_telling else []
        index = self._start(change.path, PathSegment(self._new(), change.path, position, PathOrigin.ADDED), change.blob)
        if len(twins) == 1:
            self._copies.setdefault(twins[0], []).append((position, index))

    def _modify(self, position: int, change: FileChange) -> None:
        index = self._open.get(change.path)
        if index is None:
            # Its addition was in a commit that could not be read.
            self._start(change.path, PathSegment(self._new(), change.path, position, PathOrigin.ADDED), change.blob)
            return
        self._edited.append((position, index))
        self._forget(change.path)
        self._keep_blob(change.path, change.blob)

    def _delete(self, position: int, change: FileChange, index: int) -> None:
        copies = self._copies.pop(change.old_path, [])
        for copied_at, copy in copies:
            segment = self.segments[copy]
            if position - copied_at <= _MOVE_COMMITS and segment.previous is None and segment.end is None:
                self._join(copy, index)
                return
        self._deleted.pop(change.old_blob, None)
        self._deleted[change.old_blob] = (position, index)
        while self._deleted and position - next(iter(self._deleted.values()))[0] > _MOVE_COMMITS:
            self._deleted.popitem(last=False)

    def _join(self, copy: int, original: int) -> None:
        """Give the lineage of a copy to its original, which was deleted."""
        absorbed, lineage = self.segments[copy].lineage, self.segments[original].lineage
        self.segments[copy].previous = original
        self.segments[copy].origin = PathOrigin.COPIED
        self.segments[copy].similarity = 100
        for index in range(copy, len(self.segments)):
            if self.segments[index].lineage == absorbed:
                self.segments[index].lineage = lineage
                self.changed.add(index)


def _with_folder_moves(changes: list[FileChange]) -> list[FileChange]:
    """The changes of a commit, with small files that went where the renamed files of their folder went.

    Git pairs no empty files, as their content says nothing; here the folder does. The file name must stay.
    """
    gone = [change for change in changes if change.status == "D"]
    moves = _folder_moves(changes) if gone else {}
    if not moves:
        return changes
    added = {(change.path, change.blob): change for change in changes if change.status == "A"}
    paired: dict[str, FileChange] = {}
    taken: set[str] = set()
    for change in gone:
        folder, name = posixpath.split(change.path)
        for target in moves.get(folder, ()):
            come = added.get((posixpath.join(target, name), change.old_blob))
            if come is not None and come.path not in taken:
                taken.add(come.path)
                paired[change.path] = come._replace(
                    status="R", old_path=change.path, old_blob=come.blob, similarity=100
                )
                break
    return [
        paired.get(change.path, change) if change.status == "D" else change
        for change in changes
        if change.status != "A" or change.path not in taken
    ]


def _folder_moves(changes: Iterable[FileChange]) -> dict[str, dict[str, None]]:
    """The folders to which the renamed files of each folder went."""
    moves: dict[str, dict[str, None]] = {}
    for change in changes:
        if change.status == "R":
            target = posixpath.dirname(change.path)
            moves.setdefault(posixpath.dirname(change.old_path), {})[target] = None
    return moves


def _is_telling(change: FileChange, sizes: Mapping[str, int]) -> bool:
    """Return True if the same content elsewhere shows that it is the same file."""
    name = posixpath.basename(change.path).casefold()
    return change.mode != _SUBMODULE and sizes.get(change.blob, 0) >= _LEAST_BYTES and not name.startswith(_LICENCES)

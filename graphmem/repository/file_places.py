"""Finds the present path of a file that a memory names: its renames, or its deletion."""

from __future__ import annotations

from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros
from graphmem.repository.mainline_history import MainlineHistory, without_second

#: Renames of less similarity are real but worth a look.
WEAK_BELOW = 60
_SHA_CHARS = 10
#: Places that a sentence names.
_MOST_NAMED = 5
_MOST_SPLITS = 5


@dataclass(frozen=True, slots=True)
class FileRename:
    """A commit that gave a file another path.

    Attributes:
        new: The path since then.
        similarity: Percent of the content that stayed; below 60 the rename is weak.
        author: The author of the commit, as a hash under the tenant's key; None if that is not known.
    """

    old: str
    new: str
    at: datetime
    commit: str
    similarity: int
    author: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceShare:
    """A place that has a part of a file or folder.

    Attributes:
        path: The path at the point of the answer; None for deleted files.
        share: Share, from 0 to 1, of the lines of the file, or of the files of the folder.
        commit: The commit that split the file; None for a folder.
    """

    path: str | None
    share: float
    commit: str | None = None

    @property
    def words(self) -> str:
        """The place and its share in percent."""
        return f"{self.path or 'deleted'} ({self.share:.0%})"


@dataclass(frozen=True, slots=True)
class FilePlace:
    """The file or folder that a path of a memory means, if it has moved or is gone, or parts of it are elsewhere.

    Attributes:
        path: The path in the memory.
        now: The path at the point of the answer; None if the file was deleted. Of a folder, the path with the most
            of its files.
        renames: The commits that moved the file since the memory's start, in order.
        deleted_at: The time of its deletion; None if it is there.
        deleted_in: The commit that deleted it.
        parts: The files that have parts of the file, or all places of the files of a folder.
    """

    path: str
    now: str | None
    renames: tuple[FileRename, ...] = ()
    deleted_at: datetime | None = None
    deleted_in: str | None = None
    parts: tuple[PlaceShare, ...] = ()

    @property
    def sentence(self) -> str:
        """The change in words, without a full stop."""
        parts = ", ".join(part.words for part in self.parts[:_MOST_NAMED])
        more = f" and {len(self.parts) - _MOST_NAMED} more places" if len(self.parts) > _MOST_NAMED else ""
        if not self.parts:
            return self._sentence
        if self.deleted_at is None and not self.renames:
            return f"{self.path} went to {parts}{more}"
        return f"{self._sentence}; parts went to {parts}{more}"

    @property
    def _sentence(self) -> str:
        if self.deleted_at is not None:
            last = f" (by then {self.renames[-1].new})" if self.renames else ""
            commit = (self.deleted_in or "")[:_SHA_CHARS]
            return f"{self.path}{last} was deleted on {self.deleted_at.date()} (commit {commit})"
        if not self.renames:
            return f"{self.path} is {self.now}"
        rename = self.renames[-1]
        weak = "" if rename.similarity >= WEAK_BELOW else f", {rename.similarity} % alike"
        return f"{self.path} is {self.now} since {rename.at.date()} (commit {rename.commit[:_SHA_CHARS]}{weak})"


def place_of(history: MainlineHistory, path: str, start_us: int, at_us: int) -> FilePlace | None:
    """Return where the file of a path is at a time; None if it is still there, or no file had the path.

    Args:
        history: The history of the repository.
        path: The path in the memory.
        start_us: When the memory starts, in microseconds since 1970: the path is that of the file at that time.
        at_us: The time of the answer.
    """
    lineage = history.binding(path, start_us)
    if lineage is None:
        return None
    life = [segment for segment in history.life(lineage) if history.time_of(segment.start) <= at_us]
    if not life:
        return None
    bound_us = without_second(start_us)
    is_bound = [segment.path == path and history.time_of(segment.end) > bound_us for segment in life]
    first = is_bound.index(True) if True in is_bound else 0
    renames = tuple(
        FileRename(
            history.segments[segment.previous].path,
            segment.path,
            from_micros(history.time_of(segment.start)),
            history.shas[segment.start],
            segment.similarity or 100,
            history.authors.author_of(segment.start),
        )
        for segment in life[first + 1 :]
        if segment.previous is not None
    )
    parts = _parts(history, lineage, max(history.position_at(bound_us), life[first].start), at_us, _MOST_SPLITS)
    open_now = [segment for segment in life if history.time_of(segment.end) > at_us]
    if open_now:
        now = open_now[-1].path
        if any(segment.path == path for segment in open_now):
            return FilePlace(path, path, parts=parts) if parts else None
        return FilePlace(path, now, renames, parts=parts)
    end = max(segment.end for segment in life if segment.end is not None)
    return FilePlace(path, None, renames, from_micros(history.time_of(end)), history.shas[end], parts)


def _parts(history: MainlineHistory, lineage: int, after: int, at_us: int, depth: int) -> tuple[PlaceShare, ...]:
    """Return the files with lines that commits after a position took out of a file, and again out of its parts."""
    found: dict[str, PlaceShare] = {}
    for position, relocations in history.relocated(lineage, "") if depth else ():
        if not after < position <= history.position_at(at_us):
            continue
        for relocation in relocations:
            segment = history.segment_at(relocation.new_path, position)
            if segment is None or segment.lineage == lineage:
                continue
            share = relocation.similarity / 100
            now = history.path_at(segment.lineage, at_us)
            further = _parts(history, segment.lineage, position, at_us, depth - 1)
            own = () if now is None else (PlaceShare(now.path, share, relocation.commit),)
            inner = (PlaceShare(part.path, part.share * share, part.commit) for part in further)
            for part in (*own, *inner):
                if part.path is not None and part.path not in found:
                    found[part.path] = part
    return tuple(sorted(found.values(), key=lambda part: (-part.share, part.path or "")))

"""Where the file that a memory names is by now: its renames, or its deletion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from graphmem.instants import from_micros
from graphmem.repository.mainline_history import MainlineHistory, without_second

#: Renames of less similarity are real but worth a look.
WEAK_BELOW = 60
_SHA_CHARS = 10


@dataclass(frozen=True, slots=True)
class FileRename:
    """A commit that gave a file another path.

    Attributes:
        new: The path since then.
        similarity: Percent of the content that stayed; below 60 the rename is weak.
    """

    old: str
    new: str
    at: datetime
    commit: str
    similarity: int


@dataclass(frozen=True, slots=True)
class FilePlace:
    """The file that a path of a memory means, if it has moved or is gone.

    Attributes:
        path: The path in the memory.
        now: The path at the point of the answer; None if the file was deleted.
        renames: The commits that moved the file since the memory's start, in order.
        deleted_at: The time of its deletion; None if it is there.
        deleted_in: The commit that deleted it.
    """

    path: str
    now: str | None
    renames: tuple[FileRename, ...] = ()
    deleted_at: datetime | None = None
    deleted_in: str | None = None

    @property
    def sentence(self) -> str:
        """The change in words, without a full stop."""
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
        )
        for segment in life[first + 1 :]
        if segment.previous is not None
    )
    open_now = [segment for segment in life if history.time_of(segment.end) > at_us]
    if open_now:
        now = open_now[-1].path
        return None if any(segment.path == path for segment in open_now) else FilePlace(path, now, renames)
    end = max(segment.end for segment in life if segment.end is not None)
    return FilePlace(path, None, renames, from_micros(history.time_of(end)), history.shas[end])

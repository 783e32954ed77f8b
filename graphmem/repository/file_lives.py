"""The life of a file: the paths that it had, when, and the commits that gave and took them."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import PathOrigin, SegmentRow

_MOST_AUTHORS = 10


@dataclass(frozen=True, slots=True)
class FilePath:
    """A path that a file had for a time.

    Attributes:
        path: The path.
        start: The time of the commit that brought it.
        end: The time of the commit that took it; None while it is there.
        commit: Hash of the commit that brought it.
        ended_by: Hash of the commit that took it; None while it is there.
        origin: How the file came to the path.
        similarity: Percent of the content that stayed, of a rename.
        author: The author of the commit that brought it, as a hash under the tenant's key; None if that is not known.
    """

    path: str
    start: datetime
    end: datetime | None
    commit: str
    ended_by: str | None
    origin: PathOrigin
    similarity: int | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorShare:
    """An author of a file.

    Attributes:
        author: A hash of the address under the tenant's key: the ledger has no names.
        commits: The number of commits by the author that changed the file.
        commit: Hash of the last of them.
        at: Its time.
    """

    author: str
    commits: int
    commit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FileLife:
    """The paths of a file, in order.

    Attributes:
        paths: The paths in order; never empty.
        now: The path at the time of the answer; None if the file is gone.
        authors: The authors of most commits that changed the file, at most ten.
    """

    paths: tuple[FilePath, ...]
    now: str | None
    authors: tuple[AuthorShare, ...] = ()


def lives_of(history: MainlineHistory, path: str, at_us: int) -> tuple[FileLife, ...]:
    """Return the life of each file that ever had a path, up to a time; the file that had it last comes first.

    Args:
        history: The history of the repository.
        path: A path; folders and globs have no life.
        at_us: The time of the answer, in microseconds since 1970.
    """
    begun = [segment for segment in history.segments_of(path) if history.time_of(segment.start) <= at_us]
    lineages = dict.fromkeys(segment.lineage for segment in reversed(begun))
    return tuple(_life(history, lineage, at_us) for lineage in lineages)


def _life(history: MainlineHistory, lineage: int, at_us: int) -> FileLife:
    segments = [segment for segment in history.life(lineage) if history.time_of(segment.start) <= at_us]
    paths = tuple(_path(history, segment, at_us) for segment in segments)
    until = history.position_at(at_us)
    moves = [at for segment in segments for at in (segment.start, segment.end) if at is not None]
    ranked = history.authors.of_file(moves, [segment.number for segment in history.life(lineage)], until)
    authors = tuple(
        AuthorShare(each.author, each.commits, history.shas[each.last], from_micros(history.times_us[each.last]))
        for each in islice(ranked, _MOST_AUTHORS)
    )
    return FileLife(paths, next((path.path for path in reversed(paths) if path.end is None), None), authors)


def _path(history: MainlineHistory, segment: SegmentRow, at_us: int) -> FilePath:
    end = segment.end if segment.end is not None and history.time_of(segment.end) <= at_us else None
    return FilePath(
        segment.path,
        from_micros(history.time_of(segment.start)),
        None if end is None else from_micros(history.time_of(end)),
        history.shas[segment.start],
        None if end is None else history.shas[end],
        segment.origin,
        segment.similarity,
        history.authors.author_of(segment.start),
    )

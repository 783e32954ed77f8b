"""Finds the present folders of the files of a folder: all folders that have any of them, with their shares."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator

from graphmem.repository.file_places import FilePlace, PlaceShare
from graphmem.repository.mainline_history import MainlineHistory, without_second

#: Places that are listed, those with the most files first.
_MOST_PLACES = 50


def place_of_folder(history: MainlineHistory, folder: str, start_us: int, at_us: int) -> FilePlace | None:
    """Return where the files of a folder are at a time; None if all are still in it, or it had none.

    Args:
        history: The history of the repository.
        folder: The path in the memory, with or without its closing slash.
        start_us: When the memory starts, in microseconds since 1970: the files are those of the folder at that time,
            else those that it had first afterwards.
        at_us: The time of the answer.
    """
    inside = folder.rstrip("/") + "/"
    start = max(history.position_at(without_second(start_us)), 0)
    key = inside, start, history.position_at(at_us)
    if key not in history.folder_shares:
        history.folder_shares[key] = tuple(_shares(history, inside, start, at_us))
    shares = [PlaceShare(path, share) for path, share in history.folder_shares[key]]
    if not shares or [share.path for share in shares] == [inside]:
        return None
    return FilePlace(folder, shares[0].path, parts=tuple(shares[:_MOST_PLACES]))


def _shares(history: MainlineHistory, inside: str, start: int, at_us: int) -> Iterator[tuple[str | None, float]]:
    """Yield (folder, share of the files) of each folder that has files of a folder; None for deleted files."""
    files = _files_of(history, inside, start)
    counts = Counter(_place(history, lineage, path, inside, at_us) for lineage, path in files.items())
    for target, count in sorted(counts.items(), key=lambda item: (item[0] is None, -item[1], item[0] or "")):
        yield target, count / len(files)


def _files_of(history: MainlineHistory, inside: str, start: int) -> dict[int, str]:
    """Return by lineage the path of each file of a folder at a commit, else of those that it had first afterwards."""
    later = [
        segment
        for path in history.below(inside)
        for segment in history.segments_of(path)
        if segment.end is None or segment.end > start
    ]
    first = max(start, min((segment.start for segment in later), default=start))
    return {segment.lineage: segment.path for segment in later if segment.start <= first}


def _place(history: MainlineHistory, lineage: int, path: str, inside: str, at_us: int) -> str | None:
    """Return the folder that replaces a folder for a file in it; None for a file that was deleted."""
    now = history.path_at(lineage, at_us)
    if now is None:
        return None
    if now.path.startswith(inside):
        return inside
    rest = path[len(inside) :]
    is_same = now.path.endswith(f"/{rest}")
    return now.path[: -len(rest)] if is_same else posixpath.dirname(now.path) + "/"

"""The files of a component or module at a time, and the paths under which memories may name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.areas import package_paths
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import SegmentRow

#: The most areas of which a history keeps the files.
_MOST_KEPT = 32


@dataclass(frozen=True, slots=True)
class AreaFiles:
    """The files of a component or module at a commit.

    Attributes:
        lineages: The files. A deleted file counts by its last path, one that comes later by its first.
        paths: All paths that the files ever had. A folder that ends in `/` represents all files in it, if every path
            that was ever in it is one of them; the same folder without a slash is among the paths too.
    """

    lineages: frozenset[int]
    paths: tuple[str, ...]


def area_files(history: MainlineHistory, name: str, at_us: int) -> AreaFiles:
    """Return the files of a component or module at a time.

    Args:
        history: The history of the repository.
        name: The name of the component or module.
        at_us: The time, in microseconds since 1970.
    """
    position = history.position_at(at_us)
    if (kept := history.area_files.get((name, position))) is not None:
        return kept
    lineages = frozenset(_lineages(history, name, position)) if position >= 0 else frozenset[int]()
    paths = {segment.path for lineage in lineages for segment in history.life(lineage)}
    made = AreaFiles(lineages, tuple(sorted(set(_folded(history, paths)))))
    while len(history.area_files) >= _MOST_KEPT:
        history.area_files.pop(next(iter(history.area_files)), None)
    history.area_files[name, position] = made
    return made


def _lineages(history: MainlineHistory, name: str, position: int) -> Iterator[int]:
    may_have = history.areas.files_test(name, position)
    package = package_paths(name)
    for lineage, segment in _last_segments(history, position).items():
        path = segment.path
        if (may_have(path) or package.search(f"/{path}")) and name in history.areas_of(path, position):
            yield lineage


def _last_segments(history: MainlineHistory, position: int) -> dict[int, SegmentRow]:
    """Return the last segment of each file up to a commit, else its first."""
    last: dict[int, SegmentRow] = {}
    for segment in history.segments:
        existing = last.get(segment.lineage)
        if existing is None or existing.start <= segment.start <= position or segment.start < existing.start:
            last[segment.lineage] = segment
    return last


def _folded(history: MainlineHistory, paths: AbstractSet[str]) -> Iterator[str]:
    """Yield the outermost folders of which every path is among some, and the paths outside of them."""
    total = Counter(folder for path in history.paths() for folder in _folders(path))
    own = Counter(folder for path in paths for folder in _folders(path))
    for path in paths:
        folder = next((folder for folder in _folders(path) if own[folder] == total[folder]), None)
        yield from (path,) if folder is None else (folder, folder.removesuffix("/"))


def _folders(path: str) -> Iterator[str]:
    """Yield the folders of a file, the outermost first."""
    end = path.find("/")
    while end >= 0:
        yield path[: end + 1]
        end = path.find("/", end + 1)

"""The parts of a mainline that are nodes and relationships in a graph: renamed files, tags, and the commits of both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import NamedTuple

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.commit_names import time_of_commit
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows

#: No anchor has a longer name.
MAX_NAME_CHARS = 1_000
_UNSAFE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
#: Instants of the years 1 to 9999, in microseconds since 1970.
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999


class Rename(NamedTuple):
    """A commit of the mainline that gave a file another path.

    Attributes:
        old: The path before; `new` the path since then.
        at_us: Effective time of the commit, in microseconds since 1970.
        sha: Hash of the commit.
        similarity: Percent of the content that stayed.
        lineage: Number of the file's lineage.
    """

    old: str
    new: str
    at_us: int
    sha: str
    similarity: int
    lineage: int


@dataclass(frozen=True, slots=True)
class MainlineGraph:
    """The graph of one mainline.

    Attributes:
        renames: Each rename with the ledger position of the reading that recorded it as it is.
        commits: Effective time of each commit of a rename or tag, by its hash; None if the commit is not recorded.
        tags: Hash of the commit of each tag, by the tag's name.
    """

    renames: dict[Rename, int] = field(default_factory=dict)
    commits: dict[str, int | None] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def renames(history: MainlineHistory) -> Iterator[Rename]:
    """Yield every rename on a mainline; a file that came back to its path was not renamed."""
    for number in range(len(history.segments)):
        rename = _rename(history, number)
        if rename is not None:
            yield rename


@dataclass(slots=True)
class RecordedRenames:
    """The renames of a mainline with their readings; `take` brings them forward by a reading."""

    _by_number: dict[int, tuple[Rename, int]] = field(default_factory=dict)
    _count: int = 0

    def take(self, history: MainlineHistory, rows: MainlineRows, seq: int, *, is_rewrite: bool) -> None:
        """Take the rows of a reading.

        Args:
            history: The history with the rows.
            rows: The rows.
            seq: Ledger position of the reading.
            is_rewrite: Whether it replaced commits: a segment may then have another commit without a row of its own.
        """
        count = len(history.segments)
        numbers = range(count) if is_rewrite else [row.number for row in rows.segments]
        before = dict(self._removed([*numbers, *range(count, self._count)]))
        self._count = count
        for number in numbers:
            rename = _rename(history, number)
            if rename is not None:
                self._by_number[number] = rename, before.get(rename, seq)

    def graph(self, history: MainlineHistory) -> MainlineGraph:
        """Return the graph of a history, whose last reading was taken."""
        seqs = dict(self._by_number.values())
        tags = {
            name: ref.sha
            for (kind, name), ref in history.refs.items()
            if kind == "tag" and ref.sha is not None and _is_name(name) and _is_name(ref.sha)
        }
        commits = {sha: _storable(time_of_commit(history, sha)) for sha in set(tags.values())}
        commits.update((rename.sha, rename.at_us) for rename in seqs)
        return MainlineGraph(seqs, commits, tags)

    def _removed(self, numbers: Iterable[int]) -> Iterator[tuple[Rename, int]]:
        for number in numbers:
            if number in self._by_number:
                yield self._by_number.pop(number)


def _rename(history: MainlineHistory, number: int) -> Rename | None:
    """Return the rename with which a segment begins; None if it begins otherwise, or no node can have its names."""
    segment = history.segments[number]
    if segment.previous is None:
        return None
    old, new, start = history.segments[segment.previous].path, segment.path, segment.start
    at_us, sha = history.times_us[start], history.shas[start]
    if old == new or not all(map(_is_name, (old, new, sha))) or _storable(at_us) is None:
        return None
    similarity = 100 if segment.similarity is None else segment.similarity
    return Rename(old, new, at_us, sha, similarity, segment.lineage)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME_CHARS and not _UNSAFE.search(text)


def _storable(at_us: int | None) -> int | None:
    """Return an instant that stores can keep; None for any other."""
    return at_us if at_us is not None and _FIRST_US <= at_us <= _LAST_US else None

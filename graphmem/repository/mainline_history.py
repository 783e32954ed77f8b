"""The mainline of a repository by its readings in the ledger: commits, tags, and the files of each path."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from graphmem.deferred_dataclass import dataclass, field
from graphmem.repository.areas import AreaRow, Areas, package_names
from graphmem.repository.authors import AuthorRows, MainlineAuthors, takes_authors
from graphmem.repository.code_verdict import CodeVerdict
from graphmem.repository.mainline_rows import MainlineRows, RefRow, SegmentRow, SideCommit, UnreadCommit
from graphmem.repository.relocations import Relocation
from graphmem.repository.repository_link import RepositoryLink

if TYPE_CHECKING:
    from graphmem.repository.area_files import AreaFiles

Key = TypeVar("Key", str, int)

_BRANCHES = ("refs/heads/", "refs/remotes/")
_SECOND_US = 1_000_000
#: Commits of the same second are kept apart by fewer microseconds.
_COMMIT_US = 1_000
#: No commit is later.
FOREVER_US = 1 << 62


class SymbolFiles(NamedTuple):
    """A commit that moved a symbol: the file and the dotted name before, those since then, and its position."""

    old_file: int
    old_name: str
    new_file: int
    new_name: str
    position: int


@dataclass(slots=True)
class MainlineHistory:
    """The content of all readings of a mainline; `add` takes the next reading.

    Attributes:
        seq: Ledger position of the last reading that counts; 0 without any.
        shas: Hashes of the mainline's commits, oldest first.
        times_us: Their effective times in microseconds since 1970, rising.
        segments: All segments, by number.
        arrivals: Position of the mainline commit that brought another commit, by the hash of the other commit.
        sides: Commits off the mainline on the lines of tags and branches, by their hashes.
        refs: Tags and branch heads, by (kind, name).
        unread: Commits that were not read completely.
        is_shallow: The history begins at the boundary of a shallow clone.
        ref: The ref of the last reading of the mainline; None if that is not known.
        verdicts: The last verdict on each memory that was checked against the code.
        relocations: The new places of parts of files, by the commit, the path and the symbol before.
        last: Ledger position of the last entry of any kind that counts.
        links: Every link into the repository, those that are undone included, by the ledger position of its entry.
        former: Hashes of commits that were on the mainline before it was rewritten.
        gone: The last commit of each branch that is gone, by its name, and the ledger position that says so.
        area_rows: Components and modules that files declare, by the position of the commit and the file.
        authors: The authors of its commits.
        has_areas: True if every reading looked for components and modules; those of earlier releases did not.
    """

    seq: int = 0
    shas: list[str] = field(default_factory=list)
    times_us: list[int] = field(default_factory=list)
    segments: list[SegmentRow] = field(default_factory=list)
    arrivals: dict[str, int] = field(default_factory=dict)
    sides: dict[str, SideCommit] = field(default_factory=dict)
    refs: dict[tuple[str, str], RefRow] = field(default_factory=dict)
    unread: list[UnreadCommit] = field(default_factory=list)
    is_shallow: bool = False
    ref: str | None = None
    verdicts: dict[str, CodeVerdict] = field(default_factory=dict)
    relocations: dict[tuple[str, str, str], tuple[Relocation, ...]] = field(default_factory=dict)
    last: int = 0
    links: dict[int, RepositoryLink] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    gone: dict[str, tuple[str, int]] = field(default_factory=dict)
    area_rows: dict[tuple[int, str], AreaRow] = field(default_factory=dict)
    has_areas: bool = False
    authors: MainlineAuthors = field(default_factory=MainlineAuthors)
    _areas: Areas | None = None
    _by_path: dict[str, list[int]] | None = None
    _of_lineage: dict[int, list[int]] | None = None
    _paths: list[str] | None = None
    _positions: dict[str, int] | None = None
    #: Cache of the shares of the files of folders, by folder and positions.
    folder_shares: dict[tuple[str, int, int], tuple[tuple[str | None, float], ...]] = field(default_factory=dict)
    #: Cache of the files of components and modules, by the name and the position of the commit.
    area_files: dict[tuple[str, int], AreaFiles] = field(default_factory=dict)
    _by_name: dict[str, list[str]] | None = None
    _relocated: dict[tuple[int, str], list[tuple[int, tuple[Relocation, ...]]]] | None = None

    def copy(self) -> MainlineHistory:
        """Return a history that takes further readings without changing this one."""
        return MainlineHistory(
            self.seq,
            list(self.shas),
            list(self.times_us),
            list(self.segments),
            dict(self.arrivals),
            dict(self.sides),
            dict(self.refs),
            list(self.unread),
            self.is_shallow,
            self.ref,
            dict(self.verdicts),
            dict(self.relocations),
            self.last,
            dict(self.links),
            set(self.former),
            dict(self.gone),
            dict(self.area_rows),
            self.has_areas,
            self.authors.copy(),
        )

    def takes(self, rows: MainlineRows) -> bool:
        """Return True if rows fit to the history: an entry that no reader wrote may have any."""
        commits = rows.start + len(rows.shas)
        times = [*self.times_us[max(rows.start - 1, 0) : rows.start], *rows.times_us]
        return (
            rows.start <= len(self.shas)
            and all(earlier < later for earlier, later in pairwise(times))
            and all(
                0 <= row.start < commits and (row.end is None or row.start < row.end < commits) for row in rows.segments
            )
            and all(
                row.previous is None or 0 <= row.previous < row.number < rows.segment_count for row in rows.segments
            )
            and all(0 <= position < commits for _, position in rows.arrivals)
            and all(0 <= row.position < commits for row in rows.areas or ())
            and self._is_without_gap(rows)
        )

    def _is_without_gap(self, rows: MainlineRows) -> bool:
        present_count = min(len(self.segments), rows.segment_count)
        fresh = [row.number for row in rows.segments if row.number >= present_count]
        return fresh == list(range(present_count, rows.segment_count)) and all(row.number >= 0 for row in rows.segments)

    def add(self, seq: int, rows: MainlineRows, ref: str | None = None, authors: AuthorRows | None = None) -> None:
        """Take a reading that fits: its rows replace everything from its first commit on.

        Args:
            seq: Ledger position of the reading.
            rows: Its content.
            ref: The ref of the mainline.
            authors: The authors of its commits; those that do not fit are left out.
        """
        if authors is not None and not takes_authors(authors, rows.start + len(rows.shas), rows.segment_count):
            authors = None
        self.ref = ref
        if rows.start < len(self.shas):
            self._cut(rows.start)
        self.shas += rows.shas
        self.times_us += rows.times_us
        del self.segments[rows.segment_count :]
        for segment in rows.segments:
            self._set(segment)
        self.arrivals.update(rows.arrivals)
        self.sides.update((commit.sha, commit) for commit in rows.sides)
        for named in rows.refs:
            if named.sha is None:
                self._drop(named, seq)
            else:
                self.refs[named.kind, named.name] = named
        self.unread += rows.unread
        self.area_rows.update(((row.position, row.path), row) for row in rows.areas or ())
        self.has_areas = rows.areas is not None
        self.authors.take(authors, len(self.shas))
        self._areas = None
        self.is_shallow = rows.is_shallow
        self.seq = seq
        self._by_path = self._of_lineage = self._paths = self._positions = self._relocated = self._by_name = None
        self.folder_shares = {}
        self.area_files = {}

    def relocate(self, relocations: Iterable[Relocation]) -> None:
        """Take relocations; those of the same part and commit replace earlier relocations."""
        by_key: dict[tuple[str, str, str], tuple[Relocation, ...]] = {}
        for relocation in relocations:
            by_key[relocation.key] = (*by_key.get(relocation.key, ()), relocation)
        self.relocations.update(by_key)
        self._relocated = None

    def _drop(self, named: RefRow, seq: int) -> None:
        """Remove a ref that is gone; of a branch, keep its last commit."""
        last = self.refs.pop((named.kind, named.name), None)
        if named.kind == "branch" and last is not None and last.sha is not None:
            self.gone[named.name] = (last.sha, seq)

    def _cut(self, start: int) -> None:
        """Remove the commits from a position on."""
        self.former.update(self.shas[start:])
        del self.shas[start:]
        del self.times_us[start:]
        self.arrivals = {sha: position for sha, position in self.arrivals.items() if position < start}
        self.unread = [commit for commit in self.unread if commit.position < start]
        self.area_rows = {key: row for key, row in self.area_rows.items() if row.position < start}
        self.authors.cut(start)

    def _set(self, segment: SegmentRow) -> None:
        if segment.number < len(self.segments):
            self.segments[segment.number] = segment
        else:
            self.segments.append(segment)

    def until(self, position: int) -> MainlineHistory:
        """Return the history as it was with the commit at a position as its last; -1 for none.

        Args:
            position: The position of a commit of the mainline.
        """
        made = MainlineHistory(self.seq, self.shas[: position + 1], self.times_us[: position + 1], ref=self.ref)
        made.verdicts, made.relocations = self.verdicts, self.relocations
        made.last, made.links = self.last, self.links
        made.area_rows = {key: row for key, row in self.area_rows.items() if row.position <= position}
        made.has_areas, made.authors = self.has_areas, self.authors
        for segment in self.segments:
            if segment.start > position:
                break
            end = segment.end if segment.end is not None and segment.end <= position else None
            made._set(segment._replace(end=end))
        return made

    @property
    def branch(self) -> str | None:
        """The branch of the last reading of the mainline: later readings follow it, and not the checkout."""
        return self.ref if self.ref is not None and self.ref.startswith(_BRANCHES) else None

    # ---- commits

    def position_of(self, sha: str) -> int | None:
        """Return the position of a mainline commit; None if it is not on the mainline."""
        if self._positions is None:
            self._positions = {listed: position for position, listed in enumerate(self.shas)}
        return self._positions.get(sha)

    def position_at(self, at_us: int) -> int:
        """Return the position of the last commit at or before a time; -1 before the first."""
        return bisect_right(self.times_us, at_us) - 1

    def time_of(self, position: int | None) -> int:
        """Return the effective time of the commit at a position; `FOREVER_US` for None."""
        return FOREVER_US if position is None else self.times_us[position]

    # ---- files

    def segments_of(self, path: str) -> list[SegmentRow]:
        """Return every segment of a path, in the order of their starts."""
        if self._by_path is None:
            self._by_path = _numbers((row.path, row.number) for row in self.segments)
        return self._sorted(self._by_path.get(path, ()))

    def life(self, lineage: int) -> list[SegmentRow]:
        """Return every segment of a file, in the order of their starts."""
        if self._of_lineage is None:
            self._of_lineage = _numbers((row.lineage, row.number) for row in self.segments)
        return self._sorted(self._of_lineage.get(lineage, ()))

    def _sorted(self, numbers: Iterable[int]) -> list[SegmentRow]:
        return sorted((self.segments[number] for number in numbers), key=lambda row: (row.start, row.number))

    def paths(self) -> list[str]:
        """Return every path that a file ever had, sorted."""
        if self._paths is None:
            self._paths = sorted({row.path for row in self.segments})
        return self._paths

    def below(self, folder: str) -> Iterator[str]:
        """Yield every path that a file ever had in a folder.

        Args:
            folder: With its closing slash; "" for the root.
        """
        paths = self.paths()
        for index in range(bisect_left(paths, folder), len(paths)):
            if not paths[index].startswith(folder):
                return
            yield paths[index]

    def ending(self, end: str) -> Iterator[str]:
        """Yield every path that a file ever had whose last components are those of a relative path."""
        if self._by_name is None:
            self._by_name = {}
            for path in self.paths():
                self._by_name.setdefault(path.rpartition("/")[2], []).append(path)
        for path in self._by_name.get(end.rpartition("/")[2], ()):
            if path == end or path.endswith(f"/{end}"):
                yield path

    def segment_at(self, path: str, position: int) -> SegmentRow | None:
        """Return the segment of a path at a commit; None if no file has the path then."""
        listed = self.segments_of(path)
        return next((row for row in listed if row.start <= position and (row.end is None or row.end > position)), None)

    def relocated(self, lineage: int, symbol: str) -> list[tuple[int, tuple[Relocation, ...]]]:
        """Return the relocations of a symbol of a file, or with "" of its lines, each with the position of its commit.

        Those of commits that are not on the mainline are left out.
        """
        if self._relocated is None:
            self._relocated = {}
            for (sha, path, name), relocations in self.relocations.items():
                position = self.position_of(sha)
                segment = None if position is None else self._segment_before(path, position)
                if position is not None and segment is not None:
                    self._relocated.setdefault((segment.lineage, name), []).append((position, relocations))
            for listed in self._relocated.values():
                listed.sort(key=lambda item: item[0])
        return self._relocated.get((lineage, symbol), [])

    def splits(self) -> Iterator[tuple[int, int, int]]:
        """Yield (file, file that has lines of it, position of the commit) of every split that was found."""
        if self.relocations:
            self.relocated(-1, "")
        for (lineage, symbol), listed in (self._relocated or {}).items():
            for position, relocations in () if symbol else listed:
                for relocation in relocations:
                    segment = self.segment_at(relocation.new_path, position)
                    if segment is not None and segment.lineage != lineage:
                        yield lineage, segment.lineage, position

    def symbol_moves(self) -> Iterator[SymbolFiles]:
        """Yield each recorded move of a symbol from a file into another one."""
        if self.relocations:
            self.relocated(-1, "")
        for (lineage, symbol), listed in (self._relocated or {}).items():
            for position, relocations in listed if symbol else ():
                for relocation in relocations:
                    segment = self.segment_at(relocation.new_path, position) if relocation.is_move else None
                    if segment is not None:
                        yield SymbolFiles(lineage, symbol, segment.lineage, relocation.new_symbol, position)

    def _segment_before(self, path: str, position: int) -> SegmentRow | None:
        """Return the segment of a path before a commit, else after it."""
        rows = self.segments_of(path)
        before = (row for row in rows if row.start < position and (row.end is None or row.end >= position))
        return next(before, None) or self.segment_at(path, position)

    def areas_of(self, path: str, position: int) -> set[str]:
        """Return the names of the components and modules that a path belongs to at a commit.

        Args:
            path: A file, or a folder that ends in `/`.
            position: Position of the commit; there are no names before the first commit.
        """
        if position < 0:
            return set()
        names = package_names(path, lambda name: self.segment_at(name, position) is not None)
        return {*self.areas.names_of(path, position), *names}

    @property
    def areas(self) -> Areas:
        """The components and modules that files declare."""
        if self._areas is None:
            self._areas = Areas(self.area_rows.values())
        return self._areas

    def binding(self, path: str, at_us: int) -> int | None:
        """Return the lineage of the file that a path refers to from a time on.

        It is the file that had the path at that time, else the next file that has it; None if there is none. Commits of
        the same second do not count yet (`without_second`).
        """
        at_us = without_second(at_us)
        segments = self.segments_of(path)
        for segment in segments:
            if self.time_of(segment.end) > at_us:
                return segment.lineage
        return None

    def path_at(self, lineage: int, at_us: int) -> SegmentRow | None:
        """Return the segment of a file at a time; None if it has no path then."""
        segment_then = None
        for segment in self.life(lineage):
            if self.times_us[segment.start] <= at_us < self.time_of(segment.end):
                segment_then = segment
        return segment_then

    def files_at(self, at_us: int) -> set[str]:
        """Return the paths of all files at a time."""
        position = self.position_at(at_us)
        return {row.path for row in self.segments if row.start <= position and (row.end is None or row.end > position)}


def without_second(at_us: int) -> int:
    """Return the last microsecond before the second of a clock's time; commits have whole seconds.

    A memory that is recorded, and a file that is moved right after, may share a second. Times of commits are
    whole seconds but for some microseconds that keep them apart; they are returned unchanged.

    Args:
        at_us: Microseconds since 1970.
    """
    micros = at_us % _SECOND_US
    return at_us - micros - 1 if micros >= _COMMIT_US else at_us


def _numbers(pairs: Iterable[tuple[Key, int]]) -> dict[Key, list[int]]:
    """Return the numbers of each key."""
    numbers: dict[Key, list[int]] = {}
    for key, number in pairs:
        numbers.setdefault(key, []).append(number)
    return numbers

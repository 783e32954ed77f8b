"""Finds the present place of a symbol that a memory names: renames of its file, and commits that moved the symbol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from graphmem.deferred_dataclass import dataclass, field
from graphmem.instants import from_micros
from graphmem.repository.mainline_history import FOREVER_US, MainlineHistory, without_second
from graphmem.repository.mainline_rows import SegmentRow
from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.repository.symbol_names import SymbolTarget, symbol_targets

_MOST_MOVES = 100
_SHA_CHARS = 10
_GONE = frozenset({RelocationBasis.GONE, RelocationBasis.SIMILAR})


@dataclass(frozen=True, slots=True)
class SymbolMove:
    """A commit that moved a symbol.

    Attributes:
        old: The file and the name before, as `src/pool.py#Pool.acquire`.
        new: The file and the name since then.
        basis: `name` or `body` if that showed the move; `file` if its file was renamed.
        similarity: Percent: how alike its bodies are, or the contents of its file.
    """

    old: str
    new: str
    at: datetime
    commit: str
    basis: str
    similarity: int


@dataclass(frozen=True, slots=True)
class SymbolPlace:
    """The symbol that a memory names, if it has moved or is gone.

    Attributes:
        symbol: The symbol as the memory names it.
        now: The file and the name at the point of the answer; None if it is gone.
        moves: The commits that moved it since the memory's start, in order.
        gone_at: The time of the commit that removed it; None if it is there.
        gone_in: The commit that removed it.
        proposals: Symbols that it may have become: similar, but not clearly the same.
    """

    symbol: str
    now: str | None
    moves: tuple[SymbolMove, ...] = ()
    gone_at: datetime | None = None
    gone_in: str | None = None
    proposals: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The change in words, without a full stop."""
        if self.gone_at is not None:
            last = f" (by then {self.moves[-1].new})" if self.moves else ""
            may = f"; it may be {' or '.join(self.proposals)}" if self.proposals else ""
            commit = (self.gone_in or "")[:_SHA_CHARS]
            return f"{self.symbol}{last} is gone since {self.gone_at.date()} (commit {commit}){may}"
        if not self.moves:
            return f"{self.symbol} is {self.now}"
        move = self.moves[-1]
        how = f"commit {move.commit[:_SHA_CHARS]}, found by its {move.basis}, {move.similarity} % alike"
        return f"{self.symbol} is {self.now} since {move.at.date()} ({how})"


def place_of_symbol(
    history: MainlineHistory, text: str, files: Sequence[str], start_us: int, at_us: int
) -> SymbolPlace | None:
    """Return where a symbol is at a time; None if it is still where the memory says, or its file is not known.

    Args:
        history: The history of the repository.
        text: The symbol as the memory names it.
        files: The files that the memory is about besides.
        start_us: When the memory starts, in microseconds since 1970.
        at_us: The time of the answer.
    """
    bound_us = without_second(start_us)
    for target in symbol_targets(text, files):
        segment = first_segment(history, target, bound_us)
        if segment is not None and history.times_us[segment.start] <= at_us:
            return _MoveTrail(history, at_us, segment, target.name, bound_us).place(text)
    return None


def files_of_symbol(
    history: MainlineHistory, text: str, files: Sequence[str], start_us: int, at_us: int
) -> frozenset[int]:
    """Return the lineages of all files that have had a symbol from a memory's start up to a time.

    Args:
        history: The history of the repository.
        text: The symbol as the memory names it.
        files: The files that the memory is about besides.
        start_us: When the memory starts, in microseconds since 1970.
        at_us: The time of the answer.
    """
    bound_us = without_second(start_us)
    for target in symbol_targets(text, files):
        segment = first_segment(history, target, bound_us)
        if segment is not None and history.times_us[segment.start] <= at_us:
            walk = _MoveTrail(history, at_us, segment, target.name, bound_us)
            walk.place(text)
            return frozenset(walk.lineages)
    return frozenset()


def first_segment(history: MainlineHistory, target: SymbolTarget, at_us: int) -> SegmentRow | None:
    """Return the segment of the file that a target means from a time on; None if no file has the path."""
    paths = [target.path] if not target.is_end else list(history.ending(target.path))
    segments = [
        segment for path in paths for segment in history.segments_of(path) if history.time_of(segment.end) > at_us
    ]
    return min(segments, key=lambda segment: (segment.start, segment.number), default=None)


def last_lineage(history: MainlineHistory, segment: SegmentRow, name: str, start_us: int) -> int:
    """Return the lineage of the last known file of a symbol, by the relocations; of a removed symbol, its last file.

    Args:
        history: The history of the repository.
        segment: The symbol's file at the start.
        name: The dotted name of the symbol.
        start_us: The start, in microseconds since 1970.
    """
    walk = _MoveTrail(history, FOREVER_US - 1, segment, name, start_us)
    walk.place(name)
    return walk.segment.lineage


@dataclass(slots=True)
class _MoveTrail:
    """Goes from move to move up to the time of the answer."""

    history: MainlineHistory
    at_us: int
    segment: SegmentRow
    name: str
    start_us: int
    moves: list[SymbolMove] = field(default_factory=list)
    lineages: set[int] = field(default_factory=set)

    def place(self, text: str) -> SymbolPlace | None:
        position = max(self.history.position_at(self.start_us), self.segment.start)
        last = self.history.position_at(self.at_us)
        gone: tuple[Relocation, ...] = ()
        lost_at = 0
        self.lineages.add(self.segment.lineage)
        for _ in range(_MOST_MOVES):
            event = self._next(position, last)
            self._follow_file(last if event is None else event[0])
            if event is None:
                break
            position, (first, *_) = event
            gone, lost_at = (event[1], position) if first.basis in _GONE else ((), 0)
            if not gone:
                self._move(first, position)
        return self._place(text, gone, lost_at)

    def _place(self, text: str, gone: tuple[Relocation, ...], lost_at: int) -> SymbolPlace | None:
        history, moves = self.history, tuple(self.moves)
        if gone:
            similar = tuple(f"{each.new_path}#{each.new_symbol}" for each in gone if each.new_path)
            at, commit = from_micros(history.time_of(lost_at)), gone[0].commit
            return SymbolPlace(text, None, moves, at, commit, similar)
        current = history.path_at(self.segment.lineage, self.at_us)
        if current is None:
            end = max((each.end for each in history.life(self.segment.lineage) if each.end is not None), default=None)
            if end is None:
                return None
            return SymbolPlace(text, None, moves, from_micros(history.time_of(end)), history.shas[end])
        return SymbolPlace(text, f"{current.path}#{self.name}", moves) if moves else None

    def _next(self, position: int, last: int) -> tuple[int, tuple[Relocation, ...]] | None:
        """Return the next relocation of the symbol after a position."""
        for at, relocations in self.history.relocated(self.segment.lineage, self.name):
            if position < at <= last:
                return at, relocations
        return None

    def _follow_file(self, until: int) -> None:
        """Note the renames of the symbol's file up to a position."""
        for segment in self._later(until):
            if segment.path != self.segment.path:
                old, new = f"{self.segment.path}#{self.name}", f"{segment.path}#{self.name}"
                self._note(old, new, segment.start, "file", segment.similarity or 100)
            self.segment = segment

    def _later(self, until: int) -> Iterator[SegmentRow]:
        """Yield the next paths of the symbol's file up to a position."""
        for segment in self.history.life(self.segment.lineage):
            if segment.previous is not None and self.segment.start < segment.start <= until:
                yield segment

    def _move(self, relocation: Relocation, position: int) -> None:
        segment = self.history.segment_at(relocation.new_path, position)
        if segment is None:
            return
        old, new = f"{self.segment.path}#{self.name}", f"{relocation.new_path}#{relocation.new_symbol}"
        if old != new:
            self._note(old, new, position, relocation.basis.value, relocation.similarity)
        self.segment, self.name = segment, relocation.new_symbol
        self.lineages.add(segment.lineage)

    def _note(self, old: str, new: str, position: int, basis: str, similarity: int) -> None:
        at, commit = from_micros(self.history.times_us[position]), self.history.shas[position]
        self.moves.append(SymbolMove(old, new, at, commit, basis, similarity))

"""Validity of memories for a reader (MODEL section 4), computed as sets of valid time.

For a memory `m` seen by a reader at a ledger position::

    never(m)  = retracted(m), or a correction m→n covers m without an end
    taken(m)  = [start(m), forever) unless never(m)   ∪   covered(m)
    covered(m) = ∪ over full edges m→n:  [at, until) ∩ ∪ taken(n)     (empty for an n that the reader does not see)
    holds(m)  = its own state is active, not never(m), not covered(m), and a base of it holds if m is an amendment

The edges form no cycle, so every set is finite and is computed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from graphmem.deferred_dataclass import replace
from graphmem.errors import CorruptStore
from graphmem.model import FOREVER, Memory, Scope, Status, SupersessionKind
from graphmem.rows import EdgeRow, LinkRow, MemoryRow, MoveRow, RevokeRow, Rows, Stamp
from graphmem.temporal.lineage import Lineage
from graphmem.temporal.spans import (
    ALWAYS,
    NEVER,
    Span,
    Spans,
    containing,
    difference,
    intersection,
    is_endless,
    span,
    union,
)


def move_order(row: MoveRow) -> tuple[datetime, int, int, str]:
    """Sort key of a memory's moves: valid time, the source's own order, then the rank of the state."""
    move = row.move
    return (move.at, move.ordinal, move.status.rank, move.source_word or "")


def lives(moves: list[MoveRow]) -> list[tuple[Span, MoveRow]]:
    """Spans of the states that ordered moves lead to; empty spans are left out."""
    ends = [row.move.at for row in moves[1:]] + [FOREVER]
    return [((row.move.at, end), row) for row, end in zip(moves, ends, strict=False) if row.move.at < end]


def active_spans(moves: list[MoveRow]) -> Spans:
    """The valid intervals in which a memory's own state is active by its ordered moves."""
    if len(moves) == 1:
        return span(moves[0].move.at, None) if moves[0].move.status is Status.ACTIVE else NEVER
    return union(*[(piece,) for piece, row in lives(moves) if row.move.status is Status.ACTIVE])


class View:
    """The rows that a reader sees at a ledger position, and the validity that follows from them.

    Args:
        rows: Closed under supersession for every memory that is queried.
        reader: The reader's scope.
        seq: The last ledger position that is visible.
    """

    def __init__(self, rows: Rows, reader: Scope, seq: int) -> None:
        self.reader = reader
        self.seq = seq
        self.lineage = Lineage(rows.branches, reader, seq)
        sees = self.lineage.sees
        self._whole, self._single = _revoked(row for row in rows.revocations if sees(row.stamp))
        #: Visible memories, tombstones included: an erased memory still covers its predecessors.
        self.known: dict[str, MemoryRow] = self._visible(rows.memories)
        self._retracted = {
            row.memory: row.stamp.seq
            for row in rows.retractions
            if sees(row.stamp) and row.stamp.seq not in self._whole
        }
        self._moves = self._visible_moves(rows)
        self._out: dict[str, list[EdgeRow]] = defaultdict(list)
        self._full_out: dict[str, list[EdgeRow]] = defaultdict(list)
        self._into: dict[str, list[EdgeRow]] = defaultdict(list)
        self._corrected: set[str] = set()
        for edge in rows.edges:
            if sees(edge.stamp) and edge.stamp.seq not in self._whole:
                edge = self._since_merge(edge)  # noqa: PLW2901 - the same edge at a later time
                self._out[edge.old].append(edge)
                self._into[edge.new].append(edge)
                if edge.kind is not SupersessionKind.AMENDMENT:
                    self._full_out[edge.old].append(edge)
                    if edge.kind is SupersessionKind.CORRECTION:
                        self._corrected.add(edge.old)
        self._rows = rows
        self._taken: dict[str, Spans] = {}
        #: By identity: the rows live as long as the view.
        self._coverage: dict[int, Spans] = {}
        self._holding: dict[str, Spans] = {}
        self._confirmations = rows.confirmations
        self._links_out: dict[str, list[LinkRow]] | None = None

    # ---- visible rows

    @property
    def rows(self) -> Rows:
        """The rows of the view, visible or not."""
        return self._rows

    def memory(self, key: str) -> Memory | None:
        """The memory if this reader sees it and it was not erased."""
        row = self.known.get(key)
        return None if row is None or row.memory.is_erased else row.memory

    def is_of(self, keys: Iterable[str]) -> bool:
        """Return True if the view holds the full rows of these memories, visible to the reader or not."""
        return all(key in self._rows.memories for key in keys)

    def moves(self, key: str) -> list[MoveRow]:
        """The memory's visible moves in the order in which they take effect."""
        return self._moves.get(key, [])

    def edges_out(self, key: str) -> list[EdgeRow]:
        """Active edges to successors and amendments, visible or not, in ledger order."""
        return self._out.get(key, [])

    def successions(self, key: str) -> list[EdgeRow]:
        """Active full edges to successors, visible or not, in ledger order."""
        return self._full_out.get(key, [])

    def edges_into(self, key: str) -> list[EdgeRow]:
        """Active edges from predecessors and amended memories, in ledger order."""
        return self._into.get(key, [])

    def links(self, key: str) -> list[LinkRow]:
        """Active typed links from or to the memory if both sides are visible."""
        return [
            row
            for row in self._active_links
            if key in (row.source, row.target) and self.memory(row.source) and self.memory(row.target)
        ]

    def links_from(self, key: str) -> list[LinkRow]:
        """Active typed links from the memory, whether the view has the other side or not."""
        if self._links_out is None:
            self._links_out = defaultdict(list)
            for row in self._active_links:
                self._links_out[row.source].append(row)
        return self._links_out.get(key, [])

    def is_linked(self, first: str, second: str) -> bool:
        """Return True if a typed link between two memories is in effect, in either direction."""
        return any({row.source, row.target} == {first, second} for row in self._active_links)

    def confirmed_at(self, key: str) -> datetime | None:
        """Recorded time of the memory's last confirmation; None if there is none."""
        stamp = self._last_confirmation(key)
        return None if stamp is None else stamp.recorded_at

    def confirmed_seq(self, key: str) -> int:
        """Ledger position of the memory's last confirmation; 0 if there is none."""
        stamp = self._last_confirmation(key)
        return 0 if stamp is None else stamp.seq

    def retracted_seq(self, key: str) -> int:
        """Ledger position of the retraction in effect; 0 if there is none."""
        return self._retracted.get(key, 0)

    def is_retracted(self, key: str) -> bool:
        """Return True if a retraction of the memory is in effect."""
        return key in self._retracted

    def is_revoked(self, change: int, move: int | None = None) -> bool:
        """Return True if the ledger entry, or just its move at that index, is revoked for this reader."""
        return change in self._whole or (move is not None and (change, move) in self._single)

    # ---- valid time

    def status(self, key: str, valid: datetime) -> MoveRow | None:
        """The move that decides the memory's own state at an instant; None before its first."""
        reached = [row for row in self.moves(key) if row.move.at <= valid]
        return reached[-1] if reached else None

    def start(self, key: str) -> datetime | None:
        """Valid time of the first activation; None if there is none."""
        return next((row.move.at for row in self.moves(key) if row.move.status is Status.ACTIVE), None)

    def holding(self, key: str) -> Spans:
        """The valid intervals in which the memory is in force for this reader, tombstones included."""
        computed = self._holding.get(key)
        if computed is not None:
            return computed
        if key not in self._into:
            self._holding[key] = self._compute_holding(key)
            return self._holding[key]
        for each in _postorder([key], self._bases, self._holding):
            self._holding[each] = self._compute_holding(each)
        return self._holding[key]

    def holds(self, key: str, valid: datetime) -> bool:
        """Return True if the memory is in force at an instant, visible and not erased."""
        return self.memory(key) is not None and containing(self.holding(key), valid) is not None

    def coverage(self, edge: EdgeRow) -> Spans:
        """The valid intervals in which a full edge covers its old memory."""
        computed = self._coverage.get(id(edge))
        if computed is None:
            window = span(None if edge.kind is SupersessionKind.CORRECTION else edge.at, edge.until)
            computed = self._coverage[id(edge)] = intersection(window, self.taken(edge.new))
        return computed

    def covers(self, edge: EdgeRow, valid: datetime) -> bool:
        """Return True if a full edge covers its old memory at an instant."""
        if id(edge) not in self._coverage and self._has_taken_over(edge, valid):
            return True
        return containing(self.coverage(edge), valid) is not None

    def _has_taken_over(self, edge: EdgeRow, valid: datetime) -> bool:
        """Return True if the new memory itself covers the old memory, so that its own successors need not be read."""
        if edge.new not in self.known or edge.new in self._retracted or edge.new in self._rows.since:
            return False
        if edge.new in self._corrected:
            return False
        start, is_correction = self.start(edge.new), edge.kind is SupersessionKind.CORRECTION
        since = edge.at is None or is_correction or edge.at <= valid
        return since and start is not None and start <= valid and (edge.until is None or valid < edge.until)

    def taken(self, key: str) -> Spans:
        """The valid intervals in which the memory or its successors cover its predecessors."""
        computed = self._taken.get(key)
        if computed is not None:
            return computed
        if key not in self._full_out:
            self._taken[key] = self._compute_taken(key)
            return self._taken[key]
        for each in _postorder([key], self._successors, self._taken):
            self._taken[each] = self._compute_taken(each)
        return self._taken[key]

    def is_never(self, key: str) -> bool:
        """Return True if the memory was never valid: it is retracted, or a correction covers it without an end."""
        if key in self._retracted:
            return True
        for edge in self.successions(key):
            if edge.kind is SupersessionKind.CORRECTION and is_endless(self.coverage(edge)):
                return True
        return False

    def amended(self, key: str) -> list[str]:
        """Ids of the visible memories that this memory amends; an amendment without a visible base counts by itself."""
        return [edge.old for edge in self.edges_into(key) if not edge.is_full and edge.old in self.known]

    # ---- computation

    @property
    def _active_links(self) -> Iterator[LinkRow]:
        sees, revoked = self.lineage.sees, self._whole
        return (row for row in self._rows.links if sees(row.stamp) and row.stamp.seq not in revoked)

    def _last_confirmation(self, key: str) -> Stamp | None:
        seen = (row.stamp for row in self._confirmations if row.memory == key and self.lineage.sees(row.stamp))
        return max(seen, key=lambda stamp: stamp.seq, default=None)

    def _visible(self, memories: Mapping[str, MemoryRow]) -> dict[str, MemoryRow]:
        sees, admits = self.lineage.sees, _cached_by_scope(self.reader.admits)
        return {key: row for key, row in memories.items() if admits(row.memory.scope) and sees(row.stamp)}

    def _visible_moves(self, rows: Rows) -> dict[str, list[MoveRow]]:
        visible: dict[str, list[MoveRow]] = defaultdict(list)
        sees, is_none_revoked = self.lineage.sees, not self._whole and not self._single
        for row in rows.moves:
            if sees(row.stamp) and (is_none_revoked or not self.is_revoked(row.stamp.seq, row.index)):
                visible[row.memory].append(row)
        for moves in visible.values():
            if len(moves) > 1:
                moves.sort(key=move_order)
            if self.lineage.has_dated_merges:
                moves[:] = sorted(map(self._moved_since_merge, moves), key=lambda row: row.move.at)
        return visible

    def _moved_since_merge(self, row: MoveRow) -> MoveRow:
        """Return a move that a merge brought at the time of the merge, if it is earlier."""
        since = self.lineage.since(row.stamp)
        return row if since is None or since <= row.move.at else replace(row, move=replace(row.move, at=since))

    def _since_merge(self, edge: EdgeRow) -> EdgeRow:
        """Return a supersession that a merge brought at the time of the merge, if it is earlier."""
        since = self.lineage.since(edge.stamp) if self.lineage.has_dated_merges else None
        return edge if since is None or edge.at is None or since <= edge.at else replace(edge, at=since)

    def _successors(self, key: str) -> list[str]:
        return [edge.new for edge in self.successions(key)]

    def _bases(self, key: str) -> list[str]:
        return self.amended(key)

    def _counted(self, key: str, spans: Spans) -> Spans:
        """Return the part of a memory's spans in which it counts for this reader."""
        since = self._rows.since.get(key)
        return spans if since is None else intersection(spans, span(since, None))

    def _covered(self, key: str) -> Spans:
        return union(*(self.coverage(edge) for edge in self.successions(key)))

    def _compute_taken(self, key: str) -> Spans:
        if key not in self.known:
            return NEVER
        start = self.start(key)
        own = NEVER if start is None or self.is_never(key) else self._counted(key, span(start, None))
        return union(own, self._covered(key))

    def _compute_holding(self, key: str) -> Spans:
        if key not in self.known or self.is_never(key):
            return NEVER
        active = active_spans(self.moves(key))
        if key in self._rows.since:
            active = self._counted(key, active)
        if key not in self._full_out and key not in self._into:
            return active
        bases = self._bases(key)
        within = union(*(self._holding[base] for base in bases)) if bases else ALWAYS
        return intersection(difference(active, self._covered(key)), within)


def _cached_by_scope(admits: Callable[[Scope], bool]) -> Callable[[Scope], bool]:
    """Cache `admits` by the identity of the scope: memories of a scope share the object."""
    answers: dict[int, bool] = {}

    def is_admitted(home: Scope) -> bool:
        answer = answers.get(id(home))
        if answer is None:
            answer = answers[id(home)] = admits(home)
        return answer

    return is_admitted


def _revoked(rows: Iterable[RevokeRow]) -> tuple[set[int], set[tuple[int, int]]]:
    entries: set[int] = set()
    single: set[tuple[int, int]] = set()
    for row in rows:
        if row.move is None:
            entries.add(row.change)
        else:
            single.add((row.change, row.move))
    return entries, single


def _postorder(roots: Iterable[str], children: Callable[[str], list[str]], done: dict[str, Spans]) -> Iterable[str]:
    """Yield the ids reachable from the roots and not in `done`, each after its children; chains have any length.

    Raises:
        CorruptStore: An id is reachable from itself, which accepted writes never produce.
    """
    stack, begun = [(root, False) for root in roots], set[str]()
    while stack:
        key, is_expanded = stack.pop()
        if key in done:
            continue
        if is_expanded:
            yield key
            continue
        if key in begun:
            raise CorruptStore(f"memory {key!r} is superseded or amended by itself in a cycle: run graphmem check")
        begun.add(key)
        stack.append((key, True))
        stack.extend((child, False) for child in children(key) if child not in done)

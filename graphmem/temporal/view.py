"""What holds: the answer of MODEL section 4, computed as sets of valid time.

For a memory `m` seen by one reader at one ledger position::

    never(m)  = retracted(m), or some correction out of m leads to something that took over for good
    taken(m)  = [start(m), forever) unless never(m)   ∪   covered(m)
    covered(m) = ∪ over full edges m→n:  [at, until) ∩ ∪ taken(n)     (of an n that the reader does not see: nothing)
    holds(m)  = own life is active, not never(m), not covered(m), and a base of it holds if m is an amendment

The edges form no cycle, so every set is finite and is computed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from graphmem.errors import CorruptStore
from graphmem.model import FOREVER, Memory, Scope, Status, SupersessionKind
from graphmem.rows import EdgeRow, LinkRow, MemoryRow, MoveRow, RevokeRow, Rows
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
    """Sort key of a memory's moves: time, the source's own order, then the later state of a life."""
    move = row.move
    return (move.at, move.ordinal, move.status.rank, move.source_word or "")


def lives(moves: list[MoveRow]) -> list[tuple[Span, MoveRow]]:
    """Spans of the states that ordered moves lead through; states that last no time at all are left out."""
    ends = [row.move.at for row in moves[1:]] + [FOREVER]
    return [((row.move.at, end), row) for row, end in zip(moves, ends, strict=False) if row.move.at < end]


def active_spans(moves: list[MoveRow]) -> Spans:
    """When ordered moves say that the memory's own state is active."""
    if len(moves) == 1:
        return span(moves[0].move.at, None) if moves[0].move.status is Status.ACTIVE else NEVER
    return union(*[(piece,) for piece, row in lives(moves) if row.move.status is Status.ACTIVE])


class View:
    """What one reader sees in a set of rows at one ledger position.

    Args:
        rows: Closed under supersession for every memory that is asked about.
        reader: Where the reader stands.
        seq: The last ledger position that counts.
    """

    def __init__(self, rows: Rows, reader: Scope, seq: int) -> None:
        self.reader = reader
        self.seq = seq
        self.lineage = Lineage(rows.branches, reader, seq)
        sees = self.lineage.sees
        self._whole, self._single = _revoked(row for row in rows.revocations if sees(row.stamp))
        #: Tombstones included: what was erased still covers what it replaced.
        admits = _remembered(reader.admits)
        self.known: dict[str, MemoryRow] = {
            key: row for key, row in rows.memories.items() if admits(row.memory.scope) and sees(row.stamp)
        }
        self._retracted = {
            row.memory for row in rows.retractions if sees(row.stamp) and row.stamp.seq not in self._whole
        }
        self._moves = self._visible_moves(rows)
        self._out: dict[str, list[EdgeRow]] = defaultdict(list)
        self._full_out: dict[str, list[EdgeRow]] = defaultdict(list)
        self._into: dict[str, list[EdgeRow]] = defaultdict(list)
        for edge in rows.edges:
            if sees(edge.stamp) and edge.stamp.seq not in self._whole:
                self._out[edge.old].append(edge)
                self._into[edge.new].append(edge)
                if edge.is_full:
                    self._full_out[edge.old].append(edge)
        self._rows = rows
        self._taken: dict[str, Spans] = {}
        #: By identity: the rows live as long as the view.
        self._coverage: dict[int, Spans] = {}
        self._holding: dict[str, Spans] = {key: spans for key, spans in rows.holding.items() if key in self.known}

    # ---- what is there

    def memory(self, key: str) -> Memory | None:
        """The memory if this reader sees it and it was not erased."""
        row = self.known.get(key)
        return None if row is None or row.memory.is_erased else row.memory

    def is_of(self, keys: Iterable[str]) -> bool:
        """Whether all rows of these memories are there, seen or not."""
        return all(key in self._rows.memories and key not in self._rows.settled for key in keys)

    def is_settled(self, key: str) -> bool:
        """Whether only the memory and when it holds are there, not what that follows from."""
        return key in self._rows.settled

    def moves(self, key: str) -> list[MoveRow]:
        """The memory's visible moves in the order in which they take effect."""
        return self._moves.get(key, [])

    def edges_out(self, key: str) -> list[EdgeRow]:
        """Active edges to successors and amendments, visible or not, in ledger order."""
        return self._out.get(key, [])

    def successions(self, key: str) -> list[EdgeRow]:
        """As `edges_out`, full edges only."""
        return self._full_out.get(key, [])

    def edges_into(self, key: str) -> list[EdgeRow]:
        """Active edges from predecessors and amended memories, in ledger order."""
        return self._into.get(key, [])

    def links(self, key: str) -> list[LinkRow]:
        """Active typed links from or to the memory whose other side is visible too."""
        return [
            row
            for row in self._rows.links
            if key in (row.source, row.target)
            and self.lineage.sees(row.stamp)
            and row.stamp.seq not in self._whole
            and self.memory(row.source)
            and self.memory(row.target)
        ]

    def is_linked(self, one: str, other: str) -> bool:
        """Whether a typed link between two memories is in effect, in either direction."""
        return any(
            {row.source, row.target} == {one, other}
            and self.lineage.sees(row.stamp)
            and row.stamp.seq not in self._whole
            for row in self._rows.links
        )

    def confirmed_at(self, key: str) -> datetime | None:
        """When the memory was last confirmed, in recorded time; None if never."""
        if not self._rows.confirmations:
            return None
        seen = [row.stamp for row in self._rows.confirmations if row.memory == key and self.lineage.sees(row.stamp)]
        return max((stamp.recorded_at for stamp in seen), default=None)

    def is_retracted(self, key: str) -> bool:
        """Whether a retraction of the memory is in effect."""
        return key in self._retracted

    def is_revoked(self, change: int, move: int | None = None) -> bool:
        """Whether the ledger entry, or just that move of it, is undone for this reader."""
        return change in self._whole or (move is not None and (change, move) in self._single)

    # ---- when it is there

    def status(self, key: str, valid: datetime) -> MoveRow | None:
        """The move that decides the memory's own state at an instant; None before its first."""
        reached = [row for row in self.moves(key) if row.move.at <= valid]
        return reached[-1] if reached else None

    def start(self, key: str) -> datetime | None:
        """The first activation; None if there is none."""
        return next((row.move.at for row in self.moves(key) if row.move.status is Status.ACTIVE), None)

    def holding(self, key: str) -> Spans:
        """When the memory is in force for this reader, tombstones included."""
        known = self._holding.get(key)
        if known is not None:
            return known
        if key not in self._into:
            self._holding[key] = self._compute_holding(key)
            return self._holding[key]
        for each in _postorder([key], self._bases, self._holding):
            self._holding[each] = self._compute_holding(each)
        return self._holding[key]

    def holds(self, key: str, valid: datetime) -> bool:
        """Whether the memory can be returned as holding at an instant."""
        return self.memory(key) is not None and containing(self.holding(key), valid) is not None

    def coverage(self, edge: EdgeRow) -> Spans:
        """When a full edge covers its old memory."""
        known = self._coverage.get(id(edge))
        if known is None:
            window = span(None if edge.kind is SupersessionKind.CORRECTION else edge.at, edge.until)
            known = self._coverage[id(edge)] = intersection(window, self.taken(edge.new))
        return known

    def covers(self, edge: EdgeRow, valid: datetime) -> bool:
        """Whether a full edge covers its old memory at an instant."""
        if id(edge) not in self._coverage and self._has_taken_over(edge, valid):
            return True
        return containing(self.coverage(edge), valid) is not None

    def _has_taken_over(self, edge: EdgeRow, valid: datetime) -> bool:
        """Whether the new memory itself covers the old one, so that nothing beyond it need be looked at."""
        if edge.new not in self.known or edge.new in self._retracted:
            return False
        if any(one.kind is SupersessionKind.CORRECTION for one in self.successions(edge.new)):
            return False
        start, is_correction = self.start(edge.new), edge.kind is SupersessionKind.CORRECTION
        since = edge.at is None or is_correction or edge.at <= valid
        return since and start is not None and start <= valid and (edge.until is None or valid < edge.until)

    def taken(self, key: str) -> Spans:
        """When the memory, or something that it gave way to, has taken over from its predecessors."""
        known = self._taken.get(key)
        if known is not None:
            return known
        if key not in self._full_out:
            self._taken[key] = self._compute_taken(key)
            return self._taken[key]
        for each in _postorder([key], self._successors, self._taken):
            self._taken[each] = self._compute_taken(each)
        return self._taken[key]

    def is_never(self, key: str) -> bool:
        """Whether the memory is to be believed at no time: retracted, or corrected by what was accepted."""
        if key in self._retracted:
            return True
        for edge in self.successions(key):
            if edge.kind is SupersessionKind.CORRECTION and is_endless(self.coverage(edge)):
                return True
        return False

    def amended(self, key: str) -> list[str]:
        """Ids that the memory amends; for who does not see those, it stands for itself."""
        return [edge.old for edge in self.edges_into(key) if not edge.is_full and edge.old in self.known]

    # ---- computation

    def _visible_moves(self, rows: Rows) -> dict[str, list[MoveRow]]:
        found: dict[str, list[MoveRow]] = defaultdict(list)
        sees, is_none_revoked = self.lineage.sees, not self._whole and not self._single
        for row in rows.moves:
            if sees(row.stamp) and (is_none_revoked or not self.is_revoked(row.stamp.seq, row.index)):
                found[row.memory].append(row)
        for moves in found.values():
            if len(moves) > 1:
                moves.sort(key=move_order)
        return found

    def _successors(self, key: str) -> list[str]:
        return [edge.new for edge in self.successions(key)]

    def _bases(self, key: str) -> list[str]:
        return self.amended(key)

    def _covered(self, key: str) -> Spans:
        return union(*(self.coverage(edge) for edge in self.successions(key)))

    def _compute_taken(self, key: str) -> Spans:
        if key not in self.known:
            return NEVER
        start = self.start(key)
        own = NEVER if start is None or self.is_never(key) else span(start, None)
        return union(own, self._covered(key))

    def _compute_holding(self, key: str) -> Spans:
        if key not in self.known or self.is_never(key):
            return NEVER
        active = active_spans(self.moves(key))
        if key not in self._full_out and key not in self._into:
            return active
        bases = self._bases(key)
        within = union(*(self._holding[base] for base in bases)) if bases else ALWAYS
        return intersection(difference(active, self._covered(key)), within)


def _remembered(admits: Callable[[Scope], bool]) -> Callable[[Scope], bool]:
    """As `admits`, asked once of each home: memories of one home share its scope."""
    known: dict[int, bool] = {}

    def is_admitted(home: Scope) -> bool:
        answer = known.get(id(home))
        if answer is None:
            answer = known[id(home)] = admits(home)
        return answer

    return is_admitted


def _revoked(rows: Iterable[RevokeRow]) -> tuple[set[int], set[tuple[int, int]]]:
    whole: set[int] = set()
    single: set[tuple[int, int]] = set()
    for row in rows:
        if row.move is None:
            whole.add(row.change)
        else:
            single.add((row.change, row.move))
    return whole, single


def _postorder(roots: Iterable[str], children: Callable[[str], list[str]], done: dict[str, Spans]) -> Iterable[str]:
    """Ids reachable from the roots and not yet done, each after its children; a chain may be any length.

    Raises:
        CorruptStore: An id is reachable from itself, which no accepted write leaves.
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

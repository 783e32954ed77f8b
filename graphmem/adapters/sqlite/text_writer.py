"""Writes segments: each write appends a segment, and many small segments are joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import apsw

from graphmem.adapters.sqlite.segments import MOST_MEMORIES, SegmentBuilder, TextSegment, joined, pack, unpack, without
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.term_hashes import statement_terms_of
from graphmem.adapters.sqlite.values import Row, rowid_range
from graphmem.model import Statement

_INSERT = "INSERT INTO segment (first, last, size, data) VALUES (?, ?, ?, ?)"
_SIZES = "SELECT first, size FROM segment WHERE first > ? AND first < ? ORDER BY first DESC"
_READ = "SELECT first, data FROM segment WHERE first >= ? AND first <= ? ORDER BY first"
_CONTAINING = "SELECT first, last, data FROM segment WHERE first > ? AND first <= ? ORDER BY first DESC LIMIT 1"
_DROP = "DELETE FROM segment WHERE first >= ? AND first <= ?"

#: Small segments that may accumulate before they are joined.
_MOST_LOOSE = 128
_SMALL = 128
#: A segment is joined with the segment before it unless that is this many times its size.
_FAR_LARGER = 2
#: The fewest segments worth joining: a join writes all their postings again.
_FEWEST_JOINED = 8


class TextWriter:
    """Collects the terms of memories for one write transaction.

    Args:
        snapshot: In a write transaction; its tenant's `loose` counts the segments of small writes.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._terms = statement_terms_of(snapshot.tenant.key)
        self._draft = SegmentBuilder()
        self._erased: list[int] = []

    def add(self, number: int, home: int, statement: Statement) -> int:
        """Append a memory's terms; returns its token count."""
        length, terms = self._terms.packed(statement)
        self._draft.add_terms(number, home, length, terms)
        if len(self._draft) == MOST_MEMORIES:
            self._append()
        return length

    def erase(self, number: int) -> None:
        """Mark a memory whose terms `finish` removes."""
        self._erased.append(number)

    def finish(self) -> None:
        """Write the new segment, rewrite segments with erased memories, and join small segments."""
        if len(self._draft):
            self._append()
        if self._erased:
            _rewrite_without(self._snapshot, self._erased)
            self._erased = []

    def _append(self) -> None:
        draft, self._draft = self._draft, SegmentBuilder()
        self._snapshot.connection.execute(_INSERT, (draft.numbers[0], draft.numbers[-1], len(draft), draft.pack()))
        self._snapshot.tenant.loose += 1
        if self._snapshot.tenant.loose >= _MOST_LOOSE or len(draft) >= _SMALL:
            _join(self._snapshot)
            self._snapshot.tenant.loose = 0


def _join(snapshot: Snapshot) -> None:
    """Join the last segments if there are many, back to the first that is far larger than the later ones together."""
    connection = snapshot.connection
    sizes: list[Row] = connection.execute(_SIZES, rowid_range(snapshot.tenant)).fetchall()
    last, total = sizes[0]
    begins = [last]
    for first, size in sizes[1:]:
        if size > _FAR_LARGER * total or total + size > MOST_MEMORIES:
            break
        begins.append(first)
        total += size
    if len(begins) >= _FEWEST_JOINED:
        begin = begins[-1]
        rows = connection.execute(_READ, (begin, last))
        segment = joined([unpack(first, data) for first, data in rows])
        connection.execute(_DROP, (begin, last))
        _insert(connection, segment)


def _rewrite_without(snapshot: Snapshot, numbers: Iterable[int]) -> None:
    """Rewrite each segment that contains some of the memories, without them."""
    connection = snapshot.connection
    low, _ = rowid_range(snapshot.tenant)
    left: Sequence[int] = sorted(numbers)
    while left:
        row = connection.execute(_CONTAINING, (low, left[-1])).fetchone()
        if row is None:
            return
        first, last, data = row
        inside, left = [number for number in left if number >= first], [number for number in left if number < first]
        segment = unpack(first, data)
        rest = without(segment, [number for number in inside if number <= last])
        if rest.size < segment.size:
            connection.execute(_DROP, (first, first))
            if rest.size:
                _insert(connection, rest)


def _insert(connection: apsw.Connection, segment: TextSegment) -> None:
    numbers = segment.numbers
    connection.execute(_INSERT, (int(numbers[0]), int(numbers[-1]), segment.size, pack(segment)))

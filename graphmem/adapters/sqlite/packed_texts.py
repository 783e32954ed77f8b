"""Segments read in place, without NumPy: importing it takes longer than a search among some ten thousand memories."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import apsw

from graphmem.adapters.sqlite.packed_segment import PackedSegment
from graphmem.adapters.sqlite.values import Tenant, rowid_of

_EVERY = "SELECT first, data FROM segment WHERE first >= ?1 AND first <= ?2 ORDER BY first"


class PackedTexts:
    """The text of all memories of a tenant; `index` means a position in the order of their row numbers.

    Args:
        parts: The segments, each with the index of its first memory; no memory is in two.
    """

    def __init__(self, parts: Sequence[tuple[int, PackedSegment]]) -> None:
        self._parts = parts
        self._bases = [base for base, _ in parts]
        self._firsts = [part.first for _, part in parts]

    @classmethod
    def read(cls, connection: apsw.Connection, tenant: Tenant) -> PackedTexts | None:
        """Return the texts that a transaction sees; None if two segments overlap."""
        low, high = rowid_of(tenant.number, 0), rowid_of(tenant.number, tenant.seq)
        parts: list[tuple[int, PackedSegment]] = []
        size, last = 0, low
        for first, data in connection.execute(_EVERY, (low, high)):
            part = PackedSegment(first, data)
            if parts and first <= last:
                return None
            parts.append((size, part))
            size, last = size + part.size, part.last
        return cls(parts)

    def postings(self, term: int) -> Iterator[tuple[int, int]]:
        """Yield the index of each memory that has a term, rising, and the count."""
        for base, part in self._parts:
            for position, count in part.postings(term):
                yield base + position, count

    def indexes(self, term: int) -> list[int]:
        """Return the index of each memory that has a term, rising."""
        if len(self._parts) == 1:
            return self._parts[0][1].positions(term)
        return [base + position for base, part in self._parts for position in part.positions(term)]

    def by_part(self, indexes: Iterable[int]) -> Iterator[tuple[int, PackedSegment, list[int]]]:
        """Yield the segments of memories, each with the index of its first memory, and the positions in it, rising."""
        rising = sorted(indexes)
        for base, part in self._parts:
            inside = rising[bisect_left(rising, base) : bisect_left(rising, base + part.size)]
            if inside:
                yield base, part, [index - base for index in inside] if base else inside

    def most(self, term: int) -> int:
        """Return the largest count of a term in a memory."""
        return max(part.most(term) for _, part in self._parts)

    @cached_property
    def least_length(self) -> int:
        """The length of the shortest memory."""
        return min((min(part.lengths) for _, part in self._parts if part.size), default=0)

    def frequency(self, term: int) -> int:
        """Return the number of memories that have a term."""
        return sum([part.frequency(term) for _, part in self._parts])

    def parts(self) -> Sequence[tuple[int, PackedSegment]]:
        """Return the segments, each with the index of its first memory."""
        return self._parts

    def part_of(self, index: int) -> tuple[int, PackedSegment]:
        """Return the segment of a memory, with the index of its first memory."""
        return self._parts[bisect_right(self._bases, index) - 1]

    def number(self, index: int) -> int:
        """Return the row number of a memory."""
        base, part = self.part_of(index)
        return part.first + part.distances[index - base]

    def index(self, number: int) -> int:
        """Return the index of a row number; -1 for a memory without text."""
        at = bisect_right(self._firsts, number) - 1
        if at < 0:
            return -1
        base, part = self._parts[at]
        position = bisect_left(part.distances, number - part.first)
        is_here = position < part.size and part.distances[position] == number - part.first
        return base + position if is_here else -1

    def size_upto(self, number: int) -> int:
        """Return how many memories have no larger row number."""
        return sum(bisect_right(part.distances, number - part.first) for _, part in self._parts)

"""A segment that is read in its blob, without NumPy; `segments` says what is in it.

A hook imports this module: it imports little.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from typing import Literal

HEADER = struct.Struct("<4I")

#: The columns after the header, as the formats of their values.
_COLUMNS: tuple[Literal["Q", "I", "H", "B"], ...] = ("Q", "I", "I", "I", "I", "I", "H", "B")


#: The time of looking a memory up among the postings of a term, as a number of postings that are read meanwhile.
_SEARCH_TIME = 4


class DamagedSegment(Exception):
    """A blob is not a valid segment."""


class PackedSegment:
    """A segment of a tenant; a position is that of a memory in it.

    Args:
        first: The number of its first memory.
        data: The blob; the machine is little-endian.

    Attributes:
        size: The number of its memories.
        distances: The distance of each memory's number to the first, rising.
        homes: The home of each memory.
        lengths: The length of each memory in tokens.

    Raises:
        DamagedSegment: The blob is truncated or inconsistent.
    """

    __slots__ = (
        "_counts",
        "_docs",
        "_escaped",
        "_offsets",
        "_spans",
        "_terms",
        "distances",
        "first",
        "homes",
        "lengths",
        "size",
    )

    def __init__(self, first: int, data: bytes) -> None:
        self.first = first
        view = memoryview(data)
        try:
            self.size, terms, postings, escapes = HEADER.unpack_from(view)
            lengths = (terms, terms + 1, self.size, self.size, self.size, 2 * escapes, postings, postings)
            sizes = (length * struct.calcsize(f"<{kind}") for kind, length in zip(_COLUMNS, lengths, strict=True))
            ends = list(accumulate(sizes, initial=HEADER.size))
            spans = zip(pairwise(ends), _COLUMNS, strict=True)
            columns: list[memoryview[int]] = [view[start:end].cast(kind) for (start, end), kind in spans]
            self._terms, self._offsets, self.distances, self.homes, self.lengths, escaped, *rest = columns
            self._docs, self._counts = rest
            is_whole = ends[-1] == len(data) and self._offsets[terms] == postings
        except (struct.error, ValueError, TypeError, IndexError) as exc:
            raise DamagedSegment(f"the text segment that begins with memory {first} cannot be read") from exc
        if not is_whole:
            raise DamagedSegment(f"the text segment that begins with memory {first} cannot be read")
        self._spans: dict[int, tuple[int, int]] = {}
        self._escaped = dict(zip(escaped[::2].tolist(), escaped[1::2].tolist(), strict=True))

    @property
    def last(self) -> int:
        """The number of its last memory."""
        return self.first + int(self.distances[self.size - 1])

    def postings(self, term: int) -> Iterable[tuple[int, int]]:
        """Return the position of each memory that has a term, rising, and the count."""
        start, end = self._span(term)
        counts = self._counts[start:end].tolist()
        if self._escaped:
            counts = [self._escaped.get(index, count) for index, count in enumerate(counts, start)]
        return zip(self._docs[start:end].tolist(), counts, strict=True)

    def frequency(self, term: int) -> int:
        """Return the number of memories that have a term."""
        start, end = self._span(term)
        return end - start

    def count(self, term: int, position: int) -> int:
        """Return the count of a term in a memory."""
        start, end = self._span(term)
        at = bisect_left(self._docs, position, start, end)
        if at == end or self._docs[at] != position:
            return 0
        return self._escaped.get(at, self._counts[at])

    def positions(self, term: int) -> list[int]:
        """Return the position of each memory that has a term, rising."""
        start, end = self._span(term)
        return self._docs[start:end].tolist()

    def counts(self, term: int, positions: Sequence[int]) -> list[int]:
        """Return the count of a term in each of some memories."""
        start, end = self._span(term)
        if end - start < len(positions) * _SEARCH_TIME:
            counted = dict(self.postings(term)).get
            return [counted(position, 0) for position in positions]
        docs, numbers, escaped = self._docs, self._counts, self._escaped
        counts: list[int] = []
        for position in positions:
            at = bisect_left(docs, position, start, end)
            is_held = at < end and docs[at] == position
            counts.append(escaped.get(at, numbers[at]) if is_held else 0)
        return counts

    def most(self, term: int) -> int:
        """Return the largest count of a term in a memory; 0 if no memory has it."""
        start, end = self._span(term)
        most = max(self._counts[start:end], default=0)
        if not self._escaped:
            return most
        return max([most, *(count for at, count in self._escaped.items() if start <= at < end)])

    def _span(self, term: int) -> tuple[int, int]:
        """Return the range of a term's postings; an empty range if no memory has it."""
        span = self._spans.get(term)
        if span is None:
            row = bisect_left(self._terms, term)
            is_held = row < len(self._terms) and self._terms[row] == term
            span = self._spans[term] = (self._offsets[row], self._offsets[row + 1]) if is_held else (0, 0)
        return span

"""Segments: the terms of up to 16,384 memories in one blob, each term with the memories that hold it.

A blob is a header of four numbers (memories, terms, postings, escapes), then columns, little-endian: terms (8 bytes,
rising), offsets of their postings, memories (their distance to the segment's first number), homes, lengths in tokens,
escapes (4 bytes each), the postings' memories (2 bytes, rising for each term) and counts (1 byte). A count of 255 or
more stands among the escapes, as pairs of its posting and itself.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_MEMORIES = 16_384
_HEADER = struct.Struct("<4I")
_ESCAPED = 255


class DamagedSegment(Exception):
    """A blob is none that was written here."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A blob, read.

    Attributes:
        numbers: Of its memories, rising; the shape of `homes` and `lengths`.
        terms: Hashes, rising.
        offsets: Where the postings of each term begin, and, last, where those of the last one end.
        docs: For each posting the place of its memory among the numbers.
        counts: For each posting how often the memory holds the term.
    """

    numbers: NDArray[np.int64]
    homes: NDArray[np.uint32]
    lengths: NDArray[np.uint32]
    terms: NDArray[np.uint64]
    offsets: NDArray[np.uint32]
    docs: NDArray[np.uint16]
    counts: NDArray[np.uint8 | np.uint32]

    @property
    def size(self) -> int:
        """The number of its memories."""
        return len(self.numbers)

    def texts(self) -> Iterator[tuple[int, int, int, dict[int, int]]]:
        """(number, home, length, count of each term) of each memory, in order."""
        held: list[dict[int, int]] = [{} for _ in range(self.size)]
        ends, docs, counts = self.offsets.tolist(), self.docs.tolist(), self.counts.tolist()
        for place, term in enumerate(self.terms.tolist()):
            for posting in range(ends[place], ends[place + 1]):
                held[docs[posting]][term] = counts[posting]
        yield from zip(self.numbers.tolist(), self.homes.tolist(), self.lengths.tolist(), held, strict=True)


class Draft:
    """A segment to which memories are being added, in the order of their numbers."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self._homes: list[int] = []
        self._lengths: list[int] = []
        self._sizes: list[int] = []
        self._terms = array("Q")
        self._counts = array("I")

    def add(self, number: int, home: int, length: int, counts: Mapping[int, int]) -> None:
        """Append a memory: `counts` says how often it holds each term."""
        self.numbers.append(number)
        self._homes.append(home)
        self._lengths.append(length)
        self._sizes.append(len(counts))
        self._terms.extend(counts.keys())
        self._counts.extend(counts.values())

    def __len__(self) -> int:
        return len(self.numbers)

    def pack(self) -> bytes:
        """The blob, of at least one memory."""
        return self._packed_one() if len(self) == 1 else pack(self._segment())

    def _packed_one(self) -> bytes:
        """The blob of one memory, for which NumPy need not be imported."""
        held = sorted(zip(self._terms, self._counts, strict=True))
        escapes = [part for place, (_, count) in enumerate(held) if count >= _ESCAPED for part in (place, count)]
        columns = (
            array("Q", [term for term, _ in held]),
            array("I", range(len(held) + 1)),
            array("I", (0, self._homes[0], self._lengths[0])),
            array("I", escapes),
            array("H", bytes(2 * len(held))),
        )
        header = _HEADER.pack(1, len(held), len(held), len(escapes) // 2)
        return header + b"".join(map(_little, columns)) + bytes(min(count, _ESCAPED) for _, count in held)

    def _segment(self) -> Segment:
        import numpy as np

        terms, counts = np.frombuffer(self._terms, np.uint64), np.frombuffer(self._counts, np.uint32)
        docs = np.repeat(np.arange(len(self), dtype=np.uint16), self._sizes)
        order = np.argsort(terms, kind="stable")
        terms = terms[order]
        begins = np.flatnonzero(np.concatenate((np.ones(min(1, len(terms)), np.bool_), terms[1:] != terms[:-1])))
        return Segment(
            np.array(self.numbers, np.int64),
            np.array(self._homes, np.uint32),
            np.array(self._lengths, np.uint32),
            terms[begins],
            np.concatenate((begins, [len(terms)])).astype(np.uint32),
            docs[order],
            counts[order],
        )


def _little(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column.tobytes()


def unpack(first: int, data: bytes) -> Segment:
    """The segment in a blob whose first memory has a number.

    Raises:
        DamagedSegment: It is no blob that `Draft.pack` or `joined` made.
    """
    import numpy as np

    try:
        size, terms, postings, escapes = _HEADER.unpack_from(data)
        at = _HEADER.size

        def column(kind: str, length: int) -> NDArray[np.generic]:
            nonlocal at
            found = np.frombuffer(data, kind, length, at)
            at += found.nbytes
            return found

        hashes, offsets = column("<u8", terms), column("<u4", terms + 1)
        distances, homes, lengths = column("<u4", size), column("<u4", size), column("<u4", size)
        escaped, docs, counts = column("<u4", 2 * escapes), column("<u2", postings), column("<u1", postings)
    except (struct.error, ValueError) as exc:
        raise DamagedSegment(f"the words of memories from {first} on cannot be read") from exc
    if at != len(data) or int(offsets[-1]) != postings:
        raise DamagedSegment(f"the words of memories from {first} on cannot be read")
    if escapes:
        counts = counts.astype(np.uint32)
        counts[escaped[::2]] = escaped[1::2]
    return Segment(distances.astype(np.int64) + first, homes, lengths, hashes, offsets, docs, counts)  # type: ignore[arg-type]


def pack(segment: Segment) -> bytes:
    """The blob of a segment with at least one memory."""
    import numpy as np

    counts, escapes = segment.counts, np.empty(0, "<u4")
    large = np.flatnonzero(counts >= _ESCAPED)
    if len(large):
        escapes = np.column_stack((large, counts[large])).astype("<u4").ravel()
        counts = np.minimum(counts, _ESCAPED)
    columns = (
        segment.terms.astype("<u8"),
        segment.offsets.astype("<u4"),
        (segment.numbers - segment.numbers[0]).astype("<u4"),
        segment.homes.astype("<u4"),
        segment.lengths.astype("<u4"),
        escapes,
        segment.docs.astype("<u2"),
        counts.astype("<u1"),
    )
    header = _HEADER.pack(segment.size, len(segment.terms), len(segment.docs), len(escapes) // 2)
    return header + b"".join(column.tobytes() for column in columns)


def joined(segments: Sequence[Segment]) -> Segment:
    """One segment of the memories of several, which follow each other."""
    import numpy as np

    terms, rows = np.unique(np.concatenate([one.terms for one in segments]), return_inverse=True)
    sizes = np.zeros(len(terms), np.int64)
    held = [_sizes(one) for one in segments]
    np.add.at(sizes, rows, np.concatenate(held))
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    docs = np.empty(int(offsets[-1]), np.uint16)
    counts = np.empty(len(docs), np.result_type(*[one.counts for one in segments]))
    filled, base, first_row = offsets[:-1].copy(), 0, 0
    for one, lengths in zip(segments, held, strict=True):
        which = rows[first_row : first_row + len(one.terms)]
        # Each term's postings go behind those of the segments before.
        moved = np.repeat(filled[which] - one.offsets[:-1], lengths) + np.arange(len(one.docs))
        docs[moved], counts[moved] = one.docs + np.uint16(base), one.counts
        filled[which] += lengths
        base, first_row = base + one.size, first_row + len(one.terms)
    return Segment(
        np.concatenate([one.numbers for one in segments]),
        np.concatenate([one.homes for one in segments]),
        np.concatenate([one.lengths for one in segments]),
        terms,
        offsets.astype(np.uint32),
        docs,
        counts,
    )


def without(segment: Segment, numbers: Iterable[int]) -> Segment:
    """The same without some of its memories, and without terms that no other holds."""
    import numpy as np

    kept = ~np.isin(segment.numbers, np.fromiter(numbers, np.int64))
    places = (np.cumsum(kept) - 1).astype(np.uint16)
    stays = kept[segment.docs]
    owners = np.repeat(np.arange(len(segment.terms)), _sizes(segment))
    sizes = np.bincount(owners[stays], minlength=len(segment.terms))
    held = sizes > 0
    return Segment(
        segment.numbers[kept],
        segment.homes[kept],
        segment.lengths[kept],
        segment.terms[held],
        np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes[held]))).astype(np.uint32),
        places[segment.docs[stays]],
        segment.counts[stays],
    )


def _sizes(segment: Segment) -> NDArray[np.int64]:
    """How many postings each term has."""
    offsets = segment.offsets.astype("i8")
    sizes: NDArray[np.int64] = offsets[1:] - offsets[:-1]
    return sizes

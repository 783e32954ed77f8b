"""Segments: an inverted index of up to 16,384 memories in one blob.

A blob is a header of four numbers (memories, terms, postings, escapes), then columns, little-endian: terms (8 bytes,
rising), offsets of their postings, memories (their distance to the segment's first number), homes, lengths in tokens,
escapes (4 bytes each), the postings' memories (2 bytes, rising for each term) and counts (1 byte). A count of 255 or
more is stored in the escapes, as a pair of the posting's index and the count.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from graphmem.adapters.sqlite.keyed_hashes import HASH_BYTES
from graphmem.adapters.sqlite.packed_segment import HEADER, DamagedSegment
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_MEMORIES = 16_384
_ESCAPED = 255


@dataclass(frozen=True, slots=True)
class TextSegment:
    """An unpacked segment.

    Attributes:
        numbers: Row numbers of its memories, rising; the shape of `homes` and `lengths`.
        terms: Hashes, rising.
        offsets: The index of each term's first posting, then the number of postings.
        docs: For each posting the index of its memory in `numbers`.
        counts: For each posting the count of the term in the memory.
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
        """Yield (number, home, length, count of each term) for each memory, in order."""
        term_counts: list[dict[int, int]] = [{} for _ in range(self.size)]
        ends, docs, counts = self.offsets.tolist(), self.docs.tolist(), self.counts.tolist()
        for index, term in enumerate(self.terms.tolist()):
            for posting in range(ends[index], ends[index + 1]):
                term_counts[docs[posting]][term] = counts[posting]
        yield from zip(self.numbers.tolist(), self.homes.tolist(), self.lengths.tolist(), term_counts, strict=True)


class SegmentBuilder:
    """Collects memories, in the order of their numbers, into a segment."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self._homes: list[int] = []
        self._lengths: list[int] = []
        self._sizes: list[int] = []
        self._terms = bytearray()
        self._counts = array("I")

    def add(self, number: int, home: int, length: int, counts: Mapping[int, int]) -> None:
        """Append a memory; `counts` maps each term to its count."""
        self.add_terms(number, home, length, _little(array("Q", counts.keys())), array("I", counts.values()))

    def add_terms(self, number: int, home: int, length: int, terms: bytes, counts: array[int] | None = None) -> None:
        """Append a memory.

        Args:
            number: Its row number.
            home: The number of its home.
            length: Its length in tokens.
            terms: Hashes of eight bytes, little-endian, in any order; a hash may recur.
            counts: What each of them adds to the count of its term; 1 if not given.
        """
        self.numbers.append(number)
        self._homes.append(home)
        self._lengths.append(length)
        size = len(terms) // HASH_BYTES
        self._sizes.append(size)
        self._terms += terms
        self._counts.extend(_ONE * size if counts is None else counts)

    def __len__(self) -> int:
        return len(self.numbers)

    def pack(self) -> bytes:
        """Return the blob; at least a memory was added."""
        return self._pack_single() if len(self) == 1 else pack(self._segment())

    def _pack_single(self) -> bytes:
        """Return the blob of a single memory without importing NumPy."""
        total: dict[int, int] = {}
        for (term,), count in zip(struct.iter_unpack("<Q", self._terms), self._counts, strict=True):
            total[term] = total.get(term, 0) + count
        pairs = sorted(total.items())
        escapes = [part for index, (_, count) in enumerate(pairs) if count >= _ESCAPED for part in (index, count)]
        columns = (
            array("Q", [term for term, _ in pairs]),
            array("I", range(len(pairs) + 1)),
            array("I", (0, self._homes[0], self._lengths[0])),
            array("I", escapes),
            array("H", bytes(2 * len(pairs))),
        )
        header = HEADER.pack(1, len(pairs), len(pairs), len(escapes) // 2)
        return header + b"".join(map(_little, columns)) + bytes(min(count, _ESCAPED) for _, count in pairs)

    def _segment(self) -> TextSegment:
        import numpy as np

        terms, counts = np.frombuffer(self._terms, "<u8"), np.frombuffer(self._counts, np.uint32)
        docs = np.repeat(np.arange(len(self), dtype=np.uint16), self._sizes)
        order = _stable_order(terms)
        terms, docs = terms[order], docs[order]
        is_term = np.ones(len(terms), np.bool_)
        is_term[1:] = terms[1:] != terms[:-1]
        is_posting = is_term.copy()
        is_posting[1:] |= docs[1:] != docs[:-1]
        postings = np.flatnonzero(is_posting)
        begins = np.flatnonzero(is_term[postings])
        return TextSegment(
            np.array(self.numbers, np.int64),
            np.array(self._homes, np.uint32),
            np.array(self._lengths, np.uint32),
            terms[postings[begins]],
            np.concatenate((begins, [len(postings)])).astype(np.uint32),
            docs[postings],
            np.add.reduceat(counts[order], postings) if len(postings) else counts,
        )


def _stable_order(terms: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the order that sorts hashes, equal hashes in their order: NumPy sorts numbers of two bytes by radix."""
    import numpy as np

    digits = terms.view("<u2").reshape(-1, 4)
    order = np.argsort(digits[:, 2], kind="stable")
    order = order[np.argsort(digits[order, 3], kind="stable")]
    ordered = terms[order]
    # Hashes whose upper halves are equal are rare.
    return np.argsort(terms, kind="stable") if (ordered[1:] < ordered[:-1]).any() else order


#: The count of a term that occurs once.
_ONE = array("I", (1,))


def _little(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column.tobytes()


def unpack(first: int, data: bytes) -> TextSegment:
    """Return the segment in a blob; `first` is the number of its first memory.

    Raises:
        DamagedSegment: The blob is truncated or inconsistent.
    """
    import numpy as np

    try:
        size, terms, postings, escapes = HEADER.unpack_from(data)
        at = HEADER.size

        def column(kind: str, length: int) -> NDArray[np.generic]:
            nonlocal at
            values = np.frombuffer(data, kind, length, at)
            at += values.nbytes
            return values

        hashes, offsets = column("<u8", terms), column("<u4", terms + 1)
        distances, homes, lengths = column("<u4", size), column("<u4", size), column("<u4", size)
        escaped, docs, counts = column("<u4", 2 * escapes), column("<u2", postings), column("<u1", postings)
    except (struct.error, ValueError) as exc:
        raise DamagedSegment(f"the text segment that begins with memory {first} cannot be read") from exc
    if at != len(data) or int(offsets[-1]) != postings:
        raise DamagedSegment(f"the text segment that begins with memory {first} cannot be read")
    if escapes:
        counts = counts.astype(np.uint32)
        counts[escaped[::2]] = escaped[1::2]
    return TextSegment(distances.astype(np.int64) + first, homes, lengths, hashes, offsets, docs, counts)  # type: ignore[arg-type]


def pack(segment: TextSegment) -> bytes:
    """Return the blob of a segment with at least one memory."""
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
    header = HEADER.pack(segment.size, len(segment.terms), len(segment.docs), len(escapes) // 2)
    return header + b"".join(column.tobytes() for column in columns)


def joined(segments: Sequence[TextSegment]) -> TextSegment:
    """Return a single segment of the memories of several consecutive segments."""
    import numpy as np

    terms, rows = np.unique(np.concatenate([segment.terms for segment in segments]), return_inverse=True)
    sizes = np.zeros(len(terms), np.int64)
    sizes_of = [_sizes(segment) for segment in segments]
    np.add.at(sizes, rows, np.concatenate(sizes_of))
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    docs = np.empty(int(offsets[-1]), np.uint16)
    counts = np.empty(len(docs), np.result_type(*[segment.counts for segment in segments]))
    filled, base, first_row = offsets[:-1].copy(), 0, 0
    for segment, lengths in zip(segments, sizes_of, strict=True):
        term_rows = rows[first_row : first_row + len(segment.terms)]
        # A term's postings follow those of the earlier segments.
        targets = np.repeat(filled[term_rows] - segment.offsets[:-1], lengths) + np.arange(len(segment.docs))
        docs[targets], counts[targets] = segment.docs + np.uint16(base), segment.counts
        filled[term_rows] += lengths
        base, first_row = base + segment.size, first_row + len(segment.terms)
    return TextSegment(
        np.concatenate([segment.numbers for segment in segments]),
        np.concatenate([segment.homes for segment in segments]),
        np.concatenate([segment.lengths for segment in segments]),
        terms,
        offsets.astype(np.uint32),
        docs,
        counts,
    )


def without(segment: TextSegment, numbers: Iterable[int]) -> TextSegment:
    """Return the segment without some of its memories, and without terms that no remaining memory has."""
    import numpy as np

    is_remaining = ~np.isin(segment.numbers, np.fromiter(numbers, np.int64))
    new_indexes = (np.cumsum(is_remaining) - 1).astype(np.uint16)
    stays = is_remaining[segment.docs]
    owners = np.repeat(np.arange(len(segment.terms)), _sizes(segment))
    sizes = np.bincount(owners[stays], minlength=len(segment.terms))
    is_used = sizes > 0
    return TextSegment(
        segment.numbers[is_remaining],
        segment.homes[is_remaining],
        segment.lengths[is_remaining],
        segment.terms[is_used],
        np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes[is_used]))).astype(np.uint32),
        new_indexes[segment.docs[stays]],
        segment.counts[stays],
    )


def _sizes(segment: TextSegment) -> NDArray[np.int64]:
    """Return the number of postings of each term."""
    offsets = segment.offsets.astype("i8")
    sizes: NDArray[np.int64] = offsets[1:] - offsets[:-1]
    return sizes

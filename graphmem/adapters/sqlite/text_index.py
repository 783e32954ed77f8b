"""The in-memory inverted index of a tenant: read from segments once, then extended after each write."""

from __future__ import annotations

import sys
import threading
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from graphmem.adapters.sqlite.packed_texts import PackedTexts
from graphmem.adapters.sqlite.segments import SegmentBuilder, TextSegment, joined, unpack
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import rowid_of
from graphmem.deferred_dataclass import dataclass
from graphmem.ranking import quantised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_FROM = """
    SELECT first, data FROM segment
    WHERE first >= coalesce((SELECT max(first) FROM segment WHERE first > ?1 AND first <= ?2), ?1)
      AND first <= ?3 AND last > ?2
    ORDER BY first
"""
#: Segments of fewer memories are merged into the unsealed part.
_FEW = 256
_MOST_TENANTS = 8
#: Memories of a tenant that are searched without NumPy.
MOST_PACKED = 20_000
#: Limits of the caches of term postings and of home masks.
_MOST_TERMS, _MOST_MASKS = 8_192, 8
#: A long-running process joins segments until this few remain, or two-byte indexes allow no more.
_MOST_PARTS, _LARGEST = 4, 1 << 16
_NO_POSTINGS: tuple[list[int], list[int]] = ([], [])

#: The index of a segment's first memory, the segment, and the range of a term's postings in it.
Span = tuple[int, TextSegment, int, int]


class UnsealedText:
    """The terms of the latest memories, not yet in a segment of this index."""

    def __init__(self, base: int = 0) -> None:
        #: The index of the first.
        self.base = base
        #: For each term the indexes of the memories that have it, and its count in each.
        self.postings: dict[int, tuple[list[int], list[int]]] = {}
        self._draft = SegmentBuilder()

    def __len__(self) -> int:
        return len(self._draft)

    def add(self, number: int, home: int, length: int, counts: dict[int, int]) -> None:
        """Append a memory."""
        index, postings = self.base + len(self), self.postings
        for term, count in counts.items():
            entry = postings.get(term)
            if entry is None:
                postings[term] = ([index], [count])
            else:
                # Readers read the counts first, then as many indexes.
                entry[0].append(index)
                entry[1].append(count)
        self._draft.add(number, home, length, counts)

    def segment(self) -> TextSegment:
        """Return a segment of these memories."""
        return unpack(self._draft.numbers[0], self._draft.pack())


@dataclass(frozen=True, slots=True)
class TextColumns:
    """The text of all memories up to a ledger position; `index` means a position in these columns.

    Attributes:
        numbers: Row numbers, rising.
        homes: The number of each memory's home.
        lengths: Token counts as BM25 weighs them (`graphmem.ranking.quantised`).
        tokens: Exact token counts.
        masks: Cached masks of the memories in a set of homes.
    """

    numbers: NDArray[np.int64]
    homes: NDArray[np.int64]
    lengths: NDArray[np.float64]
    tokens: NDArray[np.int64]
    sealed: SealedSegments
    recent: UnsealedText
    masks: dict[frozenset[int], NDArray[np.bool_]]

    def __len__(self) -> int:
        return len(self.numbers)

    def upto(self, number: int) -> TextColumns:
        """Return the columns without memories of larger row numbers."""
        import numpy as np

        size = int(np.searchsorted(self.numbers, number, "right"))
        if size == len(self):
            return self
        columns = (self.numbers[:size], self.homes[:size], self.lengths[:size], self.tokens[:size])
        return TextColumns(*columns, self.sealed, self.recent, self.masks)

    def indexes(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the index of each row number; -1 for memories without text."""
        import numpy as np

        searched = np.asarray(numbers, np.int64)
        if not len(self):
            return np.full(len(searched), -1, np.intp)
        nearest = np.minimum(np.searchsorted(self.numbers, searched), len(self) - 1)
        return np.where(self.numbers[nearest] == searched, nearest, -1)

    def lives_in(self, homes: frozenset[int]) -> NDArray[np.bool_]:
        """Return a mask of the memories in any of the homes."""
        import numpy as np

        mask = self.masks.get(homes)
        size = 0 if mask is None else len(mask)
        if mask is None or size < len(self):
            rest = self.homes[size:]
            table = np.zeros(max(int(rest.max(initial=0)), *homes) + 1, np.bool_)
            table[list(homes)] = True
            mask = table[rest] if mask is None else np.concatenate((mask, table[rest]))
            if len(self.masks) >= _MOST_MASKS:
                self.masks.clear()
            self.masks[homes] = mask
        return mask[: len(self)]

    def postings(self, hashes: Sequence[int]) -> list[TermPostings]:
        """Return the postings of each term."""
        recent = self.recent.postings
        size = len(self)
        return [
            TermPostings(spans, recent.get(term, _NO_POSTINGS), size)
            for term, spans in zip(hashes, self.sealed.spans(hashes), strict=True)
        ]


class TermPostings:
    """The memories that have one term, by their indexes.

    Args:
        spans: For each segment with the term, the index of its first memory and the range of the postings.
        recent: Indexes and counts of memories that are in no segment yet.
        size: Memories from this index on are ignored.
    """

    def __init__(self, spans: Sequence[Span], recent: tuple[list[int], list[int]], size: int) -> None:
        self._spans = spans
        self._recent = recent
        self._size = size

    def __len__(self) -> int:
        recent = self._recent[0]
        count = bisect_left(recent, self._size) if recent else 0
        return count + sum(self._end(*span) - span[2] for span in self._spans)

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the indexes of all memories with the term, rising, and its count in each."""
        import numpy as np

        spans = [(span[0], span[1], slice(span[2], self._end(*span))) for span in self._spans]
        indexes, counts = self._late()
        return (
            np.concatenate([*[part.docs[span].astype(np.int64) + base for base, part, span in spans], indexes]),
            np.concatenate([*[part.counts[span].astype(np.int64) for _, part, span in spans], counts]),
        )

    def counts(self, indexes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the term's count in each of the memories; `indexes` are rising."""
        import numpy as np

        result = np.zeros(len(indexes), np.int64)
        for base, part, begin, end in self._spans:
            inside = slice(*np.searchsorted(indexes, (base, base + part.size)).tolist())
            docs = part.docs[begin:end]
            searched = (indexes[inside] - base).astype(np.uint16)
            at = np.minimum(np.searchsorted(docs, searched), len(docs) - 1)
            result[inside] = np.where(docs[at] == searched, part.counts[begin + at], 0)
        if len(indexes) and self._recent[0]:
            late, counts = self._late()
            at = np.minimum(np.searchsorted(indexes, late), len(indexes) - 1)
            is_requested = indexes[at] == late
            result[at[is_requested]] = counts[is_requested]
        return result

    def _late(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the indexes and counts of memories that are in no segment yet."""
        import numpy as np

        # The writer appends to the indexes first.
        counts = np.array(self._recent[1], np.int64)
        indexes = np.array(self._recent[0][: len(counts)], np.int64)
        return indexes[indexes < self._size], counts[indexes < self._size]

    def _end(self, base: int, part: TextSegment, begin: int, end: int) -> int:
        """Return the end of the postings of memories below `size`."""
        import numpy as np

        if base + part.size <= self._size:
            return end
        return begin + int(np.searchsorted(part.docs[begin:end], max(self._size - base, 0)))


class SealedSegments:
    """Immutable segments of a tenant, each with the index of its first memory.

    The positions of looked up terms are cached: queries repeat their words.
    """

    def __init__(self, parts: Sequence[tuple[int, TextSegment]] = ()) -> None:
        self._parts = tuple(parts)
        self._spans: dict[int, list[Span]] = {}

    def with_part(self, base: int, segment: TextSegment) -> SealedSegments:
        """Return these segments and another."""
        return SealedSegments((*self._parts, (base, segment)))

    def joined(self) -> SealedSegments:
        """Return the same memories in fewer segments, as far as two-byte indexes allow."""
        parts = list(self._parts)
        while len(parts) > _MOST_PARTS:
            sizes = [left.size + right.size for (_, left), (_, right) in pairwise(parts)]
            least = min(sizes)
            if least > _LARGEST:
                break
            at = sizes.index(least)
            parts[at : at + 2] = [(parts[at][0], joined([parts[at][1], parts[at + 1][1]]))]
        return self if len(parts) == len(self._parts) else SealedSegments(parts)

    def spans(self, hashes: Sequence[int]) -> list[list[Span]]:
        """Return the ranges of each term's postings."""
        cached = self._spans
        missing = [term for term in dict.fromkeys(hashes) if term not in cached]
        if not missing:
            return [cached[term] for term in hashes]
        read = self._read(missing)
        result = [read[term] if term in read else cached[term] for term in hashes]
        if len(cached) > _MOST_TERMS:
            self._spans = read
        else:
            cached.update(read)
        return result

    def _read(self, hashes: Sequence[int]) -> dict[int, list[Span]]:
        import numpy as np

        searched = np.array(hashes, np.uint64)
        spans: dict[int, list[Span]] = {term: [] for term in hashes}
        for base, part in self._parts:
            if not len(part.terms):
                continue
            rows = np.minimum(np.searchsorted(part.terms, searched), len(part.terms) - 1)
            for term_index in np.flatnonzero(part.terms[rows] == searched).tolist():
                row = int(rows[term_index])
                spans[hashes[term_index]].append((base, part, int(part.offsets[row]), int(part.offsets[row + 1])))
        return spans


class _TenantText:
    """The growing index of a tenant within an epoch."""

    def __init__(self, epoch: int, number: int) -> None:
        import numpy as np

        self.epoch = epoch
        #: The largest row number read so far.
        self.last = rowid_of(number, 0)
        self.seq = 0
        self._size = 0
        self._numbers = np.empty(_FEW, np.int64)
        self._homes = np.empty(_FEW, np.int64)
        self._lengths = np.empty(_FEW, np.float64)
        self._tokens = np.empty(_FEW, np.int64)
        self._sealed = SealedSegments()
        self._recent = UnsealedText()
        self._masks: dict[frozenset[int], NDArray[np.bool_]] = {}

    def catch_up(self, snapshot: Snapshot) -> None:
        """Read the segments written since."""
        tenant = snapshot.tenant
        low = rowid_of(tenant.number, 0)
        rows = snapshot.connection.execute(_FROM, (low, max(self.last, low), rowid_of(tenant.number, tenant.seq)))
        for first, data in rows:
            self._add(unpack(first, data))
        self.seq = tenant.seq

    def settle(self) -> None:
        """Join segments so that repeated queries are cheap."""
        self._sealed = self._sealed.joined()

    def _add(self, segment: TextSegment) -> None:
        import numpy as np

        old_count = int(np.searchsorted(segment.numbers, self.last, "right"))
        count = segment.size - old_count
        if count <= 0:
            return
        self._reserve(count)
        new = slice(self._size, self._size + count)
        self._numbers[new], self._homes[new] = segment.numbers[old_count:], segment.homes[old_count:]
        self._tokens[new] = segment.lengths[old_count:]
        self._lengths[new] = _weighed(self._tokens[new])
        if not old_count and count >= _FEW:
            self._seal()
            self._sealed = self._sealed.with_part(self._size, segment)
            self._recent = UnsealedText(self._size + count)
        else:
            for number, home, length, counts in segment.texts():
                if number > self.last:
                    self._recent.add(number, home, length, counts)
        self._size += count
        self.last = int(segment.numbers[-1])
        if len(self._recent) >= _FEW:
            self._seal()

    def _seal(self) -> None:
        """Turn the unsealed part into a segment."""
        if len(self._recent):
            self._sealed = self._sealed.with_part(self._recent.base, self._recent.segment())
            self._recent = UnsealedText(self._recent.base + len(self._recent))

    def _reserve(self, count: int) -> None:
        import numpy as np

        if (needed := self._size + count) > len(self._numbers):
            grown = max(needed, 2 * len(self._numbers))
            for name in ("_numbers", "_homes", "_lengths", "_tokens"):
                old = getattr(self, name)
                new = np.empty(grown, old.dtype)
                new[: self._size] = old[: self._size]
                setattr(self, name, new)

    def texts(self) -> TextColumns:
        """Return the current columns."""
        size = self._size
        columns = (self._numbers[:size], self._homes[:size], self._lengths[:size], self._tokens[:size])
        return TextColumns(*columns, self._sealed, self._recent, self._masks)


def _weighed(tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    import numpy as np

    lengths, inverse = np.unique(tokens, return_inverse=True)
    return np.array([quantised(length) for length in lengths.tolist()], np.float64)[inverse]


def has_numpy() -> bool:
    """Return True if this process has imported NumPy."""
    return "numpy" in sys.modules


class TextIndex:
    """The inverted indexes of the most recently used tenants."""

    def __init__(self) -> None:
        self._tenants: dict[int, _TenantText] = {}
        self._packed: tuple[tuple[int, int, int], PackedTexts | None] = ((0, 0, 0), None)
        self._guard = threading.Lock()

    def forget(self) -> None:
        """Drop everything."""
        with self._guard:
            self._tenants.clear()
            self._packed = ((0, 0, 0), None)

    def packed(self, snapshot: Snapshot) -> PackedTexts | None:
        """Return the text that the transaction sees for a search without NumPy; None in a process that has NumPy.

        Large stores are searched with NumPy: its import is then the smaller part of the time.
        """
        tenant = snapshot.tenant
        if has_numpy() or tenant.documents > MOST_PACKED or sys.byteorder == "big":
            return None
        key = (tenant.number, tenant.epoch, tenant.seq)
        if self._packed[0] != key:
            self._packed = (key, PackedTexts.read(snapshot.connection, tenant))
        return self._packed[1]

    def texts(self, snapshot: Snapshot) -> TextColumns:
        """Return the text of all memories that the connection's transaction sees."""
        tenant = snapshot.tenant
        with self._guard:
            index = self._tenants.pop(tenant.number, None)
            if index is None or index.epoch < tenant.epoch:
                index = _TenantText(tenant.epoch, tenant.number)
            if index.epoch > tenant.epoch:
                # The transaction is older than a later erasure: it reads its own index.
                self._tenants[tenant.number] = index
                own_index = _TenantText(tenant.epoch, tenant.number)
                own_index.catch_up(snapshot)
                return own_index.texts()
            is_first = index.seq == 0
            if index.seq < tenant.seq:
                index.catch_up(snapshot)
            if not is_first:
                index.settle()
            self._tenants[tenant.number] = index
            while len(self._tenants) > _MOST_TENANTS:
                del self._tenants[next(iter(self._tenants))]
            texts = index.texts()
        return texts if index.seq == tenant.seq else texts.upto(rowid_of(tenant.number, tenant.seq))

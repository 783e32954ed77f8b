"""The words of a tenant's memories as a process keeps them: read once, then brought up to date with each write."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import apsw

from graphmem.adapters.sqlite.segments import Draft, Segment, joined, unpack
from graphmem.adapters.sqlite.values import Tenant, place_of
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
#: Segments of fewer memories are taken together.
_FEW = 256
_MOST_TENANTS = 8
#: So many terms that were asked for are kept, and masks of so many homes.
_MOST_TERMS, _MOST_MASKS = 8_192, 8
#: A process that goes on asking joins segments until they are so few, or as large as places of two bytes allow.
_MOST_PARTS, _LARGEST = 4, 1 << 16
_NOBODY: tuple[list[int], list[int]] = ([], [])

#: The place of a segment's first memory, the segment, and where the postings of a term begin and end in it.
Span = tuple[int, Segment, int, int]


class Recent:
    """The words of the memories written last, while a segment is made of them."""

    def __init__(self, base: int = 0) -> None:
        #: The place of the first.
        self.base = base
        #: For each term the places of the memories that hold it, and how often each does.
        self.postings: dict[int, tuple[list[int], list[int]]] = {}
        self._draft = Draft()

    def __len__(self) -> int:
        return len(self._draft)

    def add(self, number: int, home: int, length: int, counts: dict[int, int]) -> None:
        """Append a memory."""
        place, postings = self.base + len(self), self.postings
        for term, count in counts.items():
            held = postings.get(term)
            if held is None:
                postings[term] = ([place], [count])
            else:
                # A thread that reads takes the counts first.
                held[0].append(place)
                held[1].append(count)
        self._draft.add(number, home, length, counts)

    def segment(self) -> Segment:
        """The segment of all of them."""
        return unpack(self._draft.numbers[0], self._draft.pack())


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of all memories up to one ledger position; a memory's place is its index into the columns.

    Attributes:
        numbers: Rising.
        homes: Where each lives.
        lengths: In tokens, as BM25 weighs them (`graphmem.ranking.quantised`).
        tokens: In tokens, exactly.
        masks: Which memories live in homes that were asked about.
    """

    numbers: NDArray[np.int64]
    homes: NDArray[np.int64]
    lengths: NDArray[np.float64]
    tokens: NDArray[np.int64]
    sealed: Sealed
    recent: Recent
    masks: dict[frozenset[int], NDArray[np.bool_]]

    def __len__(self) -> int:
        return len(self.numbers)

    def upto(self, number: int) -> Texts:
        """The same without memories of larger numbers."""
        import numpy as np

        size = int(np.searchsorted(self.numbers, number, "right"))
        if size == len(self):
            return self
        columns = (self.numbers[:size], self.homes[:size], self.lengths[:size], self.tokens[:size])
        return Texts(*columns, self.sealed, self.recent, self.masks)

    def places(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.intp]:
        """The place of each number; -1 for those that have no words here."""
        import numpy as np

        wanted = np.asarray(numbers, np.int64)
        if not len(self):
            return np.full(len(wanted), -1, np.intp)
        found = np.minimum(np.searchsorted(self.numbers, wanted), len(self) - 1)
        return np.where(self.numbers[found] == wanted, found, -1)

    def lives_in(self, homes: frozenset[int]) -> NDArray[np.bool_]:
        """Which memories live in one of the homes."""
        import numpy as np

        known = self.masks.get(homes)
        size = 0 if known is None else len(known)
        if known is None or size < len(self):
            rest = self.homes[size:]
            table = np.zeros(max(int(rest.max(initial=0)), *homes) + 1, np.bool_)
            table[list(homes)] = True
            known = table[rest] if known is None else np.concatenate((known, table[rest]))
            if len(self.masks) >= _MOST_MASKS:
                self.masks.clear()
            self.masks[homes] = known
        return known[: len(self)]

    def holders(self, hashes: Sequence[int]) -> list[Holders]:
        """For each term the memories that hold it."""
        recent = self.recent.postings
        size = len(self)
        return [
            Holders(spans, recent.get(term, _NOBODY), size)
            for term, spans in zip(hashes, self.sealed.spans(hashes), strict=True)
        ]


class Holders:
    """The memories that hold one term, by their places.

    Args:
        spans: Of each segment that has the term the place of its first memory, and where its postings begin and end.
        recent: Places and counts of memories that are in no segment yet.
        size: Places from here on are of memories that are not to be seen.
    """

    def __init__(self, spans: Sequence[Span], recent: tuple[list[int], list[int]], size: int) -> None:
        self._spans = spans
        self._recent = recent
        self._size = size

    def __len__(self) -> int:
        recent = self._recent[0]
        count = bisect_left(recent, self._size) if recent else 0
        return count + sum(self._end(*span) - span[2] for span in self._spans)

    def postings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All their places, rising, and how often each holds the term."""
        import numpy as np

        spans = [(span[0], span[1], slice(span[2], self._end(*span))) for span in self._spans]
        places, counts = self._late()
        return (
            np.concatenate([*[part.docs[span].astype(np.int64) + base for base, part, span in spans], places]),
            np.concatenate([*[part.counts[span].astype(np.int64) for _, part, span in spans], counts]),
        )

    def counts(self, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """How often each of the memories holds the term; `wanted` are places, rising."""
        import numpy as np

        found = np.zeros(len(wanted), np.int64)
        for base, part, begin, end in self._spans:
            inside = slice(*np.searchsorted(wanted, (base, base + part.size)).tolist())
            docs = part.docs[begin:end]
            asked = (wanted[inside] - base).astype(np.uint16)
            at = np.minimum(np.searchsorted(docs, asked), len(docs) - 1)
            found[inside] = np.where(docs[at] == asked, part.counts[begin + at], 0)
        if len(wanted) and self._recent[0]:
            late, counts = self._late()
            at = np.minimum(np.searchsorted(wanted, late), len(wanted) - 1)
            is_wanted = wanted[at] == late
            found[at[is_wanted]] = counts[is_wanted]
        return found

    def _late(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places and counts of memories that are in no segment yet."""
        import numpy as np

        # Whoever adds appends to the places first.
        counts = np.array(self._recent[1], np.int64)
        places = np.array(self._recent[0][: len(counts)], np.int64)
        return places[places < self._size], counts[places < self._size]

    def _end(self, base: int, part: Segment, begin: int, end: int) -> int:
        """Where the postings of memories that are to be seen end."""
        import numpy as np

        if base + part.size <= self._size:
            return end
        return begin + int(np.searchsorted(part.docs[begin:end], max(self._size - base, 0)))


class Sealed:
    """Segments of a tenant that are added to no more, each with the place of its first memory.

    Where the terms lie that were asked for is kept: questions use the same words again.
    """

    def __init__(self, parts: Sequence[tuple[int, Segment]] = ()) -> None:
        self._parts = tuple(parts)
        self._kept: dict[int, list[Span]] = {}

    def with_part(self, base: int, segment: Segment) -> Sealed:
        """The same and one more."""
        return Sealed((*self._parts, (base, segment)))

    def joined(self) -> Sealed:
        """The same memories in fewer segments, as far as their places have space in one."""
        parts = list(self._parts)
        while len(parts) > _MOST_PARTS:
            sizes = [one.size + other.size for (_, one), (_, other) in pairwise(parts)]
            least = min(sizes)
            if least > _LARGEST:
                break
            at = sizes.index(least)
            parts[at : at + 2] = [(parts[at][0], joined([parts[at][1], parts[at + 1][1]]))]
        return self if len(parts) == len(self._parts) else Sealed(parts)

    def spans(self, hashes: Sequence[int]) -> list[list[Span]]:
        """Where the postings of each term lie."""
        kept = self._kept
        missing = [term for term in dict.fromkeys(hashes) if term not in kept]
        if not missing:
            return [kept[term] for term in hashes]
        read = self._read(missing)
        found = [read[term] if term in read else kept[term] for term in hashes]
        if len(kept) > _MOST_TERMS:
            self._kept = read
        else:
            kept.update(read)
        return found

    def _read(self, hashes: Sequence[int]) -> dict[int, list[Span]]:
        import numpy as np

        wanted = np.array(hashes, np.uint64)
        found: dict[int, list[Span]] = {term: [] for term in hashes}
        for base, part in self._parts:
            if not len(part.terms):
                continue
            rows = np.minimum(np.searchsorted(part.terms, wanted), len(part.terms) - 1)
            for which in np.flatnonzero(part.terms[rows] == wanted).tolist():
                row = int(rows[which])
                found[hashes[which]].append((base, part, int(part.offsets[row]), int(part.offsets[row + 1])))
        return found


class _Growing:
    """The words of one tenant, of one epoch, while they are being added to."""

    def __init__(self, epoch: int, number: int) -> None:
        import numpy as np

        self.epoch = epoch
        #: The largest number that was read.
        self.last = place_of(number, 0)
        self.seq = 0
        self._size = 0
        self._numbers = np.empty(_FEW, np.int64)
        self._homes = np.empty(_FEW, np.int64)
        self._lengths = np.empty(_FEW, np.float64)
        self._tokens = np.empty(_FEW, np.int64)
        self._sealed = Sealed()
        self._recent = Recent()
        self._masks: dict[frozenset[int], NDArray[np.bool_]] = {}

    def catch_up(self, connection: apsw.Connection, tenant: Tenant) -> None:
        """Read what was written since."""
        low = place_of(tenant.number, 0)
        rows = connection.execute(_FROM, (low, max(self.last, low), place_of(tenant.number, tenant.seq)))
        for first, data in rows:
            self._add(unpack(first, data))
        self.seq = tenant.seq

    def settle(self) -> None:
        """Make it cheap to ask often."""
        self._sealed = self._sealed.joined()

    def _add(self, segment: Segment) -> None:
        import numpy as np

        known = int(np.searchsorted(segment.numbers, self.last, "right"))
        count = segment.size - known
        if count <= 0:
            return
        self._reserve(count)
        new = slice(self._size, self._size + count)
        self._numbers[new], self._homes[new] = segment.numbers[known:], segment.homes[known:]
        self._tokens[new] = segment.lengths[known:]
        self._lengths[new] = _weighed(self._tokens[new])
        if not known and count >= _FEW:
            self._seal()
            self._sealed = self._sealed.with_part(self._size, segment)
            self._recent = Recent(self._size + count)
        else:
            for number, home, length, counts in segment.texts():
                if number > self.last:
                    self._recent.add(number, home, length, counts)
        self._size += count
        self.last = int(segment.numbers[-1])
        if len(self._recent) >= _FEW:
            self._seal()

    def _seal(self) -> None:
        """Make a part of what was taken together."""
        if len(self._recent):
            self._sealed = self._sealed.with_part(self._recent.base, self._recent.segment())
            self._recent = Recent(self._recent.base + len(self._recent))

    def _reserve(self, count: int) -> None:
        import numpy as np

        if (needed := self._size + count) > len(self._numbers):
            grown = max(needed, 2 * len(self._numbers))
            for name in ("_numbers", "_homes", "_lengths", "_tokens"):
                old = getattr(self, name)
                new = np.empty(grown, old.dtype)
                new[: self._size] = old[: self._size]
                setattr(self, name, new)

    def texts(self) -> Texts:
        """What is there now."""
        size = self._size
        columns = (self._numbers[:size], self._homes[:size], self._lengths[:size], self._tokens[:size])
        return Texts(*columns, self._sealed, self._recent, self._masks)


def _weighed(tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    import numpy as np

    lengths, which = np.unique(tokens, return_inverse=True)
    return np.array([quantised(length) for length in lengths.tolist()], np.float64)[which]


class TextIndex:
    """The words of the tenants asked about last."""

    def __init__(self) -> None:
        self._tenants: dict[int, _Growing] = {}
        self._guard = threading.Lock()

    def forget(self) -> None:
        """Drop everything."""
        with self._guard:
            self._tenants.clear()

    def texts(self, connection: apsw.Connection, tenant: Tenant) -> Texts:
        """The words of all memories that the connection's transaction sees."""
        with self._guard:
            known = self._tenants.pop(tenant.number, None)
            if known is None or known.epoch < tenant.epoch:
                known = _Growing(tenant.epoch, tenant.number)
            if known.epoch > tenant.epoch:
                # The transaction is older than what was erased since: it reads for itself.
                self._tenants[tenant.number] = known
                old = _Growing(tenant.epoch, tenant.number)
                old.catch_up(connection, tenant)
                return old.texts()
            is_first = known.seq == 0
            if known.seq < tenant.seq:
                known.catch_up(connection, tenant)
            if not is_first:
                known.settle()
            self._tenants[tenant.number] = known
            while len(self._tenants) > _MOST_TENANTS:
                del self._tenants[next(iter(self._tenants))]
            texts = known.texts()
        return texts if known.seq == tenant.seq else texts.upto(place_of(tenant.number, tenant.seq))

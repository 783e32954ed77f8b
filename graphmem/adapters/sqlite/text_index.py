"""The words of a tenant's memories as a process keeps them: read once, then brought up to date with each write."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

from graphmem.adapters.sqlite.segments import Draft, Segment, unpack
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
    """

    numbers: NDArray[np.int64]
    homes: NDArray[np.int64]
    lengths: NDArray[np.float64]
    tokens: NDArray[np.int64]
    parts: tuple[tuple[int, Segment], ...]
    recent: Recent

    def __len__(self) -> int:
        return len(self.numbers)

    def upto(self, number: int) -> Texts:
        """The same without memories of larger numbers."""
        import numpy as np

        size = int(np.searchsorted(self.numbers, number, "right"))
        if size == len(self):
            return self
        columns = (self.numbers[:size], self.homes[:size], self.lengths[:size], self.tokens[:size])
        return Texts(*columns, self.parts, self.recent)

    def places(self, numbers: Sequence[int]) -> NDArray[np.intp]:
        """The place of each number; -1 for those that have no words here."""
        import numpy as np

        wanted = np.asarray(numbers, np.int64)
        if not len(self):
            return np.full(len(wanted), -1, np.intp)
        found = np.minimum(np.searchsorted(self.numbers, wanted), len(self) - 1)
        return np.where(self.numbers[found] == wanted, found, -1)

    def postings(self, hashes: Sequence[int]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """For each term the places of the memories that hold it, rising, and how often each does."""
        import numpy as np

        wanted = np.array(hashes, np.uint64)
        found: list[tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]] = [([], []) for _ in hashes]
        for base, part in self.parts:
            if not len(part.terms) or base >= len(self):
                continue
            rows = np.minimum(np.searchsorted(part.terms, wanted), len(part.terms) - 1)
            for which in np.flatnonzero(part.terms[rows] == wanted).tolist():
                row = int(rows[which])
                span = slice(int(part.offsets[row]), int(part.offsets[row + 1]))
                found[which][0].append(part.docs[span].astype(np.int64) + base)
                found[which][1].append(part.counts[span])  # type: ignore[arg-type]
        for which, term in enumerate(hashes):
            held = self.recent.postings.get(term)
            if held is not None:
                counts = np.array(held[1], np.int64)
                found[which][0].append(np.array(held[0][: len(counts)], np.int64))
                found[which][1].append(counts)
        return [self._together(places, counts) for places, counts in found]

    def _together(
        self, places: list[NDArray[np.int64]], counts: list[NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        import numpy as np

        if not places:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        all_places = places[0] if len(places) == 1 else np.concatenate(places)
        all_counts = counts[0] if len(counts) == 1 else np.concatenate(counts)
        if len(all_places) and all_places[-1] >= len(self):
            size = int(np.searchsorted(all_places, len(self)))
            return all_places[:size], all_counts[:size]
        return all_places, all_counts


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
        self._parts: list[tuple[int, Segment]] = []
        self._recent = Recent()

    def catch_up(self, connection: apsw.Connection, tenant: Tenant) -> None:
        """Read what was written since."""
        low = place_of(tenant.number, 0)
        rows = connection.execute(_FROM, (low, max(self.last, low), place_of(tenant.number, tenant.seq)))
        for first, data in rows:
            self._add(unpack(first, data))
        self.seq = tenant.seq

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
            self._parts.append((self._size, segment))
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
            self._parts.append((self._recent.base, self._recent.segment()))
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
        return Texts(*columns, tuple(self._parts), self._recent)


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
            if known.seq < tenant.seq:
                known.catch_up(connection, tenant)
            self._tenants[tenant.number] = known
            while len(self._tenants) > _MOST_TENANTS:
                del self._tenants[next(iter(self._tenants))]
            texts = known.texts()
        return texts if known.seq == tenant.seq else texts.upto(place_of(tenant.number, tenant.seq))

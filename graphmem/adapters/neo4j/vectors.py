"""Exact cosine search over vectors that were fetched once: the server says who fits, this process says who is near."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
from graphmem.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from graphmem.adapters.neo4j.connecting import Link
    from graphmem.adapters.neo4j.values import Head
    from graphmem.store import Vector

_VECTORS = """
UNWIND $p.seqs AS seq MATCH (m:Memory {tenant: $p.tenant, seq: seq}) WHERE m.vector IS NOT NULL
RETURN seq, m.id AS id, m.vector AS vector
"""

_FETCHED_AT_ONCE = 2_000
_FIRST_ROWS = 1_024
#: Rounding of a float32 product may move a row by so much: those this near the last place are looked at exactly.
_ROUNDING = 1e-5
#: From so small a share of rows on, copying them together is cheaper than scoring all.
_GATHER_BELOW = 0.2
_KEPT_FILTERS = 128

Scored = tuple[str, float]


@dataclass(slots=True)
class Fits:
    """Positions of the memories with a vector that fit one filter, up to a ledger position."""

    seqs: NDArray[np.int64]
    last: int


@dataclass(slots=True)
class _Kept:
    """A tenant's vectors as far as they were asked for: `places` gives the row of a ledger position, -1 for none."""

    epoch: int
    dimension: int
    places: NDArray[np.int32]
    rows: NDArray[np.float32]
    ids: list[str] = field(default_factory=list)
    rows_of: dict[str, int] = field(default_factory=dict)
    fits: OrderedDict[str, Fits] = field(default_factory=OrderedDict)

    def place(self, seqs: NDArray[np.int64]) -> NDArray[np.int32]:
        """Rows of positions, -1 for those not fetched."""
        import numpy as np

        top = int(seqs[-1]) if len(seqs) else 0
        if top >= len(self.places):
            grown = np.full(max(top + 1, 2 * len(self.places)), -1, np.int32)
            grown[: len(self.places)] = self.places
            self.places = grown
        found: NDArray[np.int32] = self.places[seqs]
        return found

    def add(self, seqs: Sequence[int], ids: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Keep vectors that were fetched."""
        import numpy as np

        start, end = len(self.ids), len(self.ids) + len(ids)
        if end > len(self.rows):
            grown = np.empty((max(end, 2 * len(self.rows)), self.dimension), np.float32)
            grown[:start] = self.rows[:start]
            self.rows = grown
        self.rows[start:end] = rows
        self.places[np.asarray(seqs, np.int64)] = np.arange(start, end, dtype=np.int32)
        self.ids += ids
        self.rows_of.update(zip(ids, range(start, end), strict=True))


class VectorCache:
    """The vectors that searches of this process have looked at, as long as they fit into the given space."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._tenants: OrderedDict[str, _Kept] = OrderedDict()
        self._guard = threading.Lock()

    def forget(self, tenant: str | None = None) -> None:
        """Drop everything, or what is of one tenant."""
        with self._guard:
            if tenant is None:
                self._tenants.clear()
            else:
                self._tenants.pop(tenant, None)

    def foreseen(self, tenant: str, asked: VectorSearch) -> Foreseen:
        """What `best` will find if nothing that fits was written since the last search with the same filter."""
        with self._guard:
            kept = self._tenants.get(tenant)
            fits = None if kept is None else kept.fits.get(asked.filter_text)
            if kept is None or fits is None:
                return Foreseen()
            seqs = fits.seqs[fits.seqs <= asked.seq]
            places = kept.place(seqs)
            if kept.dimension != len(asked.vector) or (places < 0).any():
                return Foreseen(kept.epoch, fits.last)
            return Foreseen(kept.epoch, fits.last, len(seqs), _near(kept, places, asked))

    def best(
        self, link: Link, head: Head, asked: VectorSearch, fitting: Sequence[int], foreseen: Foreseen
    ) -> tuple[Scored, ...] | None:
        """The nearest vectors among memories that fit, by cosine, ties by id.

        Args:
            link: Where vectors that were not fetched yet are.
            head: The tenant as of the statement that gave `fitting`.
            asked: The search.
            fitting: Positions of memories that fit past the last that was foreseen, in order.
            foreseen: What was expected before that statement.

        Returns:
            None if they are no longer known up to there: ask again from the beginning.
        """
        with self._guard:
            kept = self._kept(head, len(asked.vector))
            fits = kept.fits.pop(asked.filter_text, None)
            if (0 if fits is None else fits.last) < foreseen.last:
                return None
            fits = _grown(fits, fitting, head.seq)
            kept.fits[asked.filter_text] = fits
            while len(kept.fits) > _KEPT_FILTERS:
                kept.fits.popitem(last=False)
            seqs = fits.seqs[fits.seqs <= asked.seq]
            # Positions are only ever added at the end: as many are the same.
            if foreseen.near is not None and (foreseen.epoch, foreseen.count) == (kept.epoch, len(seqs)):
                return foreseen.near
            _fetch(link, head.tenant, kept, seqs)
            found = _near(kept, kept.place(seqs), asked)
            self._make_room(head.tenant)
            return found

    def cosines(self, head: Head, ids: Sequence[str], vector: Vector) -> dict[str, float]:
        """The cosine with each of the memories whose vector was fetched before."""
        with self._guard:
            kept = self._tenants.get(head.tenant)
            if kept is None or kept.epoch != head.epoch or kept.dimension != len(vector):
                return {}
            known = [key for key in ids if key in kept.rows_of]
            rows = kept.rows[[kept.rows_of[key] for key in known]]
            return dict(exact_scores(known, rows, vector, len(known)))

    def _kept(self, head: Head, dimension: int) -> _Kept:
        import numpy as np

        kept = self._tenants.pop(head.tenant, None)
        if kept is None or kept.epoch != head.epoch:
            empty = np.empty((_FIRST_ROWS, dimension), np.float32)
            kept = _Kept(head.epoch, dimension, np.full(_FIRST_ROWS, -1, np.int32), empty)
        if kept.dimension != dimension:
            self._tenants[head.tenant] = kept
            raise InvalidInput(f"the query's vector has {dimension} dimensions, those stored {kept.dimension}")
        self._tenants[head.tenant] = kept
        return kept

    def _make_room(self, latest: str) -> None:
        while len(self._tenants) > 1 and sum(one.rows.nbytes for one in self._tenants.values()) > self._limit_bytes:
            self._tenants.popitem(last=False)
        kept = self._tenants.get(latest)
        if kept is not None and kept.rows.nbytes > self._limit_bytes:
            del self._tenants[latest]


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """One search: the query's unit vector, the filter as the cache knows it, the last position, how many."""

    vector: Vector
    filter_text: str
    seq: int
    limit: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A search before the server was asked.

    Attributes:
        epoch: Of the vectors that are kept; 0 if there are none.
        last: The ledger position up to which memories that fit the filter are known.
        count: How many of them were compared.
        near: What was found; None if it cannot be told yet.
    """

    epoch: int = 0
    last: int = 0
    count: int = 0
    near: tuple[Scored, ...] | None = None


def _grown(fits: Fits | None, fitting: Sequence[int], seq: int) -> Fits:
    import numpy as np

    fresh = np.asarray(fitting, dtype=np.int64)
    if fits is None:
        return Fits(fresh, seq)
    # Another thread may have learnt of some of them meanwhile.
    fresh = fresh[fresh > fits.last]
    return Fits(np.concatenate([fits.seqs, fresh]) if len(fresh) else fits.seqs, max(seq, fits.last))


def _fetch(link: Link, tenant: str, kept: _Kept, seqs: NDArray[np.int64]) -> None:
    """Bring the vectors that were never looked at."""
    missing = seqs[kept.place(seqs) < 0]
    for start in range(0, len(missing), _FETCHED_AT_ONCE):
        part = [int(seq) for seq in missing[start : start + _FETCHED_AT_ONCE]]
        found = link.records(_VECTORS, {"tenant": tenant, "seqs": part})
        rows = rows_of_bytes([one["vector"] for one in found], kept.dimension)
        kept.add([one["seq"] for one in found], [one["id"] for one in found], rows)


def _near(kept: _Kept, places: NDArray[np.int32], asked: VectorSearch) -> tuple[Scored, ...]:
    import numpy as np

    places = places[places >= 0]
    query = np.ascontiguousarray(asked.vector, dtype=np.float32)
    count = len(kept.ids)
    if len(places) < count * _GATHER_BELOW:
        scores = np.einsum("ij,j->i", kept.rows[places], query)
    else:
        scores = np.einsum("ij,j->i", kept.rows[:count], query)[places]
    if len(scores) > asked.limit > 0:
        least = np.partition(scores, len(scores) - asked.limit)[len(scores) - asked.limit]
        places = places[scores >= least - _ROUNDING]
    return exact_scores([kept.ids[place] for place in places], kept.rows[places], asked.vector, asked.limit)

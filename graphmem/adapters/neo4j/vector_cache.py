"""Exact cosine search over cached vectors: the server selects the memories that pass the filter, this process ranks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from graphmem.adapters.neo4j.database import Database
    from graphmem.adapters.neo4j.values import LedgerHead
    from graphmem.store import Vector

_VECTORS = """
UNWIND $p.seqs AS seq MATCH (m:Memory {tenant: $p.tenant, seq: seq}) WHERE m.vector IS NOT NULL
RETURN seq, m.id AS id, m.vector AS vector
"""

_FETCH_BATCH = 2_000
_FIRST_ROWS = 1_024
#: Rounding error of a float32 product: rows this close to the last place are scored exactly.
_ROUNDING = 1e-5
#: Below this share of matching rows, copying them is cheaper than scoring all rows.
_GATHER_BELOW = 0.2
_CACHED_FILTERS = 128

Scored = tuple[str, float]


@dataclass(slots=True)
class _VectorSelection:
    """Ledger positions of the memories with a vector that pass a filter, up to the position `last`."""

    seqs: NDArray[np.int64]
    last: int


@dataclass(slots=True)
class _FetchedVectors:
    """The cached vectors of a tenant; `row_of_seq` has the row of each ledger position, -1 without a cached vector."""

    epoch: int
    dimension: int
    row_of_seq: NDArray[np.int32]
    rows: NDArray[np.float32]
    ids: list[str] = field(default_factory=list)
    row_of_id: dict[str, int] = field(default_factory=dict)
    selections: OrderedDict[str, _VectorSelection] = field(default_factory=OrderedDict)

    def rows_at(self, seqs: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the rows of ledger positions, -1 without a cached vector."""
        import numpy as np

        top = int(seqs[-1]) if len(seqs) else 0
        if top >= len(self.row_of_seq):
            grown = np.full(max(top + 1, 2 * len(self.row_of_seq)), -1, np.int32)
            grown[: len(self.row_of_seq)] = self.row_of_seq
            self.row_of_seq = grown
        rows: NDArray[np.int32] = self.row_of_seq[seqs]
        return rows

    def add(self, seqs: Sequence[int], ids: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Append fetched vectors."""
        import numpy as np

        start, end = len(self.ids), len(self.ids) + len(ids)
        if end > len(self.rows):
            grown = np.empty((max(end, 2 * len(self.rows)), self.dimension), np.float32)
            grown[:start] = self.rows[:start]
            self.rows = grown
        self.rows[start:end] = rows
        self.row_of_seq[np.asarray(seqs, np.int64)] = np.arange(start, end, dtype=np.int32)
        self.ids += ids
        self.row_of_id.update(zip(ids, range(start, end), strict=True))


class FetchedVectorCache:
    """The vectors of the most recently searched tenants, within a memory limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._tenants: OrderedDict[str, _FetchedVectors] = OrderedDict()
        self._guard = threading.Lock()

    def forget(self, tenant: str | None = None) -> None:
        """Drop everything, or the vectors of a tenant."""
        with self._guard:
            if tenant is None:
                self._tenants.clear()
            else:
                self._tenants.pop(tenant, None)

    def cached(self, tenant: str, search: FetchedVectorSearch) -> CachedSearch:
        """Return the result of `best` if nothing that passes the filter was written since the last search with it."""
        with self._guard:
            vectors = self._tenants.get(tenant)
            selection = None if vectors is None else vectors.selections.get(search.filter_text)
            if vectors is None or selection is None:
                return CachedSearch()
            seqs = selection.seqs[selection.seqs <= search.seq]
            rows = vectors.rows_at(seqs)
            if vectors.dimension != len(search.vector) or (rows < 0).any():
                return CachedSearch(vectors.epoch, selection.last)
            return CachedSearch(vectors.epoch, selection.last, len(seqs), _near(vectors, rows, search))

    def best(
        self,
        database: Database,
        head: LedgerHead,
        search: FetchedVectorSearch,
        passing: Sequence[int],
        cached: CachedSearch,
    ) -> tuple[Scored, ...] | None:
        """Return the nearest vectors among memories that pass the filter: (id, cosine), best first, ties by id.

        Args:
            database: The source of vectors that are not cached.
            head: The tenant's head in the statement that returned `passing`.
            search: The search.
            passing: Ledger positions past `cached.last` of memories that pass the filter, in order.
            cached: The cached result from before that statement.

        Returns:
            None if the cache no longer has the selection up to `cached.last`: the search must start again.
        """
        with self._guard:
            vectors = self._vectors_of(head, len(search.vector))
            selection = vectors.selections.pop(search.filter_text, None)
            if (0 if selection is None else selection.last) < cached.last:
                return None
            selection = _extended(selection, passing, head.seq)
            vectors.selections[search.filter_text] = selection
            while len(vectors.selections) > _CACHED_FILTERS:
                vectors.selections.popitem(last=False)
            seqs = selection.seqs[selection.seqs <= search.seq]
            # Positions are only appended: with the same count they are the same positions.
            if cached.near is not None and (cached.epoch, cached.count) == (vectors.epoch, len(seqs)):
                return cached.near
            _fetch(database, head.tenant, vectors, seqs)
            nearest = _near(vectors, vectors.rows_at(seqs), search)
            self._make_room(head.tenant)
            return nearest

    def cosines(self, head: LedgerHead, ids: Sequence[str], vector: Vector) -> dict[str, float]:
        """Return the cosine with each of the memories whose vector is cached."""
        with self._guard:
            vectors = self._tenants.get(head.tenant)
            if vectors is None or vectors.epoch != head.epoch or vectors.dimension != len(vector):
                return {}
            cached = [memory_id for memory_id in ids if memory_id in vectors.row_of_id]
            rows = vectors.rows[[vectors.row_of_id[memory_id] for memory_id in cached]]
            return dict(exact_scores(cached, rows, vector, len(cached)))

    def _vectors_of(self, head: LedgerHead, dimension: int) -> _FetchedVectors:
        import numpy as np

        vectors = self._tenants.pop(head.tenant, None)
        if vectors is None or vectors.epoch != head.epoch:
            empty = np.empty((_FIRST_ROWS, dimension), np.float32)
            vectors = _FetchedVectors(head.epoch, dimension, np.full(_FIRST_ROWS, -1, np.int32), empty)
        if vectors.dimension != dimension:
            self._tenants[head.tenant] = vectors
            raise InvalidInput(f"the query's vector has {dimension} dimensions, those stored {vectors.dimension}")
        self._tenants[head.tenant] = vectors
        return vectors

    def _make_room(self, latest: str) -> None:
        while len(self._tenants) > 1 and self._size_bytes > self._limit_bytes:
            self._tenants.popitem(last=False)
        vectors = self._tenants.get(latest)
        if vectors is not None and vectors.rows.nbytes > self._limit_bytes:
            del self._tenants[latest]

    @property
    def _size_bytes(self) -> int:
        return sum(vectors.rows.nbytes for vectors in self._tenants.values())


@dataclass(frozen=True, slots=True)
class FetchedVectorSearch:
    """A vector search.

    Attributes:
        vector: The query's unit vector.
        filter_text: The cache key of the filter.
        seq: The last ledger position; later memories are ignored.
        limit: The number of results.
    """

    vector: Vector
    filter_text: str
    seq: int
    limit: int


@dataclass(frozen=True, slots=True)
class CachedSearch:
    """The result of a search from the cache alone.

    Attributes:
        epoch: The epoch of the cached vectors; 0 without any.
        last: The ledger position up to which the cache has the memories that pass the filter.
        count: The number of compared vectors.
        near: The nearest vectors; None if the cache lacks some vectors.
    """

    epoch: int = 0
    last: int = 0
    count: int = 0
    near: tuple[Scored, ...] | None = None


def _extended(selection: _VectorSelection | None, passing: Sequence[int], seq: int) -> _VectorSelection:
    import numpy as np

    fresh = np.asarray(passing, dtype=np.int64)
    if selection is None:
        return _VectorSelection(fresh, seq)
    # Another thread may have added some of them already.
    fresh = fresh[fresh > selection.last]
    seqs = np.concatenate([selection.seqs, fresh]) if len(fresh) else selection.seqs
    return _VectorSelection(seqs, max(seq, selection.last))


def _fetch(database: Database, tenant: str, vectors: _FetchedVectors, seqs: NDArray[np.int64]) -> None:
    """Read the vectors that are not cached."""
    missing = seqs[vectors.rows_at(seqs) < 0]
    for start in range(0, len(missing), _FETCH_BATCH):
        part = [int(seq) for seq in missing[start : start + _FETCH_BATCH]]
        records = database.records(_VECTORS, {"tenant": tenant, "seqs": part})
        rows = rows_of_bytes([record["vector"] for record in records], vectors.dimension)
        vectors.add([record["seq"] for record in records], [record["id"] for record in records], rows)


def _near(vectors: _FetchedVectors, rows: NDArray[np.int32], search: FetchedVectorSearch) -> tuple[Scored, ...]:
    import numpy as np

    rows = rows[rows >= 0]
    query = np.ascontiguousarray(search.vector, dtype=np.float32)
    count = len(vectors.ids)
    if len(rows) < count * _GATHER_BELOW:
        scores = np.einsum("ij,j->i", vectors.rows[rows], query)
    else:
        scores = np.einsum("ij,j->i", vectors.rows[:count], query)[rows]
    if len(scores) > search.limit > 0:
        least = np.partition(scores, len(scores) - search.limit)[len(scores) - search.limit]
        rows = rows[scores >= least - _ROUNDING]
    return exact_scores([vectors.ids[row] for row in rows], vectors.rows[rows], search.vector, search.limit)

"""Exact cosine search over a tenant's vectors, cached in memory after the first read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import apsw

from graphmem.adapters.sqlite import meta_table
from graphmem.adapters.sqlite.chains import IdLookup
from graphmem.adapters.sqlite.filter_selection import CompiledFilter, Selection
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.text_index import TextColumns
from graphmem.adapters.sqlite.values import Row, Tenant, ints, rowid_of
from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
from graphmem.deferred_dataclass import dataclass, field
from graphmem.errors import CorruptStore, InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from graphmem.store import Vector

_VECTORS = """
    SELECT memory, data FROM vector WHERE memory > ? AND memory <= ? ORDER BY memory
"""
_SOME = """
    SELECT vector.memory, vector.data
    FROM json_each(?1) AS input CROSS JOIN vector ON vector.memory = input.value
"""

_SOME_DIMENSION = "SELECT length(data) / 4 FROM vector LIMIT 1"

_BLOCK_ROWS = 8_192
#: The first vectors of each home share a block; the rest get blocks per home, so that a search can skip them.
_SHARED_ROWS = 256
_FLOAT_BYTES = 4
#: Rounding error of a float32 product: rows this close to the last place are scored exactly.
_ROUNDING = 1e-5
#: Below this share of matching rows, copying them is cheaper than scoring all rows.
_GATHER_BELOW = 0.2
#: Up to this many candidates are read and scored exactly, without the cache.
_FEW = 400

Scored = tuple[str, float]


@dataclass(slots=True)
class _VectorBlock:
    """Vectors in order of row number; `home` is the home of all of them, or None if they differ."""

    numbers: NDArray[np.int64]
    homes: NDArray[np.int64]
    rows: NDArray[np.float32]
    home: int | None = None

    def some(self, rows: NDArray[np.intp] | slice) -> _VectorBlock:
        """Return a part of the rows."""
        return _VectorBlock(self.numbers[rows], self.homes[rows], self.rows[rows], self.home)


@dataclass(slots=True)
class _BlockList:
    """Append-only blocks: the last doubles up to `_BLOCK_ROWS`."""

    dimension: int
    home: int | None = None
    blocks: list[_VectorBlock] = field(default_factory=list)
    filled: int = 0

    @property
    def capacity(self) -> int:
        """The number of rows that the blocks have space for."""
        return sum(len(block.numbers) for block in self.blocks)

    def parts(self) -> list[_VectorBlock]:
        """Return the filled part of each block."""
        return self.blocks[:-1] + [last.some(slice(0, self.filled)) for last in self.blocks[-1:]]

    def add(self, block: _VectorBlock) -> None:
        """Append rows."""
        start = 0
        while start < len(block.numbers):
            last = self._with_room()
            count = min(len(last.numbers) - self.filled, len(block.numbers) - start)
            to, of = slice(self.filled, self.filled + count), slice(start, start + count)
            last.numbers[to], last.homes[to], last.rows[to] = block.numbers[of], block.homes[of], block.rows[of]
            self.filled += count
            start += count

    def _with_room(self) -> _VectorBlock:
        size = len(self.blocks[-1].numbers) if self.blocks else 0
        if size == _BLOCK_ROWS and self.filled == size:
            self.blocks.append(self._empty(_BLOCK_ROWS))
            self.filled = 0
        elif self.filled == size:
            larger = self._empty(min(max(2 * size, _SHARED_ROWS), _BLOCK_ROWS))
            for last in self.blocks[-1:]:
                larger.numbers[:size], larger.homes[:size], larger.rows[:size] = last.numbers, last.homes, last.rows
            self.blocks[-1:] = [larger]
        return self.blocks[-1]

    def _empty(self, size: int) -> _VectorBlock:
        import numpy as np

        rows = np.empty((size, self.dimension), np.float32)
        return _VectorBlock(np.empty(size, np.int64), np.empty(size, np.int64), rows, self.home)


@dataclass(slots=True)
class _TenantVectors:
    """A tenant's vectors up to a row number: the first of each home in shared blocks, the rest in blocks per home."""

    epoch: int
    dimension: int
    last: int
    mixed: _BlockList
    by_home: dict[int, _BlockList] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    #: The filled blocks; none after rows were added.
    filled: Sequence[_VectorBlock] = ()

    @property
    def size_bytes(self) -> int:
        capacity = sum(shelf.capacity for shelf in (self.mixed, *self.by_home.values()))
        return capacity * (self.dimension * _FLOAT_BYTES + 16)

    def parts(self) -> Sequence[_VectorBlock]:
        """Return all blocks."""
        if not self.filled:
            self.filled = [part for shelf in (self.mixed, *self.by_home.values()) for part in shelf.parts()]
        return self.filled

    def add(self, block: _VectorBlock) -> None:
        """Append rows."""
        import numpy as np

        self.filled = ()
        order = np.argsort(block.homes, kind="stable")
        homes, starts = np.unique(block.homes[order], return_index=True)
        mixed = []
        for home, indexes in zip(homes.tolist(), np.split(order, starts[1:]), strict=True):
            room = max(_SHARED_ROWS - self.counts.get(home, 0), 0)
            self.counts[home] = self.counts.get(home, 0) + len(indexes)
            mixed.append(indexes[:room])
            if len(indexes) > room:
                shelf = self.by_home.setdefault(home, _BlockList(self.dimension, home))
                shelf.add(block.some(indexes[room:]))
        self.mixed.add(block.some(np.sort(np.concatenate(mixed))))
        self.last = int(block.numbers[-1])


class VectorCache:
    """The vectors of the most recently used tenants, within a memory limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._tenants: dict[int, _TenantVectors] = {}
        self._guard = threading.Lock()

    def forget(self) -> None:
        """Drop everything."""
        with self._guard:
            self._tenants.clear()

    def takes(self, tenant: Tenant, dimension: int) -> bool:
        """Return whether all vectors of a tenant fit into the limit."""
        return tenant.vectors * dimension * _FLOAT_BYTES <= self._limit_bytes

    def parts(self, snapshot: Snapshot, dimension: int, texts: TextColumns) -> Iterable[_VectorBlock]:
        """Return all vectors of a tenant, from memory if they fit, sorted by number; `texts` gives their homes."""
        tenant = snapshot.tenant
        if not self.takes(tenant, dimension):
            return _read(snapshot, dimension, rowid_of(tenant.number, 0), texts)
        with self._guard:
            cached = self._tenants.pop(tenant.number, None)
            if cached is None or cached.epoch < tenant.epoch or cached.dimension != dimension:
                cached = _TenantVectors(tenant.epoch, dimension, rowid_of(tenant.number, 0), _BlockList(dimension))
            if cached.last < rowid_of(tenant.number, tenant.seq):
                for block in _read(snapshot, dimension, cached.last, texts):
                    cached.add(block)
            self._tenants[tenant.number] = cached
            self._make_room()
            return cached.parts()

    def _make_room(self) -> None:
        while (
            len(self._tenants) > 1 and sum(vectors.size_bytes for vectors in self._tenants.values()) > self._limit_bytes
        ):
            del self._tenants[next(iter(self._tenants))]


def _read(snapshot: Snapshot, dimension: int, after: int, texts: TextColumns) -> Iterator[_VectorBlock]:
    cursor: Iterator[Row] = snapshot.connection.execute(
        _VECTORS, (after, rowid_of(snapshot.tenant.number, snapshot.tenant.seq))
    )
    while rows := list(islice(cursor, _BLOCK_ROWS)):
        yield _block(rows, dimension, texts)


def _block(rows: Sequence[Row], dimension: int, texts: TextColumns) -> _VectorBlock:
    import numpy as np

    data = b"".join(row[1] for row in rows)
    if len(data) != len(rows) * dimension * _FLOAT_BYTES:
        raise CorruptStore(f"a stored vector does not have dimension {dimension}; run `graphmem reindex`")
    numbers = np.array([row[0] for row in rows], dtype=np.int64)
    indexes = texts.indexes(numbers)
    if len(indexes) and indexes.min() < 0:
        raise CorruptStore("a vector belongs to a memory without text: restore the store from a backup or an export")
    return _VectorBlock(numbers, texts.homes[indexes], np.frombuffer(data, dtype="<f4").reshape(len(rows), dimension))


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """A search: a compiled filter, its selection and a ledger position."""

    snapshot: Snapshot
    where: CompiledFilter
    selection: Selection
    ids: IdLookup
    seq: int
    cache: VectorCache
    dimension: int
    texts: TextColumns

    def best(self, vector: Vector, limit: int) -> tuple[Scored, ...]:
        """Return the nearest vectors in the selection, by cosine, ties by id."""
        if len(vector) != self.dimension:
            raise InvalidInput(
                f"the query vector has {len(vector)} dimensions, stored vectors {self.dimension}: use the same model"
            )
        if not self.snapshot.tenant.vectors or limit < 1:
            return ()
        numbers = self.selection.numbers
        if len(numbers) <= _FEW:
            return self._exact(vector, *self._stored(numbers.tolist()), limit)
        return self._exact(vector, *self._near(vector, limit), limit)

    def cosines(self, vector: Vector, numbers: Sequence[int]) -> dict[str, float]:
        """Return the cosine with each of the memories that have a vector; all are in the selection."""
        return dict(self._exact(vector, *self._rows(numbers), len(numbers)))

    def _near(self, vector: Vector, limit: int) -> tuple[list[int], NDArray[np.float32]]:
        """Return the numbers and vectors of the best rows and of those within rounding error of the last."""
        import numpy as np

        query = np.ascontiguousarray(vector, dtype=np.float32)
        among = None if self.where.is_everything else self.selection.numbers
        scored = [(part, *self._score(part, query, among)) for part in self._parts()]
        scores = np.concatenate([part_scores[2] for part_scores in scored]) if scored else np.empty(0, np.float32)
        least = np.float32(-np.inf)
        if len(scores) > limit:
            least = np.partition(scores, len(scores) - limit)[len(scores) - limit] - np.float32(_ROUNDING)
        numbers, rows = list[int](), [np.empty((0, self.dimension), np.float32)]
        for part, rows_of_part, values in scored:
            near = rows_of_part[values >= least]
            if len(near):
                numbers += part.numbers[near].tolist()
                rows.append(part.rows[near])
        return numbers, np.concatenate(rows)

    def _rows(self, numbers: Sequence[int]) -> tuple[list[int], NDArray[np.float32]]:
        """Return the memories that have a vector, with the vectors, from the cache if it holds the tenant."""
        import numpy as np

        if not self.cache.takes(self.snapshot.tenant, self.dimension):
            return self._stored(numbers)
        searched = np.array(sorted(numbers), np.int64)
        with_vector, rows = list[int](), [np.empty((0, self.dimension), np.float32)]
        for part in self._parts() if len(searched) else ():
            indexes = np.minimum(np.searchsorted(part.numbers, searched), len(part.numbers) - 1)
            has_vector = part.numbers[indexes] == searched
            if has_vector.any():
                with_vector += searched[has_vector].tolist()
                rows.append(part.rows[indexes[has_vector]])
        return with_vector, np.concatenate(rows)

    def _stored(self, numbers: Sequence[int]) -> tuple[list[int], NDArray[np.float32]]:
        rows: list[Row] = self.snapshot.connection.execute(_SOME, (ints(numbers),)).fetchall()
        return [number for number, _ in rows], rows_of_bytes([row[1] for row in rows], self.dimension)

    def _parts(self) -> Iterator[_VectorBlock]:
        """Yield the vectors of homes that may match, up to the requested ledger position."""
        import numpy as np

        last = rowid_of(self.snapshot.tenant.number, self.seq)
        for part in self.cache.parts(self.snapshot, self.dimension, self.texts):
            if len(part.numbers) and not self._is_elsewhere(part):
                is_complete = part.numbers[-1] <= last
                size = len(part.numbers) if is_complete else int(np.searchsorted(part.numbers, last, "right"))
                if size:
                    yield part if is_complete else part.some(slice(0, size))

    def _score(
        self, part: _VectorBlock, query: NDArray[np.float32], among: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the indexes of the rows that match, and their products with the query."""
        import numpy as np

        if among is None and (self.where.homes is None or part.home is not None):
            return np.arange(len(part.numbers)), _products(part.rows, query)
        rows = np.flatnonzero(self._mask(part, among))
        if len(rows) < len(part.numbers) * _GATHER_BELOW:
            return rows, _products(part.rows[rows], query)
        return rows, _products(part.rows, query)[rows]

    def _mask(self, part: _VectorBlock, among: NDArray[np.int64] | None) -> NDArray[np.bool_]:
        import numpy as np

        mask = np.ones(len(part.numbers), dtype=bool)
        if self.where.homes is not None and part.home is None:
            mask = np.take(_flags(self.where.homes), part.homes, mode="clip")
        if among is not None:
            # Both are sorted: only the overlapping range is looked up.
            near = among[np.searchsorted(among, part.numbers[0]) : np.searchsorted(among, part.numbers[-1], "right")]
            indexes = np.searchsorted(part.numbers, near)
            is_selected = np.zeros(len(mask), dtype=bool)
            is_selected[indexes[part.numbers[indexes] == near]] = True
            mask &= is_selected
        return mask

    def _is_elsewhere(self, part: _VectorBlock) -> bool:
        return part.home is not None and self.where.homes is not None and part.home not in self.where.homes

    def _exact(self, vector: Vector, numbers: list[int], rows: NDArray[np.float32], limit: int) -> tuple[Scored, ...]:
        id_of = self.ids.of(numbers)
        return exact_scores([id_of[number] for number in numbers], rows, vector, limit)


@lru_cache(maxsize=256)
def _flags(homes: frozenset[int]) -> NDArray[np.bool_]:
    """Return a flag per home number; the last flag, False, is for all larger numbers."""
    import numpy as np

    flags = np.zeros(max(homes) + 2, dtype=bool)
    flags[list(homes)] = True
    return flags


def _products(rows: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute `rows @ query` in this thread: BLAS' own threads wait for each other on a busy machine."""
    import numpy as np

    products: NDArray[np.float32] = np.einsum("ij,j->i", rows, query)
    return products


def refuse_mixed_dimensions(connection: apsw.Connection, vectors: Mapping[str, Vector]) -> None:
    """Refuse vectors whose dimension differs from the store's, or from each other's.

    Raises:
        InvalidInput: A vector has another dimension; the message names its memory.
    """
    dimension = dimension_of(connection) if vectors else 0
    for memory_id, vector in vectors.items():
        dimension = dimension or len(vector)
        if len(vector) != dimension:
            raise InvalidInput(
                f"the vector of {memory_id!r} has {len(vector)} dimensions, the vectors of this store {dimension}"
            )


def dimension_of(connection: apsw.Connection) -> int:
    """Return the dimension of the store's vectors; 0 before there are any."""
    card = meta_table.model_of(connection)
    return card.dimension if card is not None else int(str(connection.execute(_SOME_DIMENSION).get or 0))

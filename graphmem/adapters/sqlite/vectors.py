"""Exact cosine search over a tenant's vectors, kept in memory once they were read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import apsw

from graphmem.adapters.sqlite import meta
from graphmem.adapters.sqlite.chains import Ids
from graphmem.adapters.sqlite.selecting import Fitting, Wanted
from graphmem.adapters.sqlite.text_index import Texts
from graphmem.adapters.sqlite.values import Row, Tenant, ints, place_of
from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
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
    FROM json_each(?1) AS wanted CROSS JOIN vector ON vector.memory = wanted.value
"""

_SOME_DIMENSION = "SELECT length(data) / 4 FROM vector LIMIT 1"

_BLOCK_ROWS = 8_192
#: So many vectors of a home lie among those of others; a search passes over the rest without looking at them.
_HOMELY_ROWS = 256
_FLOAT_BYTES = 4
#: Rounding of a float32 product may move a row by so much: those this near the last place are looked at exactly.
_ROUNDING = 1e-5
#: From so small a share of rows on, copying them together is cheaper than scoring all.
_GATHER_BELOW = 0.2
#: So few are looked at exactly, without reading any other.
_FEW = 400

Scored = tuple[str, float]


@dataclass(slots=True)
class _Block:
    """Rows in order of their numbers; `home` is where all of them live, None if here and there."""

    numbers: NDArray[np.int64]
    homes: NDArray[np.int64]
    rows: NDArray[np.float32]
    home: int | None = None

    def some(self, which: NDArray[np.intp] | slice) -> _Block:
        """Some of the rows."""
        return _Block(self.numbers[which], self.homes[which], self.rows[which], self.home)


@dataclass(slots=True)
class _Shelf:
    """Blocks that only ever fill up: the last one grows until it is as large as any."""

    dimension: int
    home: int | None = None
    blocks: list[_Block] = field(default_factory=list)
    filled: int = 0

    @property
    def capacity(self) -> int:
        """For how many rows there is space."""
        return sum(len(block.numbers) for block in self.blocks)

    def parts(self) -> list[_Block]:
        """The filled part of each block."""
        return self.blocks[:-1] + [last.some(slice(0, self.filled)) for last in self.blocks[-1:]]

    def add(self, block: _Block) -> None:
        """Append rows."""
        start = 0
        while start < len(block.numbers):
            last = self._with_room()
            count = min(len(last.numbers) - self.filled, len(block.numbers) - start)
            to, of = slice(self.filled, self.filled + count), slice(start, start + count)
            last.numbers[to], last.homes[to], last.rows[to] = block.numbers[of], block.homes[of], block.rows[of]
            self.filled += count
            start += count

    def _with_room(self) -> _Block:
        size = len(self.blocks[-1].numbers) if self.blocks else 0
        if size == _BLOCK_ROWS and self.filled == size:
            self.blocks.append(self._empty(_BLOCK_ROWS))
            self.filled = 0
        elif self.filled == size:
            larger = self._empty(min(max(2 * size, _HOMELY_ROWS), _BLOCK_ROWS))
            for last in self.blocks[-1:]:
                larger.numbers[:size], larger.homes[:size], larger.rows[:size] = last.numbers, last.homes, last.rows
            self.blocks[-1:] = [larger]
        return self.blocks[-1]

    def _empty(self, size: int) -> _Block:
        import numpy as np

        rows = np.empty((size, self.dimension), np.float32)
        return _Block(np.empty(size, np.int64), np.empty(size, np.int64), rows, self.home)


@dataclass(slots=True)
class _Cached:
    """A tenant's vectors up to a memory's number: the first few of each home together, the others home by home."""

    epoch: int
    dimension: int
    last: int
    mixed: _Shelf
    homely: dict[int, _Shelf] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        capacity = sum(shelf.capacity for shelf in (self.mixed, *self.homely.values()))
        return capacity * (self.dimension * _FLOAT_BYTES + 16)

    def parts(self) -> list[_Block]:
        """Everything, in blocks."""
        return [part for shelf in (self.mixed, *self.homely.values()) for part in shelf.parts()]

    def add(self, block: _Block) -> None:
        """Append rows."""
        import numpy as np

        order = np.argsort(block.homes, kind="stable")
        homes, starts = np.unique(block.homes[order], return_index=True)
        mixed = []
        for home, places in zip(homes.tolist(), np.split(order, starts[1:]), strict=True):
            room = max(_HOMELY_ROWS - self.counts.get(home, 0), 0)
            self.counts[home] = self.counts.get(home, 0) + len(places)
            mixed.append(places[:room])
            if len(places) > room:
                shelf = self.homely.setdefault(home, _Shelf(self.dimension, home))
                shelf.add(block.some(places[room:]))
        self.mixed.add(block.some(np.sort(np.concatenate(mixed))))
        self.last = int(block.numbers[-1])


class VectorCache:
    """The vectors of the tenants asked about last, as long as they fit into the given space."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._tenants: dict[int, _Cached] = {}
        self._guard = threading.Lock()

    def forget(self) -> None:
        """Drop everything."""
        with self._guard:
            self._tenants.clear()

    def takes(self, tenant: Tenant, dimension: int) -> bool:
        """Whether all vectors of a tenant fit into the space."""
        return tenant.vectors * dimension * _FLOAT_BYTES <= self._limit_bytes

    def parts(self, connection: apsw.Connection, tenant: Tenant, dimension: int, texts: Texts) -> Iterable[_Block]:
        """All vectors of a tenant, from memory if they fit, sorted by number; `texts` of all tell where they live."""
        if not self.takes(tenant, dimension):
            return _read(connection, tenant, dimension, place_of(tenant.number, 0), texts)
        with self._guard:
            cached = self._tenants.pop(tenant.number, None)
            if cached is None or cached.epoch < tenant.epoch or cached.dimension != dimension:
                cached = _Cached(tenant.epoch, dimension, place_of(tenant.number, 0), _Shelf(dimension))
            if cached.last < place_of(tenant.number, tenant.seq):
                for block in _read(connection, tenant, dimension, cached.last, texts):
                    cached.add(block)
            self._tenants[tenant.number] = cached
            self._make_room()
            return cached.parts()

    def _make_room(self) -> None:
        while len(self._tenants) > 1 and sum(one.size_bytes for one in self._tenants.values()) > self._limit_bytes:
            del self._tenants[next(iter(self._tenants))]


def _read(connection: apsw.Connection, tenant: Tenant, dimension: int, after: int, texts: Texts) -> Iterator[_Block]:
    cursor: Iterator[Row] = connection.execute(_VECTORS, (after, place_of(tenant.number, tenant.seq)))
    while rows := list(islice(cursor, _BLOCK_ROWS)):
        yield _block(rows, dimension, texts)


def _block(rows: Sequence[Row], dimension: int, texts: Texts) -> _Block:
    import numpy as np

    data = b"".join(row[1] for row in rows)
    if len(data) != len(rows) * dimension * _FLOAT_BYTES:
        raise CorruptStore(f"stored vectors are not of dimension {dimension}; run `graphmem reindex`")
    numbers = np.array([row[0] for row in rows], dtype=np.int64)
    places = texts.places(numbers)
    if len(places) and places.min() < 0:
        raise CorruptStore("a vector is stored of a memory without words: restore the store from a backup or an export")
    return _Block(numbers, texts.homes[places], np.frombuffer(data, dtype="<f4").reshape(len(rows), dimension))


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """One search: what is wanted and fits, known at a ledger position."""

    connection: apsw.Connection
    tenant: Tenant
    what: Wanted
    fitting: Fitting
    ids: Ids
    seq: int
    cache: VectorCache
    dimension: int
    texts: Texts

    def best(self, vector: Vector, limit: int) -> tuple[Scored, ...]:
        """The nearest vectors among memories that fit, by cosine, ties by id."""
        if len(vector) != self.dimension:
            raise InvalidInput(f"the query's vector has {len(vector)} dimensions, those stored {self.dimension}")
        if not self.tenant.vectors or limit < 1:
            return ()
        few = self.fitting.numbers
        if len(few) <= _FEW:
            return self._exact(vector, *self._stored(few.tolist()), limit)
        return self._exact(vector, *self._near(vector, limit), limit)

    def cosines(self, vector: Vector, numbers: Sequence[int]) -> dict[str, float]:
        """The cosine with each of the memories that have a vector, all of which fit."""
        return dict(self._exact(vector, *self._rows(numbers), len(numbers)))

    def _near(self, vector: Vector, limit: int) -> tuple[list[int], NDArray[np.float32]]:
        """The best, and those too near to the last of them to tell: their numbers and vectors."""
        import numpy as np

        query = np.ascontiguousarray(vector, dtype=np.float32)
        among = None if self.what.is_everything else self.fitting.numbers
        scored = [(part, *self._score(part, query, among)) for part in self._parts()]
        scores = np.concatenate([one[2] for one in scored]) if scored else np.empty(0, np.float32)
        least = np.float32(-np.inf)
        if len(scores) > limit:
            least = np.partition(scores, len(scores) - limit)[len(scores) - limit] - np.float32(_ROUNDING)
        numbers, rows = list[int](), [np.empty((0, self.dimension), np.float32)]
        for part, which, values in scored:
            near = which[values >= least]
            if len(near):
                numbers += part.numbers[near].tolist()
                rows.append(part.rows[near])
        return numbers, np.concatenate(rows)

    def _rows(self, numbers: Sequence[int]) -> tuple[list[int], NDArray[np.float32]]:
        """Those of the memories that have a vector, and it, from what the cache holds if it holds all."""
        import numpy as np

        if not self.cache.takes(self.tenant, self.dimension):
            return self._stored(numbers)
        wanted = np.array(sorted(numbers), np.int64)
        found, rows = list[int](), [np.empty((0, self.dimension), np.float32)]
        for part in self._parts() if len(wanted) else ():
            places = np.minimum(np.searchsorted(part.numbers, wanted), len(part.numbers) - 1)
            held = part.numbers[places] == wanted
            if held.any():
                found += wanted[held].tolist()
                rows.append(part.rows[places[held]])
        return found, np.concatenate(rows)

    def _stored(self, numbers: Sequence[int]) -> tuple[list[int], NDArray[np.float32]]:
        rows: list[Row] = self.connection.execute(_SOME, (ints(numbers),)).fetchall()
        return [number for number, _ in rows], rows_of_bytes([row[1] for row in rows], self.dimension)

    def _parts(self) -> Iterator[_Block]:
        """What is stored of memories that may fit, up to the asked ledger position."""
        import numpy as np

        last = place_of(self.tenant.number, self.seq)
        for part in self.cache.parts(self.connection, self.tenant, self.dimension, self.texts):
            if len(part.numbers) and not self._is_elsewhere(part):
                is_whole = part.numbers[-1] <= last
                size = len(part.numbers) if is_whole else int(np.searchsorted(part.numbers, last, "right"))
                if size:
                    yield part if is_whole else part.some(slice(0, size))

    def _score(
        self, part: _Block, query: NDArray[np.float32], among: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Which of the rows fit, and their products with the query."""
        import numpy as np

        if among is None and (self.what.homes is None or part.home is not None):
            return np.arange(len(part.numbers)), _products(part.rows, query)
        which = np.flatnonzero(self._mask(part, among))
        if len(which) < len(part.numbers) * _GATHER_BELOW:
            return which, _products(part.rows[which], query)
        return which, _products(part.rows, query)[which]

    def _mask(self, part: _Block, among: NDArray[np.int64] | None) -> NDArray[np.bool_]:
        import numpy as np

        mask = np.ones(len(part.numbers), dtype=bool)
        if self.what.homes is not None and part.home is None:
            mask = np.take(_flags(self.what.homes), part.homes, mode="clip")
        if among is not None:
            # Both are sorted: only the stretch that overlaps is looked up.
            near = among[np.searchsorted(among, part.numbers[0]) : np.searchsorted(among, part.numbers[-1], "right")]
            places = np.searchsorted(part.numbers, near)
            is_wanted = np.zeros(len(mask), dtype=bool)
            is_wanted[places[part.numbers[places] == near]] = True
            mask &= is_wanted
        return mask

    def _is_elsewhere(self, part: _Block) -> bool:
        return part.home is not None and self.what.homes is not None and part.home not in self.what.homes

    def _exact(self, vector: Vector, numbers: list[int], rows: NDArray[np.float32], limit: int) -> tuple[Scored, ...]:
        keys = self.ids.of(numbers)
        return exact_scores([keys[number] for number in numbers], rows, vector, limit)


@lru_cache(maxsize=256)
def _flags(homes: frozenset[int]) -> NDArray[np.bool_]:
    """Whether each home is among them, by its number; the last flag stands for all beyond."""
    import numpy as np

    flags = np.zeros(max(homes) + 2, dtype=bool)
    flags[list(homes)] = True
    return flags


def _products(rows: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float32]:
    """As `rows @ query`, in this thread alone: BLAS' own threads wait for each other, at worst on a busy machine."""
    import numpy as np

    products: NDArray[np.float32] = np.einsum("ij,j->i", rows, query)
    return products


def refuse_other_dimensions(connection: apsw.Connection, vectors: Mapping[str, Vector]) -> None:
    """Refuse vectors that cannot be compared with those of the store, or with each other.

    Raises:
        InvalidInput: A vector has another dimension; the message names its memory.
    """
    known = dimension_of(connection) if vectors else 0
    for key, vector in vectors.items():
        known = known or len(vector)
        if len(vector) != known:
            raise InvalidInput(f"the vector of {key!r} has {len(vector)} dimensions, those of this store {known}")


def dimension_of(connection: apsw.Connection) -> int:
    """Dimension of the store's vectors; 0 before there are any."""
    card = meta.model_of(connection)
    return card.dimension if card is not None else int(str(connection.execute(_SOME_DIMENSION).get or 0))

"""The approximate mode: near vectors from an index of the server, scored exactly; how many it misses is measured.

For processes that ask once, and for tenants whose vectors do not fit in memory: nothing is fetched but the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j import reading
from graphmem.adapters.neo4j.selecting import FITS, VECTOR_INDEX, Wanted
from graphmem.adapters.neo4j.values import micros_of
from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
from graphmem.errors import Unsupported
from graphmem.instants import from_micros
from graphmem.schema import VectorIndex
from graphmem.store import Progress, silent

if TYPE_CHECKING:
    import numpy as np
    from neo4j import ManagedTransaction, Record
    from numpy.typing import NDArray

    from graphmem.adapters.neo4j.connecting import Link
    from graphmem.adapters.neo4j.vectors import Scored, VectorSearch

_CREATE = f"""
CREATE VECTOR INDEX {VECTOR_INDEX} IF NOT EXISTS FOR (m:Memory) ON (m.embedding)
OPTIONS {{indexConfig: {{`vector.similarity_function`: 'cosine'}}}}
"""
_AWAIT = f"CALL db.awaitIndex('{VECTOR_INDEX}', 3600)"
_DROP = f"DROP INDEX {VECTOR_INDEX} IF EXISTS"
_EMPTY = """
MATCH (m:Memory) WHERE m.embedding IS NOT NULL WITH m LIMIT 5000 REMOVE m.embedding RETURN count(*) AS emptied
"""
_SWITCH = """
MATCH (e:EmbeddingModel {id: 'current'})
SET e.is_indexed = $p.on, e.recall = null, e.recall_neighbours = null, e.recall_sample = null, e.recall_at = null
RETURN e.name AS name
"""
_LEFT = """
MATCH (l:Ledger) CALL (l) {
  MATCH (m:Memory) WHERE m.tenant = l.tenant AND m.vector IS NOT NULL AND m.embedding IS NULL RETURN count(m) AS left
}
RETURN l.tenant AS tenant, left ORDER BY tenant
"""
# Under the tenant's write lock: who wrote before it was switched on is done, who comes after fills by himself.
_TO_FILL = """
MATCH (l:Ledger {tenant: $p.tenant}) SET l.locked_at = timestamp()
WITH l
MATCH (m:Memory) WHERE m.tenant = l.tenant AND m.seq > $p.after AND m.vector IS NOT NULL AND m.embedding IS NULL
RETURN m.seq AS seq, m.vector AS vector ORDER BY seq LIMIT $p.limit
"""
_FILL = "UNWIND $p.rows AS x MATCH (m:Memory {tenant: $p.tenant, seq: x[0]}) SET m.embedding = x[1]"

_STATE = f"[e.is_indexed, e.recall, e.recall_neighbours, e.recall_sample, {micros_of('e.recall_at')}]"
_NEAR = f"""
OPTIONAL MATCH (e:EmbeddingModel {{id: 'current'}})
WITH e, CASE WHEN e.is_indexed THEN [$p.count] ELSE [] END AS counts
CALL (counts) {{
  UNWIND counts AS count
  CALL db.index.vector.queryNodes('{VECTOR_INDEX}', count, $p.vector) YIELD node AS m
  WITH collect(m) AS found
  RETURN size(found) AS found_count, [m IN found WHERE m.tenant = $p.tenant AND m.seq <= $p.seq AND {FITS}
    | [m.id, m.vector]] AS fitting
}}
RETURN {_STATE} AS state, found_count, fitting
"""

_SAMPLE = """
MATCH (m:Memory) WHERE m.embedding IS NOT NULL
WITH m, rand() AS place ORDER BY place LIMIT $p.limit
RETURN collect(m.vector) AS vectors
"""
_PAGE_OF_VECTORS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.vector IS NOT NULL
WITH m ORDER BY m.seq LIMIT $p.limit
RETURN max(m.seq) AS last, collect(m.vector) AS vectors
"""
_NEAREST_OF_ALL = f"""
UNWIND $p.vectors AS vector
CALL (vector) {{
  CALL db.index.vector.queryNodes('{VECTOR_INDEX}', $p.count, vector) YIELD node AS m
  RETURN collect(m.vector) AS near
}}
RETURN near
"""
_SAVE_RECALL = """
MATCH (e:EmbeddingModel {id: 'current'})
SET e.recall = $p.recall, e.recall_neighbours = $p.neighbours, e.recall_sample = $p.sample, e.recall_at = datetime()
RETURN e.is_indexed AS is_indexed
"""
_MEASURED = f"MATCH (e:EmbeddingModel {{id: 'current'}}) RETURN {_STATE} AS state"

_BATCH = 500
_PAGE = 5_000
_SAMPLE_SIZE = 100
_NEIGHBOURS = 35
#: The index is asked for more than is wanted: its order is rough, and what it finds may fail the filter.
_ASKED_PER_WANTED = 4
_LEAST_ASKED = 100
_MOST_ASKED = 3_200
_WIDER = 4
#: A score this near the last exact one may be a tie.
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Nearest:
    """What the index found, and what to say of it; without `found`, vectors are to be compared exactly."""

    found: tuple[Scored, ...] | None
    note: str | None


def near(link: Link, tenant: str, what: Wanted, asked: VectorSearch) -> Nearest:
    """The nearest vectors that fit, as far as the index knows.

    Too few that fit among the nearest of all means that the filter is narrow: then exact comparison costs little.
    """
    count = max(_LEAST_ASKED, _ASKED_PER_WANTED * asked.limit)
    parameters = _asked(tenant, what, asked)
    while True:
        found = link.records(_NEAR, {**parameters, "count": count})[0]
        if not found["state"][0]:
            return Nearest(None, _MISSING)
        is_all = found["found_count"] < count
        if is_all or len(found["fitting"]) >= asked.limit:
            return Nearest(_scored(found, asked), told(_state(found["state"])))
        if count >= _MOST_ASKED:
            return Nearest(None, None)
        count *= _WIDER


_MISSING = "vectors were compared exactly: the database has no index of them; run: graphmem schema vectors on"


def told(index: VectorIndex | None) -> str:
    """What an answer says of an approximate comparison."""
    if index is None:
        return "vectors were compared approximately; how well was not measured: run graphmem schema vectors on"
    return (
        f"vectors were compared approximately: of the {index.neighbours} nearest, {index.recall:.0%} were found for"
        f" {index.sample} samples on {index.measured_at:%Y-%m-%d}"
    )


def _asked(tenant: str, what: Wanted, asked: VectorSearch) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "vector": [float(one) for one in asked.vector],
        "seq": asked.seq,
        **what.parameters,
    }


def _scored(found: Record, asked: VectorSearch) -> tuple[Scored, ...]:
    ids = [key for key, _ in found["fitting"]]
    rows = rows_of_bytes([data for _, data in found["fitting"]], len(asked.vector))
    return exact_scores(ids, rows, asked.vector, asked.limit)


def _state(fields: Sequence[Any]) -> VectorIndex | None:
    _, recall, neighbours, sample, measured_at = fields
    return None if recall is None else VectorIndex(recall, neighbours, sample, from_micros(measured_at))


# ---- switching it on and off


def switch_on(link: Link, progress: Progress = silent) -> VectorIndex:
    """Index every vector of the database, from now on with every write, and measure how many neighbours are found.

    Can be repeated: it goes on where it stopped, and measures anew.

    Raises:
        Unsupported: The database has no vectors yet.
    """
    if not link.write(lambda tx: list(tx.run(_SWITCH, p={"on": True}))):
        raise Unsupported("the database has no vectors yet: add memories, or run graphmem reindex, first")
    link.run_alone(_CREATE)
    left = {one["tenant"]: one["left"] for one in link.records(_LEFT, {})}
    total, done = sum(left.values()), 0
    progress(done, total)
    for tenant in left:
        for count in _filled(link, tenant):
            done += count
            progress(min(done, total), total)
    link.run_alone(_AWAIT)
    return measure(link)


def usable(link: Link) -> Mapping[str, VectorIndex | None]:
    """The index under its database's name, "", as it was measured; empty where searches find none."""
    found = link.records(_MEASURED, {})
    return {"": _state(found[0]["state"])} if found and found[0]["state"][0] else {}


def switch_off(link: Link) -> None:
    """Drop the index and what it was made of."""
    link.write(lambda tx: tx.run(_SWITCH, p={"on": False}).consume())
    link.run_alone(_DROP)
    while link.write(lambda tx: tx.run(_EMPTY).single(strict=True)["emptied"]):
        pass


def _filled(link: Link, tenant: str) -> Iterator[int]:
    """How many vectors each transaction gave to the index, until none is left."""
    after, count = 0, _BATCH
    while count == _BATCH:
        after, count = link.write(_filling(tenant, after))
        yield count


def _filling(tenant: str, after: int) -> Callable[[ManagedTransaction], tuple[int, int]]:
    def work(tx: ManagedTransaction) -> tuple[int, int]:
        found = list(tx.run(_TO_FILL, p={"tenant": tenant, "after": after, "limit": _BATCH}))
        rows = [[one["seq"], embedding(one["vector"])] for one in found]
        tx.run(_FILL, p={"tenant": tenant, "rows": rows}).consume()
        return (found[-1]["seq"] if found else after), len(found)

    return work


def embedding(vector: bytes) -> list[float]:
    """A stored vector as the index takes it."""
    import numpy as np

    found: list[float] = np.frombuffer(vector, dtype="<f4").tolist()
    return found


# ---- measuring


def measure(link: Link) -> VectorIndex:
    """How many of the truly nearest vectors of all tenants the index finds, for stored vectors drawn at random."""
    sample = link.records(_SAMPLE, {"limit": _SAMPLE_SIZE})[0]["vectors"]
    recall = _recall(link, sample) if sample else 1.0
    asked = {"recall": recall, "neighbours": _NEIGHBOURS, "sample": len(sample)}
    link.write(lambda tx: tx.run(_SAVE_RECALL, p=asked).consume())
    measured = _state(link.records(_MEASURED, {})[0]["state"])
    assert measured is not None, "it was just written"  # noqa: S101
    return measured


def _recall(link: Link, sample: Sequence[bytes]) -> float:
    """The mean share of neighbours found whose score is at least that of the last exact one, ties included."""
    import numpy as np

    dimension = len(embedding(sample[0]))
    queries = rows_of_bytes(sample, dimension)
    least = _least_scores(link, queries)
    asked = {"vectors": [embedding(one) for one in sample], "count": max(_LEAST_ASKED, _ASKED_PER_WANTED * _NEIGHBOURS)}
    shares = []
    for query, (lowest, total), one in zip(queries, least, link.records(_NEAREST_OF_ALL, asked), strict=True):
        scores = rows_of_bytes(one["near"], dimension) @ query
        hits = min(int(np.count_nonzero(scores >= lowest - _ROUNDING)), _NEIGHBOURS)
        shares.append(hits / min(_NEIGHBOURS, total))
    return float(np.mean(shares))


def _least_scores(link: Link, queries: NDArray[np.float32]) -> list[tuple[float, int]]:
    """For each query the exact score of its last neighbour, and how many vectors there are; read page by page."""
    import numpy as np

    best, total = np.full((len(queries), 0), 0.0, np.float32), 0
    for page in _pages(link, queries.shape[1]):
        total += len(page)
        best = np.concatenate([best, queries @ page.T], axis=1)
        if best.shape[1] > _NEIGHBOURS:
            best = np.partition(best, best.shape[1] - _NEIGHBOURS, axis=1)[:, -_NEIGHBOURS:]
    return [(float(row.min()), total) for row in best]


def _pages(link: Link, dimension: int) -> Iterator[NDArray[np.float32]]:
    for tenant in reading.tenants(link):
        after = 0
        while True:
            asked = {"tenant": tenant, "after": after, "limit": _PAGE}
            found = link.records(_PAGE_OF_VECTORS, asked)[0]
            if not found["vectors"]:
                break
            after = found["last"]
            yield rows_of_bytes(found["vectors"], dimension)

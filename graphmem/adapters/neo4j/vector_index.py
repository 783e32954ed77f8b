"""Approximate vector search: candidates from the server's vector index, scored exactly; its recall is measured.

For processes with a single search, and for tenants whose vectors do not fit in memory: only the results are fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j import ledger_queries
from graphmem.adapters.neo4j.compiled_filter import PASSES, VECTOR_INDEX, CypherFilter
from graphmem.adapters.neo4j.values import micros_of
from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Unsupported
from graphmem.instants import from_micros
from graphmem.schema import VectorIndex
from graphmem.store import Progress, silent

if TYPE_CHECKING:
    import numpy as np
    from neo4j import ManagedTransaction, Record
    from numpy.typing import NDArray

    from graphmem.adapters.neo4j.database import Database
    from graphmem.adapters.neo4j.vector_cache import FetchedVectorSearch, Scored

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
_UNINDEXED = """
MATCH (l:Ledger) CALL (l) {
  MATCH (m:Memory) WHERE m.tenant = l.tenant AND m.vector IS NOT NULL AND m.embedding IS NULL RETURN count(m) AS left
}
RETURN l.tenant AS tenant, left ORDER BY tenant
"""
# Under the tenant's write lock: earlier writes have ended, and later writes fill the index themselves.
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
  WITH collect(m) AS hits
  RETURN size(hits) AS hit_count, [m IN hits WHERE m.tenant = $p.tenant AND m.seq <= $p.seq AND {PASSES}
    | [m.id, m.vector]] AS passing
}}
RETURN {_STATE} AS state, hit_count, passing
"""

_SAMPLE = """
MATCH (m:Memory) WHERE m.embedding IS NOT NULL
WITH m, rand() AS draw ORDER BY draw LIMIT $p.limit
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
#: More candidates than results are requested: the index's order is approximate, and a candidate may fail the filter.
_CANDIDATES_PER_RESULT = 4
_LEAST_CANDIDATES = 100
_MOST_CANDIDATES = 3_200
_GROWTH = 4
#: A score this close to the last exact score counts as a tie.
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest vectors with a note for the answer; if `matches` is None, vectors must be compared exactly."""

    matches: tuple[Scored, ...] | None
    note: str | None


def near(database: Database, tenant: str, where: CypherFilter, search: FetchedVectorSearch) -> Nearest:
    """Return the nearest vectors that pass the filter, from the index.

    If too few of the nearest candidates pass, the filter is narrow: an exact comparison then costs little.
    """
    count = max(_LEAST_CANDIDATES, _CANDIDATES_PER_RESULT * search.limit)
    parameters = _parameters(tenant, where, search)
    while True:
        record = database.records(_NEAR, {**parameters, "count": count})[0]
        if not record["state"][0]:
            return Nearest(None, _MISSING)
        is_all = record["hit_count"] < count
        if is_all or len(record["passing"]) >= search.limit:
            return Nearest(_scored(record, search), note_of(_state(record["state"])))
        if count >= _MOST_CANDIDATES:
            return Nearest(None, None)
        count *= _GROWTH


_MISSING = "vectors were compared exactly: the database has no index of them; run: graphmem schema vectors on"


def note_of(index: VectorIndex | None) -> str:
    """Return the note in an answer from the index, with its recall."""
    if index is None:
        return "vectors were compared approximately; the recall was not measured: run graphmem schema vectors on"
    return (
        f"vectors were compared approximately: of the {index.neighbours} nearest, {index.recall:.0%} were found for"
        f" {index.sample} samples on {index.measured_at:%Y-%m-%d}"
    )


def _parameters(tenant: str, where: CypherFilter, search: FetchedVectorSearch) -> dict[str, Any]:
    vector = [float(component) for component in search.vector]
    return {"tenant": tenant, "vector": vector, "seq": search.seq, **where.parameters}


def _scored(record: Record, search: FetchedVectorSearch) -> tuple[Scored, ...]:
    ids = [memory_id for memory_id, _ in record["passing"]]
    rows = rows_of_bytes([data for _, data in record["passing"]], len(search.vector))
    return exact_scores(ids, rows, search.vector, search.limit)


def _state(fields: Sequence[Any]) -> VectorIndex | None:
    _, recall, neighbours, sample, measured_at = fields
    return None if recall is None else VectorIndex(recall, neighbours, sample, from_micros(measured_at))


# ---- creation and removal


def switch_on(database: Database, progress: Progress = silent) -> VectorIndex:
    """Index every vector of the database, let later writes maintain the index, and measure its recall.

    Safe to repeat: it continues after an interruption, and measures again.

    Raises:
        Unsupported: The database has no vectors yet.
    """
    if not database.write(lambda tx: list(tx.run(_SWITCH, p={"on": True}))):
        raise Unsupported("the database has no vectors yet: add memories, or run graphmem reindex, first")
    database.run_alone(_CREATE)
    left = {record["tenant"]: record["left"] for record in database.records(_UNINDEXED, {})}
    total, done = sum(left.values()), 0
    progress(done, total)
    for tenant in left:
        for count in _filled(database, tenant):
            done += count
            progress(min(done, total), total)
    database.run_alone(_AWAIT)
    return measure(database)


def usable(database: Database) -> Mapping[str, VectorIndex | None]:
    """Return the index with its measured recall under the database name ""; empty if searches cannot use an index."""
    records = database.records(_MEASURED, {})
    return {"": _state(records[0]["state"])} if records and records[0]["state"][0] else {}


def switch_off(database: Database) -> None:
    """Drop the index and the properties that it reads."""
    database.write(lambda tx: tx.run(_SWITCH, p={"on": False}).consume())
    database.run_alone(_DROP)
    while database.write(lambda tx: tx.run(_EMPTY).single(strict=True)["emptied"]):
        pass


def _filled(database: Database, tenant: str) -> Iterator[int]:
    """Fill the index in batches; yield the number of vectors of each transaction."""
    after, count = 0, _BATCH
    while count == _BATCH:
        after, count = database.write(_filling(tenant, after))
        yield count


def _filling(tenant: str, after: int) -> Callable[[ManagedTransaction], tuple[int, int]]:
    def work(tx: ManagedTransaction) -> tuple[int, int]:
        records = list(tx.run(_TO_FILL, p={"tenant": tenant, "after": after, "limit": _BATCH}))
        rows = [[record["seq"], embedding(record["vector"])] for record in records]
        tx.run(_FILL, p={"tenant": tenant, "rows": rows}).consume()
        return (records[-1]["seq"] if records else after), len(records)

    return work


def embedding(vector: bytes) -> list[float]:
    """Return a stored vector as a list, as the index reads it."""
    import numpy as np

    components: list[float] = np.frombuffer(vector, dtype="<f4").tolist()
    return components


# ---- recall


def measure(database: Database) -> VectorIndex:
    """Measure the index's recall over all tenants, for stored vectors drawn at random, and store it."""
    sample = database.records(_SAMPLE, {"limit": _SAMPLE_SIZE})[0]["vectors"]
    recall = _recall(database, sample) if sample else 1.0
    parameters = {"recall": recall, "neighbours": _NEIGHBOURS, "sample": len(sample)}
    database.write(lambda tx: tx.run(_SAVE_RECALL, p=parameters).consume())
    measured = _state(database.records(_MEASURED, {})[0]["state"])
    assert measured is not None, "it was just written"  # noqa: S101
    return measured


def _recall(database: Database, sample: Sequence[bytes]) -> float:
    """Return the mean share of results with at least the score of the last exact neighbour; ties count."""
    import numpy as np

    dimension = len(embedding(sample[0]))
    queries = rows_of_bytes(sample, dimension)
    least = _least_scores(database, queries)
    count = max(_LEAST_CANDIDATES, _CANDIDATES_PER_RESULT * _NEIGHBOURS)
    parameters = {"vectors": [embedding(vector) for vector in sample], "count": count}
    records = database.records(_NEAREST_OF_ALL, parameters)
    shares = []
    for query, (lowest, total), record in zip(queries, least, records, strict=True):
        scores = rows_of_bytes(record["near"], dimension) @ query
        hits = min(int(np.count_nonzero(scores >= lowest - _ROUNDING)), _NEIGHBOURS)
        shares.append(hits / min(_NEIGHBOURS, total))
    return float(np.mean(shares))


def _least_scores(database: Database, queries: NDArray[np.float32]) -> list[tuple[float, int]]:
    """Return for each query the exact score of its last neighbour and the number of vectors, read page by page."""
    import numpy as np

    best, total = np.full((len(queries), 0), 0.0, np.float32), 0
    for page in _pages(database, queries.shape[1]):
        total += len(page)
        best = np.concatenate([best, queries @ page.T], axis=1)
        if best.shape[1] > _NEIGHBOURS:
            best = np.partition(best, best.shape[1] - _NEIGHBOURS, axis=1)[:, -_NEIGHBOURS:]
    return [(float(row.min()), total) for row in best]


def _pages(database: Database, dimension: int) -> Iterator[NDArray[np.float32]]:
    for tenant in ledger_queries.tenants(database):
        after = 0
        while True:
            parameters = {"tenant": tenant, "after": after, "limit": _PAGE}
            record = database.records(_PAGE_OF_VECTORS, parameters)[0]
            if not record["vectors"]:
                break
            after = record["last"]
            yield rows_of_bytes(record["vectors"], dimension)

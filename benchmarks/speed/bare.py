"""What a Neo4j server itself takes: the least statements for the same data, through the same driver, with no checks.

`python -m benchmarks.speed --store neo4j` runs this on the server that it has filled, so that the figures of graphmem
and these stand side by side. What is written here is of a tenant of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from neo4j import Driver, GraphDatabase

from benchmarks.rows import Row
from benchmarks.speed.timing import repeat
from graphmem.adapters.neo4j.compiled_filter import TEXT_INDEX

_CALLS, _WRITES = 200, 200
_COPIED, _BATCH = 4_000, 400
_TENANT = "bare"

_PING = "RETURN 1 AS one"
_WRITE = "CREATE (:Scratch {number: $number})"
_CHAIN_END = """
MATCH (m:Memory) WHERE (m)-[:SUPERSEDED_BY]->() AND NOT ()-[:SUPERSEDED_BY]->(m) AND m.tenant <> $tenant
MATCH path = (m)-[:SUPERSEDED_BY*49]->() RETURN m.tenant AS tenant, m.id AS id LIMIT 1
"""
_CHAIN_IDS = "MATCH (:Memory {tenant: $tenant, id: $id})-[:SUPERSEDED_BY*0..]-(m:Memory) RETURN m.id AS id"
_CHAIN = """
MATCH (:Memory {tenant: $tenant, id: $id})-[:SUPERSEDED_BY*0..]-(m:Memory)
MATCH (c:Change)-[r:MOVED]->(m) RETURN properties(m) AS memory, collect([c.seq, properties(r)]) AS moves
"""
_TEXTS = """
MATCH (m:Memory) WHERE m.tenant <> $tenant AND m.search_text IS NOT NULL WITH m LIMIT $count
RETURN m.search_text AS words, [facet IN m.facets WHERE facet STARTS WITH 'h'][0] AS home
"""
_SEARCH = f"""
CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $text, {{limit: 10}}) YIELD node AS m, score
RETURN m.id AS id, m.statement AS statement, score
"""
_ROWS = """
MATCH (c:Change)-[:RECORDED]->(m:Memory) WHERE m.tenant <> $tenant WITH c, m LIMIT $count
RETURN properties(c) AS change, properties(m) AS memory,
  [(c)-[r:MOVED]->(m) | properties(r)] AS moves, [(m)-[:ABOUT]->(a:Anchor) | a.id] AS anchors
"""
_COPY = """
UNWIND $rows AS x
CREATE (c:Change)-[:RECORDED]->(m:Memory) SET c = x.change, m = x.memory
FOREACH (move IN x.moves | CREATE (c)-[r:MOVED]->(m) SET r = move)
WITH m, x UNWIND x.anchors AS id MATCH (a:Anchor {id: id}) CREATE (m)-[:ABOUT]->(a)
"""


def bare(url: str, user: str, password: str | None) -> list[Row]:
    """Rows of a filled server's own least times."""
    auth = None if password is None else (user, password)
    with GraphDatabase.driver(url, auth=auth) as driver:
        return [
            *repeat(_CALLS, lambda: driver.execute_query(_PING, routing_="r")).rows("the server alone: a round trip"),
            *repeat(_WRITES, lambda: _written(driver)).rows("the server alone: one durable node"),
            *_searches(driver),
            *_chains(driver),
            _bulk(driver),
        ]


def _written(driver: Driver) -> None:
    with driver.session() as session:
        session.execute_write(lambda work: work.run(_WRITE, number=1).consume())


def _searches(driver: Driver) -> list[Row]:
    """Ten texts of one repository by eight words, and nothing else: no vectors, no time, no graph."""
    found = driver.execute_query(_TEXTS, tenant=_TENANT, count=_CALLS, routing_="r").records
    asked = iter([f"+facets:({one['home']})^0 +search_text:({' '.join(one['words'].split()[:8])})" for one in found])
    timings = repeat(len(found), lambda: driver.execute_query(_SEARCH, text=next(asked), routing_="r"))
    return timings.rows("the server alone: ten texts of one repository by eight words")


def _chains(driver: Driver) -> list[Row]:
    found = driver.execute_query(_CHAIN_END, tenant=_TENANT, routing_="r").records
    if not found:
        return []
    end = found[0].data()
    ids = repeat(_CALLS, lambda: driver.execute_query(_CHAIN_IDS, **end, routing_="r"))
    whole = repeat(_CALLS, lambda: driver.execute_query(_CHAIN, **end, routing_="r"))
    return [*ids.rows("the server alone: ids of a chain"), *whole.rows("the server alone: a chain with its moves")]


def _bulk(driver: Driver) -> Row:
    found = driver.execute_query(_ROWS, tenant=_TENANT, count=_COPIED, routing_="r").records
    rows = [_elsewhere(number, one.data()) for number, one in enumerate(found, start=1)]
    began = time.perf_counter()
    for start in range(0, len(rows), _BATCH):
        driver.execute_query(_COPY, rows=rows[start : start + _BATCH])
    return Row("the server alone: bulk load", len(rows) / (time.perf_counter() - began), "/s", "higher")


def _elsewhere(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """The same row for another tenant, whose ledger is numbered anew."""
    keys = {"tenant": _TENANT, "seq": number}
    return {**row, "change": {**row["change"], **keys}, "memory": {**row["memory"], **keys}}

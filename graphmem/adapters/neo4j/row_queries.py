"""Reads the rows of memories and of the memories that they are chained to, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.compiled_filter import IN_FORCE, VISIBLE
from graphmem.adapters.neo4j.values import (
    admitted_homes,
    branch_row,
    confirm_row,
    edge_row,
    link_row,
    memory_row,
    micros_of,
    move_row,
    retract_row,
    revoke_row,
)
from graphmem.instants import from_micros
from graphmem.model import Point, Scope
from graphmem.rows import BranchRow, CachedRows, Rows
from graphmem.store import Rivals

if TYPE_CHECKING:
    from neo4j import Record

    from graphmem.adapters.neo4j.database import Database

_ROW_RECORDED_AT, _MEMORY_RECORDED_AT = micros_of("r.recorded_at"), micros_of("m.recorded_at")
_ROW_AT, _ROW_UNTIL = micros_of("r.at"), micros_of("r.until")
_STAMP = f"r.seq, {_ROW_RECORDED_AT}, r.branch"

#: Every branch of the tenant, in the form that `branches_of` reads.
BRANCHES = """
CALL () {
  MATCH (b:Branch {tenant: $p.tenant})
  RETURN collect([b.key, b.parent, b.opened, b.closed, b.is_merged, b.merged_at]) AS branches
}
"""
#: The memories that supersession chains to the list `seeds`, with their rows, and every branch.
COMPONENT = f"""
CALL (seeds) {{
  UNWIND seeds AS seed MATCH (seed)-[:SUPERSEDED_BY*0..]-(m:Memory) RETURN collect(DISTINCT m) AS chained
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (c:Change)-[r:MOVED]->(m) WITH m, r ORDER BY r.seq, r.index
  RETURN collect([m.id, [r.status, {_ROW_AT}, r.ordinal, r.source_word, r.index, {_STAMP}]]) AS moves
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (m)-[r:SUPERSEDED_BY]->(n:Memory) WITH m, n, r ORDER BY r.seq
  RETURN collect([m.id, n.id, r.kind, {_ROW_AT}, {_ROW_UNTIL}, r.part, r.reason, {_STAMP}]) AS edges
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (:Change)-[r:RETRACTED|CONFIRMED]->(m) WITH m, r ORDER BY r.seq
  RETURN collect([type(r), m.id, [{_STAMP}]]) AS flags
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (m)-[r:DEPENDS_ON|IMPLEMENTS|REFINES|FIXES|CONFLICTS_WITH]-(:Memory) WITH DISTINCT r ORDER BY r.seq
  RETURN collect([startNode(r).id, endNode(r).id, type(r), {_STAMP}]) AS links
}}
CALL (moves, edges, flags, links) {{
  WITH [x IN moves | x[1][5]] + [x IN edges | x[7]] + [x IN flags | x[2][0]] + [x IN links | x[3]] AS seqs
  UNWIND seqs AS seq WITH DISTINCT seq
  MATCH (c:Change {{tenant: $p.tenant, seq: seq}})<-[r:REVOKES]-(:Change) WITH c, r ORDER BY r.seq
  RETURN collect([c.seq, r.move, {_STAMP}]) AS revocations
}}
{BRANCHES}
"""
_T_MICROS = micros_of("t")
_MEMORY = f"""
  [m.id, m.repo, m.user, m.branch, m.environment, m.kind, m.origin, m.confidence, m.subject, m.statement,
    m.seq, {_MEMORY_RECORDED_AT}, m.written_on]
"""
COMPONENT_FIELDS = f"""
  [m IN chained | {_MEMORY}] AS memories,
  moves, edges, flags, links, revocations, branches
"""
# The cache answers for ledger position `known` if no later entry has changed it.
_IS_CURRENT = "m.is_common AND m.cached_seq <= known"
#: The rows of the memories in the lists `found` and `rivals` at ledger position `known`. A memory of `found` is settled
#: (returned without its chain) if its cache says that it is in force, unless the list `unsettled` has its id.
ROWS = f"""
CALL (found, unsettled, known) {{
  UNWIND found AS m
  WITH m, $p.settles AND NOT m.id IN unsettled AND {_IS_CURRENT} AND {IN_FORCE} AS is_settled
  RETURN collect(CASE WHEN is_settled THEN m END) AS settled, collect(CASE WHEN is_settled THEN null ELSE m END) AS rest
}}
WITH *, rest + rivals AS seeds
{COMPONENT}
CALL (settled) {{
  UNWIND settled AS m
  MATCH (:Change)-[r:CONFIRMED]->(m) WITH m, r ORDER BY r.seq
  RETURN collect([m.id, [{_STAMP}]]) AS confirmed
}}
"""
#: The fields that `rows_of_record` reads.
ROWS_FIELDS = f"""
  {COMPONENT_FIELDS}, confirmed,
  [m IN settled | {_MEMORY}] AS settled_rows,
  [m IN chained + settled WHERE {_IS_CURRENT} |
    [m.id, [t IN m.holds_from | {_T_MICROS}], [t IN m.holds_to | {_T_MICROS}]]] AS holding
"""
_ROWS = f"""
CALL () {{
  UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(DISTINCT m) AS found
}}
WITH found, $p.seq AS known
CALL (known) {{
  UNWIND $p.subjects AS subject
  MATCH (m:Memory {{tenant: $p.tenant, subject: subject}})
  WHERE m.seq <= $p.seq AND {VISIBLE} AND NOT ({_IS_CURRENT} AND NOT {IN_FORCE})
  WITH m ORDER BY m.seq DESC LIMIT $p.rivals
  RETURN collect(m) AS rivals
}}
WITH found, rivals, known, [] AS unsettled
{ROWS}
RETURN {ROWS_FIELDS}
"""


def rows(
    database: Database,
    reader: Scope,
    ids: Iterable[str],
    *,
    rivals: Rivals | None = None,
    settled_at: Point | None = None,
) -> CachedRows:
    """Return the rows of memories and of every memory that supersession chains to them.

    A memory whose cache says that it is in force at the point `settled_at` is returned without its chain.
    """
    at = settled_at if rivals is None else rivals.at
    parameters = {
        "tenant": reader.tenant,
        "ids": list(dict.fromkeys(ids)),
        "subjects": [] if rivals is None else list(rivals.subjects),
        "rivals": 0 if rivals is None else rivals.limit,
        "homes": list(admitted_homes(reader)),
        **settling(at, settles=settled_at is not None),
    }
    return rows_of_record(reader.tenant, database.records(_ROWS, parameters)[0])


def settling(at: Point | None, *, settles: bool) -> dict[str, object]:
    """Return the parameters of `ROWS`."""
    return {"settles": settles, "at": None if at is None else at.valid, "seq": None if at is None else at.seq}


def rows_of_record(tenant: str, record: Record) -> CachedRows:
    """Return the rows in a record of `ROWS_FIELDS`."""
    chained = rows_of_component(tenant, record)
    rows_alone = [memory_row(tenant, fields) for fields in record["settled_rows"]]
    settled = {row.memory.id: row for row in rows_alone if row.memory.id not in chained.memories}
    confirmed = [confirm_row(memory_id, fields) for memory_id, fields in record["confirmed"] if memory_id in settled]
    return CachedRows(
        chained,
        holding={memory_id: _spans(starts, ends) for memory_id, starts, ends in record["holding"]},
        settled=settled,
        confirmations=tuple(confirmed),
    )


def _spans(starts: Sequence[int], ends: Sequence[int]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple(zip(map(from_micros, starts), map(from_micros, ends), strict=True))


def rows_of_component(tenant: str, record: Record) -> Rows:
    """Return the rows in a record of `COMPONENT_FIELDS`."""
    memories = sorted((memory_row(tenant, fields) for fields in record["memories"]), key=lambda row: row.stamp.seq)
    flags = record["flags"]
    return Rows(
        memories={row.memory.id: row for row in memories},
        moves=tuple(move_row(memory_id, fields) for memory_id, fields in record["moves"]),
        edges=tuple(edge_row(fields) for fields in record["edges"]),
        retractions=tuple(retract_row(memory_id, fields) for kind, memory_id, fields in flags if kind == "RETRACTED"),
        confirmations=tuple(confirm_row(memory_id, fields) for kind, memory_id, fields in flags if kind == "CONFIRMED"),
        links=tuple(link_row(fields) for fields in record["links"]),
        revocations=tuple(revoke_row(fields) for fields in record["revocations"]),
        branches=branches_of(record),
    )


def branches_of(record: Record) -> dict[str, BranchRow]:
    """Return the branches in a record of `BRANCHES`, by key."""
    return {row.key: row for row in map(branch_row, record["branches"])}

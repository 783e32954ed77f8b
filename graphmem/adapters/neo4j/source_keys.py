"""Source keys of memories: the query for them, and the migration that moved them from statements to nodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import ledger_queries
from graphmem.adapters.neo4j.compiled_filter import VISIBLE
from graphmem.adapters.neo4j.properties import anchor_rows
from graphmem.adapters.neo4j.repository_graph import IS_UNUSED
from graphmem.adapters.neo4j.text_entries import text_entry, with_source_keys
from graphmem.adapters.neo4j.values import admitted_homes, memory_row, micros_of, stamp
from graphmem.model import Scope
from graphmem.rows import SourceRow
from graphmem.statement_json import encode_statement, former_source_key
from graphmem.vocabulary import SOURCE_ROLE

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.database import Database

_RECORDED_AT = micros_of("r.recorded_at")
_SOURCES = f"""
CALL () {{
  UNWIND $p.keys AS key MATCH (s:SourceKey {{tenant: $p.tenant, key: key}}) RETURN s
  UNION
  UNWIND $p.folders AS folder
  MATCH (s:SourceKey) WHERE s.tenant = $p.tenant AND s.key STARTS WITH folder RETURN s
  UNION
  UNWIND $p.ids AS id MATCH (:Memory {{tenant: $p.tenant, id: id}})-[:READ_FROM]->(s:SourceKey) RETURN s
}}
WITH DISTINCT s
MATCH (m:Memory)-[r:READ_FROM]->(s)
WHERE {VISIBLE} AND (s.key IN $p.keys OR m.id IN $p.ids OR any(folder IN $p.folders WHERE s.key STARTS WITH folder))
RETURN [m.id, s.key, r.seq, {_RECORDED_AT}, r.branch] AS source ORDER BY r.seq
"""

_MEMORY_RECORDED_AT = micros_of("m.recorded_at")
_OLD_STATEMENTS = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement CONTAINS $p.role
RETURN [m.id, m.repo, m.user, m.branch, m.environment, m.kind, m.origin, m.confidence, m.subject, m.statement,
    m.seq, {_MEMORY_RECORDED_AT}, m.written_on] AS memory ORDER BY m.seq LIMIT $p.limit
"""
# Skips memories erased since they were read.
_EXTRACT = """
UNWIND $p.memories AS x MATCH (m:Memory {tenant: $p.tenant, seq: x.seq}) WHERE m.statement IS NOT NULL
SET m.content_hash = x.content_hash, m.statement = x.statement, m.facets = x.facets
WITH m, x
CALL (m, x) {
  MERGE (s:SourceKey {tenant: $p.tenant, key: x.key})
  MERGE (m)-[r:READ_FROM {seq: m.seq}]->(s)
  SET r.recorded_at = m.recorded_at, r.branch = m.written_on
}
CALL (m) { MATCH (m)-[r:ABOUT]->(:Anchor) DELETE r }
CALL (m, x) {
  UNWIND x.anchors AS a MATCH (n:Anchor {id: a.id}) CREATE (m)-[:ABOUT {role: a.role, ordinal: a.ordinal}]->(n)
}
"""
_ORPHANS = f"""
MATCH (a:Anchor) WHERE a.tenant = $p.tenant AND {IS_UNUSED}
CALL (a) {{ DETACH DELETE a }} IN TRANSACTIONS OF 5000 ROWS
"""


def sources(database: Database, reader: Scope, keys: Sequence[str], memories: Sequence[str]) -> list[SourceRow]:
    """Return the rows with these keys and the rows of these memories, of live memories that the reader sees."""
    parameters = {
        "tenant": reader.tenant,
        "homes": list(admitted_homes(reader)),
        "keys": [key for key in keys if key and not key.endswith("/")],
        "folders": [key for key in keys if not key or key.endswith("/")],
        "ids": list(memories),
    }
    sources = [record["source"] for record in database.records(_SOURCES, parameters)]
    return [SourceRow(memory_id, key, stamp(*fields)) for memory_id, key, *fields in sources]


def extract(database: Database) -> bool:
    """Move source keys out of the statements of an earlier release; safe to repeat.

    Returns:
        True if any statement changed: its terms must then be recounted.
    """
    database, is_changed = database.for_long_reads(), False
    pages = ledger_queries.statement_pages(
        database, _OLD_STATEMENTS, lambda record: int(record["memory"][10]), role=f'"{SOURCE_ROLE}"'
    )
    for tenant, page in pages:
        rows = [row for record in page if (row := _extracted(tenant, record["memory"])) is not None]
        database.write(partial(_write, {"tenant": tenant, "memories": rows}))
        is_changed = is_changed or bool(rows)
    for tenant in ledger_queries.tenants(database):
        list(database.run_alone(_ORPHANS, {"tenant": tenant}))
    return is_changed


def _extracted(tenant: str, fields: list[Any]) -> dict[str, Any] | None:
    """Return the properties of a memory without the source key in its statement; None if it has no source key."""
    text = fields[9]
    statement = readable_statement(text)
    key = None if statement is None else former_source_key(json.loads(text))
    if statement is None or key is None:
        return None
    memory = memory_row(tenant, fields).memory
    anchors = anchor_rows(memory, statement.anchors)
    return {
        "seq": fields[10],
        "key": key,
        "content_hash": statement.content_hash,
        "statement": encode_statement(statement),
        "facets": with_source_keys(text_entry(memory.scope, statement).facets, [key]),
        "anchors": [{name: anchor[name] for name in ("id", "role", "ordinal")} for anchor in anchors],
    }


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_EXTRACT, p=parameters).consume()

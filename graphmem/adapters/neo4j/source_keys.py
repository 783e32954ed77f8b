"""Keys under which sources have the statements of memories: reading them, and the step that made them nodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import reading
from graphmem.adapters.neo4j.creating import anchor_rows
from graphmem.adapters.neo4j.indexing import indexed, with_source_keys
from graphmem.adapters.neo4j.selecting import SEEN
from graphmem.adapters.neo4j.values import admitted_homes, memory_row, micros_of, stamp
from graphmem.model import Scope
from graphmem.rows import SourceRow
from graphmem.statement_json import encode_statement, former_source_key
from graphmem.vocabulary import SOURCE_ROLE

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.connecting import Link

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
WHERE {SEEN} AND (s.key IN $p.keys OR m.id IN $p.ids OR any(folder IN $p.folders WHERE s.key STARTS WITH folder))
RETURN [m.id, s.key, r.seq, {_RECORDED_AT}, r.branch] AS source ORDER BY r.seq
"""

_PAGE = 500
_MEMORY_RECORDED_AT = micros_of("m.recorded_at")
_OLD_STATEMENTS = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement CONTAINS $p.role
RETURN [m.id, m.repo, m.user, m.branch, m.environment, m.kind, m.origin, m.confidence, m.subject, m.statement,
    m.seq, {_MEMORY_RECORDED_AT}, m.written_on] AS memory ORDER BY m.seq LIMIT $p.limit
"""
# A memory that was erased in the meantime gets nothing back.
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
_ORPHANS = """
MATCH (a:Anchor) WHERE a.tenant = $p.tenant AND NOT (a)<-[:ABOUT]-()
CALL (a) { DETACH DELETE a } IN TRANSACTIONS OF 5000 ROWS
"""


def sources(link: Link, reader: Scope, keys: Sequence[str], memories: Sequence[str]) -> list[SourceRow]:
    """The rows with some keys, and those of some memories, of live memories that the reader sees."""
    asked = {
        "tenant": reader.tenant,
        "homes": list(admitted_homes(reader)),
        "keys": [key for key in keys if key and not key.endswith("/")],
        "folders": [key for key in keys if not key or key.endswith("/")],
        "ids": list(memories),
    }
    found = [one["source"] for one in link.records(_SOURCES, asked)]
    return [SourceRow(memory, key, stamp(*fields)) for memory, key, *fields in found]


def extract(link: Link) -> bool:
    """Take source keys out of the statements of an earlier release; may be repeated at any time.

    Returns:
        Whether there were any: terms must then be counted anew.
    """
    link, is_any = link.unhurried(), False
    for tenant in reading.tenants(link):
        after = 0
        asked = {"tenant": tenant, "role": f'"{SOURCE_ROLE}"', "limit": _PAGE}
        while page := link.records(_OLD_STATEMENTS, {**asked, "after": after}):
            after = page[-1]["memory"][10]
            rows = [row for one in page if (row := _extracted(tenant, one["memory"])) is not None]
            link.write(partial(_write, {"tenant": tenant, "memories": rows}))
            is_any = is_any or bool(rows)
        list(link.run_alone(_ORPHANS, {"tenant": tenant}))
    return is_any


def _extracted(tenant: str, fields: list[Any]) -> dict[str, Any] | None:
    """All of a memory that follows from its statement without the source key; None if it has no such key."""
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
        "facets": with_source_keys(indexed(memory.scope, statement).facets, [key]),
        "anchors": [{name: anchor[name] for name in ("id", "role", "ordinal")} for anchor in anchors],
    }


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_EXTRACT, p=parameters).consume()

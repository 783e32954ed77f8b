"""Memories by the terms of guard: the query, and the migration that wrote the first terms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import ledger_queries
from graphmem.adapters.neo4j.compiled_filter import VISIBLE
from graphmem.adapters.neo4j.values import admitted_homes
from graphmem.guard.index_terms import terms_of_statement
from graphmem.model import Scope

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.database import Database

_BY_TERM = f"""
UNWIND $p.terms AS term
MATCH (:GuardTerm {{tenant: $p.tenant, term: term}})<-[:GUARDED_BY]-(m:Memory)
WITH DISTINCT m WHERE {VISIBLE}
RETURN m.id AS id ORDER BY m.seq DESC LIMIT $p.limit
"""
_EVERY_TERM = """
MATCH (g:GuardTerm {tenant: $p.tenant}) WHERE EXISTS { (g)<-[:GUARDED_BY]-(:Memory) }
RETURN DISTINCT g.term AS term
"""
_STATEMENTS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement IS NOT NULL
  AND (m.is_mandatory OR m.subject IS NOT NULL OR m.labels IS NOT NULL OR EXISTS { (m)-[:CONSIDERED]->() })
RETURN m.seq AS seq, m.statement AS statement ORDER BY m.seq LIMIT $p.limit
"""
# Skips memories erased since they were read.
_WRITE = """
UNWIND $p.memories AS x MATCH (m:Memory {tenant: $p.tenant, seq: x.seq}) WHERE m.statement IS NOT NULL
UNWIND x.terms AS term
MERGE (g:GuardTerm {tenant: $p.tenant, term: term})
MERGE (m)-[:GUARDED_BY]->(g)
"""


def guarding(database: Database, reader: Scope, terms: Sequence[str], limit: int) -> list[str]:
    """Return ids of memories that have any of the terms and that the reader sees, last recorded first."""
    parameters = {
        "tenant": reader.tenant,
        "homes": list(admitted_homes(reader)),
        "terms": list(dict.fromkeys(terms)),
        "limit": max(limit, 0),
    }
    return [str(record["id"]) for record in database.records(_BY_TERM, parameters)]


def every_term(database: Database, reader: Scope) -> list[str]:
    """Return the distinct terms of a tenant, sorted."""
    return sorted(str(record["term"]) for record in database.records(_EVERY_TERM, {"tenant": reader.tenant}))


def write_first_terms(database: Database) -> None:
    """Write the terms of the memories of an earlier release; safe to repeat."""
    database = database.for_long_reads()
    for tenant, page in ledger_queries.statement_pages(database, _STATEMENTS):
        rows = [{"seq": record["seq"], "terms": _terms(record["statement"])} for record in page]
        database.write(partial(_write, {"tenant": tenant, "memories": [row for row in rows if row["terms"]]}))


def _terms(text: str) -> list[str]:
    statement = readable_statement(text)
    return [] if statement is None else list(terms_of_statement(statement))


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_WRITE, p=parameters).consume()

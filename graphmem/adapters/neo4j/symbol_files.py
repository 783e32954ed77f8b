"""A migration step: adds the filter tokens for the files of symbols to the memories of an earlier release."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import ledger_queries
from graphmem.adapters.neo4j.text_entries import facets
from graphmem.model import Scope

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.database import Database

_STATEMENTS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement IS NOT NULL
  AND EXISTS { (m)-[:ABOUT]->(:Symbol) }
RETURN m.seq AS seq, m.repo AS repo, m.user AS user, m.environment AS environment, m.statement AS statement,
  m.facets AS facets ORDER BY m.seq LIMIT $p.limit
"""
# Skips memories erased since they were read.
_WRITE = """
UNWIND $p.memories AS x MATCH (m:Memory {tenant: $p.tenant, seq: x.seq}) WHERE m.statement IS NOT NULL
SET m.facets = x.facets
"""


def add_file_facets(database: Database) -> None:
    """Write the filter tokens of every memory about a symbol again, those of source keys last; safe to repeat."""
    database = database.for_long_reads()
    for tenant, page in ledger_queries.statement_pages(database, _STATEMENTS):
        memories = []
        for record in page:
            statement = readable_statement(record["statement"])
            if statement is not None:
                home = Scope(tenant, record["repo"], user=record["user"], environment=record["environment"])
                tokens = dict.fromkeys([*facets(home, statement), *record["facets"]])
                memories.append({"seq": record["seq"], "facets": list(tokens)})
        database.write(partial(_write, {"tenant": tenant, "memories": memories}))


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_WRITE, p=parameters).consume()

"""A migration step: computes the content hash of every stored memory again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import ledger_queries
from graphmem.statement_json import encode_statement

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.database import Database

_STATEMENTS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement IS NOT NULL
RETURN m.seq AS seq, m.statement AS statement ORDER BY m.seq LIMIT $p.limit
"""
# Skips memories erased since they were read.
_WRITE = """
UNWIND $p.hashes AS x MATCH (m:Memory {tenant: $p.tenant, seq: x[0]}) WHERE m.statement IS NOT NULL
SET m.content_hash = x[1], m.statement = x[2]
"""


def recompute(database: Database) -> None:
    """Write the content hash of every memory with a statement; safe to repeat."""
    database = database.for_long_reads()
    for tenant, page in ledger_queries.statement_pages(database, _STATEMENTS):
        rows = [(record["seq"], readable_statement(record["statement"])) for record in page]
        hashes = [
            [seq, statement.content_hash, encode_statement(statement)]
            for seq, statement in rows
            if statement is not None
        ]
        database.write(partial(_write, {"tenant": tenant, "hashes": hashes}))


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_WRITE, p=parameters).consume()

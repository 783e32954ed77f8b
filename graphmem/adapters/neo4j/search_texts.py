"""A migration step: makes the search text of every stored memory again and recounts the terms."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import ledger_queries
from graphmem.adapters.neo4j.text_entries import text_entry
from graphmem.model import Scope

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.database import Database

_STATEMENTS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement IS NOT NULL
RETURN m.seq AS seq, m.user AS user, m.statement AS statement ORDER BY m.seq LIMIT $p.limit
"""
# Skips memories erased since they were read.
_WRITE = """
UNWIND $p.texts AS x MATCH (m:Memory {tenant: $p.tenant, seq: x[0]}) WHERE m.statement IS NOT NULL
SET m.search_text = x[1], m.words = x[2], m.length = x[3]
"""
_DROP_TERMS = "MATCH (t:Term {tenant: $p.tenant}) CALL (t) { DELETE t } IN TRANSACTIONS OF 5000 ROWS"
_WORDS = "[spelt IN split(trim(m.words), ' ') WHERE spelt <> '' | split(spelt, '=')[0]]"
_COUNT = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.words IS NOT NULL
UNWIND {_WORDS} AS word
WITH word, count(*) AS memories
MERGE (t:Term {{tenant: $p.tenant, word: word}}) SET t.memories = memories
"""
_COUNT_PRIVATE = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.user IS NOT NULL AND m.words IS NOT NULL
UNWIND {_WORDS} AS word
UNWIND ['@|', '@' + m.user + '|'] AS owner
WITH owner + word AS word, count(*) AS memories
MERGE (t:Term {{tenant: $p.tenant, word: word}}) SET t.memories = memories
"""
_COUNT_OWNERS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.user IS NOT NULL AND m.words IS NOT NULL
UNWIND ['@|', '@' + m.user + '|'] AS owner
WITH owner, count(*) AS memories, sum(m.length) AS words
MERGE (t:Term {tenant: $p.tenant, word: owner + '#memories'}) SET t.memories = memories
MERGE (u:Term {tenant: $p.tenant, word: owner + '#words'}) SET u.memories = words
"""
_TOTAL = """
MATCH (l:Ledger {tenant: $p.tenant})
OPTIONAL MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.words IS NOT NULL
WITH l, coalesce(sum(m.length), 0) AS tokens
SET l.tokens = tokens
"""


def recompute(database: Database) -> None:
    """Write the search text of every memory with a statement, then recount the terms; safe to repeat."""
    database = database.for_long_reads()
    for tenant, page in ledger_queries.statement_pages(database, _STATEMENTS):
        texts = []
        for record in page:
            statement = readable_statement(record["statement"])
            if statement is not None:
                entry = text_entry(Scope(tenant, user=record["user"]), statement)
                texts.append([record["seq"], entry.search_text, entry.words, entry.length])
        database.write(partial(_write, {"tenant": tenant, "texts": texts}))
    for tenant in ledger_queries.tenants(database):
        parameters = {"tenant": tenant}
        database.run_alone(_DROP_TERMS, parameters)
        database.run_alone(_COUNT, parameters)
        database.run_alone(_COUNT_PRIVATE, parameters)
        database.run_alone(_COUNT_OWNERS, parameters)
        database.run_alone(_TOTAL, parameters)


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_WRITE, p=parameters).consume()

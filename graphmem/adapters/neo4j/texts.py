"""Search texts of stored memories, made again where the way to make them has changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import reading
from graphmem.adapters.neo4j.indexing import indexed
from graphmem.model import Scope

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.connecting import Link

_PAGE = 500
_STATEMENTS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement IS NOT NULL
RETURN m.seq AS seq, m.user AS user, m.statement AS statement ORDER BY m.seq LIMIT $p.limit
"""
# A memory that was erased in the meantime gets nothing back.
_WRITE = """
UNWIND $p.texts AS x MATCH (m:Memory {tenant: $p.tenant, seq: x[0]}) WHERE m.statement IS NOT NULL
SET m.search_text = x[1], m.words = x[2], m.length = x[3]
"""
_FORGET = "MATCH (t:Term {tenant: $p.tenant}) CALL (t) { DELETE t } IN TRANSACTIONS OF 5000 ROWS"
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


def recompute(link: Link) -> None:
    """Write the search text of every memory that has a statement, then count anew; may be repeated at any time."""
    link = link.unhurried()
    for tenant in reading.tenants(link):
        after = 0
        while page := link.records(_STATEMENTS, {"tenant": tenant, "after": after, "limit": _PAGE}):
            after = page[-1]["seq"]
            texts = []
            for one in page:
                statement = readable_statement(one["statement"])
                if statement is not None:
                    made = indexed(Scope(tenant, user=one["user"]), statement)
                    texts.append([one["seq"], made.search_text, made.words, made.length])
            link.write(partial(_write, {"tenant": tenant, "texts": texts}))
        whose = {"tenant": tenant}
        link.run_alone(_FORGET, whose)
        link.run_alone(_COUNT, whose)
        link.run_alone(_COUNT_PRIVATE, whose)
        link.run_alone(_COUNT_OWNERS, whose)
        link.run_alone(_TOTAL, whose)


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_WRITE, p=parameters).consume()

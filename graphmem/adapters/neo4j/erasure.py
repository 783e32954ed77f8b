"""Removes the content of a memory from the graph; the node and its relationships to others remain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.ledger_queries import ABOUT
from graphmem.adapters.neo4j.repository_graph import IS_UNUSED
from graphmem.adapters.neo4j.text_entries import private_counts
from graphmem.adapters.neo4j.values import LedgerHead
from graphmem.ledger import blank, content_digest, decode
from graphmem.model import Change, Supersede
from graphmem.statement_json import decode_statement

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

_READ = f"""
MATCH (m:Memory {{tenant: $p.tenant, id: $p.id}})
CALL (m) {{
  MATCH (c:Change)-[:{ABOUT}]->(m)
  WITH DISTINCT c WHERE c.seq <> $p.seq
  RETURN collect([c.seq, c.body]) AS entries
}}
RETURN m.statement AS statement, m.user AS user, m.words AS words, m.length AS length,
  m.vector IS NOT NULL AS has_vector, entries
"""
_ERASE = f"""
MATCH (l:Ledger {{tenant: $p.tenant}}) SET l += $p.head
WITH l
MATCH (m:Memory {{tenant: $p.tenant, id: $p.id}})
SET m.tombstone = coalesce($p.tombstone, m.tombstone)
REMOVE m:Decision:Convention:Structure:Task:Preference:Incident:Fact
REMOVE m.statement, m.kind, m.title, m.body, m.rationale, m.subject, m.aliases, m.labels, m.language, m.confidence,
  m.origin, m.is_mandatory, m.observed_at, m.content_hash, m.facets, m.search_text, m.words, m.length, m.vector,
  m.embedding
WITH m
CALL (m) {{ MATCH (:Change)-[r:MOVED]->(m) REMOVE r.source_word }}
CALL (m) {{ MATCH (m)-[:CONSIDERED]->(a:Alternative) DETACH DELETE a }}
CALL (m) {{
  MATCH (m)-[r:ABOUT]->(a:Anchor) DELETE r
  WITH DISTINCT a WHERE {IS_UNUSED} DETACH DELETE a
}}
CALL (m) {{
  MATCH (m)-[r:READ_FROM]->(s:SourceKey) DELETE r
  WITH DISTINCT s WHERE NOT (s)<-[:READ_FROM]-() DELETE s
}}
CALL (m) {{
  MATCH (m)-[r:GUARDED_BY]->(g:GuardTerm) DELETE r
  WITH DISTINCT g WHERE NOT (g)<-[:GUARDED_BY]-() DELETE g
}}
CALL () {{
  UNWIND $p.blanked AS x MATCH (c:Change {{tenant: $p.tenant, seq: x.seq}})
  SET c.body = x.body REMOVE c.salt, c.digest, c.source, c.reason
}}
CALL () {{
  UNWIND $p.supersessions AS x
  MATCH (:Memory {{tenant: $p.tenant, id: x.old}})-[r:SUPERSEDED_BY {{seq: x.seq}}]->() REMOVE r.part, r.reason
}}
CALL () {{
  UNWIND $p.terms AS x MATCH (t:Term {{tenant: $p.tenant, word: x.word}})
  SET t.memories = t.memories - x.count
  WITH t WHERE t.memories <= 0 DELETE t
}}
RETURN m.id AS id
"""


def erase(tx: ManagedTransaction, head: LedgerHead, memory_id: str, change: Change) -> None:
    """Remove the content, index entries and reasons of a memory, and subtract it from the tenant's totals."""
    record = tx.run(_READ, p={"tenant": head.tenant, "id": memory_id, "seq": change.seq}).single(strict=True)
    tombstone, terms = None, dict[str, int]()
    if record["statement"] is not None:
        tombstone = content_digest(head.key, decode_statement(record["statement"]))
        words = [spelt.partition("=")[0] for spelt in record["words"].split()]
        terms = dict.fromkeys(words, 1) | private_counts(record["user"], words, record["length"])
        head.documents -= 1
        head.tokens -= record["length"]
        head.vectors -= record["has_vector"]
    head.epoch += 1
    counts = {"documents": head.documents, "tokens": head.tokens, "vectors": head.vectors, "epoch": head.epoch}
    parameters = {
        "tenant": head.tenant,
        "head": counts,
        "id": memory_id,
        "tombstone": tombstone,
        "terms": [{"word": word, "count": count} for word, count in terms.items()],
        "blanked": [{"seq": seq, "body": blank(body, memory_id)} for seq, body in record["entries"]],
        "supersessions": [edge for seq, body in record["entries"] for edge in _supersessions(seq, body)],
    }
    tx.run(_ERASE, p=parameters).consume()


def _supersessions(seq: int, body: str) -> list[dict[str, Any]]:
    operation, _, _ = decode(body)
    return [{"old": old, "seq": seq} for old in operation.old] if isinstance(operation, Supersede) else []

"""Builds the Cypher statement that writes planned transactions, from only the parts that have rows.

A server plans each statement on its first use; a server that has just started needs seconds for a large statement.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import cache

from graphmem.adapters.neo4j.states import STATES
from graphmem.temporal.operations import MARKS


def _time(value: str) -> str:
    """Return Cypher for a time sent as [seconds, nanoseconds], cheaper for the driver than a temporal value."""
    return f"CASE WHEN {value} IS NULL THEN null ELSE datetime.fromEpoch({value}[0], {value}[1]) END"


_AT, _UNTIL, _RECORDED_AT, _OBSERVED_AT = map(_time, ("x.at", "x.until", "x.recorded_at", "x.observed_at"))
_VALID_FROM, _VALID_TO, _EACH, _NOW = map(_time, ("x.valid_from", "x.valid_to", "t", "$p.recorded_at"))
_MOVED_AT = _time("move.at")
_STAMP = "r.seq = c.seq, r.recorded_at = c.recorded_at, r.branch = c.branch"
_CACHED_TIMES = f"""m.valid_from = {_VALID_FROM}, m.valid_to = {_VALID_TO},
    m.holds_from = [t IN x.holds_from | {_EACH}], m.holds_to = [t IN x.holds_to | {_EACH}]"""
_STATE_LABELS = ":".join(STATES)
_SET_DERIVED = f"REMOVE m:{_STATE_LABELS} SET m:$(x.states), m += x.row, m.cached_seq = x.seq, {_CACHED_TIMES}"

LINKS = ("DEPENDS_ON", "IMPLEMENTS", "REFINES", "FIXES", "CONFLICTS_WITH")


def _mark(kind: str) -> str:
    at = f", r.at = {_AT}" if kind == "MOVED" else ""
    return f"""
  UNWIND $p.{kind} AS x
  MATCH (c:Change {{tenant: $p.tenant, seq: x.seq}}), (m:Memory {{tenant: $p.tenant, id: x.id}})
  CREATE (c)-[r:{kind}]->(m) SET r = x.row, {_STAMP}{at}
"""


def _link(kind: str) -> str:
    return f"""
  UNWIND $p.{kind} AS x
  MATCH (c:Change {{tenant: $p.tenant, seq: x.seq}})
  MATCH (source:Memory {{tenant: $p.tenant, id: x.source}}), (target:Memory {{tenant: $p.tenant, id: x.target}})
  CREATE (source)-[r:{kind}]->(target) SET {_STAMP}
"""


# Each part has the name of the list that it writes. A part comes before the parts that look up its nodes.
_PARTS = {
    "changes": f"UNWIND $p.changes AS x CREATE (c:Change) SET c = x.change, c.recorded_at = {_RECORDED_AT}",
    # Creates an entry with its memory, moves and cache together, so that none of them is looked up again.
    "added": f"""
  UNWIND $p.added AS x
  CREATE (c:Change) SET c = x.change, c.recorded_at = {_RECORDED_AT}
  CREATE (c)-[:RECORDED]->(m:Memory:$([x.label] + x.states))
  SET m = x.row, m.seq = c.seq, m.recorded_at = c.recorded_at, m.written_on = c.branch,
    m.observed_at = {_OBSERVED_AT}, {_CACHED_TIMES}
  FOREACH (move IN x.moves |
    CREATE (c)-[r:MOVED]->(m) SET r = move.row, {_STAMP}, r.at = {_MOVED_AT})
  FOREACH (a IN x.anchors |
    MERGE (n:Anchor {{id: a.id}}) ON CREATE SET n += a.row, n:$(a.label)
    CREATE (m)-[:ABOUT {{role: a.role, ordinal: a.ordinal}}]->(n))
  FOREACH (a IN x.alternatives |
    CREATE (m)-[:CONSIDERED {{ordinal: a.ordinal}}]->(n:Alternative) SET n = a.row)
  FOREACH (term IN x.guard_terms |
    MERGE (g:GuardTerm {{tenant: $p.tenant, term: term}}) CREATE (m)-[:GUARDED_BY]->(g))
""",
    "tombstones": """
  UNWIND $p.tombstones AS x
  MATCH (c:Change {tenant: $p.tenant, seq: x.seq}) CREATE (c)-[:RECORDED]->(m:Memory)
  SET m = x.row, m.seq = c.seq, m.recorded_at = c.recorded_at, m.written_on = c.branch
""",
    **{kind: _mark(kind) for kind in ("MOVED", *MARKS)},
    "edges": f"""
  UNWIND $p.edges AS x
  MATCH (c:Change {{tenant: $p.tenant, seq: x.seq}})
  MATCH (old:Memory {{tenant: $p.tenant, id: x.old}}), (new:Memory {{tenant: $p.tenant, id: x.new}})
  CREATE (old)-[r:SUPERSEDED_BY]->(new)
  SET r = x.row, {_STAMP}, r.at = {_AT}, r.until = {_UNTIL}
""",
    **{kind: _link(kind) for kind in LINKS},
    "sources": f"""
  UNWIND $p.sources AS x
  MATCH (c:Change {{tenant: $p.tenant, seq: x.seq}}), (m:Memory {{tenant: $p.tenant, id: x.id}})
  MERGE (s:SourceKey {{tenant: $p.tenant, key: x.key}})
  CREATE (m)-[r:READ_FROM]->(s) SET {_STAMP}
  SET m.facets = m.facets + [facet IN x.facets WHERE NOT facet IN m.facets]
""",
    "revocations": f"""
  UNWIND $p.revocations AS x
  MATCH (c:Change {{tenant: $p.tenant, seq: x.seq}}), (undone:Change {{tenant: $p.tenant, seq: x.change}})
  CREATE (c)-[r:REVOKES]->(undone) SET {_STAMP}, r.move = x.move
""",
    "branches": """
  UNWIND $p.branches AS x
  MERGE (b:Branch {tenant: $p.tenant, key: x.key}) SET b += x
  WITH b, x WHERE x.parent IS NOT NULL
  MATCH (above:Branch {tenant: $p.tenant, key: x.parent}) MERGE (b)-[:BRANCH_OF]->(above)
""",
    "derived": f"UNWIND $p.derived AS x MATCH (m:Memory {{tenant: $p.tenant, id: x.id}}) {_SET_DERIVED}",
    "words": """
  UNWIND range(0, size($p.words) - 1) AS i
  MERGE (t:Term {tenant: $p.tenant, word: $p.words[i]})
  ON CREATE SET t.memories = $p.counts[i] ON MATCH SET t.memories = t.memories + $p.counts[i]
""",
}
#: The names of the lists that the statement takes; `counts` goes with `words`.
LISTS = tuple(_PARTS)


# Takes the lock before any read, then continues only if the state is the one that the additions were planned on.
_UNCHANGED = """
SET l.locked_at = timestamp()
WITH l OPTIONAL MATCH (e:EmbeddingModel {id: 'current'})
CALL () {
  UNWIND $p.precondition.op_ids AS op_id MATCH (c:Change {tenant: $p.tenant, op_id: op_id}) RETURN count(c) AS by_op_id
}
CALL () { UNWIND $p.precondition.ids AS id MATCH (m:Memory {tenant: $p.tenant, id: id}) RETURN count(m) AS by_id }
CALL () {
  UNWIND $p.precondition.contents AS content MATCH (m:Memory {tenant: $p.tenant, content_hash: content})
  RETURN count(m) AS by_content
}
WITH l, e, by_op_id + by_id + by_content AS existing_count
WHERE existing_count = 0
  AND l.seq = $p.precondition.seq AND l.hash = $p.precondition.hash AND l.is_restoring IS NULL
  AND l.documents = $p.precondition.documents AND l.tokens = $p.precondition.tokens
  AND coalesce(l.answered_to.epochSeconds * 1000000 + l.answered_to.microsecond, 0) = $p.precondition.answered_to
  AND l.vectors = $p.precondition.vectors AND l.epoch = $p.precondition.epoch
  AND coalesce(e.weights_hash, '') = $p.precondition.weights
  AND coalesce(e.is_indexed, false) = $p.precondition.is_indexed
  AND EXISTS { MATCH (:GraphitiProjection {tenant: $p.tenant}) } = $p.precondition.is_projected
"""


@cache
def write_statement(lists: AbstractSet[str], *, is_conditional: bool = False) -> str:
    """Return Cypher that advances the ledger's head and writes the lists in `p`.

    Args:
        lists: Some of `LISTS`.
        is_conditional: Write nothing and return no record unless the state equals `precondition` in `p`.
    """
    parts = "".join(f"CALL () {{ {text} }}\n" for name, text in _PARTS.items() if name in lists)
    return f"""
MATCH (l:Ledger {{tenant: $p.tenant}})
{_UNCHANGED if is_conditional else ""}
SET l += $p.head, l.recorded_at = {_NOW}
WITH l
{parts}RETURN l.seq AS seq
"""

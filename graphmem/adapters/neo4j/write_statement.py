"""The statement that writes what planned transactions leave: of its parts, those that are needed.

A server plans a statement when it first meets it, and one that has just started takes seconds for a large one.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import cache

from graphmem.adapters.neo4j.states import STATES
from graphmem.temporal.operations import MARKS


def _time(value: str) -> str:
    """Cypher for a time that was sent as [seconds, nanoseconds], which costs a driver far less to send."""
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


# Each is named like the list that it writes, and comes before those that look up what it creates.
_PARTS = {
    "changes": f"UNWIND $p.changes AS x CREATE (c:Change) SET c = x.change, c.recorded_at = {_RECORDED_AT}",
    # An entry that adds a memory is made together with it, its moves and its cache: nothing of that is looked up again.
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
#: The names of the lists that the statement takes, beside `counts`, which goes with `words`.
LISTS = tuple(_PARTS)


# Under the lock, which no reading precedes: goes on only if everything is as it was when the additions were planned.
_UNCHANGED = """
SET l.locked_at = timestamp()
WITH l OPTIONAL MATCH (e:EmbeddingModel {id: 'current'})
CALL () {
  UNWIND $p.planned_on.op_ids AS op_id MATCH (c:Change {tenant: $p.tenant, op_id: op_id}) RETURN count(c) AS by_op_id
}
CALL () { UNWIND $p.planned_on.ids AS id MATCH (m:Memory {tenant: $p.tenant, id: id}) RETURN count(m) AS by_id }
CALL () {
  UNWIND $p.planned_on.contents AS content MATCH (m:Memory {tenant: $p.tenant, content_hash: content})
  RETURN count(m) AS by_content
}
WITH l, e, by_op_id + by_id + by_content AS already_known
WHERE already_known = 0
  AND l.seq = $p.planned_on.seq AND l.hash = $p.planned_on.hash AND l.is_restoring IS NULL
  AND l.documents = $p.planned_on.documents AND l.tokens = $p.planned_on.tokens
  AND coalesce(l.answered_to.epochSeconds * 1000000 + l.answered_to.microsecond, 0) = $p.planned_on.answered_to
  AND l.vectors = $p.planned_on.vectors AND l.epoch = $p.planned_on.epoch
  AND coalesce(e.weights_hash, '') = $p.planned_on.weights AND coalesce(e.is_indexed, false) = $p.planned_on.is_indexed
  AND EXISTS { MATCH (:GraphitiProjection {tenant: $p.tenant}) } = $p.planned_on.is_projected
"""


@cache
def write_statement(lists: AbstractSet[str], *, is_foreseen: bool = False) -> str:
    """Cypher that moves the ledger's head on, and writes those of the lists in `p`.

    Args:
        lists: Some of `LISTS`.
        is_foreseen: Do nothing, and return no record, unless things are as `planned_on` in `p` says.
    """
    parts = "".join(f"CALL () {{ {text} }}\n" for name, text in _PARTS.items() if name in lists)
    return f"""
MATCH (l:Ledger {{tenant: $p.tenant}})
{_UNCHANGED if is_foreseen else ""}
SET l += $p.head, l.recorded_at = {_NOW}
WITH l
{parts}RETURN l.seq AS seq
"""

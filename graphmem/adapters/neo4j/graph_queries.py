"""Graph queries other than supersession: typed links, shared anchors, contested subjects, forks and conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.compiled_filter import VISIBLE
from graphmem.adapters.neo4j.row_queries import ROWS, ROWS_FIELDS, rows_of_record, settling
from graphmem.adapters.neo4j.values import END, admitted_homes
from graphmem.model import Point, Scope
from graphmem.store import Nearby, Neighbour

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.database import Database

_NEIGHBOUR_VISIBLE = "any(home IN $p.homes WHERE home IN o.facets)"
# Each step is [to, from, link type or anchor], typed links first.
_STEPS = f"""
CALL () {{
  UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}})
  WHERE {VISIBLE} RETURN collect(DISTINCT m) AS from
}}
CALL (from) {{
  UNWIND from AS m
  MATCH (m)-[r:DEPENDS_ON|IMPLEMENTS|REFINES|FIXES|CONFLICTS_WITH]-(o:Memory)
  WHERE r.seq <= $p.seq AND o <> m AND {_NEIGHBOUR_VISIBLE}
  WITH o, m, r ORDER BY r.seq
  RETURN collect([o.id, m.id, toLower(type(r))]) AS over_links
}}
CALL (from) {{
  UNWIND from AS m
  MATCH (m)-[:ABOUT]->(a:Anchor) WHERE a.kind <> 'repo'
  WITH DISTINCT a, m ORDER BY m.seq, m.id
  WITH a, collect(m.id) AS about
  CALL (a) {{
    MATCH (a)<-[:ABOUT]-(o:Memory) WHERE o.seq <= $p.seq WITH DISTINCT o LIMIT $p.hub + 1
    WITH collect(o) AS holders
    UNWIND CASE WHEN size(holders) <= $p.hub THEN holders ELSE [] END AS o
    WITH size(holders) AS holder_count, o ORDER BY o.seq DESC
    // Facets are long: read them only until the limit is reached.
    WITH holder_count, o WHERE {_NEIGHBOUR_VISIBLE} LIMIT $p.each
    RETURN holder_count, collect(o.id) AS neighbours
  }}
  WITH a.kind + ':' + a.name AS over, about, neighbours ORDER BY holder_count, a.kind, a.name, a.id
  WITH collect([over, about, neighbours]) AS shared
  RETURN reduce(steps = [], one IN shared | steps +
    reduce(of_one = [], m IN one[1] | of_one + [o IN one[2] WHERE o <> m | [o, m, one[0]]])) AS over_anchors
}}
"""
_NEIGHBOURS = f"{_STEPS} RETURN over_links + over_anchors AS steps"
_NEIGHBOURS_WITH_ROWS = f"""
{_STEPS}
WITH over_links, (over_links + over_anchors)[..$p.most] AS most
WITH over_links, reduce(distinct_steps = [], step IN most |
  CASE WHEN step IN distinct_steps THEN distinct_steps ELSE distinct_steps + [step] END) AS distinct_steps
WITH distinct_steps[..$p.limit] AS steps, [step IN over_links | step[0]] AS unsettled, [] AS rivals,
  $p.seq AS known
CALL (steps) {{
  UNWIND steps AS step WITH DISTINCT step[0] AS id
  MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(m) AS found
}}
{ROWS}
RETURN steps, {ROWS_FIELDS}
"""
_SUBJECTS = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.subject IS NOT NULL AND {VISIBLE}
WITH m.subject AS subject, collect(m.id) AS ids WHERE size(ids) > 1
RETURN subject, ids ORDER BY subject
"""
_FORKED = f"""
MATCH (m:Memory)-[r:SUPERSEDED_BY]->() WHERE m.tenant = $p.tenant AND r.until IS NULL AND r.kind <> 'amendment'
WITH m, count(DISTINCT r.seq) AS entries WHERE entries > 1 AND {VISIBLE}
RETURN m.id AS id ORDER BY id
"""
_CONTRADICTED = f"""
MATCH (m:Memory)-[:CONFLICTS_WITH]->(o:Memory)
WHERE m.tenant = $p.tenant AND {VISIBLE} AND {_NEIGHBOUR_VISIBLE}
RETURN DISTINCT m.id AS source, o.id AS target ORDER BY source, target
"""

#: Anchors of more memories than this are skipped: they say little about any of them.
_HUB = 1_000
#: Allows for duplicate steps: links declared twice, and anchors with the same name.
_STEPS_PER_NEIGHBOUR = 4


def neighbours(
    database: Database, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
) -> Nearby:
    """See `graphmem.store.Store.neighbours`."""
    parameters = {
        **_parameters(reader),
        **settling(None if at is None else Point(at, seq), settles=at is not None),
        "ids": list(ids),
        "seq": min(seq, END),
        "hub": _HUB,
        "each": limit + len(ids),
        "limit": limit,
        "most": _STEPS_PER_NEIGHBOUR * limit,
    }
    record = database.records(_NEIGHBOURS if at is None else _NEIGHBOURS_WITH_ROWS, parameters)[0]
    steps = tuple(dict.fromkeys(Neighbour(*step) for step in record["steps"]))[:limit]
    return Nearby(steps) if at is None else Nearby(steps, rows_of_record(reader.tenant, record))


def contested_subjects(database: Database, reader: Scope) -> dict[str, tuple[str, ...]]:
    """Return the subjects that two or more visible memories have, with their ids in order."""
    return {
        record["subject"]: tuple(sorted(record["ids"])) for record in database.records(_SUBJECTS, _parameters(reader))
    }


def forked(database: Database, reader: Scope) -> list[str]:
    """Return the sorted ids of memories that two or more entries supersede without an end date."""
    return [record["id"] for record in database.records(_FORKED, _parameters(reader))]


def declared_conflicts(database: Database, reader: Scope) -> list[tuple[str, str]]:
    """Return the sorted (source, target) pairs of visible memories that a `conflicts_with` link joins."""
    return [(record["source"], record["target"]) for record in database.records(_CONTRADICTED, _parameters(reader))]


_BEGINNING = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.id STARTS WITH $p.prefix AND m.statement IS NOT NULL AND {VISIBLE}
RETURN m.id AS id ORDER BY m.id LIMIT $p.limit
"""
_REPOSITORIES = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.repo IS NOT NULL
  AND (m.user IS NULL OR m.user = $p.user) AND (m.environment IS NULL OR m.environment = $p.environment)
RETURN DISTINCT m.repo AS repo ORDER BY repo
"""
_GUIDING = f"""
CALL () {{
  MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.is_mandatory RETURN m
  UNION
  MATCH (a:Anchor)<-[:ABOUT]-(m:Memory)
  WHERE a.tenant = $p.tenant AND a.kind = 'file'
    AND (a.name IN $p.names OR a.name CONTAINS '*' OR a.name CONTAINS '?')
  RETURN m
}}
WITH DISTINCT m WHERE m.statement IS NOT NULL AND {VISIBLE}
RETURN m.id AS id
"""


def guiding(database: Database, reader: Scope, names: Sequence[str]) -> list[str]:
    """Return ids of live memories that are mandatory, or whose file anchors have such a name or wildcards, sorted."""
    parameters = {**_parameters(reader), "names": list(names)}
    return sorted(str(record["id"]) for record in database.records(_GUIDING, parameters))


def ids_beginning(database: Database, reader: Scope, prefix: str, limit: int) -> list[str]:
    """Return ids of live visible memories with this prefix, sorted."""
    parameters = {**_parameters(reader), "prefix": prefix, "limit": max(limit, 0)}
    return [str(record["id"]) for record in database.records(_BEGINNING, parameters)]


def repositories(database: Database, reader: Scope) -> list[str]:
    """Return the repositories with memories that this reader would see with the repository as its scope."""
    parameters = {"tenant": reader.tenant, "user": reader.user, "environment": reader.environment}
    return [str(record["repo"]) for record in database.records(_REPOSITORIES, parameters)]


def _parameters(reader: Scope) -> dict[str, object]:
    return {"tenant": reader.tenant, "homes": list(admitted_homes(reader))}

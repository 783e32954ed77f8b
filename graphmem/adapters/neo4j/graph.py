"""Steps over the graph other than supersession: typed links and shared anchors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.reading import ROWS, ROWS_FIELDS, rows_of_found, settling
from graphmem.adapters.neo4j.selecting import SEEN
from graphmem.adapters.neo4j.values import END, admitted_homes
from graphmem.model import Point, Scope
from graphmem.store import Nearby, Neighbour

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.connecting import Link

_OTHER_SEEN = "any(home IN $p.homes WHERE home IN o.facets)"
# Steps are [to, from, over what], in the order in which they count.
_STEPS = f"""
CALL () {{
  UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}})
  WHERE {SEEN} RETURN collect(DISTINCT m) AS from
}}
CALL (from) {{
  UNWIND from AS m
  MATCH (m)-[r:DEPENDS_ON|IMPLEMENTS|REFINES|FIXES|CONFLICTS_WITH]-(o:Memory)
  WHERE r.seq <= $p.seq AND o <> m AND {_OTHER_SEEN}
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
    // Facets are long: they are read only until enough are found.
    WITH holder_count, o WHERE {_OTHER_SEEN} LIMIT $p.each
    RETURN holder_count, collect(o.id) AS others
  }}
  WITH a.kind + ':' + a.name AS over, about, others ORDER BY holder_count, a.kind, a.name, a.id
  WITH collect([over, about, others]) AS shared
  RETURN reduce(steps = [], one IN shared | steps +
    reduce(of_one = [], m IN one[1] | of_one + [o IN one[2] WHERE o <> m | [o, m, one[0]]])) AS over_anchors
}}
"""
_NEIGHBOURS = f"{_STEPS} RETURN over_links + over_anchors AS steps"
_NEIGHBOURS_WITH_ROWS = f"""
{_STEPS}
WITH over_links, (over_links + over_anchors)[..$p.most] AS most
WITH over_links, reduce(kept = [], step IN most | CASE WHEN step IN kept THEN kept ELSE kept + [step] END) AS kept
WITH kept[..$p.limit] AS steps, [step IN over_links | step[0]] AS whole, [] AS rivals,
  $p.seq AS known
CALL (steps) {{
  UNWIND steps AS step WITH DISTINCT step[0] AS id
  MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(m) AS found
}}
{ROWS}
RETURN steps, {ROWS_FIELDS}
"""
_SUBJECTS = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.subject IS NOT NULL AND {SEEN}
WITH m.subject AS subject, collect(m.id) AS ids WHERE size(ids) > 1
RETURN subject, ids ORDER BY subject
"""
_FORKED = f"""
MATCH (m:Memory)-[r:SUPERSEDED_BY]->() WHERE m.tenant = $p.tenant AND r.until IS NULL AND r.kind <> 'amendment'
WITH m, count(DISTINCT r.seq) AS entries WHERE entries > 1 AND {SEEN}
RETURN m.id AS id ORDER BY id
"""
_CONTRADICTED = f"""
MATCH (m:Memory)-[:CONFLICTS_WITH]->(o:Memory)
WHERE m.tenant = $p.tenant AND {SEEN} AND {_OTHER_SEEN}
RETURN DISTINCT m.id AS source, o.id AS target ORDER BY source, target
"""

#: An anchor that more memories than this are about says little of any of them.
_HUB = 1_000
#: One step may come several times, where links were declared twice or two anchors bear one name.
_STEPS_PER_NEIGHBOUR = 4


def neighbours(
    link: Link, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
) -> Nearby:
    """See `graphmem.store.Store.neighbours`."""
    asked = {
        **_of(reader),
        **settling(None if at is None else Point(at, seq), settles=at is not None),
        "ids": list(ids),
        "seq": min(seq, END),
        "hub": _HUB,
        "each": limit + len(ids),
        "limit": limit,
        "most": _STEPS_PER_NEIGHBOUR * limit,
    }
    found = link.records(_NEIGHBOURS if at is None else _NEIGHBOURS_WITH_ROWS, asked)[0]
    steps = tuple(dict.fromkeys(Neighbour(*step) for step in found["steps"]))[:limit]
    return Nearby(steps) if at is None else Nearby(steps, rows_of_found(reader.tenant, found))


def contested_subjects(link: Link, reader: Scope) -> dict[str, tuple[str, ...]]:
    """Subjects of two or more memories that the reader admits, with their ids in order."""
    return {one["subject"]: tuple(sorted(one["ids"])) for one in link.records(_SUBJECTS, _of(reader))}


def forked(link: Link, reader: Scope) -> list[str]:
    """Ids of memories that two or more entries let be superseded for good, sorted."""
    return [one["id"] for one in link.records(_FORKED, _of(reader))]


def declared_conflicts(link: Link, reader: Scope) -> list[tuple[str, str]]:
    """Pairs between which somebody declared a contradiction, where the reader admits both."""
    return [(one["source"], one["target"]) for one in link.records(_CONTRADICTED, _of(reader))]


_BEGINNING = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.id STARTS WITH $p.prefix AND m.statement IS NOT NULL AND {SEEN}
RETURN m.id AS id ORDER BY m.id LIMIT $p.limit
"""
_REPOSITORIES = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.repo IS NOT NULL
  AND (m.user IS NULL OR m.user = $p.user) AND (m.environment IS NULL OR m.environment = $p.environment)
RETURN DISTINCT m.repo AS repo ORDER BY repo
"""


def ids_beginning(link: Link, reader: Scope, prefix: str, limit: int) -> list[str]:
    """Ids of live memories that begin so and whose home the reader admits."""
    asked = {**_of(reader), "prefix": prefix, "limit": max(limit, 0)}
    return [str(one["id"]) for one in link.records(_BEGINNING, asked)]


def repositories(link: Link, reader: Scope) -> list[str]:
    """Repositories with memories that the reader would see from there."""
    asked = {"tenant": reader.tenant, "user": reader.user, "environment": reader.environment}
    return [str(one["repo"]) for one in link.records(_REPOSITORIES, asked)]


def _of(reader: Scope) -> dict[str, object]:
    return {"tenant": reader.tenant, "homes": list(admitted_homes(reader))}

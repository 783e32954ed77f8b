"""Steps over the graph other than supersession: typed links and shared anchors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.values import admitted_homes
from graphmem.model import Scope
from graphmem.store import Neighbour

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.connecting import Link

_SEED_SEEN = "any(home IN $p.homes WHERE home IN m.facets)"
_OTHER_SEEN = "any(home IN $p.homes WHERE home IN o.facets)"
_NEIGHBOURS = f"""
CALL () {{
  UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}})
  WHERE {_SEED_SEEN} RETURN collect(DISTINCT m) AS seeds
}}
CALL (seeds) {{
  UNWIND seeds AS m
  MATCH (m)-[r:DEPENDS_ON|IMPLEMENTS|REFINES|FIXES|CONFLICTS_WITH]-(o:Memory)
  WHERE r.seq <= $p.seq AND o <> m AND {_OTHER_SEEN}
  RETURN collect([o.id, m.id, toLower(type(r)), r.seq]) AS linked
}}
CALL (seeds) {{
  UNWIND seeds AS m
  MATCH (m)-[:ABOUT]->(a:Anchor) WHERE a.kind <> 'repo'
  WITH a, collect(DISTINCT m) AS about
  CALL (a) {{
    MATCH (a)<-[:ABOUT]-(o:Memory) WHERE o.seq <= $p.seq WITH DISTINCT o LIMIT $p.hub + 1 RETURN count(o) AS holders
  }}
  WITH a, about, holders WHERE 1 < holders <= $p.hub
  CALL (a) {{
    MATCH (a)<-[:ABOUT]-(o:Memory) WHERE o.seq <= $p.seq AND {_OTHER_SEEN}
    WITH DISTINCT o ORDER BY o.seq DESC LIMIT $p.each RETURN collect([o.id, o.seq]) AS others
  }}
  WITH a, about, holders, others ORDER BY holders, a.kind, a.name, a.id
  RETURN collect([a.kind + ':' + a.name, [m IN about | [m.seq, m.id]], others]) AS shared
}}
RETURN linked, shared
"""
_SUBJECTS = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.subject IS NOT NULL AND {_SEED_SEEN}
WITH m.subject AS subject, collect(m.id) AS ids WHERE size(ids) > 1
RETURN subject, ids ORDER BY subject
"""
_FORKED = f"""
MATCH (m:Memory)-[r:SUPERSEDED_BY]->() WHERE m.tenant = $p.tenant AND r.until IS NULL AND r.kind <> 'amendment'
WITH m, count(DISTINCT r.seq) AS entries WHERE entries > 1 AND {_SEED_SEEN}
RETURN m.id AS id ORDER BY id
"""
_CONTRADICTED = f"""
MATCH (m:Memory)-[:CONFLICTS_WITH]->(o:Memory)
WHERE m.tenant = $p.tenant AND {_SEED_SEEN} AND {_OTHER_SEEN}
RETURN DISTINCT m.id AS source, o.id AS target ORDER BY source, target
"""

#: An anchor that more memories than this are about says little of any of them.
_HUB = 1_000


def neighbours(
    link: Link, reader: Scope, ids: Sequence[str], *, seq: int, limit: int
) -> tuple[tuple[Neighbour, ...], set[str]]:
    """Memories one step away, over links first, then over anchors, the rarer first; and ids of those over links."""
    asked = {**_of(reader), "ids": list(ids), "seq": min(seq, 2**62), "hub": _HUB, "each": limit + len(ids)}
    found = link.records(_NEIGHBOURS, asked)[0]
    steps = [Neighbour(to, of, over) for to, of, over, _ in sorted(found["linked"], key=lambda one: one[3])]
    linked = {one.memory for one in steps}
    for over, about, others in found["shared"]:
        for _, of in sorted(about):
            steps += [Neighbour(to, of, over) for to, _ in others if to != of]
    return tuple(dict.fromkeys(steps))[:limit], linked


def contested_subjects(link: Link, reader: Scope) -> dict[str, tuple[str, ...]]:
    """Subjects of two or more memories that the reader admits, with their ids in order."""
    return {one["subject"]: tuple(sorted(one["ids"])) for one in link.records(_SUBJECTS, _of(reader))}


def forked(link: Link, reader: Scope) -> list[str]:
    """Ids of memories that two or more entries let be superseded for good, sorted."""
    return [one["id"] for one in link.records(_FORKED, _of(reader))]


def declared_conflicts(link: Link, reader: Scope) -> list[tuple[str, str]]:
    """Pairs between which somebody declared a contradiction, where the reader admits both."""
    return [(one["source"], one["target"]) for one in link.records(_CONTRADICTED, _of(reader))]


def _of(reader: Scope) -> dict[str, object]:
    return {"tenant": reader.tenant, "homes": list(admitted_homes(reader))}

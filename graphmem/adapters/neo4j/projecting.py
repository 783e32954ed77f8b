"""The graph that graphiti reads, beside the memories: nodes of their own, and one state per tenant."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.values import CARD_FIELDS, card_of
from graphmem.adapters.vector_bytes import rows_of_bytes
from graphmem.errors import CorruptStore
from graphmem.projection.values import Entity, Expiry, Fact, Group, State, Step

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.connecting import Link

#: Made when a projection is first switched on. They are about labels of our own, so that it makes no difference whether
#: a client of graphiti made its index of `Entity.uuid` before.
RULES = ("graphmem_projection_tenant", "graphmem_projection_uuid", "graphmem_projection_owner")

_ONE_STATE = (
    "CREATE CONSTRAINT graphmem_projection_tenant IF NOT EXISTS FOR (g:GraphitiProjection) REQUIRE g.tenant IS UNIQUE"
)
_ONE_ENTITY = "CREATE CONSTRAINT graphmem_projection_uuid IF NOT EXISTS FOR (e:GraphitiEntity) REQUIRE e.uuid IS UNIQUE"
_OF_TENANT = "CREATE INDEX graphmem_projection_owner IF NOT EXISTS FOR (e:GraphitiEntity) ON (e.tenant)"
_AWAIT = "CALL db.awaitIndexes(600)"
_STATE = """
MATCH (g:GraphitiProjection {tenant: $p.tenant}) OPTIONAL MATCH (e:EmbeddingModel {id: 'current'})
RETURN g.seq AS seq, g.model AS model, e.weights_hash AS current
"""
_ON = "MERGE (g:GraphitiProjection {tenant: $p.tenant}) ON CREATE SET g.seq = 0"
_OFF = "MATCH (g:GraphitiProjection {tenant: $p.tenant}) DELETE g"
#: Stops where another process switched it on meanwhile: what is there then is that one's.
_CLEAR = """
MATCH (e:GraphitiEntity {tenant: $p.tenant}) WHERE NOT EXISTS { MATCH (:GraphitiProjection {tenant: $p.tenant}) }
WITH e LIMIT 5000 DETACH DELETE e RETURN count(*) AS gone
"""
#: A lock that a statement takes holds only for what later statements read.
_HOLD = f"""
MATCH (g:GraphitiProjection {{tenant: $p.tenant}}) SET g.locked_at = timestamp()
WITH g OPTIONAL MATCH (e:EmbeddingModel {{id: 'current'}})
RETURN g.seq AS seq, {CARD_FIELDS} AS model
"""
_VECTORS = """
UNWIND $p.memories AS id MATCH (m:Memory {tenant: $p.tenant, id: id}) WHERE m.vector IS NOT NULL
RETURN m.id AS id, m.vector AS vector
"""
_ENTITIES = """
UNWIND $p.entities AS x
MERGE (e:GraphitiEntity {uuid: x.uuid}) ON CREATE SET e.created_at = x.created_at
SET e:Entity, e += x.properties
"""
_FACTS = """
UNWIND $p.facts AS x
MATCH (s:GraphitiEntity {uuid: x.source}), (t:GraphitiEntity {uuid: x.target})
MERGE (s)-[r:RELATES_TO {uuid: x.uuid}]->(t)
SET r += x.properties
RETURN count(*) AS written
"""
_EXPIRE = """
UNWIND $p.expired AS x
MATCH (:GraphitiEntity {uuid: x.source})-[r:RELATES_TO]->()
WHERE r.expired_at IS NULL AND r.uuid STARTS WITH x.key
SET r.expired_at = x.at
"""
_ERASE = """
UNWIND $p.gone AS uuid MATCH (e:GraphitiEntity {uuid: uuid})
OPTIONAL MATCH (e)-[:RELATES_TO]-(a:GraphitiEntity) WHERE a.memory IS NULL
WITH e, collect(DISTINCT a) AS beside
DETACH DELETE e
WITH beside UNWIND beside AS a
WITH DISTINCT a WHERE NOT (a)--()
DELETE a
"""
_ADVANCE = "MATCH (g:GraphitiProjection {tenant: $p.tenant}) SET g.seq = $p.seq, g.model = $p.model"
_GROUPS = """
MATCH (e:GraphitiEntity {tenant: $p.tenant}) WHERE e.memory IS NOT NULL
RETURN e.group_id AS group_id, head(collect(e.repo)) AS repo, head(collect(e.user)) AS user,
  head(collect(e.environment)) AS environment, count(*) AS memories
ORDER BY group_id
"""


class Neo4jProjection:
    """The projections in one database; see `graphmem.projection.values.Projection`.

    Args:
        link: Sessions with the database.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._on: set[str] = set()
        self._guard = threading.Lock()

    def note(self, tenant: str, *, is_on: bool) -> None:
        """Keep what a write found."""
        with self._guard:
            (self._on.add if is_on else self._on.discard)(tenant)

    def is_on(self, tenant: str) -> bool:
        """See `Projection.is_on`."""
        return tenant in self._on

    def state(self, tenant: str) -> State | None:
        """See `Projection.state`."""
        found = self._link.records(_STATE, {"tenant": tenant})
        self.note(tenant, is_on=bool(found))
        return State(**found[0]) if found else None

    def switch_on(self, tenant: str) -> None:
        """See `Projection.switch_on`."""
        self._link.run_alone(_ONE_STATE)
        self._link.run_alone(_ONE_ENTITY)
        self._link.run_alone(_OF_TENANT)
        self._link.run_alone(_AWAIT)
        self._clear(tenant)
        self._link.write(lambda tx: tx.run(_ON, p={"tenant": tenant}).consume())
        self.note(tenant, is_on=True)

    def switch_off(self, tenant: str) -> None:
        """See `Projection.switch_off`."""
        self._link.write(lambda tx: tx.run(_OFF, p={"tenant": tenant}).consume())
        self.note(tenant, is_on=False)
        self._clear(tenant)

    def advance(self, tenant: str, step: Step) -> bool:
        """See `Projection.advance`."""
        return self._link.write(lambda tx: _advance(tx, tenant, step))

    def groups(self, tenant: str) -> list[Group]:
        """See `Projection.groups`."""
        return [Group(**one) for one in self._link.records(_GROUPS, {"tenant": tenant})]

    def _clear(self, tenant: str) -> None:
        gone = 1
        while gone:
            gone = self._link.write(lambda tx: tx.run(_CLEAR, p={"tenant": tenant}).single(strict=True)["gone"])


def _advance(tx: ManagedTransaction, tenant: str, step: Step) -> bool:
    held = tx.run(_HOLD, p={"tenant": tenant}).single()
    if held is None or held["seq"] != step.after:
        return False
    card = card_of(held["model"])
    vectors = _vectors(tx, tenant, step, 0 if card is None else card.dimension)
    if step.entities:
        tx.run(_ENTITIES, p={"entities": [_entity_row(one, tenant, vectors) for one in step.entities]})
    if step.facts:
        written = tx.run(_FACTS, p={"facts": [_fact_row(one, vectors) for one in step.facts]}).single(strict=True)
        if written["written"] != len(step.facts):
            raise CorruptStore(f"the projection of {tenant!r} lacks nodes; run: graphmem graphiti rebuild")
    if step.expired:
        tx.run(_EXPIRE, p={"expired": [_expiry_row(one) for one in step.expired]})
    if step.gone:
        tx.run(_ERASE, p={"gone": list(step.gone)})
    asked = {"tenant": tenant, "seq": step.upto, "model": None if card is None else card.weights_hash}
    tx.run(_ADVANCE, p=asked).consume()
    return True


def _vectors(tx: ManagedTransaction, tenant: str, step: Step, dimension: int) -> dict[str, Sequence[float]]:
    """The vectors of the memories in a step that have one; none if the model is not known."""
    wanted = {one.memory for one in step.entities} | {fact.claim.memory for fact in step.facts}
    if not dimension or not wanted:
        return {}
    found = list(tx.run(_VECTORS, p={"tenant": tenant, "memories": sorted(wanted - {None})}))
    rows = rows_of_bytes([one["vector"] for one in found], dimension)
    return {one["id"]: row.tolist() for one, row in zip(found, rows, strict=True)}


def _entity_row(one: Entity, tenant: str, vectors: dict[str, Sequence[float]]) -> dict[str, Any]:
    own = {"name": one.name, "summary": one.summary, "group_id": one.group, "tenant": tenant, "memory": one.memory}
    embedding = None if one.memory is None else vectors.get(one.memory)
    properties = {**one.attributes, **own, "name_embedding": embedding}
    return {"uuid": one.uuid, "created_at": one.created_at, "properties": properties}


def _fact_row(one: Fact, vectors: dict[str, Sequence[float]]) -> dict[str, Any]:
    claim = one.claim
    properties = {
        **claim.attributes,
        "name": claim.name,
        "fact": claim.fact,
        "fact_embedding": vectors.get(claim.memory) if claim.is_statement else None,
        "group_id": claim.group,
        "episodes": [],
        "memory": claim.memory,
        "created_at": one.created_at,
        "valid_at": claim.valid_at,
        "invalid_at": claim.invalid_at,
        "expired_at": one.expired_at,
    }
    return {"uuid": one.uuid, "source": claim.source, "target": claim.target, "properties": properties}


def _expiry_row(one: Expiry) -> dict[str, Any]:
    return {"source": one.source, "key": one.key, "at": one.at}

"""The graph that graphiti reads: its own nodes in the memory database, and a state node per tenant."""

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

    from graphmem.adapters.neo4j.database import Database

#: Created when a projection is first switched on. They use graphmem's own labels, so that they cannot conflict with an
#: index of `Entity.uuid` that a graphiti client created earlier.
RULES = ("graphmem_projection_tenant", "graphmem_projection_uuid", "graphmem_projection_owner")

_UNIQUE_STATE = (
    "CREATE CONSTRAINT graphmem_projection_tenant IF NOT EXISTS FOR (g:GraphitiProjection) REQUIRE g.tenant IS UNIQUE"
)
_UNIQUE_ENTITY = (
    "CREATE CONSTRAINT graphmem_projection_uuid IF NOT EXISTS FOR (e:GraphitiEntity) REQUIRE e.uuid IS UNIQUE"
)
_OF_TENANT = "CREATE INDEX graphmem_projection_owner IF NOT EXISTS FOR (e:GraphitiEntity) ON (e.tenant)"
_AWAIT = "CALL db.awaitIndexes(600)"
_STATE = """
MATCH (g:GraphitiProjection {tenant: $p.tenant}) OPTIONAL MATCH (e:EmbeddingModel {id: 'current'})
RETURN g.seq AS seq, g.model AS model, e.weights_hash AS current
"""
_ON = "MERGE (g:GraphitiProjection {tenant: $p.tenant}) ON CREATE SET g.seq = 0"
_OFF = "MATCH (g:GraphitiProjection {tenant: $p.tenant}) DELETE g"
#: Deletes nothing once another process has switched the projection on again.
_CLEAR = """
MATCH (e:GraphitiEntity {tenant: $p.tenant}) WHERE NOT EXISTS { MATCH (:GraphitiProjection {tenant: $p.tenant}) }
WITH e LIMIT 5000 DETACH DELETE e RETURN count(*) AS gone
"""
#: Takes the lock in a statement of its own: only later statements read behind the lock.
_LOCK = f"""
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
WITH e, collect(DISTINCT a) AS anchors
DETACH DELETE e
WITH anchors UNWIND anchors AS a
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
        database: Sessions with the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on: set[str] = set()
        self._guard = threading.Lock()

    def note(self, tenant: str, *, is_on: bool) -> None:
        """Remember whether a tenant has a projection."""
        with self._guard:
            (self._on.add if is_on else self._on.discard)(tenant)

    def is_on(self, tenant: str) -> bool:
        """See `Projection.is_on`."""
        return tenant in self._on

    def state(self, tenant: str) -> State | None:
        """See `Projection.state`."""
        records = self._database.records(_STATE, {"tenant": tenant})
        self.note(tenant, is_on=bool(records))
        return State(**records[0]) if records else None

    def switch_on(self, tenant: str) -> None:
        """See `Projection.switch_on`."""
        self._database.run_alone(_UNIQUE_STATE)
        self._database.run_alone(_UNIQUE_ENTITY)
        self._database.run_alone(_OF_TENANT)
        self._database.run_alone(_AWAIT)
        self._clear(tenant)
        self._database.write(lambda tx: tx.run(_ON, p={"tenant": tenant}).consume())
        self.note(tenant, is_on=True)

    def switch_off(self, tenant: str) -> None:
        """See `Projection.switch_off`."""
        self._database.write(lambda tx: tx.run(_OFF, p={"tenant": tenant}).consume())
        self.note(tenant, is_on=False)
        self._clear(tenant)

    def advance(self, tenant: str, step: Step) -> bool:
        """See `Projection.advance`."""
        return self._database.write(lambda tx: _advance(tx, tenant, step))

    def groups(self, tenant: str) -> list[Group]:
        """See `Projection.groups`."""
        return [Group(**record) for record in self._database.records(_GROUPS, {"tenant": tenant})]

    def _clear(self, tenant: str) -> None:
        gone = 1
        while gone:
            gone = self._database.write(lambda tx: tx.run(_CLEAR, p={"tenant": tenant}).single(strict=True)["gone"])


def _advance(tx: ManagedTransaction, tenant: str, step: Step) -> bool:
    state = tx.run(_LOCK, p={"tenant": tenant}).single()
    if state is None or state["seq"] != step.after:
        return False
    card = card_of(state["model"])
    vectors = _vectors(tx, tenant, step, 0 if card is None else card.dimension)
    if step.entities:
        tx.run(_ENTITIES, p={"entities": [_entity_row(entity, tenant, vectors) for entity in step.entities]})
    if step.facts:
        written = tx.run(_FACTS, p={"facts": [_fact_row(fact, vectors) for fact in step.facts]}).single(strict=True)
        if written["written"] != len(step.facts):
            raise CorruptStore(f"the projection of {tenant!r} lacks nodes; run: graphmem graphiti rebuild")
    if step.expired:
        tx.run(_EXPIRE, p={"expired": [_expiry_row(expiry) for expiry in step.expired]})
    if step.gone:
        tx.run(_ERASE, p={"gone": list(step.gone)})
    parameters = {"tenant": tenant, "seq": step.upto, "model": None if card is None else card.weights_hash}
    tx.run(_ADVANCE, p=parameters).consume()
    return True


def _vectors(tx: ManagedTransaction, tenant: str, step: Step, dimension: int) -> dict[str, Sequence[float]]:
    """Return the vectors of the memories in a step by memory id; empty if the store has no model."""
    memories = {entity.memory for entity in step.entities} | {fact.claim.memory for fact in step.facts}
    if not dimension or not memories:
        return {}
    records = list(tx.run(_VECTORS, p={"tenant": tenant, "memories": sorted(memories - {None})}))
    rows = rows_of_bytes([record["vector"] for record in records], dimension)
    return {record["id"]: row.tolist() for record, row in zip(records, rows, strict=True)}


def _entity_row(entity: Entity, tenant: str, vectors: dict[str, Sequence[float]]) -> dict[str, Any]:
    own = {
        "name": entity.name,
        "summary": entity.summary,
        "group_id": entity.group,
        "tenant": tenant,
        "memory": entity.memory,
    }
    embedding = None if entity.memory is None else vectors.get(entity.memory)
    properties = {**entity.attributes, **own, "name_embedding": embedding}
    return {"uuid": entity.uuid, "created_at": entity.created_at, "properties": properties}


def _fact_row(fact: Fact, vectors: dict[str, Sequence[float]]) -> dict[str, Any]:
    claim = fact.claim
    properties = {
        **claim.attributes,
        "name": claim.name,
        "fact": claim.fact,
        "fact_embedding": vectors.get(claim.memory) if claim.is_statement else None,
        "group_id": claim.group,
        "episodes": [],
        "memory": claim.memory,
        "created_at": fact.created_at,
        "valid_at": claim.valid_at,
        "invalid_at": claim.invalid_at,
        "expired_at": fact.expired_at,
    }
    return {"uuid": fact.uuid, "source": claim.source, "target": claim.target, "properties": properties}


def _expiry_row(expiry: Expiry) -> dict[str, Any]:
    return {"source": expiry.source, "key": expiry.key, "at": expiry.at}

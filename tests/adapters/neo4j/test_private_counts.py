"""Counts of private memories: what the migration counts is what writes would have counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.neo4j.schema import statements
from graphmem.adapters.schema_files import schema_text
from graphmem.model import Scope
from tests.contract.test_statistics import ANA, BEN, TEAM, tell
from tests.servers import Access

_PRIVATE = (
    "MATCH (t:Term) WHERE t.word STARTS WITH '@' RETURN t.tenant AS tenant, t.word AS word, t.memories AS memories"
)
_DROP = "MATCH (t:Term) WHERE t.word STARTS WITH '@' DELETE t"


@pytest.fixture
def access(neo4j: Access) -> Iterator[Access]:
    neo4j.wipe()
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        for key, title, scope in (
            ("a", "Kafka carries events", TEAM),
            ("b", "Kafka, kafka and a queue", ANA),
            ("c", "a queue", BEN),
            ("d", "kafka", Scope("other", "r", user="ana")),
        ):
            tell(store, key, title, scope)
    yield neo4j
    neo4j.wipe()


def counts(access: Access) -> dict[tuple[str, str], int]:
    with access.driver() as driver:
        rows = driver.execute_query(_PRIVATE).records
    return {(row["tenant"], row["word"]): row["memories"] for row in rows}


def test_writes_count_private_memories_for_all_and_for_their_user(access: Access) -> None:
    found = {word: count for (tenant, word), count in counts(access).items() if tenant == "acme"}
    assert (found["@|kafka"], found["@|queue"], found["@ana|kafka"], found["@ben|queue"]) == (1, 2, 1, 1)
    assert (found["@|#memories"], found["@ben|#memories"]) == (2, 1)
    assert "@ben|kafka" not in found


def test_the_migration_counts_what_writes_count_however_often_it_runs(access: Access) -> None:
    before = counts(access)
    with access.driver() as driver, driver.session() as session:
        session.run(_DROP).consume()
        for _ in range(2):
            for statement in statements(schema_text("neo4j/0004_private_counts.cypher")):
                session.run(statement).consume()
    assert counts(access) == before
    with Neo4jStore.open(access.url, create=False, login=access.login) as store:
        assert store.check() == []

"""The label that tells what a memory's whole life comes to: set by every write, and by the migration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from graphmem import GraphMemory, Move, Scope, Statement, Status, SupersessionKind, Write
from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.neo4j.schema import statements
from graphmem.adapters.neo4j.states import STATES, state_labels
from graphmem.adapters.schema_files import schema_text
from graphmem.model import FOREVER
from graphmem.rows import Derived
from graphmem.service import ServiceContext
from tests.fake_embedder import no_embedder
from tests.servers import Access
from tests.service.conftest import TickingClock

START, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
_LABELS = "MATCH (m:Memory) RETURN m.title AS title, [one IN labels(m) WHERE one IN $states] AS states"
_STRIP = "MATCH (m:Memory) REMOVE m:Open:Closed:Pending:Void SET m:Void"


@pytest.mark.parametrize(
    ("status", "holding", "label"),
    [
        ("active", ((START, FOREVER),), ["Open"]),
        ("ended", ((START, LATER),), ["Closed"]),
        ("active", ((START, LATER), (LATER, FOREVER)), ["Open"]),
        ("proposed", (), ["Pending"]),
        ("deferred", (), ["Pending"]),
        ("rejected", (), ["Void"]),
        ("active", (), ["Void"]),
        (None, (), []),
    ],
)
def test_a_state_follows_from_the_cached_life(
    status: str | None, holding: tuple[tuple[datetime, datetime], ...], label: list[str]
) -> None:
    assert state_labels(Derived("m", status, holding, is_common=True)) == label


@pytest.fixture(scope="module")
def access(neo4j: Access) -> Iterator[Access]:
    neo4j.wipe()
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        _tell(
            GraphMemory(
                ServiceContext(store, scope=Scope(), actor="tester", clock=TickingClock(), embedder=no_embedder)
            )
        )
        assert store.check() == []
    yield neo4j
    neo4j.wipe()


def _tell(memory: GraphMemory) -> None:
    old = memory.add("replaced", start=START).ids[0]
    memory.supersede(old, Statement(title="holds"), at=LATER)
    undone = memory.supersede(
        memory.add("holds again", start=START).ids[0], Statement(title="replaced in vain"), at=LATER
    )
    memory.revoke(undone.change.seq)
    memory.supersede(
        memory.add("never right", start=START).ids[0], Statement(title="right"), kind=SupersessionKind.CORRECTION
    )
    memory.retract(memory.add("retracted", start=START).ids[0])
    memory.end(memory.add("over", start=START).ids[0], at=LATER)
    memory.add("proposed", moves=(Move(Status.PROPOSED, START),))
    memory.transition(memory.add("accepted", moves=(Move(Status.PROPOSED, START),)).ids[0], Status.ACTIVE, at=LATER)
    memory.transition(memory.add("rejected", moves=(Move(Status.PROPOSED, START),)).ids[0], Status.REJECTED, at=LATER)
    memory.open_branch("other")
    memory.add("elsewhere", start=START, write=Write(scope=Scope(branch="other")))


def states(access: Access) -> dict[str, list[str]]:
    with access.driver() as driver:
        rows = driver.execute_query(_LABELS, states=list(STATES)).records
    return {row["title"]: row["states"] for row in rows}


def test_every_write_sets_the_label(access: Access) -> None:
    found = states(access)
    assert found == {
        "replaced": ["Closed"],
        "holds": ["Open"],
        "holds again": ["Open"],
        "replaced in vain": ["Open"],
        "never right": ["Void"],
        "right": found["right"],
        "retracted": ["Void"],
        "over": ["Closed"],
        "proposed": ["Pending"],
        "accepted": ["Open"],
        "rejected": ["Void"],
        "elsewhere": [],
    }


def test_the_migration_gives_the_very_labels_that_writes_do(access: Access) -> None:
    before = states(access)
    with access.driver() as driver, driver.session() as session:
        session.run(_STRIP).consume()
        session.run("MATCH (m:Memory) WHERE m.status IS NULL REMOVE m:Void").consume()
        for statement in statements(schema_text("neo4j/0002_state_labels.cypher")):
            session.run(statement).consume()
    assert states(access) == before


def test_a_label_that_somebody_changed_is_found(access: Access) -> None:
    with access.driver() as driver:
        driver.execute_query("MATCH (m:Memory {title: 'over'}) REMOVE m:Closed SET m:Open")
        with Neo4jStore.open(access.url, create=False, login=access.login) as store:
            (found,) = store.check()
        driver.execute_query("MATCH (m:Memory {title: 'over'}) REMOVE m:Open SET m:Closed")
    assert "labels" in found.what

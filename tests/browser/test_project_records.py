"""The project's own decision records on a server: only what was settled long ago is looked at, for they grow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from neo4j import Driver

from graphmem import Scope
from graphmem.opening import open_memory, utc_now
from graphmem.sources.decisions import read_decisions
from tests.browser.conftest import QUERIES, World, copied
from tests.fake_embedder import no_embedder

ROOT = Path(__file__).parent.parent.parent
TENANT = "project"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def records(world: World, tmp_path: Path) -> Iterator[Driver]:
    """The server, on which they are beside all else, in a tenant of their own."""
    scope = Scope(TENANT)
    with open_memory(str(tmp_path / "records.db"), scope=scope, embedder=no_embedder, create=True) as memory:
        memory.ingest(read_decisions([ROOT / "docs" / "decisions"], root=ROOT, read_at=utc_now()))
        copied(memory, world.access, scope)
    yield world.driver
    world.driver.execute_query("MATCH (n {tenant: $tenant}) DETACH DELETE n", tenant=TENANT)


def test_a_record_leads_to_the_one_that_replaced_it(records: Driver, world: World) -> None:
    asked: dict[str, Any] = {**world.examples, "tenant": TENANT, "repo": None, "subject": "ADR-0002"}
    paths = [row["path"] for row in records.execute_query(QUERIES["what-replaced-what"].text, asked).records]
    found = {(path.start_node["aliases"][0], path.end_node["aliases"][0]) for path in paths}
    assert {("ADR-0002", "ADR-0005"), ("ADR-0008", "ADR-0010")} <= found
    lives = [row["life"].nodes for row in records.execute_query(QUERIES["life-of-a-subject"].text, asked).records]
    assert {"ADR-0002", "ADR-0005"} <= {node["aliases"][0] for nodes in lives for node in nodes}

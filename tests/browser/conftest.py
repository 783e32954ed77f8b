"""The history twice: in a file, where the library answers, and on a Neo4j server, where the saved queries do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from neo4j import Driver, Record

from graphmem import GraphMemory, Scope
from graphmem.adapters.neo4j import Neo4jStore
from graphmem.browser.files import GuideParameters, examples, saved_queries
from graphmem.model import At
from graphmem.opening import utc_now
from graphmem.service import ServiceContext
from tests.browser.world import REPO, told
from tests.fake_embedder import no_embedder
from tests.servers import Access

QUERIES = {one.name: one for one in saved_queries()}


@dataclass(frozen=True, slots=True)
class World:
    """The same history in both places.

    Attributes:
        memory: The library, on a file.
        driver: The server.
        examples: The parameters that the guide sets.
    """

    memory: GraphMemory
    access: Access
    driver: Driver
    examples: Mapping[str, Any]
    now: datetime

    def ask(self, name: str, **parameters: object) -> list[Record]:
        """What a saved query answers."""
        return self.driver.execute_query(QUERIES[name].text, {**self.examples, **parameters}).records

    def ids(self, name: str, **parameters: object) -> set[str]:
        """Ids of the memories in the column `m`."""
        return {row["m"]["id"] for row in self.ask(name, **parameters)}

    @property
    def latest(self) -> At:
        """Now, as the server has it."""
        return At(self.now)


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory, neo4j: Access) -> Iterator[World]:
    neo4j.wipe()
    with told(tmp_path_factory.mktemp("world")) as memory, neo4j.driver() as driver:
        copied(memory, neo4j, Scope())
        yield World(memory, neo4j, driver, _examples(driver), datetime.now(UTC))
    neo4j.wipe()


def copied(memory: GraphMemory, access: Access, scope: Scope) -> None:
    """Restore on a server what a scope's tenant has in a file."""
    with Neo4jStore.open(access.url, create=True, login=access.login) as store:
        context = ServiceContext(store, scope=scope, actor="tester", clock=utc_now, embedder=no_embedder)
        GraphMemory(context).restore(memory.export(scope=scope), scope=scope)


def _examples(driver: Driver) -> Mapping[str, Any]:
    """As Neo4j Browser works them out: what stands in the braces is a query."""
    query = examples(GuideParameters("default", REPO)).partition("=> {")[2].removesuffix("}")
    (row,) = driver.execute_query(query).records
    return dict(row)

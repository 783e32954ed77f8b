"""A Neo4j server as the store, each of its broken links with a real one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import graphmem
from graphmem.config import Settings
from graphmem.doctor import CheckedLink, LinkHealth, examine
from graphmem.opening import open_schema
from tests.doctor.conftest import link
from tests.faults import ADDRESS, FaultProxy
from tests.servers import SMALL, Access, access
from tests.test_faults import Echo
from tools.neo4j_server import Server, start

SECRET = "correct-horse-battery"  # noqa: S105


@pytest.fixture
def place(neo4j: Access, project: Path, monkeypatch: pytest.MonkeyPatch) -> Access:
    """The shared server, empty, with its login in the environment."""
    del project
    neo4j.wipe()
    _log_in(neo4j, monkeypatch)
    with graphmem.open(neo4j.url, create=True):
        return neo4j


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for logins that are refused, which lock a user out for a while; the last test starts it read-only."""
    with start(replace(SMALL, folder=tmp_path_factory.mktemp("own"))) as server:
        yield server


def _log_in(place: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_NEO4J_USER", place.user)
    monkeypatch.setenv("GRAPHMEM_NEO4J_PASSWORD", place.password or "")


def told(found: CheckedLink) -> tuple[str, str]:
    assert found.health is LinkHealth.BROKEN, found
    return found.found, str(found.fix)


def test_a_server_that_is_whole_has_no_broken_link_and_takes_no_trial_write(place: Access) -> None:
    links = {one.name: one for one in examine(place.url)}
    assert [one for one in links.values() if one.health is LinkHealth.BROKEN] == []
    assert links["writing"].found == "the write lock is free; a trial write was rolled back"
    with place.driver() as driver:
        left = driver.execute_query("MATCH (n) RETURN DISTINCT labels(n) AS labels").records
    assert [one["labels"] for one in left] == [["GraphmemSchema"]]


@pytest.mark.heavy
@pytest.mark.usefixtures("project")
def test_a_neo4j_that_is_away_is_told_and_hides_nothing_else() -> None:
    with socket.socket() as unused:
        unused.bind((ADDRESS, 0))
        links = {one.name: one for one in examine(f"bolt://{ADDRESS}:{unused.getsockname()[1]}")}
    assert told(links["store"])[1] == "docker compose up --wait neo4j"
    assert links["writing"].found == "not checked: fix store first"
    assert links["agents"].found.startswith("graphmem mcp")


def test_a_neo4j_that_falls_silent_does_not_hang_the_doctor(place: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_LOCK_TIMEOUT_S", "1")
    with FaultProxy.before(place.url) as proxy:
        proxy.stall()
        assert told(link("store", proxy.url))[1] == "docker compose up --wait neo4j"


@pytest.mark.heavy
def test_a_wrong_password_is_told_and_not_shown(own: Server, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    _log_in(replace(access(own), password=SECRET), monkeypatch)
    links = list(examine(own.url))
    assert "refuses this login" in told(links[2])[0]
    assert links[2].fix == "export GRAPHMEM_NEO4J_USER=neo4j GRAPHMEM_NEO4J_PASSWORD=…"
    assert SECRET not in repr(links)


def test_a_password_in_the_url_is_told_and_not_shown(place: Access) -> None:
    links = list(examine(place.url.replace("//", f"//neo4j:{SECRET}@")))
    assert "GRAPHMEM_NEO4J_PASSWORD" in told(links[2])[0]
    assert SECRET not in repr(links)


@pytest.mark.usefixtures("bare_neo4j")
def test_a_schema_that_is_missing_is_applied_by_its_fix(place: Access) -> None:
    place.wipe_schema()
    assert told(link("schema", place.url))[1] == f"graphmem schema apply --url {place.url}"
    settings = Settings(neo4j_user=place.user, neo4j_password=place.password)
    schema = open_schema(place.url, settings)
    schema.apply()
    schema.close()
    assert link("schema", place.url).health is LinkHealth.OK


@pytest.fixture
def newer(place: Access) -> Iterator[str]:
    """The URL of a database that a later release migrated."""
    with place.driver() as driver:
        driver.execute_query("CREATE (:GraphmemSchema {version: 99, checksum: 'x'})")
        yield place.url
        driver.execute_query("MATCH (s:GraphmemSchema {version: 99}) DELETE s")


def test_a_newer_schema_of_a_server_is_told(newer: str) -> None:
    assert told(link("schema", newer))[1] == "pip install --upgrade graphmem"
    assert link("writing", newer).found == "not checked: fix schema first"


@pytest.mark.usefixtures("bare_neo4j")
def test_an_index_that_somebody_dropped_is_made_again_by_its_fix(place: Access) -> None:
    with place.driver() as driver:
        name = driver.execute_query("SHOW CONSTRAINTS YIELD name RETURN name ORDER BY name LIMIT 1").records[0]["name"]
        driver.execute_query("DROP CONSTRAINT $name", name=name)
    found, fix = told(link("schema", place.url))
    assert (f"missing {name}" in found, fix) == (True, f"graphmem schema apply --url {place.url}")
    with graphmem.open(place.url, create=True), place.driver():
        pass
    schema = open_schema(place.url, Settings(neo4j_user=place.user, neo4j_password=place.password))
    schema.apply()
    schema.close()


def test_a_vector_index_that_is_asked_for_and_missing_is_told(place: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    assert link("vector index", place.url).health is LinkHealth.OK
    monkeypatch.setenv("GRAPHMEM_VECTORS", "approximate")
    found = link("vector index", place.url)
    assert (found.health, found.fix) == (LinkHealth.WARN, f"graphmem schema vectors on --url {place.url}")


@pytest.mark.heavy
def test_a_read_only_database_is_told(own: Server, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    _log_in(access(own), monkeypatch)
    graphmem.open(own.url, create=True).close()
    own.stop()
    with start(replace(own.options, settings={"server.databases.read_only": "neo4j"})) as server:
        assert link("contents", server.url).health is LinkHealth.OK
        found, fix = told(link("writing", server.url))
    assert ("read-only" in found, "server.databases.read_only" in fix) == (True, True)


def test_a_server_that_speaks_something_else_is_told(project: Path) -> None:
    del project
    echo = Echo()
    with echo.listener:
        assert link("store", f"bolt://{ADDRESS}:{echo.port}").health is LinkHealth.BROKEN

"""The Neo4j servers that tests share: one of each release, started by the first test that asks, stopped at the end.

`GRAPHMEM_TEST_NEO4J_URL` (with `_USER` and `_PASSWORD`) names a server of the LTS release to use instead; its database
is wiped. Neo4j Community has one database, and a test looks at all of it: so of tests that run in several processes,
those that share a server run in one (tests/schedule.py), and each process that needs one has its own. Nothing is
skipped: a test without its server fails.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.places import folder_in_memory
from tests.schedule import NAMED_SERVER
from tools.neo4j_server import RELEASES, Options, Server, start

if TYPE_CHECKING:
    from neo4j import Driver

    from graphmem.adapters.neo4j.database import Login

#: Starts fast and leaves memory to the tests.
SMALL = Options(heap="1g", page_cache="128m", is_quick=True)
#: The same of the calendar release.
SMALL_CALENDAR = Options(release=RELEASES["calendar"], heap="1g", page_cache="128m", is_quick=True)

_WIPE = "MATCH (n) WHERE NOT n:GraphmemSchema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"
_WIPE_RECORD = "MATCH (s:GraphmemSchema) DELETE s"
_CONSTRAINTS = "SHOW CONSTRAINTS YIELD name RETURN name"
_INDEXES = (
    "SHOW INDEXES YIELD name, type, owningConstraint WHERE owningConstraint IS NULL AND type <> 'LOOKUP' RETURN name"
)
_DROPS = ((_CONSTRAINTS, "DROP CONSTRAINT $name IF EXISTS"), (_INDEXES, "DROP INDEX $name IF EXISTS"))


@dataclass(frozen=True, slots=True)
class Access:
    """What a client needs to know of a server."""

    url: str
    user: str
    password: str | None = field(repr=False)

    @property
    def login(self) -> Login:
        """Who we are there, as a store takes it."""
        from graphmem.adapters.neo4j.database import Login

        return Login() if self.password is None else Login(self.user, self.password)

    def driver(self) -> Driver:
        """A driver, to be closed by the caller."""
        from neo4j import GraphDatabase

        return GraphDatabase.driver(self.url, auth=None if self.password is None else (self.user, self.password))

    def wipe(self) -> None:
        """Delete every node; the schema stays: constraints, indexes, and what records them.

        A shared server has one driver for it: a connection takes several times as long as the deletion.
        """
        if self not in _wiping and self in map(access, _own.values()):
            _wiping[self] = self.driver()
        with nullcontext(_wiping[self]) if self in _wiping else self.driver() as driver, driver.session() as session:
            session.run(_WIPE).consume()

    def wipe_schema(self) -> None:
        """Delete every node, constraint and index."""
        self.wipe()
        with self.driver() as driver:
            driver.execute_query(_WIPE_RECORD)
            for listing, drop in _DROPS:
                for row in driver.execute_query(listing).records:
                    driver.execute_query(drop, name=row["name"])


_own: dict[int, Server] = {}
_wiping: dict[Access, Driver] = {}


@dataclass(slots=True)
class Sharing:
    """Whether the test that runs has declared that it needs a shared server."""

    is_declared: bool = True


#: Set before each test.
sharing = Sharing()


def neo4j_server(number: int = 0) -> Access:
    """The shared server of a release, started at the first call; tests ask for it by the fixtures of tests/conftest.py.

    Args:
        number: 0 for the LTS release, 1 for the calendar release.

    Raises:
        CannotStart: None is named and none can be started here.
        AssertionError: The test has not declared that it needs the server, and may run beside one that does.
    """
    assert sharing.is_declared, "ask for the fixture `neo4j` or `calendar`: tests/schedule.py then knows of it"
    url = os.environ.get(NAMED_SERVER)
    if url and not number:
        user = os.environ.get("GRAPHMEM_TEST_NEO4J_USER", "neo4j")
        return Access(url, user, os.environ.get("GRAPHMEM_TEST_NEO4J_PASSWORD"))
    if number not in _own:
        _own[number] = start(replace(SMALL_CALENDAR if number else SMALL, folder=folder_in_memory()))
    return access(_own[number])


def access(server: Server) -> Access:
    """How to reach a server that a test started for itself."""
    return Access(server.url, server.user, server.password)


def stop_servers() -> None:
    """Stop what was started here."""
    while _wiping:
        _wiping.popitem()[1].close()
    while _own:
        _own.popitem()[1].stop()

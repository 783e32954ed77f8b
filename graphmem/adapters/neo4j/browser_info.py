"""Reads the Neo4j Browser settings of a server, and the files that memories are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphmem.adapters.neo4j.database import Address, Database, Login
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import GraphMemError
from graphmem.model import Scope

_SETTINGS = """
SHOW SETTINGS 'server.http.advertised_address', 'server.http.enabled', 'browser.remote_content_hostname_whitelist'
YIELD name, value RETURN name, value
"""
_PATHS = """
MATCH (f:File {tenant: $p.tenant})<-[:ABOUT]-(m:Memory)
WHERE m.user IS NULL AND ($p.repo IS NULL OR coalesce(f.repo, m.repo, $p.repo) = $p.repo)
RETURN DISTINCT f.name AS path ORDER BY path LIMIT 10000
"""


@dataclass(frozen=True, slots=True)
class BrowserInfo:
    """Facts for a Neo4j Browser guide.

    Attributes:
        settings: The server's Browser settings; empty if the login may not read them.
        paths: Files that shared memories of the tenant are about, sorted.
    """

    settings: Mapping[str, str]
    paths: Sequence[str]


def browser_info(address: Address, login: Login, reader: Scope, *, patience_s: float) -> BrowserInfo:
    """Read the facts from a server, within a time limit.

    Raises:
        StoreUnavailable: The server cannot be reached, or refuses the login.
    """
    database = Database(address, login, patience_s=patience_s)
    try:
        database.verify()
        records = database.records(_PATHS, {"tenant": reader.tenant, "repo": reader.repo})
        return BrowserInfo(_settings(database), [record["path"] for record in records])
    finally:
        database.close()


def _settings(database: Database) -> dict[str, str]:
    """Return the Browser settings; empty if the login may not read them, as on Aura."""
    try:
        return {record["name"]: str(record["value"]) for record in database.run_alone(_SETTINGS)}
    except GraphMemError:
        return {}

"""What a server tells about its Neo4j Browser, and which files memories are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphmem.adapters.neo4j.connecting import Address, Link, Login
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
class Browsed:
    """What a server told.

    Attributes:
        settings: Those about its Browser; empty if it does not tell us.
        paths: Files that shared memories of a tenant are about.
    """

    settings: Mapping[str, str]
    paths: Sequence[str]


def ask(address: Address, login: Login, reader: Scope, *, patience_s: float) -> Browsed:
    """Ask a server.

    Raises:
        StoreUnavailable: It cannot be reached, or refuses the login.
    """
    link = Link(address, login, patience_s=patience_s)
    try:
        link.verify()
        found = link.records(_PATHS, {"tenant": reader.tenant, "repo": reader.repo})
        return Browsed(_settings(link), [row["path"] for row in found])
    finally:
        link.close()


def _settings(link: Link) -> dict[str, str]:
    """Empty where only some may see them, as on Aura."""
    try:
        return {row["name"]: str(row["value"]) for row in link.run_alone(_SETTINGS)}
    except GraphMemError:
        return {}

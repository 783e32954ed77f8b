"""Ids by how they begin, and the repositories that there are."""

from __future__ import annotations

from itertools import islice

import apsw

from graphmem.adapters.sqlite import reading
from graphmem.adapters.sqlite.values import Tenant
from graphmem.model import Scope, may_see_in

_BEGINNING = """
    SELECT id, home FROM memory WHERE id >= ?1 AND id < ?2 AND tenant = ?3 AND statement IS NOT NULL
    ORDER BY id LIMIT ?4
"""
#: So many ids are looked through for those that the reader sees.
_MOST_READ = 10_000
_LAST_CHARACTER = "\U0010ffff"


def ids_beginning(connection: apsw.Connection, tenant: Tenant, reader: Scope, prefix: str, limit: int) -> list[str]:
    """Ids of live memories that begin so and whose home the reader admits."""
    homes = reading.homes(connection, tenant)
    asked = (prefix, prefix + _LAST_CHARACTER, tenant.number, _MOST_READ)
    found = (key for key, home in connection.execute(_BEGINNING, asked) if reader.admits(homes[home]))
    return list(islice(found, max(limit, 0)))


def repositories(connection: apsw.Connection, tenant: Tenant, reader: Scope) -> list[str]:
    """Repositories with memories that the reader would see from there."""
    homes = reading.homes(connection, tenant).values()
    return sorted({home.repo for home in homes if home.repo is not None and may_see_in(reader, home)})

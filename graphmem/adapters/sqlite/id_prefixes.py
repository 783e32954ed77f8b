"""Lookup of ids by prefix, and the list of repositories."""

from __future__ import annotations

from itertools import islice

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.model import Scope, may_see_in

_BEGINNING = """
    SELECT id, home FROM memory WHERE id >= ?1 AND id < ?2 AND tenant = ?3 AND statement IS NOT NULL
    ORDER BY id LIMIT ?4
"""
#: At most this many ids are tested for whether the reader sees them.
_MOST_READ = 10_000
_LAST_CHARACTER = "\U0010ffff"


def ids_beginning(snapshot: Snapshot, reader: Scope, prefix: str, limit: int) -> list[str]:
    """Return ids of live memories with the prefix that the reader sees, sorted."""
    homes = snapshot.homes()
    parameters = (prefix, prefix + _LAST_CHARACTER, snapshot.tenant.number, _MOST_READ)
    visible = (
        memory_id
        for memory_id, home in snapshot.connection.execute(_BEGINNING, parameters)
        if reader.admits(homes[home])
    )
    return list(islice(visible, max(limit, 0)))


def repositories(snapshot: Snapshot, reader: Scope) -> list[str]:
    """Return the sorted repositories with memories that a reader in them would see."""
    homes = snapshot.homes().values()
    return sorted({home.repo for home in homes if home.repo is not None and may_see_in(reader, home)})

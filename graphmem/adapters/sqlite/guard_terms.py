"""Memories by the terms of guard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.model import Scope

_BY_TERM = """
    SELECT DISTINCT memory.number, memory.id, memory.home
    FROM json_each(?1) AS wanted
    CROSS JOIN guard_term ON guard_term.tenant = ?2 AND guard_term.term = wanted.value
    CROSS JOIN memory ON memory.number = guard_term.memory
    ORDER BY memory.number DESC
"""

_EVERY_TERM = "SELECT DISTINCT term FROM guard_term WHERE tenant = ? ORDER BY term"


def every_term(snapshot: Snapshot) -> list[str]:
    """Return the distinct terms of a tenant, sorted."""
    return [str(term) for (term,) in snapshot.connection.execute(_EVERY_TERM, (snapshot.tenant.number,))]


def guarding(snapshot: Snapshot, reader: Scope, terms: Sequence[str], limit: int) -> list[str]:
    """Return ids of memories that have any of the terms and that the reader sees, last recorded first."""
    homes = snapshot.homes()
    wanted = json.dumps(list(dict.fromkeys(terms)))
    rows = snapshot.connection.execute(_BY_TERM, (wanted, snapshot.tenant.number))
    return list(islice((memory_id for _, memory_id, home in rows if reader.admits(homes[home])), max(limit, 0)))

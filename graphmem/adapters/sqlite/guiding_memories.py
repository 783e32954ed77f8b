"""Lookup of the memories that may govern work on files: mandatory memories, and memories with file anchors."""

from __future__ import annotations

import json
from collections.abc import Sequence

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import rowid_of
from graphmem.model import Scope

# The statement is JSON without spaces; quotes inside its texts are escaped, so they cannot form the member.
_MANDATORY = """
    SELECT id, home FROM memory WHERE number > ?1 AND number <= ?2 AND instr(statement, '"is_mandatory":true')
"""
_ANCHORED = """
    SELECT DISTINCT memory.id, home FROM anchor CROSS JOIN about ON about.anchor = anchor.number
    CROSS JOIN memory ON memory.number = about.memory
    WHERE anchor.kind = 'file' AND statement IS NOT NULL AND about.memory > ?1 AND about.memory <= ?2
      AND (instr(name, '*') OR instr(name, '?') OR name IN (SELECT value FROM json_each(?3)))
"""


def guiding(snapshot: Snapshot, reader: Scope, names: Sequence[str]) -> list[str]:
    """Return ids of live memories that are mandatory, or whose file anchors have those names or wildcards, sorted."""
    tenant = snapshot.tenant
    homes = snapshot.admitted(reader)
    low, high = rowid_of(tenant.number, 0), rowid_of(tenant.number, tenant.seq)
    rows = [*snapshot.connection.execute(_MANDATORY, (low, high))]
    listed = json.dumps([name for name in names if "\0" not in name], ensure_ascii=False)
    rows += snapshot.connection.execute(_ANCHORED, (low, high, listed))
    return sorted({str(memory_id) for memory_id, home in rows if home in homes})

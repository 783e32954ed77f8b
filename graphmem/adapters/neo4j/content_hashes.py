"""Content hashes of stored memories, computed again where the way to compute them has changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.neo4j import reading
from graphmem.statement_json import encode_statement

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.connecting import Link

_PAGE = 500
_STATEMENTS = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.statement IS NOT NULL
RETURN m.seq AS seq, m.statement AS statement ORDER BY m.seq LIMIT $p.limit
"""
# A memory that was erased in the meantime gets nothing back.
_WRITE = """
UNWIND $p.hashes AS x MATCH (m:Memory {tenant: $p.tenant, seq: x[0]}) WHERE m.statement IS NOT NULL
SET m.content_hash = x[1], m.statement = x[2]
"""


def recompute(link: Link) -> None:
    """Write the content hash of every memory that has a statement; may be repeated at any time."""
    link = link.unhurried()
    for tenant in reading.tenants(link):
        after = 0
        while page := link.records(_STATEMENTS, {"tenant": tenant, "after": after, "limit": _PAGE}):
            after = page[-1]["seq"]
            read = [(one["seq"], readable_statement(one["statement"])) for one in page]
            hashes = [[seq, one.content_hash, encode_statement(one)] for seq, one in read if one is not None]
            link.write(partial(_write, {"tenant": tenant, "hashes": hashes}))


def _write(parameters: dict[str, Any], tx: ManagedTransaction) -> None:
    tx.run(_WRITE, p=parameters).consume()

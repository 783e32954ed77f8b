"""Reads the ledger: a tenant's head, its sealed entries, and the changes in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.values import END, LedgerHead, entry_of, head_of, micros_of
from graphmem.errors import CorruptStore
from graphmem.instants import from_micros
from graphmem.ledger import GENESIS, Entry, change_of
from graphmem.model import Change
from graphmem.store import Position
from graphmem.temporal.operations import MARKS

if TYPE_CHECKING:
    from neo4j import Record

    from graphmem.adapters.neo4j.database import Database

_HEAD_RECORDED_AT, _CHANGE_RECORDED_AT = micros_of("l.recorded_at"), micros_of("c.recorded_at")
#: Of a ledger node `l`: microseconds; no entry may be recorded at or before this time. Null before the first `pin`.
ANSWERED_TO = micros_of("l.answered_to")
#: The list that `head_of` reads, of a ledger node `l`.
HEAD_FIELDS = f"""[l.seq, {_HEAD_RECORDED_AT}, l.hash, l.key, l.documents, l.tokens, l.vectors, l.epoch,
  l.is_restoring, {ANSWERED_TO}]"""
#: Types of the relationships from a ledger entry to the memories that it names or changes.
ABOUT = "|".join(("RECORDED", "MOVED", *MARKS))
#: The list that `entry_of` reads, of a ledger entry `c`.
CHANGE_FIELDS = f"[c.seq, {_CHANGE_RECORDED_AT}, c.op_id, c.body, c.salt, c.digest, c.commitment, c.hash]"

#: Of a tenant: a list with the ledger position of its last entry about code; empty if there is none.
LAST_READING = """COLLECT { MATCH (r:Change) WHERE r.tenant = $p.tenant AND r.mainline_of >= ''
  RETURN r.seq ORDER BY r.seq DESC LIMIT 1 }"""

#: Memories that a migration step reads at once.
_PAGE = 500
_HEAD = f"MATCH (l:Ledger {{tenant: $p.tenant}}) RETURN {HEAD_FIELDS} AS head"
_TENANTS = "MATCH (l:Ledger) RETURN l.tenant AS tenant ORDER BY tenant"
_ENTRIES = f"""
MATCH (c:Change) WHERE c.tenant = $p.tenant AND c.seq > $p.after AND c.seq <= $p.last
RETURN {CHANGE_FIELDS} AS entry ORDER BY c.seq LIMIT $p.limit
"""
_HASH_AT = "MATCH (c:Change {tenant: $p.tenant, seq: $p.seq}) RETURN c.hash AS hash"
_BY_OP_ID = f"MATCH (c:Change {{tenant: $p.tenant, op_id: $p.op_id}}) RETURN {CHANGE_FIELDS} AS entry"
_OF_MEMORY = f"""
MATCH (m:Memory {{tenant: $p.tenant, id: $p.id}})
MATCH (c:Change)-[:{ABOUT}]->(m)
WITH DISTINCT c RETURN {CHANGE_FIELDS} AS entry ORDER BY c.seq
"""
_READINGS = f"""
MATCH (c:Change {{tenant: $p.tenant, mainline_of: $p.repo}}) WHERE c.seq > $p.after
RETURN {CHANGE_FIELDS} AS entry ORDER BY c.seq
"""
_LAST = f"""
MATCH (l:Ledger {{tenant: $p.tenant}}) WHERE l.seq > 0
RETURN l.seq AS seq, {_HEAD_RECORDED_AT} AS recorded_at, {LAST_READING} AS last_reading
"""
LAST_BEFORE = f"""
MATCH (c:Change) WHERE c.tenant = $p.tenant AND c.recorded_at <= $p.moment
RETURN c.seq AS seq, {_CHANGE_RECORDED_AT} AS recorded_at ORDER BY c.recorded_at DESC LIMIT 1
"""
_PAGE = 1_000


def head(database: Database, tenant: str) -> LedgerHead:
    """Return the tenant's head; its `seq` is 0 before the first entry."""
    records = database.records(_HEAD, {"tenant": tenant})
    return head_of(tenant, records[0]["head"] if records else None)


def tenants(database: Database) -> list[str]:
    """Return every tenant with a ledger node, even without entries, sorted."""
    return [record["tenant"] for record in database.records(_TENANTS, {})]


def statement_pages(
    database: Database, query: str, key: Callable[[Record], int] = itemgetter("seq"), **parameters: object
) -> Iterator[tuple[str, list[Record]]]:
    """Yield each tenant's memories, page by page, for a migration step that writes a page before it takes the next.

    Args:
        database: A database for long reads.
        query: Returns the memories of `$p.tenant` after the ledger position `$p.after`, at most `$p.limit`, in order.
        key: Returns the ledger position of a record.
        parameters: Further parameters of the query.
    """
    for tenant in tenants(database):
        after = 0
        while page := database.records(query, {"tenant": tenant, "after": after, "limit": _PAGE, **parameters}):
            after = key(page[-1])
            yield tenant, page


def entries(database: Database, tenant: str, *, after: int = 0, last: int | None = None) -> Iterator[Entry]:
    """Yield the sealed entries past a ledger position in order, read page by page."""
    end, seq = head(database, tenant).seq if last is None else last, max(after, 0)
    previous = GENESIS
    if seq:
        records = database.records(_HASH_AT, {"tenant": tenant, "seq": seq})
        previous = records[0]["hash"] if records else GENESIS
    while seq < end:
        page = database.records(_ENTRIES, {"tenant": tenant, "after": seq, "last": end, "limit": _PAGE})
        for record in page:
            entry = entry_of(record["entry"], previous)
            previous, seq = entry.hash, entry.seq
            yield entry
        if len(page) < _PAGE:
            return


def changes(database: Database, tenant: str, *, after: int, limit: int) -> list[Change]:
    """Return the changes past a ledger position, in order."""
    parameters = {"tenant": tenant, "after": after, "last": END, "limit": max(limit, 0)}
    return changes_in(database.records(_ENTRIES, parameters))


def change_by_op_id(database: Database, tenant: str, op_id: str) -> Change | None:
    """Return the change with an `op_id`; None if the tenant has no entry with it."""
    return next(iter(changes_in(database.records(_BY_OP_ID, {"tenant": tenant, "op_id": op_id}))), None)


def changes_of(database: Database, tenant: str, memory_id: str) -> list[Change]:
    """Return the changes that name a memory or revoke a change that does, in order."""
    return changes_in(database.records(_OF_MEMORY, {"tenant": tenant, "id": memory_id}))


def readings(database: Database, tenant: str, repo: str | None, after: int) -> list[Change]:
    """Return the readings of a repository's mainline after a ledger position, in order."""
    return changes_in(database.records(_READINGS, {"tenant": tenant, "repo": repo or "", "after": after}))


def position(database: Database, tenant: str, instant: datetime | None) -> Position:
    """Return the position of the last entry recorded at or before an instant; None means the last of all."""
    parameters = {"tenant": tenant, "moment": instant}
    records = database.records(_LAST if instant is None else LAST_BEFORE, parameters)
    last_position = position_of(records[0] if records else None)
    if instant is not None:
        return last_position
    return replace(last_position, last_reading=next(iter(records[0]["last_reading"]), 0) if records else 0)


def position_of(record: Record | None) -> Position:
    """Return the position in a record of `LAST_BEFORE`."""
    return Position(0, None) if record is None else Position(record["seq"], from_micros(record["recorded_at"]))


def unchained_entry(fields: list[object]) -> Entry:
    """Return an entry from `CHANGE_FIELDS` without looking up the hash of the entry before it."""
    return entry_of(fields, GENESIS)


def changes_in(records: Iterable[Record]) -> list[Change]:
    """Return the changes in the entries of records.

    Raises:
        CorruptStore: An entry has no body.
    """
    changes: list[Change] = []
    for record in records:
        if record["entry"][3] is None:
            raise CorruptStore(f"ledger entry {record['entry'][0]} has no body; restore the store from an export")
        changes.append(change_of(unchained_entry(record["entry"])))
    return changes

"""Queries for tenants, homes, branches and ledger entries, inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import apsw

from graphmem.adapters.sqlite.row_cache import RowCache
from graphmem.adapters.sqlite.values import (
    Row,
    Tenant,
    branch_row,
    entry_of,
    home_of,
    rowid_of,
    seq_of,
)
from graphmem.errors import CorruptStore
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import GENESIS, Entry, change_of
from graphmem.model import Change, Scope
from graphmem.rows import BranchRow
from graphmem.store import Position
from graphmem.temporal.lineage import openings
from graphmem.temporal.operations import about

_TENANT = (
    "SELECT number, name, key, seq, recorded_at, head, documents, tokens, vectors, epoch, answered_to, loose"
    " FROM tenant WHERE name = ?"
)
_BRANCHES = "SELECT key, parent, opened, closed, is_merged FROM branch WHERE tenant = ?"
_NUMBER = "SELECT id, number FROM memory WHERE id = ?1 AND tenant = ?2"
_NUMBERS = """
    SELECT memory.id, number FROM json_each(?1) AS wanted CROSS JOIN memory ON memory.id = wanted.value AND tenant = ?2
"""
_WITH_CONTENT = "SELECT number FROM memory WHERE content = ? AND tenant = ?"
_HOMES = "SELECT number, scope FROM home WHERE tenant = ?"

_ENTRY_BY_OP_ID = "SELECT place FROM entry WHERE op_id = ? AND tenant = ?"
_ENTRY = "SELECT place, recorded_at, op_id, body, salt, digest, commitment, hash FROM entry WHERE place = ?"
_ENTRIES = (
    "SELECT place, recorded_at, op_id, body, salt, digest, commitment, hash FROM entry"
    " WHERE place > ? AND place <= ? ORDER BY place LIMIT ?"
)
_READINGS = """
    SELECT place, entry.recorded_at, op_id, body, salt, digest, commitment, hash
    FROM reading CROSS JOIN entry ON place = reading.tenant * 1099511627776 + seq
    WHERE reading.tenant = ?1 AND repo = ?2 AND seq > ?3 ORDER BY seq
"""
_LAST_READING = "SELECT max(seq) FROM reading WHERE tenant = ?"
_PREVIOUS = "SELECT hash FROM entry WHERE place = ?"
_RECORDED_AT = "SELECT recorded_at FROM entry WHERE place = ?"
_TOUCHES = "SELECT seq FROM touch WHERE memory = ? ORDER BY seq"
_ON_BRANCH = "SELECT place FROM entry WHERE tenant = ? AND branch = ? ORDER BY place"


def tenant_of(connection: apsw.Connection, name: str) -> Tenant:
    """Return the tenant's row; number 0 if nothing was ever written for it."""
    row = connection.execute(_TENANT, (name,)).fetchone()
    return Tenant(*row) if row else Tenant(0, name, "", 0, None, GENESIS, 0, 0, 0, 0)


def branches(connection: apsw.Connection, tenant: Tenant) -> dict[str, BranchRow]:
    """Return every branch of the tenant by its key."""
    return {row[0]: branch_row(row) for row in connection.execute(_BRANCHES, (tenant.number,))}


def homes(connection: apsw.Connection, tenant: Tenant, cache: RowCache | None = None) -> dict[int, Scope]:
    """Return every home of the tenant by its number, without branches."""
    if cache is not None and cache.homes:
        return cache.homes
    rows = connection.execute(_HOMES, (tenant.number,))
    by_number = {number: home_of(tenant.name, text) for number, text in rows}
    if cache is not None:
        cache.homes = by_number
    return by_number


def admitted(connection: apsw.Connection, tenant: Tenant, reader: Scope, cache: RowCache) -> frozenset[int]:
    """Return the numbers of the homes that a reader sees."""
    visible = cache.admitted.get(reader)
    if visible is None:
        all_homes = homes(connection, tenant, cache)
        visible = frozenset([number for number, home in all_homes.items() if reader.admits(home)])
        cache.admitted[reader] = visible
    return visible


def numbers(connection: apsw.Connection, tenant: Tenant, ids: Iterable[str]) -> list[int]:
    """Return the numbers of the memories that exist, in the order of the ids."""
    return list(numbers_by_id(connection, tenant, ids).values())


def numbers_by_id(connection: apsw.Connection, tenant: Tenant, ids: Iterable[str]) -> dict[str, int]:
    """Return the number of each memory that exists, in the order of the ids."""
    distinct = list(dict.fromkeys(ids))
    # SQLite's JSON truncates strings at a NUL character.
    single = distinct if len(distinct) == 1 else [memory_id for memory_id in distinct if "\0" in memory_id]
    rows = [row for memory_id in single for row in connection.execute(_NUMBER, (memory_id, tenant.number))]
    if len(distinct) > len(single):
        listed = json.dumps([memory_id for memory_id in distinct if "\0" not in memory_id], ensure_ascii=False)
        rows += connection.execute(_NUMBERS, (listed, tenant.number))
    by_id = {str(memory_id): int(str(number)) for memory_id, number in rows}
    return {memory_id: by_id[memory_id] for memory_id in distinct if memory_id in by_id}


def with_content(connection: apsw.Connection, tenant: Tenant, content: int | None) -> list[int]:
    """Return the numbers of memories with this content number."""
    return [int(number) for (number,) in connection.execute(_WITH_CONTENT, (content, tenant.number))]


# ---- the ledger


def change_at(connection: apsw.Connection, tenant: Tenant, seq: int) -> Change | None:
    """Return the change at a ledger position; None if there is none."""
    if not 1 <= seq <= tenant.seq:
        return None
    row = connection.execute(_ENTRY, (rowid_of(tenant.number, seq),)).fetchone()
    return None if row is None else change_of(entry_of(row, GENESIS))


def change_by_op_id(connection: apsw.Connection, tenant: Tenant, op_id: str) -> Change | None:
    """Return the change with an `op_id`; None if there is none."""
    rowid = connection.execute(_ENTRY_BY_OP_ID, (op_id, tenant.number)).get
    return None if rowid is None else change_at(connection, tenant, seq_of(int(str(rowid))))


def entry_at(connection: apsw.Connection, rowid: int) -> Entry:
    """Return the sealed entry with a row number."""
    row = connection.execute(_ENTRY, (rowid,)).fetchone()
    if row is None:
        raise CorruptStore(f"ledger entry {seq_of(rowid)} is missing; restore the store from a backup or an export")
    previous = connection.execute(_PREVIOUS, (rowid - 1,)).get
    return entry_of(row, GENESIS if seq_of(rowid) == 1 or previous is None else bytes(previous))


def entries(connection: apsw.Connection, tenant: Tenant, after: int, limit: int = -1) -> Iterator[Entry]:
    """Yield the sealed entries after a ledger position, in order."""
    if after >= tenant.seq or not tenant.number:
        return
    low, high = rowid_of(tenant.number, max(after, 0)), rowid_of(tenant.number, tenant.seq)
    previous: bytes | str = GENESIS
    if after > 0:
        previous = bytes(connection.execute(_PREVIOUS, (low,)).get or b"")
    for row in connection.execute(_ENTRIES, (low, high, limit)):
        entry = entry_of(row, previous)
        previous = entry.hash
        yield entry


def readings(connection: apsw.Connection, tenant: Tenant, repo: str | None, after: int) -> list[Change]:
    """Return the readings of a repository's mainline after a ledger position, in order."""
    rows = connection.execute(_READINGS, (tenant.number, repo or "", after))
    return [change_of(entry_of(row, GENESIS)) for row in rows]


def last_reading(connection: apsw.Connection, tenant: Tenant) -> int:
    """Return the ledger position of the tenant's last entry about code; 0 if there is none."""
    return int(str(connection.execute(_LAST_READING, (tenant.number,)).get or 0))


def position(connection: apsw.Connection, tenant: Tenant, moment: datetime | None) -> Position:
    """Return the last entry at or before a moment, by binary search: recorded times rise with positions."""
    low, high = 0, tenant.seq
    if moment is not None:
        micros = to_micros(moment)
        while low < high:
            middle = (low + high + 1) // 2
            at = connection.execute(_RECORDED_AT, (rowid_of(tenant.number, middle),)).get
            low, high = (middle, high) if at is not None and int(at) <= micros else (low, middle - 1)
    if not high:
        return Position(0, None, None if moment is not None else 0)
    at = connection.execute(_RECORDED_AT, (rowid_of(tenant.number, high),)).get
    if at is None:
        raise CorruptStore(f"ledger entry {high} is missing; restore the store from a backup or an export")
    return Position(high, from_micros(int(at)), None if moment is not None else last_reading(connection, tenant))


def changes_of(connection: apsw.Connection, tenant: Tenant, memory: int) -> list[Change]:
    """Return the changes that name a memory, or revoke a change that does, in ledger order."""
    seqs = [seq_of(memory), *(seq for (seq,) in connection.execute(_TOUCHES, (memory,)))]
    changes = (change_at(connection, tenant, seq) for seq in seqs)
    return [change for change in changes if change is not None]


def touched_by(connection: apsw.Connection, tenant: Tenant, changes: Iterable[Change]) -> list[int]:
    """Return the numbers of the memories that changes name; for a revoke, those of the revoked change."""
    ids: dict[str, None] = {}
    for change in changes:
        ids.update(dict.fromkeys(about(change.operation, lambda seq: change_at(connection, tenant, seq))))
    return numbers(connection, tenant, ids)


def touched_on_branch(
    connection: apsw.Connection, tenant: Tenant, branches_by_key: Mapping[str, BranchRow], key: str
) -> list[int]:
    """Return the numbers of the memories named by entries on any opening of a branch, or on a branch below it."""
    keys = [row.key for row in openings(branches_by_key, key)]
    seen = set(keys)
    for parent in keys:
        below = [child.key for child in branches_by_key.values() if child.parent == parent and child.key not in seen]
        keys += below
        seen.update(below)
    rowids: list[int] = []
    for branch_key in keys:
        on_branch: list[Row] = connection.execute(_ON_BRANCH, (tenant.number, branch_key)).fetchall()
        rowids += [rowid for (rowid,) in on_branch]
    return touched_by(connection, tenant, (change_of(entry_at(connection, rowid)) for rowid in rowids))

"""Rows and ledger entries, read under one transaction of the caller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import apsw

from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.values import (
    Row,
    Tenant,
    branch_row,
    entry_of,
    home_of,
    place_of,
    seq_of,
)
from graphmem.errors import CorruptStore
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import GENESIS, Entry, change_of
from graphmem.model import Change, Propose, Revoke, Scope
from graphmem.rows import BranchRow
from graphmem.store import Position
from graphmem.temporal.planning import touched

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

_PLACE_BY_OP_ID = "SELECT place FROM entry WHERE op_id = ? AND tenant = ?"
_ENTRY = "SELECT place, recorded_at, op_id, body, salt, digest, commitment, hash FROM entry WHERE place = ?"
_ENTRIES = (
    "SELECT place, recorded_at, op_id, body, salt, digest, commitment, hash FROM entry"
    " WHERE place > ? AND place <= ? ORDER BY place LIMIT ?"
)
_PREVIOUS = "SELECT hash FROM entry WHERE place = ?"
_RECORDED_AT = "SELECT recorded_at FROM entry WHERE place = ?"
_TOUCHES = "SELECT seq FROM touch WHERE memory = ? ORDER BY seq"
_ON_BRANCH = "SELECT place FROM entry WHERE tenant = ? AND branch = ? ORDER BY place"


def tenant_of(connection: apsw.Connection, name: str) -> Tenant:
    """The tenant's row; one with number 0 if nothing was ever written for it."""
    row = connection.execute(_TENANT, (name,)).fetchone()
    return Tenant(*row) if row else Tenant(0, name, "", 0, None, GENESIS, 0, 0, 0, 0)


def branches(connection: apsw.Connection, tenant: Tenant) -> dict[str, BranchRow]:
    """Every branch of the tenant."""
    return {row[0]: branch_row(row) for row in connection.execute(_BRANCHES, (tenant.number,))}


def homes(connection: apsw.Connection, tenant: Tenant, known: Remembered | None = None) -> dict[int, Scope]:
    """Every place where a memory of the tenant lives, branches aside."""
    if known is not None and known.homes:
        return known.homes
    rows = connection.execute(_HOMES, (tenant.number,))
    found = {number: home_of(tenant.name, text) for number, text in rows}
    if known is not None:
        known.homes = found
    return found


def admitted(connection: apsw.Connection, tenant: Tenant, reader: Scope, known: Remembered) -> frozenset[int]:
    """Numbers of the homes that a reader sees."""
    found = known.admitted.get(reader)
    if found is None:
        every = homes(connection, tenant, known)
        found = frozenset([number for number, home in every.items() if reader.admits(home)])
        known.admitted[reader] = found
    return found


def numbers(connection: apsw.Connection, tenant: Tenant, ids: Iterable[str]) -> list[int]:
    """Numbers of those memories that there are."""
    return list(numbers_by_id(connection, tenant, ids).values())


def numbers_by_id(connection: apsw.Connection, tenant: Tenant, ids: Iterable[str]) -> dict[str, int]:
    """The number of each of those memories that there are, in the order of the ids."""
    wanted = list(dict.fromkeys(ids))
    # SQLite's JSON cuts texts off at a NUL character.
    alone = wanted if len(wanted) == 1 else [key for key in wanted if "\0" in key]
    rows = [row for key in alone for row in connection.execute(_NUMBER, (key, tenant.number))]
    if len(wanted) > len(alone):
        some = json.dumps([key for key in wanted if "\0" not in key], ensure_ascii=False)
        rows += connection.execute(_NUMBERS, (some, tenant.number))
    found = {str(key): int(str(number)) for key, number in rows}
    return {key: found[key] for key in wanted if key in found}


def with_content(connection: apsw.Connection, tenant: Tenant, content: int | None) -> list[int]:
    """Numbers of memories whose content hash starts so."""
    return [int(number) for (number,) in connection.execute(_WITH_CONTENT, (content, tenant.number))]


# ---- the ledger


def change_at(connection: apsw.Connection, tenant: Tenant, seq: int) -> Change | None:
    """The ledger entry at a position; None if there is none."""
    if not 1 <= seq <= tenant.seq:
        return None
    row = connection.execute(_ENTRY, (place_of(tenant.number, seq),)).fetchone()
    return None if row is None else change_of(entry_of(row, GENESIS))


def change_by_op_id(connection: apsw.Connection, tenant: Tenant, op_id: str) -> Change | None:
    """The ledger entry of an `op_id`; None if it was never used."""
    place = connection.execute(_PLACE_BY_OP_ID, (op_id, tenant.number)).get
    return None if place is None else change_at(connection, tenant, seq_of(int(str(place))))


def entry_at(connection: apsw.Connection, place: int) -> Entry:
    """The sealed entry at a place that is known to hold one."""
    row = connection.execute(_ENTRY, (place,)).fetchone()
    if row is None:
        raise CorruptStore(f"ledger entry {seq_of(place)} is missing; restore the store from a backup or an export")
    previous = connection.execute(_PREVIOUS, (place - 1,)).get
    return entry_of(row, GENESIS if seq_of(place) == 1 or previous is None else bytes(previous))


def entries(connection: apsw.Connection, tenant: Tenant, after: int, limit: int = -1) -> Iterator[Entry]:
    """Sealed entries in order, those past a position."""
    if after >= tenant.seq or not tenant.number:
        return
    low, high = place_of(tenant.number, max(after, 0)), place_of(tenant.number, tenant.seq)
    previous: bytes | str = GENESIS
    if after > 0:
        previous = bytes(connection.execute(_PREVIOUS, (low,)).get or b"")
    for row in connection.execute(_ENTRIES, (low, high, limit)):
        entry = entry_of(row, previous)
        previous = entry.hash
        yield entry


def position(connection: apsw.Connection, tenant: Tenant, moment: datetime | None) -> Position:
    """The last entry at or before a moment: recorded times rise with positions, so halving finds it."""
    low, high = 0, tenant.seq
    if moment is not None:
        micros = to_micros(moment)
        while low < high:
            middle = (low + high + 1) // 2
            at = connection.execute(_RECORDED_AT, (place_of(tenant.number, middle),)).get
            low, high = (middle, high) if at is not None and int(at) <= micros else (low, middle - 1)
    if not high:
        return Position(0, None)
    at = connection.execute(_RECORDED_AT, (place_of(tenant.number, high),)).get
    if at is None:
        raise CorruptStore(f"ledger entry {high} is missing; restore the store from a backup or an export")
    return Position(high, from_micros(int(at)))


def changes_of(connection: apsw.Connection, tenant: Tenant, memory: int) -> list[Change]:
    """Entries that name a memory or revoke one that does, in order."""
    seqs = [seq_of(memory), *(seq for (seq,) in connection.execute(_TOUCHES, (memory,)))]
    found = (change_at(connection, tenant, seq) for seq in seqs)
    return [change for change in found if change is not None]


def touched_by(connection: apsw.Connection, tenant: Tenant, changes: Iterable[Change]) -> list[int]:
    """Numbers of the memories that entries name, or, for a revoke, that the undone entry names."""
    keys: dict[str, None] = {}
    for change in changes:
        operation = change.operation
        if isinstance(operation, Propose):
            operation = operation.asked
        if isinstance(operation, Revoke):
            target = change_at(connection, tenant, operation.change)
            operation = operation if target is None else target.operation
        keys.update(dict.fromkeys(touched(operation)))
    return numbers(connection, tenant, keys)


def touched_on_branch(
    connection: apsw.Connection, tenant: Tenant, known: Mapping[str, BranchRow], key: str
) -> list[int]:
    """Numbers of the memories that entries on a branch name, and on all branches under it."""
    wanted, seen = [key], {key}
    for parent in wanted:
        below = [child.key for child in known.values() if child.parent == parent and child.key not in seen]
        wanted += below
        seen.update(below)
    places: list[int] = []
    for each in wanted:
        on_branch: list[Row] = connection.execute(_ON_BRANCH, (tenant.number, each)).fetchall()
        places += [place for (place,) in on_branch]
    return touched_by(connection, tenant, (change_of(entry_at(connection, place)) for place in places))

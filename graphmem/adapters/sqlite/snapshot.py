"""`Snapshot`: a tenant within a transaction, with its homes, branches and ledger entries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Self

import apsw

from graphmem.adapters.sqlite.row_cache import LatestRowCache, RowCache
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
from graphmem.model import Change, Scope
from graphmem.rows import GENESIS, BranchRow
from graphmem.store import Position
from graphmem.temporal.lineage import openings

if TYPE_CHECKING:
    from graphmem.ledger import Entry

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


#: Tables that many stores never write to: one statement tells which of them need not be read.
_SELDOM_WRITTEN = ("superseded_by", "retraction", "confirmation", "link", "revocation")
_ARE_EMPTY = """
    SELECT NOT EXISTS (SELECT 1 FROM superseded_by), NOT EXISTS (SELECT 1 FROM retraction),
      NOT EXISTS (SELECT 1 FROM confirmation), NOT EXISTS (SELECT 1 FROM link), NOT EXISTS (SELECT 1 FROM revocation)
"""


class Snapshot:
    """A tenant as a transaction sees it.

    Attributes:
        connection: The connection, inside the transaction.
        tenant: The tenant's row; number 0 if nothing was ever written for it.
    """

    __slots__ = ("_cache", "_latest", "connection", "tenant")

    def __init__(self, connection: apsw.Connection, tenant: Tenant, latest: LatestRowCache | None = None) -> None:
        self.connection = connection
        self.tenant = tenant
        self._latest = latest
        self._cache: RowCache | None = None

    @classmethod
    def of(cls, connection: apsw.Connection, name: str, latest: LatestRowCache | None = None) -> Self:
        """Read the row of the tenant with a name; `latest` has the rows that earlier transactions read."""
        row = connection.execute(_TENANT, (name,)).fetchone()
        tenant = Tenant(*row) if row else Tenant(0, name, "", 0, None, GENESIS, 0, 0, 0, 0)
        return cls(connection, tenant, latest)

    @property
    def cache(self) -> RowCache:
        """Rows of this tenant that were read before."""
        if self._cache is None:
            self._cache = RowCache() if self._latest is None else self._latest.of(self.connection, self.tenant)
        return self._cache

    @property
    def empty_tables(self) -> frozenset[str]:
        """The tables of changes without rows; none for a writer, whose transaction fills them."""
        if self._latest is None:
            return frozenset()
        cache = self.cache
        if cache.empty_tables is None:
            row = self.connection.execute(_ARE_EMPTY).fetchone() or ()
            pairs = zip(_SELDOM_WRITTEN, row, strict=True)
            cache.empty_tables = frozenset([table for table, is_empty in pairs if is_empty])
        return cache.empty_tables

    def branches(self) -> dict[str, BranchRow]:
        """Return every branch of the tenant by its key."""
        return {row[0]: branch_row(row) for row in self.connection.execute(_BRANCHES, (self.tenant.number,))}

    def homes(self) -> dict[int, Scope]:
        """Return every home of the tenant by its number, without branches."""
        cache = self.cache
        if not cache.homes:
            rows = self.connection.execute(_HOMES, (self.tenant.number,))
            cache.homes = {number: home_of(self.tenant.name, text) for number, text in rows}
        return cache.homes

    def admitted(self, reader: Scope) -> frozenset[int]:
        """Return the numbers of the homes that a reader sees."""
        visible = self.cache.admitted.get(reader)
        if visible is None:
            visible = frozenset([number for number, home in self.homes().items() if reader.admits(home)])
            self.cache.admitted[reader] = visible
        return visible

    def hidden_from(self, reader: Scope) -> frozenset[int]:
        """Return the homes of other users' private memories: their words do not count in this reader's scores."""
        hidden = self.cache.hidden.get(reader.user)
        if hidden is None:
            homes = self.homes()
            hidden = frozenset([number for number, home in homes.items() if home.user not in (None, reader.user)])
            self.cache.hidden[reader.user] = hidden
        return hidden

    def numbers(self, ids: Iterable[str]) -> list[int]:
        """Return the numbers of the memories that exist, in the order of the ids."""
        return list(self.numbers_by_id(ids).values())

    def numbers_by_id(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the number of each memory that exists, in the order of the ids."""
        distinct = list(dict.fromkeys(ids))
        # SQLite's JSON truncates strings at a NUL character.
        single = distinct if len(distinct) == 1 else [memory_id for memory_id in distinct if "\0" in memory_id]
        rows = [
            row for memory_id in single for row in self.connection.execute(_NUMBER, (memory_id, self.tenant.number))
        ]
        if len(distinct) > len(single):
            listed = json.dumps([memory_id for memory_id in distinct if "\0" not in memory_id], ensure_ascii=False)
            rows += self.connection.execute(_NUMBERS, (listed, self.tenant.number))
        by_id = {str(memory_id): int(str(number)) for memory_id, number in rows}
        return {memory_id: by_id[memory_id] for memory_id in distinct if memory_id in by_id}

    def with_content(self, content: int | None) -> list[int]:
        """Return the numbers of memories with this content number."""
        return [int(number) for (number,) in self.connection.execute(_WITH_CONTENT, (content, self.tenant.number))]

    def change_at(self, seq: int) -> Change | None:
        """Return the change at a ledger position; None if there is none."""
        if not 1 <= seq <= self.tenant.seq:
            return None
        row = self.connection.execute(_ENTRY, (rowid_of(self.tenant.number, seq),)).fetchone()
        return None if row is None else _change(entry_of(row, GENESIS))

    def change_by_op_id(self, op_id: str) -> Change | None:
        """Return the change with an `op_id`; None if there is none."""
        rowid = self.connection.execute(_ENTRY_BY_OP_ID, (op_id, self.tenant.number)).get
        return None if rowid is None else self.change_at(seq_of(int(str(rowid))))

    def entry_at(self, rowid: int) -> Entry:
        """Return the sealed entry with a row number."""
        row = self.connection.execute(_ENTRY, (rowid,)).fetchone()
        if row is None:
            raise CorruptStore(f"ledger entry {seq_of(rowid)} is missing; restore the store from a backup or an export")
        previous = self.connection.execute(_PREVIOUS, (rowid - 1,)).get
        return entry_of(row, GENESIS if seq_of(rowid) == 1 or previous is None else bytes(previous))

    def entries(self, after: int, limit: int = -1) -> Iterator[Entry]:
        """Yield the sealed entries after a ledger position, in order."""
        if after >= self.tenant.seq or not self.tenant.number:
            return
        low, high = rowid_of(self.tenant.number, max(after, 0)), rowid_of(self.tenant.number, self.tenant.seq)
        previous: bytes | str = GENESIS
        if after > 0:
            previous = bytes(self.connection.execute(_PREVIOUS, (low,)).get or b"")
        for row in self.connection.execute(_ENTRIES, (low, high, limit)):
            entry = entry_of(row, previous)
            previous = entry.hash
            yield entry

    def changes(self, after: int, limit: int = -1) -> list[Change]:
        """Return the changes after a ledger position, in order."""
        return [_change(entry) for entry in self.entries(after, limit)]

    def readings(self, repo: str | None, after: int) -> list[Change]:
        """Return the readings of a repository's mainline after a ledger position, in order."""
        rows = self.connection.execute(_READINGS, (self.tenant.number, repo or "", after))
        return [_change(entry_of(row, GENESIS)) for row in rows]

    def last_reading(self) -> int:
        """Return the ledger position of the tenant's last entry about code; 0 if there is none."""
        return int(str(self.connection.execute(_LAST_READING, (self.tenant.number,)).get or 0))

    def position(self, moment: datetime | None) -> Position:
        """Return the last entry at or before a moment, by binary search: recorded times rise with positions."""
        low, high = 0, self.tenant.seq
        if moment is not None:
            micros = to_micros(moment)
            while low < high:
                middle = (low + high + 1) // 2
                at = self.connection.execute(_RECORDED_AT, (rowid_of(self.tenant.number, middle),)).get
                low, high = (middle, high) if at is not None and int(at) <= micros else (low, middle - 1)
        if not high:
            return Position(0, None, None if moment is not None else 0)
        at = self.connection.execute(_RECORDED_AT, (rowid_of(self.tenant.number, high),)).get
        if at is None:
            raise CorruptStore(f"ledger entry {high} is missing; restore the store from a backup or an export")
        return Position(high, from_micros(int(at)), None if moment is not None else self.last_reading())

    def changes_of(self, memory: int) -> list[Change]:
        """Return the changes that name a memory, or revoke a change that does, in ledger order."""
        seqs = [seq_of(memory), *(seq for (seq,) in self.connection.execute(_TOUCHES, (memory,)))]
        changes = (self.change_at(seq) for seq in seqs)
        return [change for change in changes if change is not None]

    def touched_by(self, changes: Iterable[Change]) -> list[int]:
        """Return the numbers of the memories that changes name; for a revoke, those of the revoked change."""
        from graphmem.temporal.operations import about

        ids: dict[str, None] = {}
        for change in changes:
            ids.update(dict.fromkeys(about(change.operation, self.change_at)))
        return self.numbers(ids)

    def touched_on_branch(self, branches_by_key: Mapping[str, BranchRow], key: str) -> list[int]:
        """Return the numbers of the memories named by entries on any opening of a branch, or on a branch below it."""
        keys = [row.key for row in openings(branches_by_key, key)]
        seen = set(keys)
        for parent in keys:
            below = [
                child.key for child in branches_by_key.values() if child.parent == parent and child.key not in seen
            ]
            keys += below
            seen.update(below)
        rowids: list[int] = []
        for branch_key in keys:
            on_branch: list[Row] = self.connection.execute(_ON_BRANCH, (self.tenant.number, branch_key)).fetchall()
            rowids += [rowid for (rowid,) in on_branch]
        return self.touched_by(_change(self.entry_at(rowid)) for rowid in rowids)


def _change(entry: Entry) -> Change:
    """Return the change in a ledger entry. Most reads need no change, and the codec of entries is large."""
    from graphmem.ledger import change_of

    return change_of(entry)

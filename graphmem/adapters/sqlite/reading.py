"""Rows and ledger entries, read under one transaction of the caller."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import apsw

from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.values import (
    Row,
    Tenant,
    branch_row,
    confirm_row,
    edge_row,
    entry_of,
    holding_of,
    home_of,
    ints,
    link_row,
    memory_row,
    move_row,
    place_of,
    retract_row,
    revoke_row,
    seq_of,
)
from graphmem.errors import CorruptStore
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import GENESIS, Entry, change_of
from graphmem.model import Change, Point, Propose, Revoke, Scope
from graphmem.rows import BranchRow, MemoryRow, Rows
from graphmem.store import Position
from graphmem.temporal.planning import touched
from graphmem.temporal.spans import Spans, containing

_TENANT = (
    "SELECT number, name, key, seq, recorded_at, head, documents, tokens, vectors, epoch, answered_to"
    " FROM tenant WHERE name = ?"
)
_BRANCHES = "SELECT key, parent, opened, closed, is_merged FROM branch WHERE tenant = ?"
_NUMBER = "SELECT number FROM memory WHERE id = ? AND tenant = ?"
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

_COMPONENT = """
    WITH RECURSIVE chained (number) AS (
      SELECT value FROM json_each(?1)
      UNION SELECT edge.new FROM superseded_by AS edge JOIN chained ON edge.old = chained.number
      UNION SELECT edge.old FROM superseded_by AS edge JOIN chained ON edge.new = chained.number
    )
    SELECT number FROM chained ORDER BY number
"""
_AHEAD = """
    WITH RECURSIVE ahead (number) AS (
      SELECT value FROM json_each(?1)
      UNION SELECT edge.new FROM superseded_by AS edge JOIN ahead ON edge.old = ahead.number
    )
    SELECT number FROM ahead ORDER BY number
"""
_AMENDS = """
    SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN superseded_by ON new = wanted.value
    WHERE kind = 'amendment'
"""
_MEMORIES = """
    SELECT number, is_common, holding, home, memory.id, home_branch, branch, recorded_at, kind, origin, confidence,
      subject, statement
    FROM json_each(?1) AS wanted CROSS JOIN memory ON memory.number = wanted.value
"""
_IDS = "SELECT number, memory.id FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value"
#: When memories hold for everybody.
_HOLDING = """
    SELECT number, is_common, holding FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value
"""
#: The same of those that no entry has named since the one that recorded them.
_UNTOUCHED = """
    SELECT number, holding FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value
    WHERE is_common AND branch IS NULL AND NOT EXISTS (SELECT 1 FROM touch WHERE touch.memory = number)
"""
_MOVES = """
    SELECT memory, seq, place, status, at, ordinal, source_word, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN move ON move.memory = wanted.value
"""
_EDGES = """
    SELECT old, seq, new, kind, at, until, part, reason, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN superseded_by ON old = wanted.value ORDER BY seq, old, new
"""
_RETRACTIONS = """
    SELECT memory, seq, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN retraction ON memory = wanted.value ORDER BY seq
"""
_CONFIRMATIONS = """
    SELECT memory, seq, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN confirmation ON memory = wanted.value ORDER BY seq
"""
_LINKS = """
    SELECT source.id, target.id, link.kind, link.seq, link.recorded_at, link.branch
    FROM (
      SELECT source, seq FROM json_each(?1) AS wanted CROSS JOIN link ON source = wanted.value
      UNION SELECT source, seq FROM json_each(?1) AS wanted CROSS JOIN link ON target = wanted.value
    ) AS found
    CROSS JOIN link ON link.source = found.source AND link.seq = found.seq
    CROSS JOIN memory AS source ON source.number = link.source
    CROSS JOIN memory AS target ON target.number = link.target
    ORDER BY link.seq
"""
_REVOCATIONS = """
    SELECT change, move, seq, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN revocation ON change = wanted.value ORDER BY seq
"""


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
    # One by one: JSON and C arrays of strings both have trouble with NUL characters.
    found = (connection.execute(_NUMBER, (key, tenant.number)).get for key in ids)
    return [int(number) for number in found if number is not None]


class Ids:
    """Ids of numbered memories, each read once.

    Args:
        connection: In a read transaction.
        known: Memories that were read before.
    """

    def __init__(self, connection: apsw.Connection, known: Remembered) -> None:
        self._connection = connection
        self._known = known.memories
        self._read: dict[int, str] = {}
        #: Numbers of all ids that were asked for.
        self.numbers: dict[str, int] = {}

    def of(self, numbers: Iterable[int]) -> dict[int, str]:
        """The id of each number."""
        found: dict[int, str] = {}
        missing: list[int] = []
        for number in numbers:
            row = self._known.get(number)
            if row is not None:
                found[number] = row.memory.id
            elif number in self._read:
                found[number] = self._read[number]
            else:
                missing.append(number)
        if missing:
            read: list[Row] = self._connection.execute(_IDS, (ints(missing),)).fetchall()
            self._read.update(read)
            found.update(read)
        self.numbers.update((key, number) for number, key in found.items())
        return found


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


# ---- rows


def component(
    connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], known: Remembered | None = None
) -> Rows:
    """The rows of memories and of all that they are chained to; what is known is not read again."""
    known = Remembered() if known is None else known
    if not seeds:
        return Rows(branches=_branches_once(connection, tenant, known))
    chained = [number for (number,) in connection.execute(_COMPONENT, (ints(seeds),))]
    return _rows_of(connection, tenant, chained, known)


def alone(connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], known: Remembered) -> Rows:
    """Memories with their own moves and retractions, without anything that they are chained to."""
    return _rows_of(connection, tenant, seeds, known, is_alone=True)


def ahead(connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int]) -> Rows | None:
    """The rows of memories and of all that follows them along supersessions; None if one of those is an amendment."""
    reached = reached_ahead(connection, seeds)
    if int(str(connection.execute(_AMENDS, (ints(reached),)).get)):
        return None
    return rows_of(connection, tenant, reached)


def reached_ahead(connection: apsw.Connection, seeds: Sequence[int]) -> list[int]:
    """Numbers of memories and of all that follows them along supersessions."""
    return [number for (number,) in connection.execute(_AHEAD, (ints(seeds),))]


def rows_of(connection: apsw.Connection, tenant: Tenant, reached: Sequence[int]) -> Rows:
    """The rows of memories, as they are written at this moment."""
    return _rows_of(connection, tenant, reached, Remembered())


def _rows_of(
    connection: apsw.Connection, tenant: Tenant, chained: Sequence[int], known: Remembered, *, is_alone: bool = False
) -> Rows:
    wanted = ints(chained)
    memories = memories_of(connection, tenant, chained, known)
    ids = {number: row.memory.id for number, row in memories.items()}
    moves = tuple([move_row(row, ids) for row in connection.execute(_MOVES, (wanted,))])
    edges = () if is_alone else tuple([edge_row(row, ids) for row in connection.execute(_EDGES, (wanted,))])
    retractions = tuple([retract_row(row, ids) for row in connection.execute(_RETRACTIONS, (wanted,))])
    links = () if is_alone else tuple([link_row(row) for row in connection.execute(_LINKS, (wanted,))])
    seqs = {row.stamp.seq for group in (moves, edges, retractions, links) for row in group}
    places = ints(sorted(place_of(tenant.number, seq) for seq in seqs))
    return Rows(
        memories={row.memory.id: row for row in memories.values()},
        moves=moves,
        edges=edges,
        retractions=retractions,
        confirmations=tuple([confirm_row(row, ids) for row in connection.execute(_CONFIRMATIONS, (wanted,))]),
        links=links,
        revocations=tuple([revoke_row(row) for row in connection.execute(_REVOCATIONS, (places,))]),
        branches=_branches_once(connection, tenant, known),
    )


def _branches_once(connection: apsw.Connection, tenant: Tenant, known: Remembered) -> dict[str, BranchRow]:
    if known.branches is None:
        known.branches = branches(connection, tenant)
    return known.branches


def settled_or_whole(
    connection: apsw.Connection,
    tenant: Tenant,
    seeds: Collection[int],
    known: Remembered,
    at: Point,
    *,
    whole: Collection[int] = (),
) -> Rows:
    """As `component`, but only the memory itself where its cache says for everybody that it holds at the point.

    Those among `whole` come with all that is theirs.
    """
    memories = memories_of(connection, tenant, seeds, known)
    cached = _holding(connection, tenant, seeds, known, at.seq)
    settled = {number for number, spans in cached.items() if containing(spans, at.valid) is not None}.difference(whole)
    rows = with_caches(connection, tenant, [one for one in seeds if one not in settled], known, at.seq)
    alone = {number: memories[number] for number in settled if memories[number].memory.id not in rows.memories}
    ids = {number: row.memory.id for number, row in alone.items()}
    confirmed = connection.execute(_CONFIRMATIONS, (ints(list(alone)),))
    return replace(
        rows,
        memories={**rows.memories, **{row.memory.id: row for row in alone.values()}},
        confirmations=rows.confirmations + tuple([confirm_row(row, ids) for row in confirmed]),
        holding={**rows.holding, **{key: cached[number] for number, key in ids.items()}},
        settled=frozenset(ids.values()),
    )


def with_caches(connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], known: Remembered, seq: int) -> Rows:
    """As `component`, with the caches that tell what is known at a ledger position."""
    rows = component(connection, tenant, seeds, known)
    ids = {place_of(tenant.number, row.stamp.seq): key for key, row in rows.memories.items()}
    cached = _holding(connection, tenant, ids, known, seq)
    return replace(rows, holding={ids[number]: spans for number, spans in cached.items()})


def _holding(
    connection: apsw.Connection, tenant: Tenant, wanted: Collection[int], known: Remembered, seq: int
) -> dict[int, Spans]:
    if seq < tenant.seq:
        rows = connection.execute(_UNTOUCHED, (ints(list(wanted)),)) if wanted else ()
        return {number: holding_of(text) for number, text in rows}
    found = known.holding
    if missing := [number for number in wanted if number not in found]:
        rows = connection.execute(_HOLDING, (ints(missing),))
        found.update((number, holding_of(text) if is_common else None) for number, is_common, text in rows)
    return {number: spans for number in wanted if (spans := found[number]) is not None}


def memories_of(
    connection: apsw.Connection, tenant: Tenant, wanted: Collection[int], known: Remembered
) -> dict[int, MemoryRow]:
    """The rows of numbered memories; those not yet known are read together with when they hold."""
    found = known.memories
    if missing := [number for number in wanted if number not in found]:
        places = homes(connection, tenant, known)
        rows: list[Row] = connection.execute(_MEMORIES, (ints(missing),)).fetchall()
        if len(rows) < len(missing):
            raise CorruptStore(
                "a chain leads to a memory that is missing; restore the store from a backup or an export"
            )
        for number, is_common, holding, home, *row in rows:
            if home not in places:
                raise CorruptStore(
                    f"memory {row[0]!r} lives at a home that is missing; restore the store from a backup"
                )
            found[number] = memory_row((number, *row), places[home])
            known.holding[number] = holding_of(holding) if is_common else None
    return {number: found[number] for number in wanted}

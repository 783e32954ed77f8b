"""Checks a whole file: page checksums, hash chains, and the rows derived from the ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import apsw

from graphmem.adapters.export_lines import unfinished
from graphmem.adapters.ledger_check import LedgerCheck, is_digest
from graphmem.adapters.sqlite import meta_table, migrations, write_batch
from graphmem.adapters.sqlite.number_tables import NumberCache
from graphmem.adapters.sqlite.packed_segment import DamagedSegment
from graphmem.adapters.sqlite.segments import unpack
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import Row, Tenant, rowid_range
from graphmem.errors import GraphMemError
from graphmem.ledger import GENESIS, change_of
from graphmem.store import Finding

_PAGES = "PRAGMA integrity_check(100)"
_TENANTS = "SELECT name FROM tenant ORDER BY number"
_SAME_TENANT = (
    "INSERT INTO tenant (number, name, key, seq, head, documents, tokens, vectors, epoch)"
    " VALUES (?, ?, ?, 0, ?, 0, 0, 0, 0)"
)
_VECTORS = """
    SELECT vector.memory, length(vector.data), memory.statement IS NULL
    FROM vector LEFT JOIN memory ON memory.number = vector.memory WHERE vector.memory > ?1 AND vector.memory < ?2
"""

#: Each takes the tenant's range of row numbers as ?1 and ?2 and sorts by its first column.
_TABLES = {
    "ledger": "SELECT place, tenant, op_id, branch FROM entry WHERE place > ?1 AND place < ?2 ORDER BY place",
    "touches": "SELECT memory, seq FROM touch WHERE memory > ?1 AND memory < ?2 ORDER BY memory, seq",
    "memories": """
        SELECT memory.number, memory.tenant, id, home.scope, home_branch, branch, recorded_at, kind, origin, language,
          subject, confidence, content, statement
        FROM memory JOIN home ON home.tenant = memory.tenant AND home.number = memory.home
        WHERE memory.number > ?1 AND memory.number < ?2 ORDER BY memory.number
    """,
    "caches": """
        SELECT number, id, status, is_common, holding FROM memory WHERE number > ?1 AND number < ?2 ORDER BY number
    """,
    "moves": """
        SELECT memory, seq, place, status, at, ordinal, source_word, recorded_at, branch FROM move
        WHERE memory > ?1 AND memory < ?2 ORDER BY memory, seq, place
    """,
    "supersessions": """
        SELECT old, seq, new, kind, at, until, part, reason, recorded_at, branch FROM superseded_by
        WHERE old > ?1 AND old < ?2 ORDER BY old, seq, new
    """,
    "retractions": """
        SELECT memory, seq, recorded_at, branch FROM retraction WHERE memory > ?1 AND memory < ?2 ORDER BY memory, seq
    """,
    "confirmations": """
        SELECT memory, seq, recorded_at, branch FROM confirmation WHERE memory > ?1 AND memory < ?2 ORDER BY memory, seq
    """,
    "source keys": """
        SELECT memory, seq, tenant, key, recorded_at, branch FROM source_key
        WHERE memory > ?1 AND memory < ?2 ORDER BY memory, seq
    """,
    "links": """
        SELECT source, seq, target, kind, recorded_at, branch FROM link
        WHERE source > ?1 AND source < ?2 ORDER BY source, seq
    """,
    "revocations": """
        SELECT change, seq, move, recorded_at, branch FROM revocation
        WHERE change > ?1 AND change < ?2 ORDER BY change, seq
    """,
    "anchors": """
        SELECT about.memory, anchor.id, anchor.kind, anchor.repo, anchor.name
        FROM about LEFT JOIN anchor ON anchor.number = about.anchor
        WHERE about.memory > ?1 AND about.memory < ?2 ORDER BY about.memory, anchor.id
    """,
}
#: The same, with the tenant's number as ?1.
_TENANT_TABLES = {
    "totals": "SELECT seq, recorded_at, head, documents, tokens FROM tenant WHERE number = ?1",
    "guard terms": "SELECT memory, term FROM guard_term WHERE tenant = ?1 ORDER BY memory, term",
    "readings": "SELECT repo, seq FROM reading WHERE tenant = ?1 ORDER BY repo, seq",
    "branches": "SELECT key, parent, opened, closed, is_merged FROM branch WHERE tenant = ?1 ORDER BY key",
}

_SEGMENTS = "SELECT first, last, size, data FROM segment WHERE first > ?1 AND first < ?2 ORDER BY first"
_TOMBSTONES = """
    SELECT id, tombstone, statement IS NULL FROM memory WHERE number > ?1 AND number < ?2 AND tombstone IS NOT NULL
"""

_MOST_FINDINGS = 50


def check(connection: apsw.Connection, dimension: int) -> list[Finding]:
    """Return every difference between the file and the state that its ledgers imply."""
    findings = [Finding("file", str(text)) for (text,) in connection.execute(_PAGES) if text != "ok"]
    tenants: list[Row] = connection.execute(_TENANTS).fetchall()
    for (name,) in tenants:
        snapshot = Snapshot.of(connection, name)
        is_restoring = meta_table.is_restoring(snapshot)
        broken = list(islice(_chain(snapshot, is_whole=not is_restoring), _MOST_FINDINGS))
        findings += broken or _derived(snapshot)
        findings += islice(_vectors(snapshot, dimension), _MOST_FINDINGS)
        findings += islice(_tombstones(snapshot), _MOST_FINDINGS)
        if is_restoring:
            findings.append(Finding("restore", unfinished(snapshot.tenant.name, snapshot.tenant.seq)))
    return findings


def _chain(snapshot: Snapshot, *, is_whole: bool) -> Iterator[Finding]:
    tenant = snapshot.tenant
    ledger = LedgerCheck(tenant.name, tenant.key)
    for entry in snapshot.entries(0):
        fault = ledger.fault_of(entry)
        if fault is not None:
            yield Finding("ledger", f"tenant {tenant.name!r}: {fault}")
    if (ledger.seq, ledger.head) != (tenant.seq, tenant.head):
        actual = f"entry {ledger.seq}, {ledger.head}"
        recorded = f"entry {tenant.seq}, {tenant.head}"
        yield Finding(
            "ledger", f"tenant {tenant.name!r}: the ledger ends with {actual}; the tenant row says {recorded}"
        )
    for late in ledger.faults_at_end(is_whole=is_whole):
        yield Finding("ledger", f"tenant {tenant.name!r}: {late.what}")


def _derived(snapshot: Snapshot) -> list[Finding]:
    """Replay the ledger into a scratch database, then compare table by table."""
    tenant = snapshot.tenant
    scratch = apsw.Connection("")
    try:
        migrations.migrate(scratch)
        scratch.execute(_SAME_TENANT, (tenant.number, tenant.name, tenant.key, GENESIS))
        batch = write_batch.Batch(Snapshot.of(scratch, tenant.name), lambda _: None, NumberCache())
        with scratch:
            for entry in snapshot.entries(0):
                batch.replay(change_of(entry), entry)
            batch.finish()
        return list(_differences(snapshot.connection, scratch, tenant))
    except (GraphMemError, KeyError) as exc:
        return [Finding("ledger", f"tenant {tenant.name!r}: cannot be replayed: {exc}")]
    finally:
        scratch.close()


def _differences(stored: apsw.Connection, expected: apsw.Connection, tenant: Tenant) -> Iterator[Finding]:
    span = rowid_range(tenant)
    for area in sorted(_TABLES):
        both = (stored.execute(_TABLES[area], span), expected.execute(_TABLES[area], span))
        yield from islice(_compared(area, tenant, *both), _MOST_FINDINGS)
    for area in sorted(_TENANT_TABLES):
        number = (tenant.number,)
        both = (stored.execute(_TENANT_TABLES[area], number), expected.execute(_TENANT_TABLES[area], number))
        yield from islice(_compared(area, tenant, *both), _MOST_FINDINGS)
    try:
        yield from islice(_compared("words", tenant, _texts(stored, span), _texts(expected, span)), _MOST_FINDINGS)
    except DamagedSegment as exc:
        yield Finding("words", f"tenant {tenant.name!r}: {exc}")


def _texts(connection: apsw.Connection, span: tuple[int, int]) -> Iterator[Row]:
    """Yield the terms of each memory in the tenant's segments, in order."""
    before = 0
    for first, last, size, data in connection.execute(_SEGMENTS, span):
        segment = unpack(first, data)
        numbers = segment.numbers
        if (int(numbers[0]), int(numbers[-1]), segment.size) != (first, last, size) or first <= before:
            raise DamagedSegment(
                f"the header of the segment that begins with memory {first} does not match its content"
            )
        yield from segment.texts()
        before = last


def _compared(area: str, tenant: Tenant, stored: Iterator[Any], expected: Iterator[Any]) -> Iterator[Finding]:
    """Yield the rows that are in only one of two sorted tables."""
    left: Row | None = next(stored, None)
    right: Row | None = next(expected, None)
    while left is not None or right is not None:
        if left == right:
            left, right = next(stored, None), next(expected, None)
            continue
        is_extra = right is None or (left is not None and _key(left) < _key(right))
        is_missing = left is None or (right is not None and _key(right) < _key(left))
        yield Finding(
            area,
            f"tenant {tenant.name!r}: stored {None if is_missing else left}, expected {None if is_extra else right}",
        )
        left = left if is_missing else next(stored, None)
        right = right if is_extra else next(expected, None)


def _key(row: Row) -> tuple[Any, ...]:
    """Return the leading columns of a row that cannot be null."""
    return row[:1]


def _vectors(snapshot: Snapshot, dimension: int) -> Iterator[Finding]:
    tenant = snapshot.tenant
    span = rowid_range(tenant)
    count = 0
    for memory, size, is_orphan in snapshot.connection.execute(_VECTORS, span):
        count += 1
        if size != dimension * 4:
            yield Finding(
                "vectors",
                f"tenant {tenant.name!r}: the vector of memory {memory} has {size} bytes, not {dimension * 4}",
            )
        if is_orphan is None or is_orphan:
            yield Finding("vectors", f"tenant {tenant.name!r}: memory {memory} has a vector but no content")
    if count != tenant.vectors:
        yield Finding(
            "vectors", f"tenant {tenant.name!r}: {count} vectors are stored, the tenant row counts {tenant.vectors}"
        )


def _tombstones(snapshot: Snapshot) -> Iterator[Finding]:
    tenant = snapshot.tenant
    for key, tombstone, is_erased in snapshot.connection.execute(_TOMBSTONES, rowid_range(tenant)):
        if not is_erased:
            yield Finding("memories", f"tenant {tenant.name!r}: {key!r} was not erased and has tombstone {tombstone!r}")
        elif not is_digest(tombstone):
            yield Finding("memories", f"tenant {tenant.name!r}: tombstone {tombstone!r} of {key!r} is not a hash")

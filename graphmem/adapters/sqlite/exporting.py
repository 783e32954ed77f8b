"""A tenant's ledger as JSON lines, and back: in parts that a broken run picks up again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw

from graphmem.adapters.export_lines import (
    Exported,
    Header,
    VerifiedExport,
    entry_line,
    header_line,
)
from graphmem.adapters.sqlite import meta, reading, writing
from graphmem.adapters.sqlite.places import Kept
from graphmem.adapters.sqlite.values import Tenant, optional_moment, place_of
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.instants import to_micros
from graphmem.ledger import change_of
from graphmem.model import Add

_BESIDE = "SELECT (SELECT data FROM vector WHERE memory = ?1), (SELECT tombstone FROM memory WHERE number = ?1)"
_SET_TOMBSTONE = "UPDATE memory SET tombstone = ? WHERE number = ?"
_SET_KEY = "UPDATE tenant SET key = ? WHERE number = ?"


def export(connection: apsw.Connection, tenant: Tenant) -> Iterator[str]:
    """The header, then every entry as it is sealed, with the vector and tombstone of the memory that it recorded."""
    answered_to = optional_moment(tenant.answered_to)
    yield header_line(Header(tenant.name, tenant.key, tenant.seq, tenant.head, meta.model_of(connection), answered_to))
    for entry in reading.entries(connection, tenant, 0):
        beside = connection.execute(_BESIDE, (place_of(tenant.number, entry.seq),)).fetchone() or (None, None)
        yield entry_line(Exported(entry, *beside))


# ---- restoring


def begin(connection: apsw.Connection, export: VerifiedExport) -> int:
    """Mark the tenant as being restored unless all is there; returns the position at which a run before left it.

    Raises:
        InvalidInput: It holds something else than the export or a beginning of it.
    """
    row, header = writing.open_tenant(connection, export.header.tenant), export.header
    if export.is_done(row.key, row.seq, row.head, is_restoring=meta.is_restoring(connection, row)):
        return row.seq
    if header.key:  # a tenant of which nothing was ever written has none
        connection.execute(_SET_KEY, (header.key, row.number))
    if header.answered_to is not None:
        meta.note_answered(connection, row, to_micros(header.answered_to))
    meta.mark_restoring(connection, row)
    if header.model is not None and export.has_vectors and meta.model_of(connection) is None:
        meta.set_model(connection, header.model)
    return row.seq


def write(connection: apsw.Connection, export: VerifiedExport, part: Sequence[Exported], kept: Kept) -> writing.Batch:
    """Write those entries of a part that are not there yet; vectors of another model than the store's are left out."""
    tenant = reading.tenant_of(connection, export.header.tenant)
    export.refuse_strange(tenant.key, tenant.seq, tenant.head)
    takes_vectors = meta.model_of(connection) == export.header.model
    vectors: dict[str, bytes] = {}
    batch = writing.Batch(connection, tenant, vectors.get, kept)
    for one in part:
        if one.entry.seq > tenant.seq:
            _replay(batch, one, vectors, takes_vectors=takes_vectors)
    batch.finish()
    tombstones = [(one.tombstone, place_of(tenant.number, one.entry.seq)) for one in part if one.tombstone is not None]
    connection.executemany(_SET_TOMBSTONE, tombstones)
    if batch.erased:
        # What an earlier run wrote may have been erased at the source since.
        meta.owe(connection, tenant, batch.erased)
    return batch


def finish(connection: apsw.Connection, export: VerifiedExport) -> int:
    """Let the tenant take other writes; returns the number of its entries."""
    tenant = reading.tenant_of(connection, export.header.tenant)
    meta.mark_restored(connection, tenant)
    return tenant.seq


def _replay(batch: writing.Batch, one: Exported, vectors: dict[str, bytes], *, takes_vectors: bool) -> None:
    change = change_of(one.entry)
    vectors.clear()
    if takes_vectors and one.vector is not None and isinstance(change.operation, Add):
        vectors[change.operation.memory.id] = one.vector
    try:
        batch.replay(change, one.entry)
    except (KeyError, InvalidInput) as exc:
        raise CorruptStore(f"entry {one.entry.seq} names what was not recorded before it ({exc})") from exc

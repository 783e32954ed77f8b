"""Export and restore of one tenant's ledger as JSON lines; an interrupted restore resumes where it stopped."""

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
from graphmem.adapters.sqlite import meta_table, write_batch
from graphmem.adapters.sqlite.number_tables import NumberCache
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import optional_moment, rowid_of
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.instants import to_micros
from graphmem.ledger import change_of
from graphmem.model import Add

_VECTOR_AND_TOMBSTONE = (
    "SELECT (SELECT data FROM vector WHERE memory = ?1), (SELECT tombstone FROM memory WHERE number = ?1)"
)
_SET_TOMBSTONE = "UPDATE memory SET tombstone = ? WHERE number = ?"
_SET_KEY = "UPDATE tenant SET key = ? WHERE number = ?"


def export(snapshot: Snapshot) -> Iterator[str]:
    """Yield the header, then each sealed entry with the vector and tombstone of the memory that it recorded."""
    tenant = snapshot.tenant
    answered_to = optional_moment(tenant.answered_to)
    yield header_line(
        Header(tenant.name, tenant.key, tenant.seq, tenant.head, meta_table.model_of(snapshot.connection), answered_to)
    )
    for entry in snapshot.entries(0):
        vector_and_tombstone = snapshot.connection.execute(
            _VECTOR_AND_TOMBSTONE, (rowid_of(tenant.number, entry.seq),)
        ).fetchone()
        yield entry_line(Exported(entry, *(vector_and_tombstone or (None, None))))


# ---- restoring


def begin(connection: apsw.Connection, export: VerifiedExport) -> int:
    """Mark the tenant as being restored unless it is complete; returns the ledger position reached so far.

    Raises:
        InvalidInput: The tenant's ledger is not a prefix of the export.
    """
    snapshot, header = write_batch.open_tenant(connection, export.header.tenant), export.header
    row = snapshot.tenant
    if export.is_done(row.key, row.seq, row.head, is_restoring=meta_table.is_restoring(snapshot)):
        return row.seq
    if header.key:  # the export of an empty tenant has no key
        connection.execute(_SET_KEY, (header.key, row.number))
    if header.answered_to is not None:
        meta_table.note_answered(snapshot, to_micros(header.answered_to))
    meta_table.mark_restoring(snapshot)
    if header.model is not None and export.has_vectors and meta_table.model_of(connection) is None:
        meta_table.set_model(connection, header.model)
    return row.seq


def write(
    connection: apsw.Connection, export: VerifiedExport, part: Sequence[Exported], numbers: NumberCache
) -> write_batch.Batch:
    """Write the entries of a part that are not stored yet; vectors are skipped if the store uses another model."""
    snapshot = Snapshot.of(connection, export.header.tenant)
    tenant = snapshot.tenant
    export.refuse_strange(tenant.key, tenant.seq, tenant.head)
    takes_vectors = meta_table.model_of(connection) == export.header.model
    vectors: dict[str, bytes] = {}
    batch = write_batch.Batch(snapshot, vectors.get, numbers)
    for exported in part:
        if exported.entry.seq > tenant.seq:
            _replay(batch, exported, vectors, takes_vectors=takes_vectors)
    batch.finish()
    tombstones = [
        (exported.tombstone, rowid_of(tenant.number, exported.entry.seq))
        for exported in part
        if exported.tombstone is not None
    ]
    connection.executemany(_SET_TOMBSTONE, tombstones)
    if batch.erased:
        # An earlier run may have written content that has since been erased at the source.
        meta_table.note_erased_in_log(snapshot, batch.erased)
    return batch


def finish(connection: apsw.Connection, export: VerifiedExport) -> int:
    """Let the tenant accept other writes; returns the number of its entries."""
    snapshot = Snapshot.of(connection, export.header.tenant)
    meta_table.mark_restored(snapshot)
    return snapshot.tenant.seq


def _replay(batch: write_batch.Batch, exported: Exported, vectors: dict[str, bytes], *, takes_vectors: bool) -> None:
    change = change_of(exported.entry)
    vectors.clear()
    if takes_vectors and exported.vector is not None and isinstance(change.operation, Add):
        vectors[change.operation.memory.id] = exported.vector
    try:
        batch.replay(change, exported.entry)
    except (KeyError, InvalidInput) as exc:
        raise CorruptStore(
            f"entry {exported.entry.seq} names a memory or change that no earlier entry recorded ({exc})"
        ) from exc

"""Exports a tenant's ledger as JSON lines, and restores it in parts; an interrupted restore can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from graphmem.adapters.export_lines import (
    Exported,
    Header,
    VerifiedExport,
    entry_line,
    header_line,
    refuse_unfinished,
)
from graphmem.adapters.neo4j import ledger_queries
from graphmem.adapters.neo4j.values import moment
from graphmem.adapters.neo4j.write_batch import WriteBatch
from graphmem.errors import CorruptStore, InvalidInput, StoreUnavailable
from graphmem.ledger import change_of
from graphmem.model import Add, Erase
from graphmem.store import ModelCard

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.database import Database
    from graphmem.store import Vector

# Another model may be adopted between two pages: the export omits its vectors, since the header names the old model.
_CONTENT = """
OPTIONAL MATCH (e:EmbeddingModel {id: 'current'})
WITH coalesce(e.weights_hash, '') = $p.weights AS is_same
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq >= $p.first AND m.seq <= $p.last
  AND (m.vector IS NOT NULL OR m.tombstone IS NOT NULL)
RETURN m.seq AS seq, CASE WHEN is_same THEN m.vector END AS vector, m.tombstone AS tombstone
"""
_BEGIN = """
MATCH (l:Ledger {tenant: $p.tenant})
SET l.key = coalesce($p.key, l.key), l.is_restoring = true,
  l.answered_to = CASE WHEN l.answered_to >= $p.answered_to THEN l.answered_to
    ELSE coalesce($p.answered_to, l.answered_to) END
"""
_END = "MATCH (l:Ledger {tenant: $p.tenant}) REMOVE l.is_restoring"
_TOMBSTONES = """
UNWIND $p.tombstones AS x MATCH (m:Memory {tenant: $p.tenant, seq: x[0]}) SET m.tombstone = x[1]
"""
_PAGE = 500


def export(database: Database, tenant: str, model: ModelCard | None) -> Iterator[str]:
    """Yield the header, then each sealed entry with the vector and tombstone of the memory that it recorded.

    Raises:
        StoreUnavailable: Content was erased during the export; the lines so far are useless.
    """
    head = ledger_queries.head(database, tenant)
    yield header_line(Header(tenant, head.key, head.seq, head.hash, model, moment(head.answered_to)))
    entries, weights = (
        ledger_queries.entries(database, tenant, last=head.seq),
        "" if model is None else model.weights_hash,
    )
    while page := list(islice(entries, _PAGE)):
        parameters = {"tenant": tenant, "first": page[0].seq, "last": page[-1].seq, "weights": weights}
        records = database.records(_CONTENT, parameters)
        content = {record["seq"]: (record["vector"], record["tombstone"]) for record in records}
        for entry in page:
            yield entry_line(Exported(entry, *content.get(entry.seq, (None, None))))
    if ledger_queries.head(database, tenant).epoch != head.epoch and _was_erased(database, tenant, head.seq):
        raise StoreUnavailable(f"tenant {tenant!r}: content was erased while it was exported; export it again")


def _was_erased(database: Database, tenant: str, after: int) -> bool:
    """Return whether entries past a ledger position erase a memory; exported entries may then lack its content."""
    later = (change_of(entry).operation for entry in ledger_queries.entries(database, tenant, after=after))
    return any(isinstance(operation, Erase) for operation in later)


# ---- restoring


def begin(database: Database, export: VerifiedExport) -> int:
    """Mark the tenant as being restored, unless it is complete; return the last ledger position already written.

    Raises:
        InvalidInput: The tenant has entries that are not the first entries of the export.
    """
    header = export.header

    def mark(tx: ManagedTransaction) -> int:
        head = WriteBatch.begin(tx, header.tenant).head
        if export.is_done(head.key, head.seq, head.hash, is_restoring=head.is_restoring):
            return head.seq
        parameters = {"tenant": header.tenant, "key": header.key or None, "answered_to": header.answered_to}
        tx.run(_BEGIN, p=parameters).consume()
        return head.seq

    return database.write(mark)


def write(database: Database, export: VerifiedExport, part: Sequence[Exported]) -> None:
    """Write the entries of a part that the tenant lacks; vectors of a model other than the store's are omitted."""
    tenant, model, vectors = export.header.tenant, export.header.model, _vectors(part)
    tombstones = [[line.entry.seq, line.tombstone] for line in part if line.tombstone is not None]

    def replay(tx: ManagedTransaction) -> None:
        batch = WriteBatch.begin(tx, tenant)
        if model is not None or batch.model is None:
            batch.take_vectors(vectors, model)
        export.refuse_strange(batch.head.key, batch.head.seq, batch.head.hash)
        batch.replay([line.entry for line in part if line.entry.seq > batch.head.seq])
        tx.run(_TOMBSTONES, p={"tenant": tenant, "tombstones": tombstones}).consume()

    try:
        database.write(replay)
    except (KeyError, InvalidInput) as exc:
        first, last = part[0].entry.seq, part[-1].entry.seq
        raise CorruptStore(
            f"entries {first} to {last} refer to memories or entries that were not recorded before them ({exc})"
        ) from exc


def finish(database: Database, export: VerifiedExport) -> int:
    """End the restore, so that other writes are accepted; return the number of entries."""
    tenant = export.header.tenant
    database.write(lambda tx: tx.run(_END, p={"tenant": tenant}).consume())
    return ledger_queries.head(database, tenant).seq


def refuse_restoring(database: Database, tenant: str) -> None:
    """Refuse other writes during a restore.

    Raises:
        Conflict: The tenant is being restored.
    """
    if ledger_queries.head(database, tenant).is_restoring:
        refuse_unfinished(tenant)


def _vectors(page: Sequence[Exported]) -> dict[str, Vector]:
    import numpy as np

    vectors: dict[str, Vector] = {}
    for line in page:
        operation = change_of(line.entry).operation
        if line.vector is not None and isinstance(operation, Add):
            vectors[operation.memory.id] = np.frombuffer(line.vector, dtype="<f4")
    return vectors

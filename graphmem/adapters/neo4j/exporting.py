"""A tenant's ledger as JSON lines, and back: in parts that a broken run picks up again."""

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
from graphmem.adapters.neo4j import reading
from graphmem.adapters.neo4j.values import moment
from graphmem.adapters.neo4j.writing import Batch
from graphmem.errors import CorruptStore, InvalidInput, StoreUnavailable
from graphmem.ledger import change_of
from graphmem.model import Add, Erase
from graphmem.store import ModelCard

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.connecting import Link
    from graphmem.store import Vector

# Another model may be adopted between two pages: of its vectors none may stand under the header's.
_BESIDE = """
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


def export(link: Link, tenant: str, model: ModelCard | None) -> Iterator[str]:
    """The header, then every entry as it is sealed, with the vector and tombstone of the memory that it recorded.

    Raises:
        StoreUnavailable: Something was erased meanwhile; the lines so far are of no use.
    """
    head = reading.head(link, tenant)
    yield header_line(Header(tenant, head.key, head.seq, head.hash, model, moment(head.answered_to)))
    entries, weights = reading.entries(link, tenant, last=head.seq), "" if model is None else model.weights_hash
    while page := list(islice(entries, _PAGE)):
        asked = {"tenant": tenant, "first": page[0].seq, "last": page[-1].seq, "weights": weights}
        beside = {one["seq"]: (one["vector"], one["tombstone"]) for one in link.records(_BESIDE, asked)}
        for entry in page:
            yield entry_line(Exported(entry, *beside.get(entry.seq, (None, None))))
    if reading.head(link, tenant).epoch != head.epoch and _was_erased(link, tenant, head.seq):
        raise StoreUnavailable(f"tenant {tenant!r}: something was erased while it was exported; export it again")


def _was_erased(link: Link, tenant: str, after: int) -> bool:
    """Whether entries past a position erase what entries before it say: those are then without their content."""
    later = (change_of(entry).operation for entry in reading.entries(link, tenant, after=after))
    return any(isinstance(operation, Erase) for operation in later)


# ---- restoring


def begin(link: Link, export: VerifiedExport) -> int:
    """Mark the tenant as being restored unless all is there; returns the position at which a run before left it.

    Raises:
        InvalidInput: It holds something else than the export or a beginning of it.
    """
    header = export.header

    def mark(tx: ManagedTransaction) -> int:
        head = Batch.begin(tx, header.tenant).head
        if export.is_done(head.key, head.seq, head.hash, is_restoring=head.is_restoring):
            return head.seq
        said = {"tenant": header.tenant, "key": header.key or None, "answered_to": header.answered_to}
        tx.run(_BEGIN, p=said).consume()
        return head.seq

    return link.write(mark)


def write(link: Link, export: VerifiedExport, part: Sequence[Exported]) -> None:
    """Write those entries of a part that are not there yet; vectors of another model than the store's are left out."""
    tenant, model, vectors = export.header.tenant, export.header.model, _vectors(part)
    tombstones = [[one.entry.seq, one.tombstone] for one in part if one.tombstone is not None]

    def replay(tx: ManagedTransaction) -> None:
        batch = Batch.begin(tx, tenant)
        if model is not None or batch.model is None:
            batch.take_vectors(vectors, model)
        export.refuse_strange(batch.head.key, batch.head.seq, batch.head.hash)
        batch.replay([one.entry for one in part if one.entry.seq > batch.head.seq])
        tx.run(_TOMBSTONES, p={"tenant": tenant, "tombstones": tombstones}).consume()

    try:
        link.write(replay)
    except (KeyError, InvalidInput) as exc:
        first, last = part[0].entry.seq, part[-1].entry.seq
        raise CorruptStore(f"entries {first} to {last} name what was not recorded before them ({exc})") from exc


def finish(link: Link, export: VerifiedExport) -> int:
    """Let the tenant take other writes; returns the number of its entries."""
    tenant = export.header.tenant
    link.write(lambda tx: tx.run(_END, p={"tenant": tenant}).consume())
    return reading.head(link, tenant).seq


def refuse_restoring(link: Link, tenant: str) -> None:
    """Refuse a write that is not the restore's own.

    Raises:
        Conflict: The tenant is being restored.
    """
    if reading.head(link, tenant).is_restoring:
        refuse_unfinished(tenant)


def _vectors(page: Sequence[Exported]) -> dict[str, Vector]:
    import numpy as np

    found: dict[str, Vector] = {}
    for one in page:
        operation = change_of(one.entry).operation
        if one.vector is not None and isinstance(operation, Add):
            found[operation.memory.id] = np.frombuffer(one.vector, dtype="<f4")
    return found

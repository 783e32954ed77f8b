"""A tenant's ledger as JSON lines, and back: in parts that a broken run picks up again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, TextIO

from graphmem.adapters.export_lines import (
    Exported,
    Header,
    Place,
    entry_line,
    header_line,
    read_entry,
    read_header,
    refuse_short,
)
from graphmem.adapters.neo4j import reading
from graphmem.adapters.neo4j.values import Head
from graphmem.adapters.neo4j.writing import Batch
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.ledger import GENESIS, change_of
from graphmem.model import Add
from graphmem.store import ModelCard

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.connecting import Link
    from graphmem.store import Vector

_BESIDE = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq >= $p.first AND m.seq <= $p.last
  AND (m.vector IS NOT NULL OR m.tombstone IS NOT NULL)
RETURN m.seq AS seq, m.vector AS vector, m.tombstone AS tombstone
"""
_BEGIN = "MATCH (l:Ledger {tenant: $p.tenant}) SET l.key = $p.key, l.is_restoring = true"
_END = "MATCH (l:Ledger {tenant: $p.tenant}) REMOVE l.is_restoring"
_TOMBSTONES = """
UNWIND $p.tombstones AS x MATCH (m:Memory {tenant: $p.tenant, seq: x[0]}) SET m.tombstone = x[1]
"""
_PAGE = 500


def export(link: Link, tenant: str, model: ModelCard | None) -> Iterator[str]:
    """The header, then every entry as it is sealed, with the vector and tombstone of the memory that it recorded."""
    head = reading.head(link, tenant)
    yield header_line(Header(tenant, head.key, head.seq, head.hash, model))
    entries = reading.entries(link, tenant, last=head.seq)
    while page := list(islice(entries, _PAGE)):
        asked = {"tenant": tenant, "first": page[0].seq, "last": page[-1].seq}
        beside = {one["seq"]: (one["vector"], one["tombstone"]) for one in link.records(_BESIDE, asked)}
        for entry in page:
            yield entry_line(Exported(entry, *beside.get(entry.seq, (None, None))))


def restore(link: Link, lines: Iterable[str], tenant: str, model: ModelCard | None) -> ModelCard | None:
    """Write the entries of an export into an empty tenant; returns the model whose vectors came with them, if any.

    All lines are verified before the first is written. Each part is one transaction; a run that was broken off is
    finished by the same restore, and until then the tenant takes no other writes. Vectors of another model than the
    store's own are left out.
    """
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as spool:
        header, hashes = _spooled(lines, tenant, spool)
        head = _begin(link, header, hashes)
        takes_vectors, has_vectors = model in (None, header.model), False
        place = Place(0, None, GENESIS)
        numbered = enumerate(spool, 2)
        while page := list(islice(numbered, _PAGE)):
            read: list[Exported] = []
            for number, text in page:
                one = read_entry(number, text, place)
                place = Place(one.entry.seq, one.entry.recorded_at, one.entry.hash)
                read.append(one)
            has_vectors |= _write(link, tenant, [one for one in read if one.entry.seq > head.seq], takes_vectors)
    link.write(lambda tx: tx.run(_END, p={"tenant": tenant}).consume())
    return header.model if model is None and has_vectors else model


def _spooled(lines: Iterable[str], tenant: str, spool: TextIO) -> tuple[Header, list[str]]:
    """The header and the hashes of all entries, each verified and kept for a second reading."""
    numbered = enumerate(lines, 1)
    header, place, hashes = read_header(numbered, tenant), Place(0, None, GENESIS), list[str]()
    for number, text in numbered:
        one = read_entry(number, text, place)
        change_of(one.entry)
        place = Place(one.entry.seq, one.entry.recorded_at, one.entry.hash)
        hashes.append(place.head)
        spool.write(text.rstrip("\n") + "\n")
    refuse_short(header, place)
    spool.seek(0)
    return header, hashes


def _begin(link: Link, header: Header, hashes: Sequence[str]) -> Head:
    """Mark the tenant as being restored; returns where a run before this one left it."""

    def begin(tx: ManagedTransaction) -> Head:
        batch = Batch.begin(tx, header.tenant)
        head = batch.head
        is_ours = head.is_restoring and head.seq <= len(hashes) and head.hash == hashes[head.seq - 1]
        if head.seq and not is_ours:
            raise InvalidInput(f"tenant {header.tenant!r} already has {head.seq} changes: restore into an empty one")
        tx.run(_BEGIN, p={"tenant": header.tenant, "key": header.key}).consume()
        return head

    return link.write(begin)


def _write(link: Link, tenant: str, page: Sequence[Exported], takes_vectors: bool) -> bool:  # noqa: FBT001
    """Write one part; says whether vectors came with it."""
    if not page:
        return False
    vectors = _vectors(page) if takes_vectors else {}
    tombstones = [[one.entry.seq, one.tombstone] for one in page if one.tombstone is not None]

    def write(tx: ManagedTransaction) -> None:
        batch = Batch.begin(tx, tenant, vectors)
        batch.replay([one.entry for one in page if one.entry.seq > batch.head.seq])
        tx.run(_TOMBSTONES, p={"tenant": tenant, "tombstones": tombstones}).consume()

    try:
        link.write(write)
    except (KeyError, InvalidInput) as exc:
        first, last = page[0].entry.seq, page[-1].entry.seq
        raise CorruptStore(f"entries {first} to {last} name what was not recorded before them ({exc})") from exc
    return bool(vectors)


def _vectors(page: Sequence[Exported]) -> dict[str, Vector]:
    import numpy as np

    found: dict[str, Vector] = {}
    for one in page:
        operation = change_of(one.entry).operation
        if one.vector is not None and isinstance(operation, Add):
            found[operation.memory.id] = np.frombuffer(one.vector, dtype="<f4")
    return found

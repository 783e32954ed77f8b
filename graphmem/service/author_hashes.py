"""Hashes of the authors of commits under the tenant's key: the ledger has no name and no address of them."""

from __future__ import annotations

from functools import partial

from graphmem.instants import from_micros
from graphmem.model import ReadMainline, Scope
from graphmem.repository.authors import packed_authors, unpacked_authors
from graphmem.service.context import ServiceContext

_PURPOSE = "author"


def with_hashed_authors(context: ServiceContext, reading: ReadMainline, writer: Scope) -> ReadMainline:
    """Return a reading with each author hashed under the tenant's key; the key is made if there is none yet.

    Raises:
        InvalidInput: The authors cannot be read.
    """
    if not reading.authors:
        return reading
    if not context.store.secret(writer):
        context.store.pin(writer, from_micros(0))
    rows = unpacked_authors(reading.authors).hashed(partial(context.seal, writer, _PURPOSE))
    return ReadMainline(
        reading.ref, reading.tip, reading.commits, reading.previous, reading.content, packed_authors(rows)
    )

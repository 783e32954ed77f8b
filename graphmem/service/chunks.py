"""All memories that pass a filter, in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from graphmem.model import Scope
from graphmem.service.context import ServiceContext
from graphmem.store import Filter

_CHUNK = 500


def chunks(
    context: ServiceContext, where: Filter, reader: Scope, seq: int, hint: datetime | None
) -> Iterator[Sequence[str]]:
    """Yield the ids of the memories that pass a filter, last recorded first.

    Args:
        context: The context of the opened memory.
        where: The filter.
        reader: The reader's scope.
        seq: The ledger position.
        hint: The valid time for which the store may leave out memories not in force by its caches; None keeps all.
    """
    before = seq + 1
    while True:
        ids = context.store.select(reader, where, at=hint, before=before, limit=_CHUNK)
        if hint is not None and context.store.position(reader).seq != seq:
            hint = None  # written in the meantime: the caches may be ahead of this answer's ledger position
            continue
        if not ids:
            return
        yield ids
        before = context.store.rows(reader, ids[-1:]).memories[ids[-1]].stamp.seq

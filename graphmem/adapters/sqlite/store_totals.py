"""The totals of a store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from graphmem.adapters.sqlite import meta_table, migrations
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.store import StoreInfo


def store_info(snapshot: Snapshot, path: Path, files: Iterable[Path]) -> StoreInfo:
    """Return the totals of a tenant in a store.

    Args:
        snapshot: Of the tenant.
        path: The file of the store.
        files: That file and its side files, some of which may not exist.
    """
    tenant = snapshot.tenant
    return StoreInfo(
        url=f"sqlite:///{path}",
        schema_version=migrations.version_of(snapshot.connection),
        model=meta_table.model_of(snapshot.connection),
        memories=tenant.documents,
        changes=tenant.seq,
        vectors=tenant.vectors,
        size_bytes=sum(file.stat().st_size for file in files if file.exists()),
        head=tenant.head,
        is_restoring=meta_table.is_restoring(snapshot),
        pending_erasures=meta_table.erased_in_log(snapshot),
    )

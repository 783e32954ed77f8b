"""The totals of a store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import apsw

from graphmem.adapters.sqlite import meta_table, migrations
from graphmem.adapters.sqlite.values import Tenant
from graphmem.store import StoreInfo


def store_info(connection: apsw.Connection, tenant: Tenant, path: Path, files: Iterable[Path]) -> StoreInfo:
    """Return the totals of a tenant in a store.

    Args:
        connection: A connection in a read transaction.
        tenant: The tenant.
        path: The file of the store.
        files: That file and its side files, some of which may not exist.
    """
    return StoreInfo(
        url=f"sqlite:///{path}",
        schema_version=migrations.version_of(connection),
        model=meta_table.model_of(connection),
        memories=tenant.documents,
        changes=tenant.seq,
        vectors=tenant.vectors,
        size_bytes=sum(file.stat().st_size for file in files if file.exists()),
        head=tenant.head,
        is_restoring=meta_table.is_restoring(connection, tenant),
        pending_erasures=meta_table.erased_in_log(connection, tenant),
    )

"""Checks a store that is opened directly: reachability, schema, contents and writes."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import closing
from pathlib import Path
from shlex import quote

from graphmem.config import file_of, locate
from graphmem.doctor.fixes import UPGRADE, on_store
from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, ok, warn
from graphmem.opening import open_schema, open_store
from graphmem.schema import Drift, IndexedSchema, Schema

_SHOWN = 3
#: Endings of the files that SQLite and the write lock keep beside the store.
_BESIDE = ("-wal", "-shm", "-lock")


def _store(context: CheckContext) -> CheckResult:
    """Check that the store can be opened."""
    url = locate(context.url, context.settings)
    with closing(_schema_of(context)) as schema:
        schema.status()
    return ok(f"{url} answers")


def _schema(context: CheckContext) -> CheckResult:
    with closing(_schema_of(context)) as schema:
        state, differences, makes_missing = schema.status(), schema.diff(), schema.makes_missing
    drifts = {difference.drift for difference in differences}
    listed = "; ".join(f"{difference.drift.value} {difference.name}" for difference in differences[:_SHOWN])
    if Drift.NEWER in drifts:
        return broken(f"version {state.version}, newer than {state.latest} of this release", UPGRADE)
    if Drift.PENDING in drifts:
        return broken(
            f"version {state.version} of {state.latest}: {listed}", on_store("graphmem schema apply", context)
        )
    if Drift.MISSING in drifts and makes_missing:
        return broken(listed, on_store("graphmem schema apply", context))
    if Drift.MISSING in drifts or Drift.ALTERED in drifts:
        return broken(listed, on_store("graphmem schema diff", context))
    if differences:
        return warn(f"has more than this release creates: {listed}", on_store("graphmem schema diff", context))
    return ok(f"version {state.version}, current")


def _contents(context: CheckContext) -> CheckResult:
    """Check a few reads of the ledger and of derived rows; `graphmem check` reads everything."""
    with open_store(context.store_url, context.settings, create=False) as store:
        scope = context.settings.scope()
        context.info = info = store.info(scope)
        store.changes(scope, after=max(info.changes - 1, 0), limit=1)
        store.without_vector(scope, 1)
    if info.is_restoring:
        return broken(
            f"a restore into tenant {scope.tenant!r} was interrupted", on_store("graphmem restore EXPORT", context)
        )
    counted = f"{info.memories:,} memories of tenant {scope.tenant!r} in {info.changes:,} changes"
    if shared := _shared_files(context.store_url):
        fix = f"chmod go-rwx {' '.join(quote(str(path)) for path in shared)}"
        return warn(f"{counted}; other users of this machine can read {shared[0]}", fix)
    return ok(counted)


def _shared_files(url: str) -> list[Path]:
    """Return this user's files of an embedded store that other users may open, as older releases created them."""
    path = file_of(url)
    if path is None or sys.platform == "win32":
        return []
    files = (path, *(Path(f"{path}{suffix}") for suffix in _BESIDE))
    return [file for file in files if file.exists() and _is_shared(file.stat())]


def _is_shared(status: os.stat_result) -> bool:
    return status.st_uid == os.getuid() and bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _writing(context: CheckContext) -> CheckResult:
    with closing(_schema_of(context)) as schema:
        schema.try_write()
    return ok("the write lock is free; a trial write was rolled back")


def _index(context: CheckContext) -> CheckResult:
    if context.settings.vectors == "exact":
        return ok("vectors are compared exactly, without an index")
    with closing(_schema_of(context)) as schema:
        indexes = schema.vector_indexes() if isinstance(schema, IndexedSchema) else None
    if indexes is None:
        return warn(
            "the embedded store always compares vectors exactly; GRAPHMEM_VECTORS has no effect",
            "unset GRAPHMEM_VECTORS",
        )
    if not indexes or None in indexes.values():
        state = "has no measured recall" if indexes else "is missing: vectors are compared exactly"
        return warn(f"the vector index {state}", on_store("graphmem schema vectors on", context))
    return ok("; ".join(f"{name or 'index'}: recall {index.recall:.1%}" for name, index in indexes.items() if index))


def _schema_of(context: CheckContext) -> Schema:
    return open_schema(locate(context.url, context.settings), context.settings)


CHECKS = (
    Check("store", _store),
    Check("schema", _schema, needs=("store",)),
    Check("contents", _contents, needs=("store", "schema")),
    Check("writing", _writing, needs=("store", "schema")),
    Check("vector index", _index, needs=("store", "schema")),
)

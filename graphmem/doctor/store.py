"""A store that is opened from here: whether it is there, can be read, has our schema, can be written."""

from __future__ import annotations

from contextlib import closing

from graphmem.config import locate
from graphmem.doctor.links import Case, Check, Look, broken, ok, warn
from graphmem.doctor.mending import UPGRADE, on_place
from graphmem.opening import open_schema, open_store
from graphmem.schema import Drift, IndexedSchema, Schema

_SHOWN = 3


def _store(case: Case) -> Look:
    """Reached, and let in."""
    place = locate(case.url, case.settings)
    with closing(_schema_of(case)) as schema:
        schema.status()
    return ok(f"{place} answers")


def _schema(case: Case) -> Look:
    with closing(_schema_of(case)) as schema:
        state, differences, makes_missing = schema.status(), schema.diff(), schema.makes_missing
    drifts = {one.drift for one in differences}
    told = "; ".join(f"{one.drift.value} {one.name}" for one in differences[:_SHOWN])
    if Drift.NEWER in drifts:
        return broken(f"version {state.version}, newer than {state.latest} of this release", UPGRADE)
    if Drift.PENDING in drifts:
        return broken(f"version {state.version} of {state.latest}: {told}", on_place("graphmem schema apply", case))
    if Drift.MISSING in drifts and makes_missing:
        return broken(told, on_place("graphmem schema apply", case))
    if Drift.MISSING in drifts or Drift.ALTERED in drifts:
        return broken(told, on_place("graphmem schema diff", case))
    if differences:
        return warn(f"more than this release made: {told}", on_place("graphmem schema diff", case))
    return ok(f"version {state.version}, as this release has it")


def _contents(case: Case) -> Look:
    """A few reads that touch the ledger and what is derived from it; `check` reads everything."""
    with open_store(case.place, case.settings, create=False) as store:
        scope = case.settings.scope()
        case.info = info = store.info(scope)
        store.changes(scope, after=max(info.changes - 1, 0), limit=1)
        store.without_vector(scope, 1)
    if info.is_restoring:
        return broken(
            f"a restore into tenant {scope.tenant!r} was broken off", on_place("graphmem restore EXPORT", case)
        )
    return ok(f"{info.memories:,} memories of tenant {scope.tenant!r} in {info.changes:,} changes")


def _writing(case: Case) -> Look:
    with closing(_schema_of(case)) as schema:
        schema.try_write()
    return ok("the write lock is free; a trial write was rolled back")


def _index(case: Case) -> Look:
    if case.settings.vectors == "exact":
        return ok("vectors are compared exactly, without an index")
    with closing(_schema_of(case)) as schema:
        indexes = schema.vector_indexes() if isinstance(schema, IndexedSchema) else None
    if indexes is None:
        return warn("this store compares vectors exactly whatever is set", "unset GRAPHMEM_VECTORS")
    if not indexes or None in indexes.values():
        told = "is not measured" if indexes else "is missing: vectors are compared exactly"
        return warn(f"the index of vectors {told}", on_place("graphmem schema vectors on", case))
    return ok("; ".join(f"{name or 'index'}: recall {one.recall:.1%}" for name, one in indexes.items() if one))


def _schema_of(case: Case) -> Schema:
    return open_schema(locate(case.url, case.settings), case.settings)


CHECKS = (
    Check("store", _store),
    Check("schema", _schema, needs=("store",)),
    Check("contents", _contents, needs=("store", "schema")),
    Check("writing", _writing, needs=("store", "schema")),
    Check("vector index", _index, needs=("store", "schema")),
)

"""The copy of complete ledgers from a store to another, verified by comparing the answers of both."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import Scope
from graphmem.service.store_comparison import SAMPLES, differences, samples
from graphmem.store import Clock, Finding, Progress, Store, StoreInfo, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """The result of copying a tenant.

    Attributes:
        entries: The number of ledger entries in the target.
        written: The number of entries that this run wrote.
        vectors: The number of vectors in the target.
        has_all_vectors: False if vectors are missing, since the target has another model: `reindex` computes them.
        points: The number of points at which the answers of both stores were compared.
        findings: The differences between the stores; empty if the copy is verified.
    """

    tenant: str
    entries: int
    written: int
    vectors: int
    has_all_vectors: bool
    points: int
    findings: tuple[Finding, ...]


def copy(
    source: Store,
    target: Store,
    tenants: Sequence[str],
    *,
    count: int = SAMPLES,
    progress: Progress = silent,
    clock: Clock | None = None,
) -> list[CopyResult]:
    """Copy the ledgers of tenants with their vectors, and verify each.

    An interrupted run continues when it is called again: copied tenants are left, incomplete ones are completed.

    Args:
        source: The store to read. If it is written to during the copy, the copy has the state from its beginning, and
            a finding reports it.
        target: The store to write; its tenants of these names are empty or were left by an interrupted run.
        tenants: The names of the tenants.
        count: The number of points at which the answers of both stores are compared.
        progress: Called with the number of copied ledger entries of all tenants and their total.
        clock: As `graphmem.store.Store.restore` takes it.

    Raises:
        NotFound: The source has no tenant of that name.
        InvalidInput: The target has a different ledger for a tenant.
        Conflict: A restore into the source is not complete.
    """
    infos = {tenant: _ready(source, tenant) for tenant in tenants}
    total, before, done = sum(info.changes for info in infos.values()), 0, list[CopyResult]()
    for tenant, info in infos.items():
        start = before

        def advance(written: int, _: int, start: int = start) -> None:
            progress(start + written, total)

        done.append(_copy_tenant(source, target, tenant, count, advance, clock))
        before += info.changes
    return done


def _ready(source: Store, tenant: str) -> StoreInfo:
    info = source.info(Scope(tenant))
    if info.is_restoring:
        raise Conflict(f"the copy of tenant {tenant!r} into {info.url} is not complete: complete it first")
    if not info.changes:
        tenants = ", ".join(source.tenants()[:10]) or "none"
        raise NotFound(f"{info.url} has no tenant {tenant!r}; its tenants: {tenants}")
    return info


def _copy_tenant(
    source: Store, target: Store, tenant: str, count: int, progress: Progress, clock: Clock | None
) -> CopyResult:
    reader = Scope(tenant)
    expected, before = source.info(reader), target.info(reader)
    if not before.is_restoring and before.head == expected.head:
        progress(before.changes, before.changes)
    else:
        _refuse_other(before, tenant)
        target.restore(source.export(reader), tenant=tenant, progress=progress, clock=clock)
    expected, now = source.info(reader), target.info(reader)
    findings = _compared(expected, now)
    points = [] if findings else list(samples(source, tenant, count))
    return CopyResult(
        tenant=tenant,
        entries=now.changes,
        written=now.changes - before.changes,
        vectors=now.vectors,
        has_all_vectors=now.vectors >= expected.vectors,
        points=len(points),
        findings=(*findings, *differences(source, target, points)),
    )


def _refuse_other(target: StoreInfo, tenant: str) -> None:
    if target.changes and not target.is_restoring:
        raise InvalidInput(
            f"{target.url} already has tenant {tenant!r}, with {target.changes} changes that differ from the source's:"
            " copy into a store without that tenant"
        )


def _compared(expected: StoreInfo, now: StoreInfo) -> list[Finding]:
    """Return the differences in ledger heads and in numbers of memories and vectors."""
    if now.head != expected.head:
        in_source = f"{expected.changes} entries and head {expected.head} at the source"
        in_copy = f"{now.changes} and {now.head} in the copy"
        fix = "if the source was written to during the copy, stop the writers and copy into a new store"
        return [Finding("ledger", f"{in_source}, {in_copy}; {fix}")]
    pairs = [("memories", expected.memories, now.memories)]
    if expected.model == now.model:
        pairs.append(("vectors", expected.vectors, now.vectors))
    return [
        Finding(area, f"{in_source} at the source, {in_copy} in the copy")
        for area, in_source, in_copy in pairs
        if in_source != in_copy
    ]

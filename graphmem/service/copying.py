"""Moving house: whole ledgers from one store into another, and proof that the copy answers alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import Scope
from graphmem.service.comparing import SAMPLES, differences, samples
from graphmem.store import Clock, Finding, Progress, Store, StoreInfo, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What became of one tenant.

    Attributes:
        entries: How many ledger entries the target has.
        written: How many of them this run wrote.
        vectors: How many vectors the target has.
        has_all_vectors: False where the target has those of another model: `reindex` makes the missing ones.
        points: At how many points both stores were asked the same.
        findings: Where they did not answer alike, or what else differs; empty if the copy is proven.
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
) -> list[Copied]:
    """Copy the ledgers of tenants with their vectors, and verify each.

    A run that was broken off goes on when it is called again: what is there is left, what is unfinished is finished.

    Args:
        source: Read only; if somebody writes there meanwhile, the copy is of when it began, and a finding says so.
        target: Whose tenants of these names are empty, or were left by a run before.
        tenants: Names.
        count: At how many points the answers of both are compared.
        progress: Told how many ledger entries of all tenants are there.
        clock: As `graphmem.store.Store.restore` takes it.

    Raises:
        NotFound: The source has no such tenant.
        InvalidInput: The target has another ledger under that name.
        Conflict: The source's own restore has not finished.
    """
    infos = {tenant: _ready(source, tenant) for tenant in tenants}
    total, before, done = sum(info.changes for info in infos.values()), 0, list[Copied]()
    for tenant, info in infos.items():
        start = before

        def tell(written: int, _: int, start: int = start) -> None:
            progress(start + written, total)

        done.append(_copy_one(source, target, tenant, count, tell, clock))
        before += info.changes
    return done


def _ready(source: Store, tenant: str) -> StoreInfo:
    info = source.info(Scope(tenant))
    if info.is_restoring:
        raise Conflict(f"tenant {tenant!r} of {info.url} is itself the beginning of a copy: finish that first")
    if not info.changes:
        there = ", ".join(source.tenants()[:10]) or "none"
        raise NotFound(f"{info.url} has nothing of tenant {tenant!r}; tenants there: {there}")
    return info


def _copy_one(source: Store, target: Store, tenant: str, count: int, progress: Progress, clock: Clock | None) -> Copied:
    reader = Scope(tenant)
    wanted, there = source.info(reader), target.info(reader)
    if not there.is_restoring and there.head == wanted.head:
        progress(there.changes, there.changes)
    else:
        _refuse_other(there, tenant)
        target.restore(source.export(reader), tenant=tenant, progress=progress, clock=clock)
    wanted, now = source.info(reader), target.info(reader)
    findings = _compared(wanted, now)
    asked = [] if findings else list(samples(source, tenant, count))
    return Copied(
        tenant=tenant,
        entries=now.changes,
        written=now.changes - there.changes,
        vectors=now.vectors,
        has_all_vectors=now.vectors >= wanted.vectors,
        points=len(asked),
        findings=(*findings, *differences(source, target, asked)),
    )


def _refuse_other(there: StoreInfo, tenant: str) -> None:
    if there.changes and not there.is_restoring:
        raise InvalidInput(
            f"{there.url} has {there.changes} changes of tenant {tenant!r} that are not the source's:"
            " copy into a store without that tenant"
        )


def _compared(wanted: StoreInfo, now: StoreInfo) -> list[Finding]:
    """What differs in whole numbers, before any question is asked."""
    if now.head != wanted.head:
        told = (
            f"{wanted.changes} entries and head {wanted.head} at the source, {now.changes} and {now.head} in the copy"
        )
        return [Finding("ledger", f"{told}; was the source written to meanwhile? Stop that, and copy into a new store")]
    pairs = [("memories", wanted.memories, now.memories)]
    if wanted.model == now.model:
        pairs.append(("vectors", wanted.vectors, now.vectors))
    return [Finding(area, f"{one} at the source, {other} in the copy") for area, one, other in pairs if one != other]

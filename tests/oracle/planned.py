"""A store in memory that is driven by the kernel, so that the kernel can be judged without an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from graphmem.model import Change, MergeBranch, Request, Revoke, Scope
from graphmem.rows import Derived, Needs, Rows, Situation, Stamp, Transaction
from graphmem.store import Finding
from graphmem.temporal import needs, plan
from graphmem.temporal.derivation import derive
from graphmem.temporal.plans import replay
from tests.oracle import lines as exported
from tests.oracle.store import OracleStore, Tenant, names
from tests.oracle.view import Branches
from tests.oracle.written import all_rows, chained


@dataclass
class PlannedTenant(Tenant):
    """A ledger with the rows and caches that transactions left."""

    rows: Rows = field(default_factory=Rows)
    derived: dict[str, Derived] = field(default_factory=dict)

    def draft(self) -> PlannedTenant:
        return PlannedTenant(**{**vars(super().draft()), "rows": self.rows, "derived": dict(self.derived)})


class PlannedStore(OracleStore):
    """The oracle's lists, with the kernel deciding what is appended and cached."""

    def decide(self, tenant: Tenant, request: Request, seq: int, recorded_at: datetime) -> Change:
        assert isinstance(tenant, PlannedTenant)
        stamp = Stamp(seq, recorded_at, request.writer.branch_key)
        done = plan(request, situation_of(tenant, needs(request)), stamp)
        _take(tenant, done)
        return done.change

    def _blank(self, tenant: Tenant, key: str) -> None:
        super()._blank(tenant, key)
        assert isinstance(tenant, PlannedTenant)
        # Words said of an erased memory go too: a store's own duty.
        tenant.rows = all_rows(tenant.log)

    def _restored(self, found: exported.Export, end: int) -> PlannedTenant:
        kept = super()._restored(found, end)
        grown = PlannedTenant(vectors=kept.vectors, key=kept.key, tombstones=kept.tombstones, is_restoring=True)
        grown.answered_to = kept.answered_to
        for change, entry in zip(kept.log, kept.sealed, strict=True):
            _take(grown, replay(change, situation_of(grown, _asked(change))))
            grown.log.append(change)
            grown.sealed.append(entry)
        return grown

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        del is_alone
        tenant = self._tenant(reader.tenant)
        assert isinstance(tenant, PlannedTenant)
        return chained(tenant.rows, ids)

    def planned(self, tenant: str) -> PlannedTenant:
        """What is kept for a tenant."""
        found = self._tenant(tenant)
        assert isinstance(found, PlannedTenant)
        return found

    def derived(self, tenant: str) -> dict[str, Derived]:
        """The caches as transactions left them."""
        return self.planned(tenant).derived

    def check(self) -> list[Finding]:
        findings = super().check()
        for name, tenant in self._tenants.items():
            assert isinstance(tenant, PlannedTenant)
            expected = {one.memory: one for one in derive(Rows(), tenant.rows, len(tenant.log))}
            for key in sorted(expected):
                if tenant.derived.get(key) != expected[key]:
                    what = f"{key}: {tenant.derived.get(key)} is kept, {expected[key]} follows"
                    findings.append(Finding(f"cache of {name}", what))
        return findings

    def _tenant(self, name: str) -> Tenant:
        self._check_open()
        return self._tenants.get(name) or PlannedTenant()


def _take(tenant: PlannedTenant, done: Transaction) -> None:
    tenant.rows = tenant.rows.plus(done.appended)
    tenant.derived |= {one.memory: one for one in done.derived}


def _asked(change: Change) -> Needs:
    return needs(Request(change.op_id, change.operation, change.writer, change.provenance))


def situation_of(tenant: PlannedTenant, asked: Needs) -> Situation:
    """What an engine would read: the chains of what is named, of equal contents, of a change, of a branch."""
    ids = list(asked.ids)
    target = next((change for change in tenant.log if change.seq == asked.change), None)
    if target is not None:
        ids += names(target.operation)
    for key, row in tenant.rows.memories.items():
        said = row.memory.statement
        if asked.content is not None and said is not None and said.content_hash == asked.content:
            ids.append(key)
    if asked.branch is not None:
        ids += _on_branch(tenant, asked.branch)
    return Situation(chained(tenant.rows, ids), target)


def _on_branch(tenant: PlannedTenant, branch: str) -> list[str]:
    """Memories that entries written on a branch, or on one merged anywhere before, are about."""
    branches = Branches(tenant.log)
    merged = {key for key, change in branches.closing.items() if isinstance(change.operation, MergeBranch)}
    opened = set(branches.named.get(branch, ()))
    under = opened | merged
    under |= {key for key in branches.parent if opened & set(branches.line(key))}
    here = [change for change in tenant.log if change.writer.branch_key in under]
    about = [change.operation.change for change in here if isinstance(change.operation, Revoke)]
    here += [change for change in tenant.log if change.seq in about]
    return [key for change in here for key in names(change.operation)]

"""The projector: keeps the graph that graphiti reads up to date with the ledger, after each write and on demand."""

from __future__ import annotations

import logging
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import GraphMemError, NotFound
from graphmem.model import Change, MergeBranch, Revoke, Scope
from graphmem.projection.derivation import draw
from graphmem.projection.values import Group, Projection, ProjectionState, ProjectionStep
from graphmem.store import Progress, Store, silent
from graphmem.temporal import touched

_LOG = logging.getLogger("graphmem.projection")
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """The status of a tenant's projection.

    Attributes:
        position: The last ledger position that is projected; None if the projection is off.
        ledger: The last position of the ledger.
        groups: The graphiti groups in the projection, with their ids.
    """

    tenant: str
    position: int | None
    ledger: int
    groups: tuple[Group, ...] = ()

    @property
    def is_on(self) -> bool:
        """True if the tenant has a projection."""
        return self.position is not None


class Projector:
    """Brings the projections of tenants up to date with their ledgers.

    Args:
        store: The store of the ledgers.
        projection: The store of the projections.
    """

    def __init__(self, store: Store, projection: Projection) -> None:
        self._store = store
        self._projection = projection

    def after_write(self, tenant: str) -> None:
        """Project new ledger entries if the tenant has a projection; log a failure, since the write is done.

        At most a page of entries is projected. The rest, and entries that failed, follow after the next write or by
        `catch_up`.
        """
        try:
            if self._projection.is_on(tenant):
                self.catch_up(tenant, is_brief=True)
        except GraphMemError as problem:
            _LOG.warning("the projection of %r is behind its ledger: %s", tenant, problem)

    def catch_up(self, tenant: str, progress: Progress = silent, *, is_brief: bool = False) -> None:
        """Project all new ledger entries, or a single page if `is_brief`; do nothing if the projection is off."""
        while (state := self._projection.state(tenant)) is not None:
            if _has_other_vectors(state):
                self._start_anew(tenant)
                continue
            changes = self._store.changes(Scope(tenant), after=state.seq, limit=_PAGE)
            if not changes:
                return
            is_done = self._projection.advance(tenant, self._step(tenant, state.seq, changes))
            is_last = is_done if len(changes) < _PAGE else is_brief
            if is_last:
                return
            progress(changes[-1].seq, self._store.position(Scope(tenant)).seq)

    def switch_on(self, tenant: str, progress: Progress = silent) -> ProjectionStatus:
        """Create the projection of a tenant if there is none, and project all ledger entries."""
        self._projection.switch_on(tenant)
        self.catch_up(tenant, progress)
        return self.status(tenant)

    def switch_off(self, tenant: str) -> ProjectionStatus:
        """Delete the projection of a tenant."""
        self._projection.switch_off(tenant)
        return self.status(tenant)

    def rebuild(self, tenant: str, progress: Progress = silent) -> ProjectionStatus:
        """Delete the projection of a tenant and create it again from the complete ledger.

        Raises:
            NotFound: The projection is off.
        """
        self._refuse_if_off(tenant)
        self._start_anew(tenant)
        self.catch_up(tenant, progress)
        return self.status(tenant)

    def sync(self, tenant: str, progress: Progress = silent) -> ProjectionStatus:
        """Project all new ledger entries of a tenant.

        Raises:
            NotFound: The projection is off.
        """
        self._refuse_if_off(tenant)
        self.catch_up(tenant, progress)
        return self.status(tenant)

    def renew(self, tenant: str) -> None:
        """Create the projection again if it is on, for example after a change of vectors."""
        if self._projection.state(tenant) is not None:
            self._start_anew(tenant)
            self.catch_up(tenant)

    def status(self, tenant: str) -> ProjectionStatus:
        """Return the status of a tenant's projection."""
        state, ledger = self._projection.state(tenant), self._store.position(Scope(tenant)).seq
        if state is None:
            return ProjectionStatus(tenant, None, ledger)
        return ProjectionStatus(tenant, state.seq, ledger, tuple(self._projection.groups(tenant)))

    # ---- parts

    def _refuse_if_off(self, tenant: str) -> None:
        if self._projection.state(tenant) is None:
            raise NotFound(f"tenant {tenant!r} has no projection; run: graphmem graphiti on")

    def _start_anew(self, tenant: str) -> None:
        self._projection.switch_off(tenant)
        self._projection.switch_on(tenant)

    def _step(self, tenant: str, after: int, changes: list[Change]) -> ProjectionStep:
        reader = Scope(tenant)
        merges = {change.seq: change.recorded_at for change in changes if isinstance(change.operation, MergeBranch)}
        rows = self._store.rows(reader, self._touched(reader, changes, merges))
        return draw(rows, tenant, after, changes[-1].seq, merges)

    def _touched(self, reader: Scope, changes: list[Change], merges: dict[int, datetime]) -> list[str]:
        keys = dict.fromkeys(key for change in changes for key in self._named(reader, change))
        if merges:
            keys |= dict.fromkeys(self._on_branches(reader, max(merges)))
        return list(keys)

    def _named(self, reader: Scope, change: Change) -> tuple[str, ...]:
        """Return the ids of the memories that an entry names; for a revocation, those of the revoked entry."""
        if not isinstance(change.operation, Revoke):
            return touched(change.operation)
        revoked = self._store.changes(reader, after=change.operation.change - 1, limit=1)
        return touched(revoked[0].operation)

    def _on_branches(self, reader: Scope, upto: int) -> list[str]:
        """Return all memories written on branches up to a position: a merge may bring any of them to the main line."""
        keys: list[str] = []
        after = 0
        while after < upto and (page := self._store.changes(reader, after=after, limit=_PAGE)):
            on_branches = [change for change in page if change.writer.branch is not None]
            keys += [key for change in on_branches for key in self._named(reader, change)]
            after = page[-1].seq
        return keys


def _has_other_vectors(state: ProjectionState) -> bool:
    """Return whether the projection has vectors of another model than the store: graphiti fails on mixed models."""
    return state.seq > 0 and state.model != state.current

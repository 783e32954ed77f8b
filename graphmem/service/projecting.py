"""Keeping the graph that graphiti reads up to the ledger: after each write, and when somebody asks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from graphmem.errors import GraphMemError, NotFound
from graphmem.model import Change, MergeBranch, Revoke, Scope
from graphmem.projection.derivation import draw
from graphmem.projection.values import Group, Projection, State, Step
from graphmem.store import Progress, Store, silent
from graphmem.temporal import touched

_LOG = logging.getLogger("graphmem.projection")
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """How a tenant's projection stands.

    Attributes:
        position: The last ledger position that it shows; None if it is off.
        ledger: The last ledger position that there is.
        groups: What graphiti finds in it, by the group ids that its readers ask for.
    """

    tenant: str
    position: int | None
    ledger: int
    groups: tuple[Group, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether writes to the tenant are shown."""
        return self.position is not None


class Projector:
    """Brings projections up to their ledgers.

    Args:
        store: Where the ledgers are.
        projection: Where the projections are.
    """

    def __init__(self, store: Store, projection: Projection) -> None:
        self._store = store
        self._projection = projection

    def after_write(self, tenant: str) -> None:
        """Show what was written, if the tenant has a projection; never fails: what was written stands.

        What could not be shown, and what is past one page of entries, is shown after the next writes, or by `catch_up`.
        """
        try:
            if self._projection.is_on(tenant):
                self.catch_up(tenant, is_brief=True)
        except GraphMemError as problem:
            _LOG.warning("the projection of %r is behind its ledger: %s", tenant, problem)

    def catch_up(self, tenant: str, progress: Progress = silent, *, is_brief: bool = False) -> None:
        """Show all that is in the ledger by now, or one page of it if brief; does nothing where it is off."""
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
        """Make the projection of a tenant if there is none, and bring it up to the ledger."""
        self._projection.switch_on(tenant)
        self.catch_up(tenant, progress)
        return self.status(tenant)

    def switch_off(self, tenant: str) -> ProjectionStatus:
        """Remove the projection of a tenant with all that it holds."""
        self._projection.switch_off(tenant)
        return self.status(tenant)

    def rebuild(self, tenant: str, progress: Progress = silent) -> ProjectionStatus:
        """Make the projection of a tenant again from the whole ledger.

        Raises:
            NotFound: It is off.
        """
        self._refuse_if_off(tenant)
        self._start_anew(tenant)
        self.catch_up(tenant, progress)
        return self.status(tenant)

    def sync(self, tenant: str, progress: Progress = silent) -> ProjectionStatus:
        """As `catch_up`, of a projection that must be on.

        Raises:
            NotFound: It is off.
        """
        self._refuse_if_off(tenant)
        self.catch_up(tenant, progress)
        return self.status(tenant)

    def renew(self, tenant: str) -> None:
        """Make it again where it is on, as after new vectors."""
        if self._projection.state(tenant) is not None:
            self._start_anew(tenant)
            self.catch_up(tenant)

    def status(self, tenant: str) -> ProjectionStatus:
        """How the projection of a tenant stands."""
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

    def _step(self, tenant: str, after: int, changes: list[Change]) -> Step:
        reader = Scope(tenant)
        merges = {one.seq: one.recorded_at for one in changes if isinstance(one.operation, MergeBranch)}
        rows = self._store.rows(reader, self._touched(reader, changes, merges))
        return draw(rows, tenant, after, changes[-1].seq, merges)

    def _touched(self, reader: Scope, changes: list[Change], merges: dict[int, datetime]) -> list[str]:
        found = dict.fromkeys(key for one in changes for key in self._named(reader, one))
        if merges:
            found |= dict.fromkeys(self._on_branches(reader, max(merges)))
        return list(found)

    def _named(self, reader: Scope, change: Change) -> tuple[str, ...]:
        """The memories that an entry is about; a revocation is about those of the entry that it undid."""
        if not isinstance(change.operation, Revoke):
            return touched(change.operation)
        undone = self._store.changes(reader, after=change.operation.change - 1, limit=1)
        return touched(undone[0].operation)

    def _on_branches(self, reader: Scope, upto: int) -> list[str]:
        """All that was ever written on branches: merging one may bring any of it to the main line."""
        found: list[str] = []
        after = 0
        while after < upto and (page := self._store.changes(reader, after=after, limit=_PAGE)):
            on_branches = [one for one in page if one.writer.branch is not None]
            found += [key for one in on_branches for key in self._named(reader, one)]
            after = page[-1].seq
        return found


def _has_other_vectors(state: State) -> bool:
    """Whether its embeddings are of another model than those to come: graphiti fails on a mixture."""
    return state.seq > 0 and state.model != state.current

"""Projections over several servers: each tenant's is where its memories are."""

from __future__ import annotations

from collections.abc import Callable

from graphmem.adapters.neo4j.shard import Shard
from graphmem.projection.model import Group, State, Step


class RoutedProjection:
    """The projections of the tenants of several databases; see `graphmem.projection.model.Projection`.

    Args:
        shard_of: Which shard keeps a tenant.
    """

    def __init__(self, shard_of: Callable[[str], Shard]) -> None:
        self._shard_of = shard_of

    def is_on(self, tenant: str) -> bool:
        """See `Projection.is_on`."""
        store = self._shard_of(tenant).store
        return store is not None and store.projected().is_on(tenant)

    def state(self, tenant: str) -> State | None:
        """See `Projection.state`."""
        return self._shard_of(tenant).call(lambda store: store.projected().state(tenant))

    def switch_on(self, tenant: str) -> None:
        """See `Projection.switch_on`."""
        self._shard_of(tenant).call(lambda store: store.projected().switch_on(tenant))

    def switch_off(self, tenant: str) -> None:
        """See `Projection.switch_off`."""
        self._shard_of(tenant).call(lambda store: store.projected().switch_off(tenant))

    def advance(self, tenant: str, step: Step) -> bool:
        """See `Projection.advance`."""
        return self._shard_of(tenant).call(lambda store: store.projected().advance(tenant, step))

    def groups(self, tenant: str) -> list[Group]:
        """See `Projection.groups`."""
        return self._shard_of(tenant).call(lambda store: store.projected().groups(tenant))

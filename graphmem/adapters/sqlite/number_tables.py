"""Row numbers of homes and anchors: looked up or assigned within a batch, and cached after its commit."""

from __future__ import annotations

from collections.abc import Iterable

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import Row, Tenant, home_scope, home_text
from graphmem.model import Add, Anchor, Request, Scope

_FIND_HOME = "SELECT number FROM home WHERE tenant = ? AND scope = ?"
_NEW_HOME = (
    "INSERT INTO home (tenant, scope, number)"
    " VALUES (?1, ?2, (SELECT coalesce(max(number), 0) + 1 FROM home WHERE tenant = ?1)) RETURNING number"
)
_FIND_ANCHOR = "SELECT number FROM anchor WHERE id = ?"
_FIND_ANCHORS = "SELECT anchor.id, number FROM json_each(?) AS input CROSS JOIN anchor ON anchor.id = input.value"
_LAST_ANCHOR = "SELECT coalesce(max(number), 0) FROM anchor"

_MAX_ANCHORS = 65_536
_MOST_TENANTS = 64


class NumberCache:
    """Committed numbers of homes and anchors for each tenant and epoch.

    A batch takes the numbers out and puts them back after its commit, so that rolled back numbers are never cached. An
    erasure may drop anchors, so it starts a new epoch.
    """

    def __init__(self) -> None:
        self._of: dict[int, tuple[int, dict[Scope, int], dict[Anchor, int]]] = {}

    def take(self, tenant: Tenant) -> tuple[dict[Scope, int], dict[Anchor, int]]:
        """Remove and return the numbers of a tenant whose row was read in this transaction."""
        epoch, homes, anchors = self._of.pop(tenant.number, (-1, {}, {}))
        return (homes, anchors) if epoch == tenant.epoch and len(anchors) <= _MAX_ANCHORS else ({}, {})

    def give_back(self, tenant: Tenant, homes: dict[Scope, int], anchors: dict[Anchor, int]) -> None:
        """Cache the numbers of a committed batch."""
        if len(self._of) >= _MOST_TENANTS:
            self._of.clear()
        self._of[tenant.number] = (tenant.epoch, homes, anchors)


class NumberAllocator:
    """Numbers of homes and anchors within one batch; rows of new anchors are collected in `pending`."""

    def __init__(self, snapshot: Snapshot, cache: NumberCache) -> None:
        self.pending: list[Row] = []
        self._connection = snapshot.connection
        self._tenant = snapshot.tenant
        self._homes, self._anchors = cache.take(snapshot.tenant)
        # Ids of anchors that are not stored, and the numbers assigned to new ids in this batch.
        self._absent: dict[Anchor, str] = {}
        self._assigned: dict[str, int] = {}
        self._last_anchor: int | None = None

    def look_up(self, requests: Iterable[Request]) -> None:
        """Look up the anchors of these requests with a single query."""
        ids: dict[Anchor, str] = {}
        for request in requests:
            operation = request.operation
            if isinstance(operation, Add) and operation.memory.statement is not None:
                for anchor in operation.memory.statement.anchors:
                    if anchor not in self._anchors:
                        ids[anchor] = ""
        if not ids:
            return
        ids = {anchor: anchor.node_id(self._tenant.name) for anchor in ids}
        stored = dict(self._connection.execute(_FIND_ANCHORS, (_hexes(ids.values()),)))
        self._anchors.update((anchor, stored[anchor_id]) for anchor, anchor_id in ids.items() if anchor_id in stored)
        self._absent = {anchor: anchor_id for anchor, anchor_id in ids.items() if anchor_id not in stored}

    def home(self, scope: Scope) -> int:
        """Return the number of a home; inserts it if it is new."""
        scope = home_scope(scope)
        number = self._homes.get(scope)
        if number is None:
            parameters = (self._tenant.number, home_text(scope))
            stored = self._connection.execute(_FIND_HOME, parameters).get
            if stored is None:
                stored = self._connection.execute(_NEW_HOME, parameters).get
            number = self._homes[scope] = int(str(stored))
        return number

    def anchor(self, anchor: Anchor) -> int:
        """Return the number of an anchor; assigns a number to a new anchor."""
        number = self._anchors.get(anchor)
        if number is None:
            number = self._anchors[anchor] = self._anchor_number(anchor)
        return number

    def forget_anchors(self) -> None:
        """Drop all anchor numbers: an erasure may have deleted anchors."""
        self._anchors = {}
        self._absent = {}
        self._assigned = {}
        self._last_anchor = None

    def give_back(self, cache: NumberCache) -> None:
        """Return the numbers to the cache after the commit."""
        cache.give_back(self._tenant, self._homes, self._anchors)

    def _anchor_number(self, anchor: Anchor) -> int:
        anchor_id = self._absent.get(anchor)
        if anchor_id is None:
            anchor_id = anchor.node_id(self._tenant.name)
            stored = self._connection.execute(_FIND_ANCHOR, (anchor_id,)).get
            if stored is not None:
                return int(str(stored))
        # An anchor with the same target and another role has the same id.
        return self._assigned.get(anchor_id) or self._assign(anchor_id, anchor)

    def _assign(self, anchor_id: str, anchor: Anchor) -> int:
        if self._last_anchor is None:
            self._last_anchor = int(str(self._connection.execute(_LAST_ANCHOR).get))
        self._last_anchor += 1
        self._assigned[anchor_id] = self._last_anchor
        self.pending.append((self._last_anchor, anchor_id, anchor.kind, anchor.repo, anchor.name))
        return self._last_anchor


def _hexes(keys: Iterable[str]) -> str:
    return '["' + '","'.join(keys) + '"]'

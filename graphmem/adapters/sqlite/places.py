"""The numbers of homes and anchors: found or given within a batch, and kept for the next once they are written."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from graphmem.adapters.sqlite.values import Row, Tenant, home_scope, home_text
from graphmem.model import Add, Anchor, Request, Scope

_FIND_HOME = "SELECT number FROM home WHERE tenant = ? AND scope = ?"
_NEW_HOME = (
    "INSERT INTO home (tenant, scope, number)"
    " VALUES (?1, ?2, (SELECT coalesce(max(number), 0) + 1 FROM home WHERE tenant = ?1)) RETURNING number"
)
_FIND_ANCHOR = "SELECT number FROM anchor WHERE id = ?"
_FIND_ANCHORS = "SELECT anchor.id, number FROM json_each(?) AS asked CROSS JOIN anchor ON anchor.id = asked.value"
_LAST_ANCHOR = "SELECT coalesce(max(number), 0) FROM anchor"

_MOST_KEPT = 65_536
_MOST_TENANTS = 64


class Kept:
    """Numbers that were committed, for each tenant as of one epoch: erasing, which drops anchors, begins the next.

    A batch takes them out and gives them back after its commit, so that what was rolled back is never found here.
    """

    def __init__(self) -> None:
        self._of: dict[int, tuple[int, dict[Scope, int], dict[Anchor, int]]] = {}

    def take(self, tenant: Tenant) -> tuple[dict[Scope, int], dict[Anchor, int]]:
        """What is known of a tenant whose row was read in this transaction."""
        epoch, homes, anchors = self._of.pop(tenant.number, (-1, {}, {}))
        return (homes, anchors) if epoch == tenant.epoch and len(anchors) <= _MOST_KEPT else ({}, {})

    def give_back(self, tenant: Tenant, homes: dict[Scope, int], anchors: dict[Anchor, int]) -> None:
        """Keep what a batch knew when it was committed."""
        if len(self._of) >= _MOST_TENANTS:
            self._of.clear()
        self._of[tenant.number] = (tenant.epoch, homes, anchors)


class Places:
    """Numbers of homes and anchors within one batch; rows of fresh anchors are collected in `pending`."""

    def __init__(self, connection: apsw.Connection, tenant: Tenant, kept: Kept) -> None:
        self.pending: list[Row] = []
        self._connection = connection
        self._tenant = tenant
        self._homes, self._anchors = kept.take(tenant)
        # Of anchors that are not stored, the ids; and, by id, the numbers that this batch gave.
        self._absent: dict[Anchor, str] = {}
        self._given: dict[str, int] = {}
        self._last_anchor: int | None = None

    def look_up(self, requests: Iterable[Request]) -> None:
        """Find the anchors of these requests all at once."""
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
        found = dict(self._connection.execute(_FIND_ANCHORS, (_hexes(ids.values()),)))
        self._anchors.update((anchor, found[key]) for anchor, key in ids.items() if key in found)
        self._absent = {anchor: key for anchor, key in ids.items() if key not in found}

    def home(self, scope: Scope) -> int:
        """The number of a home, made if there is none."""
        scope = home_scope(scope)
        number = self._homes.get(scope)
        if number is None:
            wanted = (self._tenant.number, home_text(scope))
            found = self._connection.execute(_FIND_HOME, wanted).get
            if found is None:
                found = self._connection.execute(_NEW_HOME, wanted).get
            number = self._homes[scope] = int(str(found))
        return number

    def anchor(self, anchor: Anchor) -> int:
        """The number of an anchor, a fresh one if there is none."""
        number = self._anchors.get(anchor)
        if number is None:
            number = self._anchors[anchor] = self._found(anchor)
        return number

    def forget_anchors(self) -> None:
        """Something was erased, and anchors with it."""
        self._anchors = {}
        self._absent = {}
        self._given = {}
        self._last_anchor = None

    def give_back(self, kept: Kept) -> None:
        """Hand over what was found or given, after the commit."""
        kept.give_back(self._tenant, self._homes, self._anchors)

    def _found(self, anchor: Anchor) -> int:
        key = self._absent.get(anchor)
        if key is None:
            key = anchor.node_id(self._tenant.name)
            found = self._connection.execute(_FIND_ANCHOR, (key,)).get
            if found is not None:
                return int(str(found))
        # The same thing in another role is another anchor with the same id.
        return self._given.get(key) or self._give(key, anchor)

    def _give(self, key: str, anchor: Anchor) -> int:
        if self._last_anchor is None:
            self._last_anchor = int(str(self._connection.execute(_LAST_ANCHOR).get))
        self._last_anchor += 1
        self._given[key] = self._last_anchor
        self.pending.append((self._last_anchor, key, anchor.kind, anchor.repo, anchor.name))
        return self._last_anchor


def _hexes(keys: Iterable[str]) -> str:
    return '["' + '","'.join(keys) + '"]'

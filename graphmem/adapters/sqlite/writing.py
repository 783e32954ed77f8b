"""Carrying out requests: one batch of one tenant, in one transaction."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import apsw

from graphmem import temporal
from graphmem.adapters.sqlite import erasing, reading
from graphmem.adapters.sqlite.appending import INSERTS, append
from graphmem.adapters.sqlite.indexing import indexed
from graphmem.adapters.sqlite.values import (
    Row,
    Tenant,
    holding_text,
    home_scope,
    home_text,
    place_of,
)
from graphmem.errors import Conflict, InvalidInput
from graphmem.ledger import (
    GENESIS,
    change_of,
    encode_statement,
    from_micros,
    request_digest,
    seal,
    to_micros,
)
from graphmem.model import Add, Anchor, Change, Operation, Request, Revoke, Scope, Statement
from graphmem.ranking import name_keys
from graphmem.rows import Derived, MemoryRow, Needs, Rows, Situation, Stamp, Transaction
from graphmem.store import Clock
from graphmem.temporal.planning import touched

if TYPE_CHECKING:
    from graphmem.ledger import Entry
    from graphmem.store import Vector

#: The stored form of a memory's vector, if there is one.
VectorSource = Callable[[str], bytes | None]

_NEW_TENANT = (
    "INSERT INTO tenant (name, key, seq, head, documents, tokens, vectors, epoch) VALUES (?, ?, 0, ?, 0, 0, 0, 0)"
)
_SET_TENANT = (
    "UPDATE tenant SET seq = ?, recorded_at = ?, head = ?, documents = ?, tokens = ?, vectors = ?, epoch = ?"
    " WHERE number = ?"
)
_KNOWN = (
    "SELECT (SELECT place FROM entry WHERE op_id = ?2 AND tenant = ?1),"
    " (SELECT number FROM memory WHERE id = ?3 AND tenant = ?1),"
    " (SELECT number FROM memory WHERE content = ?4 LIMIT 1)"
)
_FIND_HOME = "SELECT number FROM home WHERE tenant = ? AND scope = ?"
_NEW_HOME = (
    "INSERT INTO home (tenant, scope, number)"
    " VALUES (?1, ?2, (SELECT coalesce(max(number), 0) + 1 FROM home WHERE tenant = ?1)) RETURNING number"
)
_FIND_ANCHOR = "SELECT number FROM anchor WHERE id = ?"
_NEW_ANCHOR = "INSERT OR IGNORE INTO anchor (id, kind, repo, name) VALUES (?, ?, ?, ?) RETURNING number"
_SET_DERIVED = "UPDATE memory SET status = ?, is_common = ?, holding = ? WHERE number = ?"
_SET_BRANCH = "INSERT OR REPLACE INTO branch (tenant, key, parent, opened, closed, is_merged) VALUES (?, ?, ?, ?, ?, ?)"


def open_tenant(connection: apsw.Connection, name: str) -> Tenant:
    """The tenant's row, made if there is none."""
    tenant = reading.tenant_of(connection, name)
    if tenant.number:
        return tenant
    connection.execute(_NEW_TENANT, (name, secrets.token_hex(32), GENESIS))
    return reading.tenant_of(connection, name)


class Batch:
    """Requests of one tenant on their way into one write transaction.

    Rows are collected and written together; before anything but a fresh memory is planned, those collected are written,
    so that each request sees the ones before it.
    """

    def __init__(self, connection: apsw.Connection, tenant: Tenant, vector_of: VectorSource) -> None:
        self.tenant = tenant
        self._connection = connection
        self._vector_of = vector_of
        self._pending: dict[str, list[Row]] = defaultdict(list)
        self._waiting: set[str | int] = set()
        self._branches = reading.branches(connection, tenant)
        self._homes: dict[Scope, int] = {}
        self._anchors: dict[Anchor, int] = {}
        # Of the request at hand, so that it is hashed once.
        self._content: int | None = None
        self.erased = 0

    def apply(self, request: Request, clock: Clock) -> Change:
        """Plan and execute one request, or find what it did the first time."""
        digest = request_digest(self.tenant.key, request)
        needs = temporal.needs(request)
        known, is_fresh = self._look_up(request, needs)
        if known is not None:
            return self._first_answer(known, request, digest)
        situation = Situation(Rows(branches=self._branches)) if is_fresh else self._situation(needs)
        transaction = temporal.plan(request, situation, self._stamp(request.writer, clock))
        self.execute(transaction, digest)
        return transaction.change

    def execute(self, transaction: Transaction, digest: str, sealed: Entry | None = None) -> None:
        """Append a planned transaction; `sealed` is its entry if it was sealed before."""
        change, tenant = transaction.change, self.tenant
        entry = sealed or seal(change, salt=secrets.token_hex(16), digest=digest, previous=tenant.head)
        self._add_entry(entry, change)
        tenant.seq, tenant.recorded_at, tenant.head = entry.seq, to_micros(entry.recorded_at), entry.hash
        if transaction.erased is not None:
            self._erase(transaction)
        else:
            self._append(transaction)

    def replay(self, change: Change, entry: Entry) -> None:
        """Execute an entry that was accepted before, sealed as it was then."""
        needs = temporal.needs(Request(change.op_id, change.operation, change.writer, change.provenance))
        _, is_fresh = self._look_up(Request(change.op_id, change.operation, change.writer), needs)
        situation = Situation(Rows(branches=self._branches)) if is_fresh else self._situation(needs)
        self.execute(temporal.replay(change, situation), "", entry)

    def flush(self) -> None:
        """Write what was collected, and the tenant's row."""
        for table, rows in self._pending.items():
            if rows:
                self._connection.executemany(INSERTS[table], rows)
        self._pending = defaultdict(list, {table: [] for table in INSERTS})
        self._waiting.clear()
        one = self.tenant
        row = (one.seq, one.recorded_at, one.head, one.documents, one.tokens, one.vectors, one.epoch, one.number)
        self._connection.execute(_SET_TENANT, row)

    # ---- what a plan needs

    def _look_up(self, request: Request, needs: Needs) -> tuple[int | None, bool]:
        """The place of an earlier entry of this `op_id`, and whether the request only adds a memory never seen."""
        statement_hash = self._content = content_number(needs.content)
        key = request.operation.memory.id if isinstance(request.operation, Add) else None
        if not self._waiting.isdisjoint((f"op {request.op_id}", f"id {key}", statement_hash)):
            self.flush()
        row = self._connection.execute(_KNOWN, (self.tenant.number, request.op_id, key, statement_hash)).fetchone()
        known, same_id, same_content = row or (None, None, None)
        return known, key is not None and same_id is None and same_content is None

    def _situation(self, needs: Needs) -> Situation:
        self.flush()
        change = None if needs.change is None else reading.change_at(self._connection, self.tenant, needs.change)
        seeds = reading.numbers(self._connection, self.tenant, needs.ids)
        if needs.content is not None:
            seeds += reading.with_content(self._connection, self.tenant, content_number(needs.content))
        if change is not None:
            seeds += reading.touched_by(self._connection, self.tenant, [change])
        if needs.branch is not None:
            seeds += reading.touched_on_branch(self._connection, self.tenant, self._branches, needs.branch)
        return Situation(reading.component(self._connection, self.tenant, seeds), change)

    def _stamp(self, writer: Scope, clock: Clock) -> Stamp:
        now = clock()
        if self.tenant.recorded_at is not None:
            now = max(now, from_micros(self.tenant.recorded_at + 1))
        return Stamp(self.tenant.seq + 1, now, writer.branch_key)

    def _first_answer(self, place: int, request: Request, digest: str) -> Change:
        self.flush()
        entry = reading.entry_at(self._connection, place)
        if entry.digest is not None and entry.digest != digest:
            raise Conflict(f"op_id {request.op_id!r} was used for another request; give this one its own")
        return change_of(entry)

    # ---- what a transaction leaves

    def _add_entry(self, entry: Entry, change: Change) -> None:
        place = place_of(self.tenant.number, entry.seq)
        self._waiting.add(f"op {entry.op_id}")
        row = (
            place,
            self.tenant.number,
            to_micros(entry.recorded_at),
            entry.op_id,
            change.writer.branch_key,
            None if entry.salt is None else bytes.fromhex(entry.salt),
            None if entry.digest is None else bytes.fromhex(entry.digest),
            bytes.fromhex(entry.commitment),
            bytes.fromhex(entry.hash),
            entry.body,
        )
        self._pending["entry"].append(row)
        self._touch(change)

    def _touch(self, change: Change) -> None:
        operation: Operation | None = change.operation
        if isinstance(operation, Revoke):
            target = reading.change_at(self._connection, self.tenant, operation.change)
            operation = None if target is None else target.operation
        for key in () if operation is None else touched(operation):
            number = self._number(key)
            if number is not None and number != place_of(self.tenant.number, change.seq):
                self._pending["touch"].append((number, change.seq))

    def _number(self, key: str) -> int | None:
        found = reading.numbers(self._connection, self.tenant, (key,))
        return found[0] if found else None

    def _append(self, transaction: Transaction) -> None:
        rows, derived = transaction.appended, {one.memory: one for one in transaction.derived}
        for key, row in rows.memories.items():
            self._add_memory(row, derived.pop(key, None))
        fresh = {key: place_of(self.tenant.number, row.stamp.seq) for key, row in rows.memories.items()}
        append(self._pending, self.tenant, rows, lambda key: fresh.get(key) or self._must_number(key))
        for key, branch in rows.branches.items():
            values = (self.tenant.number, key, branch.parent, branch.opened, branch.closed, branch.is_merged)
            self._connection.execute(_SET_BRANCH, values)
        if rows.branches:
            self._branches = reading.branches(self._connection, self.tenant)
        self._set_derived(derived.values())

    def _must_number(self, key: str) -> int:
        number = self._number(key)
        if number is None:
            raise InvalidInput(f"no memory {key!r} was recorded before an entry that names it")
        return number

    def _set_derived(self, derived: Iterable[Derived]) -> None:
        for one in derived:
            row = (one.status, one.is_common, holding_text(one), self._must_number(one.memory))
            self._connection.execute(_SET_DERIVED, row)

    def _add_memory(self, row: MemoryRow, derived: Derived | None) -> None:
        memory, statement, tenant = row.memory, row.memory.statement, self.tenant
        number, home = place_of(tenant.number, row.stamp.seq), self._home(memory.scope)
        content = None if statement is None else self._content or content_number(statement.content_hash)
        self._waiting.update((f"id {memory.id}", content or 0))
        values: Row = (None, None, None, None, None, None)
        if statement is not None:
            one = statement
            values = (one.kind, one.origin, one.language, one.subject, one.confidence, content)
        cache = (None, 1, "[]") if derived is None else (derived.status, derived.is_common, holding_text(derived))
        where = (number, tenant.number, memory.id, home, memory.scope.branch, row.stamp.branch)
        text = None if statement is None else encode_statement(statement)
        self._pending["memory"].append((*where, to_micros(row.stamp.recorded_at), *values, *cache, text))
        if statement is not None:
            self._index(number, home, memory.id, statement)

    def _index(self, number: int, home: int, key: str, statement: Statement) -> None:
        text, pending = indexed(self.tenant.number, home, statement), self._pending
        pending["search"].append((number, text.body, text.facets))
        pending["words"].append((number, text.length, text.counts))
        self.tenant.documents += 1
        self.tenant.tokens += text.length
        for name in name_keys(statement):
            pending["name"].append((f"{self.tenant.number} {name}", number))
        for anchor in statement.anchors:
            pending["about"].append((self._anchor(anchor), number))
        vector = self._vector_of(key)
        if vector is not None:
            pending["vector"].append((number, vector))
            self.tenant.vectors += 1

    def _home(self, scope: Scope) -> int:
        scope = home_scope(scope)
        if scope not in self._homes:
            wanted = (self.tenant.number, home_text(scope))
            found = self._connection.execute(_FIND_HOME, wanted).get
            if found is None:
                found = self._connection.execute(_NEW_HOME, wanted).get
            self._homes[scope] = int(found)
        return self._homes[scope]

    def _anchor(self, anchor: Anchor) -> int:
        if anchor not in self._anchors:
            key = anchor.node_id(self.tenant.name)
            found = self._connection.execute(_NEW_ANCHOR, (key, anchor.kind, anchor.repo, anchor.name)).get
            if found is None:
                found = self._connection.execute(_FIND_ANCHOR, (key,)).get
            self._anchors[anchor] = int(str(found))
        return self._anchors[anchor]

    def _erase(self, transaction: Transaction) -> None:
        self.flush()
        assert transaction.erased is not None  # noqa: S101 - the caller looked
        erasing.erase(self._connection, self.tenant, self._must_number(transaction.erased), transaction.change)
        self._set_derived(transaction.derived)
        self._anchors.clear()
        self.erased += 1


def content_number(content_hash: str | None) -> int | None:
    """The first eight bytes of a content hash as a signed integer."""
    return None if content_hash is None else int.from_bytes(bytes.fromhex(content_hash[:16]), "big", signed=True)


def blob(vector: Vector) -> bytes:
    """A vector as it is stored: little-endian float32."""
    import numpy as np

    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def carry_out(
    connection: apsw.Connection, requests: Sequence[Request], clock: Clock, vectors: Mapping[str, Vector]
) -> tuple[list[Change], Batch]:
    """Apply all requests inside the connection's write transaction."""
    batch = Batch(connection, open_tenant(connection, requests[0].writer.tenant), _source(vectors))
    changes = [batch.apply(request, clock) for request in requests]
    batch.flush()
    return changes, batch


def _source(vectors: Mapping[str, Vector]) -> VectorSource:
    return lambda key: blob(vectors[key]) if key in vectors else None

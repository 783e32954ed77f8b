"""Carrying out requests: one batch of one tenant, in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import apsw

from graphmem import temporal
from graphmem.adapters.sqlite import chains, erasing, reading
from graphmem.adapters.sqlite.appending import INSERTS, append
from graphmem.adapters.sqlite.following import Following
from graphmem.adapters.sqlite.known import Known, content_number
from graphmem.adapters.sqlite.places import Kept, Places
from graphmem.adapters.sqlite.text_writer import TextWriter
from graphmem.adapters.sqlite.values import Row, Tenant, holding_text, optional_moment, place_of
from graphmem.adapters.vector_bytes import blob
from graphmem.errors import Conflict, InvalidInput
from graphmem.instants import to_micros
from graphmem.ledger import GENESIS, change_of, request_digest, seal
from graphmem.model import Add, Change, Operation, Propose, Request, Revoke, Scope, Statement, Supersede
from graphmem.rows import BranchRow, Derived, MemoryRow, Needs, Rows, Situation, Stamp, Transaction, next_recorded_at
from graphmem.statement_json import encode_statement
from graphmem.store import Clock
from graphmem.temporal import StandIns
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
    "UPDATE tenant SET seq = ?, recorded_at = ?, head = ?, documents = ?, tokens = ?, vectors = ?, epoch = ?, loose = ?"
    " WHERE number = ?"
)
_PLACE = "SELECT place FROM entry WHERE op_id = ? AND tenant = ?"
_SET_BRANCH = "INSERT OR REPLACE INTO branch (tenant, key, parent, opened, closed, is_merged) VALUES (?, ?, ?, ?, ?, ?)"


#: So many requests are looked up together, and their rows written together.
_CHUNK = 250


def open_tenant(connection: apsw.Connection, name: str) -> Tenant:
    """The tenant's row, made if there is none."""
    tenant = reading.tenant_of(connection, name)
    if tenant.number:
        return tenant
    connection.execute(_NEW_TENANT, (name, secrets.token_hex(32), GENESIS))
    return reading.tenant_of(connection, name)


class Batch:
    """Requests of one tenant on their way into one write transaction.

    Rows are collected and written together; before anything is planned that is neither a fresh memory nor decided by
    what `Following` knows, those collected are written, so that each request sees the ones before it.
    """

    def __init__(self, connection: apsw.Connection, tenant: Tenant, vector_of: VectorSource, kept: Kept) -> None:
        self.tenant = tenant
        self.places = Places(connection, tenant, kept)
        self.erased = 0
        self._text = TextWriter(connection, tenant)
        self._connection = connection
        self._vector_of = vector_of
        self._last = optional_moment(tenant.recorded_at)
        self._answered_to = optional_moment(tenant.answered_to)
        self._known = Known(connection, tenant)
        self._following = Following(connection, tenant)
        self._pending: dict[str, list[Row]] = {table: [] for table in INSERTS}
        self._pending["anchor"] = self.places.pending
        self._branches = reading.branches(connection, tenant)
        self._nothing = Situation(Rows(branches=self._branches))

    def apply_all(self, requests: Sequence[Request], clock: Clock) -> list[Change]:
        """Plan and execute requests in order; for those sent before, find what they did the first time."""
        changes: list[Change] = []
        stand_ins = StandIns()
        for start in range(0, len(requests), _CHUNK):
            chunk = requests[start : start + _CHUNK]
            needs = [temporal.needs(request) for request in chunk]
            self._look_up(chunk, needs)
            changes += [self._apply(*each, clock, stand_ins) for each in zip(chunk, needs, strict=True)]
            self.flush()
        self.finish()
        return changes

    def replay(self, change: Change, entry: Entry) -> None:
        """Execute an entry that was accepted before, sealed as it was then."""
        request = Request(change.op_id, change.operation, change.writer, change.provenance)
        needs = temporal.needs(request)
        self._look_up((request,), (needs,))
        content = content_number(needs.content)
        self._execute(temporal.replay(change, self._situation(request, needs, content)), content, "", entry)
        if len(self._pending["entry"]) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write what was collected but the words, and the tenant's row."""
        for table, rows in self._pending.items():
            if rows:
                self._connection.executemany(INSERTS[table], rows)
                rows.clear()
        one = self.tenant
        totals = (one.documents, one.tokens, one.vectors)
        row = (one.seq, one.recorded_at, one.head, *totals, one.epoch, one.loose, one.number)
        self._connection.execute(_SET_TENANT, row)

    def finish(self) -> None:
        """Write all that was collected; nothing comes after it."""
        self._text.finish()
        self.flush()

    # ---- one request

    def _apply(self, request: Request, needs: Needs, clock: Clock, stand_ins: StandIns) -> Change:
        digest = request_digest(self.tenant.key, request)
        if self._known.has_op_id(request.op_id):
            change = self._first_answer(request, digest)
        else:
            meant = stand_ins.meant(request)
            change = self._carry_out(meant, needs if meant is request else temporal.needs(meant), clock, digest)
        stand_ins.note(request, change)
        return change

    def _carry_out(self, request: Request, needs: Needs, clock: Clock, digest: str) -> Change:
        content = content_number(needs.content)
        situation = self._situation(request, needs, content)
        transaction = temporal.plan(request, situation, self._stamp(request.writer, clock))
        self._execute(transaction, content, digest)
        self._following.note(transaction)
        return transaction.change

    def _execute(self, transaction: Transaction, content: int | None, digest: str, sealed: Entry | None = None) -> None:
        """Append a planned transaction; `sealed` is its entry if it was sealed before."""
        change, tenant = transaction.change, self.tenant
        entry = sealed or seal(change, salt=secrets.token_hex(16), digest=digest, previous=tenant.head)
        tenant.seq, tenant.recorded_at, tenant.head = entry.seq, to_micros(entry.recorded_at), entry.hash
        self._last = entry.recorded_at
        self._add_entry(entry, change)
        if transaction.erased is not None:
            self._erase(transaction.erased, transaction)
        else:
            self._append(transaction, content)

    # ---- what a plan needs

    def _look_up(self, requests: Sequence[Request], needs: Sequence[Needs]) -> None:
        if not self._pending["entry"]:
            self._known.forget()
        self._known.look_up(requests, needs)
        if len(requests) > 1:
            self.places.look_up(requests)
            self._following.look_up(requests)

    def _situation(self, request: Request, needs: Needs, content: int | None) -> Situation:
        operation = request.operation
        if isinstance(operation, Add) and self._known.is_fresh(operation, content):
            return self._nothing
        return self._ahead(request, needs) or self._read(needs, content)

    def _ahead(self, request: Request, needs: Needs) -> Situation | None:
        """What lies ahead of a supersession, if that decides it: a chain behind it may be of any length."""
        if not isinstance(request.operation, Supersede):
            return None
        if (known := self._following.of(request)) is not None:
            return Situation(known)
        self.flush()
        seeds = reading.numbers(self._connection, self.tenant, needs.ids)
        rows = chains.ahead(self._connection, self.tenant, seeds)
        return None if rows is None or not temporal.is_decided_ahead(request, rows) else Situation(rows)

    def _read(self, needs: Needs, content: int | None) -> Situation:
        self.flush()
        change = None if needs.change is None else reading.change_at(self._connection, self.tenant, needs.change)
        seeds = reading.numbers(self._connection, self.tenant, needs.ids)
        if content is not None:
            seeds += reading.with_content(self._connection, self.tenant, content)
        if change is not None:
            seeds += reading.touched_by(self._connection, self.tenant, [change])
        if needs.branch is not None:
            seeds += reading.touched_on_branch(self._connection, self.tenant, self._branches, needs.branch)
        return Situation(chains.component(self._connection, self.tenant, seeds), change)

    def _stamp(self, writer: Scope, clock: Clock) -> Stamp:
        recorded_at = next_recorded_at(clock(), self._last, self._answered_to)
        return Stamp(self.tenant.seq + 1, recorded_at, writer.branch_key)

    def _first_answer(self, request: Request, digest: str) -> Change:
        self.flush()
        place = self._connection.execute(_PLACE, (request.op_id, self.tenant.number)).get
        entry = reading.entry_at(self._connection, int(str(place)))
        if entry.digest is not None and entry.digest != digest:
            raise Conflict(f"op_id {request.op_id!r} was used for another request; give this one its own")
        return change_of(entry)

    # ---- what a transaction leaves

    def _add_entry(self, entry: Entry, change: Change) -> None:
        place = place_of(self.tenant.number, entry.seq)
        self._known.note(entry.op_id)
        row = (
            place,
            self.tenant.number,
            self.tenant.recorded_at,
            entry.op_id,
            change.writer.branch_key,
            None if entry.salt is None else bytes.fromhex(entry.salt),
            None if entry.digest is None else bytes.fromhex(entry.digest),
            bytes.fromhex(entry.commitment),
            bytes.fromhex(entry.hash),
            entry.body,
        )
        self._pending["entry"].append(row)
        if not isinstance(change.operation, Add):
            self._touch(change)

    def _touch(self, change: Change) -> None:
        operation: Operation | None = change.operation
        if isinstance(operation, Propose):
            operation = operation.asked
        if isinstance(operation, Revoke):
            target = reading.change_at(self._connection, self.tenant, operation.change)
            operation = None if target is None else target.operation
        for key in () if operation is None else touched(operation):
            number = self._number(key)
            if number is not None and number != place_of(self.tenant.number, change.seq):
                self._pending["touch"].append((number, change.seq))

    def _number(self, key: str) -> int | None:
        if (known := self._following.number(key)) is not None:
            return known
        found = reading.numbers(self._connection, self.tenant, (key,))
        return found[0] if found else None

    def _append(self, transaction: Transaction, content: int | None) -> None:
        rows, derived = transaction.appended, {one.memory: one for one in transaction.derived}
        fresh: dict[str, int] = {}
        for key, row in rows.memories.items():
            fresh[key] = place_of(self.tenant.number, row.stamp.seq)
            self._add_memory(fresh[key], row, content, derived.pop(key, None))
        append(self._pending, self.tenant, rows, lambda key: fresh.get(key) or self._must_number(key))
        if rows.branches:
            self._set_branches(rows.branches.values())
        self._set_derived(derived.values())

    def _set_branches(self, branches: Iterable[BranchRow]) -> None:
        for branch in branches:
            values = (self.tenant.number, branch.key, branch.parent, branch.opened, branch.closed, branch.is_merged)
            self._connection.execute(_SET_BRANCH, values)
        self._branches = reading.branches(self._connection, self.tenant)
        self._nothing = Situation(Rows(branches=self._branches))

    def _must_number(self, key: str) -> int:
        number = self._number(key)
        if number is None:
            raise InvalidInput(f"no memory {key!r} was recorded before an entry that names it")
        return number

    def _set_derived(self, derived: Iterable[Derived]) -> None:
        for one in derived:
            row = (one.status, one.is_common, holding_text(one), self._must_number(one.memory))
            self._pending["derived"].append(row)

    def _add_memory(self, number: int, row: MemoryRow, content: int | None, derived: Derived | None) -> None:
        memory, statement, stamp, tenant = row.memory, row.memory.statement, row.stamp, self.tenant
        home = self.places.home(memory.scope)
        values: Row = (None, None, None, None, None, None)
        text = None
        if statement is not None:
            one = statement
            content = content_number(one.content_hash) if content is None else content
            values = (one.kind, one.origin, one.language, one.subject, one.confidence, content)
            text = encode_statement(statement)
            self._index(number, home, memory.id, statement)
        self._known.note_memory(memory.id, content)
        cache = (None, 1, "[]") if derived is None else (derived.status, derived.is_common, holding_text(derived))
        where = (number, tenant.number, memory.id, home, memory.scope.branch, stamp.branch)
        self._pending["memory"].append((*where, to_micros(stamp.recorded_at), *values, *cache, text))

    def _index(self, number: int, home: int, key: str, statement: Statement) -> None:
        pending = self._pending
        self.tenant.documents += 1
        self.tenant.tokens += self._text.add(number, home, statement)
        for anchor in statement.anchors:
            pending["about"].append((self.places.anchor(anchor), number))
        vector = self._vector_of(key)
        if vector is not None:
            pending["vector"].append((number, vector))
            self.tenant.vectors += 1

    def _erase(self, key: str, transaction: Transaction) -> None:
        self.flush()
        self.erased += erasing.erase(self._connection, self.tenant, self._must_number(key), transaction.change)
        self._text.erase(self._must_number(key))
        self._set_derived(transaction.derived)
        self.flush()
        self.places.forget_anchors()


def carry_out(
    connection: apsw.Connection, requests: Sequence[Request], clock: Clock, vectors: Mapping[str, Vector], kept: Kept
) -> tuple[list[Change], Batch]:
    """Apply all requests inside the connection's write transaction."""
    batch = Batch(connection, open_tenant(connection, requests[0].writer.tenant), _source(vectors), kept)
    return batch.apply_all(requests, clock), batch


def _source(vectors: Mapping[str, Vector]) -> VectorSource:
    return lambda key: blob(vectors[key]) if key in vectors else None

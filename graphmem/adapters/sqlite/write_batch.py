"""Plans and executes the requests of one tenant in one transaction."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import apsw

from graphmem import temporal
from graphmem.adapters.sqlite import chains, erasure
from graphmem.adapters.sqlite.existing_keys import ExistingKeys, content_number
from graphmem.adapters.sqlite.number_tables import NumberAllocator, NumberCache
from graphmem.adapters.sqlite.row_inserts import INSERTS, append
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.successor_rows import SuccessorRows
from graphmem.adapters.sqlite.text_writer import TextWriter
from graphmem.adapters.sqlite.values import Row, holding_text, merged_mark, optional_moment, rowid_of
from graphmem.adapters.vector_bytes import blob
from graphmem.errors import Conflict, InvalidInput
from graphmem.guard.index_terms import terms_of_statement
from graphmem.instants import to_micros
from graphmem.ledger import GENESIS, change_of, request_digest, seal
from graphmem.model import Add, Change, Request, Scope, Statement, Supersede
from graphmem.rows import BranchRow, Derived, MemoryRow, Needs, Rows, Situation, Stamp, Transaction, next_recorded_at
from graphmem.statement_json import encode_statement
from graphmem.store import Clock
from graphmem.temporal import StandIns
from graphmem.temporal.operations import about

if TYPE_CHECKING:
    from graphmem.ledger import Entry
    from graphmem.store import Vector

#: Returns the stored form of a memory's vector; None without a vector.
VectorSource = Callable[[str], bytes | None]

_NEW_TENANT = (
    "INSERT INTO tenant (name, key, seq, head, documents, tokens, vectors, epoch) VALUES (?, ?, 0, ?, 0, 0, 0, 0)"
)
_SET_TENANT = (
    "UPDATE tenant SET seq = ?, recorded_at = ?, head = ?, documents = ?, tokens = ?, vectors = ?, epoch = ?, loose = ?"
    " WHERE number = ?"
)
_ENTRY_BY_OP_ID = "SELECT place FROM entry WHERE op_id = ? AND tenant = ?"
_SET_BRANCH = "INSERT OR REPLACE INTO branch (tenant, key, parent, opened, closed, is_merged) VALUES (?, ?, ?, ?, ?, ?)"


#: The number of requests looked up together, and of rows written together.
_CHUNK = 250
_SALT_BYTES = 16


def open_tenant(connection: apsw.Connection, name: str) -> Snapshot:
    """Return a snapshot of the tenant; inserts its row if it does not exist."""
    snapshot = Snapshot.of(connection, name)
    if snapshot.tenant.number:
        return snapshot
    connection.execute(_NEW_TENANT, (name, secrets.token_hex(32), GENESIS))
    return Snapshot.of(connection, name)


class Batch:
    """Requests of one tenant within one write transaction.

    Rows are collected and written together. All pending rows are written before a plan that reads the database, so that
    each request sees the earlier requests. A new memory needs no read, nor does a supersession that `SuccessorRows`
    decides.
    """

    def __init__(self, snapshot: Snapshot, vector_of: VectorSource, cache: NumberCache) -> None:
        tenant = snapshot.tenant
        self.tenant = tenant
        self.numbers = NumberAllocator(snapshot, cache)
        self.erased = 0
        self._text = TextWriter(snapshot)
        self._connection = snapshot.connection
        self._vector_of = vector_of
        self._last = optional_moment(tenant.recorded_at)
        self._answered_to = optional_moment(tenant.answered_to)
        self._existing = ExistingKeys(snapshot)
        self._successors = SuccessorRows(snapshot)
        self._pending: dict[str, list[Row]] = {table: [] for table in INSERTS}
        self._pending["anchor"] = self.numbers.pending
        self._salts: list[str] = []
        self._salts_at_once = 1
        self._branches = snapshot.branches()
        self._nothing = Situation(Rows(branches=self._branches))

    @property
    def _snapshot(self) -> Snapshot:
        """The tenant as written so far; without cached rows, since each request changes them."""
        return Snapshot(self._connection, self.tenant)

    def apply_all(self, requests: Sequence[Request], clock: Clock) -> list[Change]:
        """Plan and execute requests in order; a repeated request returns its first change."""
        changes: list[Change] = []
        existing_ids = StandIns()
        for start in range(0, len(requests), _CHUNK):
            if self._pending["entry"]:
                self.flush()
            chunk = requests[start : start + _CHUNK]
            needs = [temporal.needs(request) for request in chunk]
            self._look_up(chunk, needs)
            self._salts_at_once = len(chunk)
            changes += [
                self._apply(request, need, clock, existing_ids) for request, need in zip(chunk, needs, strict=True)
            ]
        self.finish()
        return changes

    def replay(self, change: Change, entry: Entry) -> None:
        """Execute a change of a stored or exported entry and append that entry unchanged."""
        request = Request(change.op_id, change.operation, change.writer, change.provenance)
        needs = temporal.needs(request)
        self._look_up((request,), (needs,))
        content = content_number(needs.content)
        self._execute(temporal.replay(change, self._situation(request, needs, content)), content, "", entry)
        if len(self._pending["entry"]) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write the tenant's row and all pending rows except segments."""
        for table, rows in self._pending.items():
            if rows:
                self._connection.executemany(INSERTS[table], rows)
                rows.clear()
        tenant = self.tenant
        totals = (tenant.documents, tenant.tokens, tenant.vectors)
        row = (tenant.seq, tenant.recorded_at, tenant.head, *totals, tenant.epoch, tenant.loose, tenant.number)
        self._connection.execute(_SET_TENANT, row)

    def finish(self) -> None:
        """Write everything that is pending; the batch ends here."""
        self._text.finish()
        self.flush()

    # ---- execution of a request

    def _apply(self, request: Request, needs: Needs, clock: Clock, existing_ids: StandIns) -> Change:
        digest = request_digest(self.tenant.key, request)
        if self._existing.has_op_id(request.op_id):
            change = self._first_answer(request, digest)
        else:
            meant = existing_ids.meant(request)
            change = self._carry_out(meant, needs if meant is request else temporal.needs(meant), clock, digest)
        existing_ids.note(request, change)
        return change

    def _carry_out(self, request: Request, needs: Needs, clock: Clock, digest: str) -> Change:
        content = content_number(needs.content)
        situation = self._situation(request, needs, content)
        transaction = temporal.plan(request, situation, self._stamp(request.writer, clock))
        self._execute(transaction, content, digest)
        self._successors.note(transaction)
        return transaction.change

    def _execute(self, transaction: Transaction, content: int | None, digest: str, sealed: Entry | None = None) -> None:
        """Append a planned transaction; `sealed` is its entry if it is already sealed."""
        change, tenant = transaction.change, self.tenant
        entry = sealed or seal(change, salt=self._salt(), digest=digest, previous=tenant.head)
        tenant.seq, tenant.recorded_at, tenant.head = entry.seq, to_micros(entry.recorded_at), entry.hash
        self._last = entry.recorded_at
        self._add_entry(entry, change)
        if transaction.erased is not None:
            self._erase(transaction.erased, transaction)
        else:
            self._append(transaction, content)

    def _salt(self) -> str:
        """Return sixteen random bytes in hexadecimal; those of many entries are drawn at once."""
        if not self._salts:
            drawn = os.urandom(_SALT_BYTES * self._salts_at_once).hex()
            self._salts = [drawn[start : start + 2 * _SALT_BYTES] for start in range(0, len(drawn), 2 * _SALT_BYTES)]
        return self._salts.pop()

    # ---- rows for a plan

    def _look_up(self, requests: Sequence[Request], needs: Sequence[Needs]) -> None:
        if not self._pending["entry"]:
            self._existing.forget()
        self._existing.look_up(requests, needs)
        if len(requests) > 1:
            self.numbers.look_up(requests)
            self._successors.look_up(requests)

    def _situation(self, request: Request, needs: Needs, content: int | None) -> Situation:
        operation = request.operation
        if isinstance(operation, Add) and self._existing.is_fresh(operation, content):
            return self._nothing
        return self._ahead(request, needs) or self._read(needs, content)

    def _ahead(self, request: Request, needs: Needs) -> Situation | None:
        """Read the successors if they decide a supersession: the chain behind it may have any length."""
        if not isinstance(request.operation, Supersede):
            return None
        if (decisive := self._successors.of(request)) is not None:
            return Situation(decisive)
        self.flush()
        seeds = self._snapshot.numbers(needs.ids)
        rows = chains.ahead(self._snapshot, seeds)
        return None if rows is None or not temporal.is_decided_ahead(request, rows) else Situation(rows)

    def _read(self, needs: Needs, content: int | None) -> Situation:
        self.flush()
        change = None if needs.change is None else self._snapshot.change_at(needs.change)
        seeds = self._snapshot.numbers(needs.ids)
        if content is not None:
            seeds += self._snapshot.with_content(content)
        if change is not None:
            seeds += self._snapshot.touched_by([change])
        if needs.branch is not None:
            seeds += self._snapshot.touched_on_branch(self._branches, needs.branch)
        return Situation(chains.component(self._snapshot, seeds), change)

    def _stamp(self, writer: Scope, clock: Clock) -> Stamp:
        recorded_at = next_recorded_at(clock(), self._last, self._answered_to)
        return Stamp(self.tenant.seq + 1, recorded_at, writer.branch_key)

    def _first_answer(self, request: Request, digest: str) -> Change:
        self.flush()
        rowid = self._connection.execute(_ENTRY_BY_OP_ID, (request.op_id, self.tenant.number)).get
        entry = self._snapshot.entry_at(int(str(rowid)))
        if entry.digest is not None and entry.digest != digest:
            raise Conflict(f"op_id {request.op_id!r} was used for another request; give this one its own")
        return change_of(entry)

    # ---- rows of a transaction

    def _add_entry(self, entry: Entry, change: Change) -> None:
        rowid = rowid_of(self.tenant.number, entry.seq)
        self._existing.note(entry.op_id)
        row = (
            rowid,
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
        for memory_id in about(change.operation, self._snapshot.change_at):
            number = self._number(memory_id)
            if number is not None and number != rowid_of(self.tenant.number, change.seq):
                self._pending["touch"].append((number, change.seq))

    def _number(self, memory_id: str) -> int | None:
        if (number := self._successors.number(memory_id)) is not None:
            return number
        numbers = self._snapshot.numbers((memory_id,))
        return numbers[0] if numbers else None

    def _append(self, transaction: Transaction, content: int | None) -> None:
        rows, derived = transaction.appended, {cached.memory: cached for cached in transaction.derived}
        fresh: dict[str, int] = {}
        for memory_id, row in rows.memories.items():
            fresh[memory_id] = rowid_of(self.tenant.number, row.stamp.seq)
            self._add_memory(fresh[memory_id], row, content, derived.pop(memory_id, None))
        append(self._pending, self.tenant, rows, lambda memory_id: fresh.get(memory_id) or self._must_number(memory_id))
        if rows.branches:
            self._set_branches(rows.branches.values())
        self._set_derived(derived.values())

    def _set_branches(self, branches: Iterable[BranchRow]) -> None:
        for branch in branches:
            values = (self.tenant.number, branch.key, branch.parent, branch.opened, branch.closed, merged_mark(branch))
            self._connection.execute(_SET_BRANCH, values)
        self._branches = self._snapshot.branches()
        self._nothing = Situation(Rows(branches=self._branches))

    def _must_number(self, memory_id: str) -> int:
        number = self._number(memory_id)
        if number is None:
            raise InvalidInput(f"no memory {memory_id!r} was recorded before an entry that names it")
        return number

    def _set_derived(self, derived: Iterable[Derived]) -> None:
        for cached in derived:
            row = (cached.status, cached.is_common, holding_text(cached), self._must_number(cached.memory))
            self._pending["derived"].append(row)

    def _add_memory(self, number: int, row: MemoryRow, content: int | None, derived: Derived | None) -> None:
        memory, statement, stamp, tenant = row.memory, row.memory.statement, row.stamp, self.tenant
        home = self.numbers.home(memory.scope)
        values: Row = (None, None, None, None, None, None)
        text = None
        if statement is not None:
            content = content_number(statement.content_hash) if content is None else content
            values = (
                statement.kind,
                statement.origin,
                statement.language,
                statement.subject,
                statement.confidence,
                content,
            )
            text = encode_statement(statement)
            self._index(number, home, memory.id, statement)
        self._existing.note_memory(memory.id, content)
        cache = (None, 1, "[]") if derived is None else (derived.status, derived.is_common, holding_text(derived))
        location = (number, tenant.number, memory.id, home, memory.scope.branch, stamp.branch)
        self._pending["memory"].append((*location, to_micros(stamp.recorded_at), *values, *cache, text))

    def _index(self, number: int, home: int, memory_id: str, statement: Statement) -> None:
        pending = self._pending
        self.tenant.documents += 1
        self.tenant.tokens += self._text.add(number, home, statement)
        for anchor in statement.anchors:
            pending["about"].append((self.numbers.anchor(anchor), number))
        pending["guard"] += [(self.tenant.number, term, number) for term in terms_of_statement(statement)]
        vector = self._vector_of(memory_id)
        if vector is not None:
            pending["vector"].append((number, vector))
            self.tenant.vectors += 1

    def _erase(self, memory_id: str, transaction: Transaction) -> None:
        self.flush()
        self.erased += erasure.erase(self._snapshot, self._must_number(memory_id), transaction.change)
        self._text.erase(self._must_number(memory_id))
        self._set_derived(transaction.derived)
        self.flush()
        self.numbers.forget_anchors()


def carry_out(
    connection: apsw.Connection,
    requests: Sequence[Request],
    clock: Clock,
    vectors: Mapping[str, Vector],
    numbers: NumberCache,
) -> tuple[list[Change], Batch]:
    """Apply all requests inside the connection's write transaction."""
    batch = Batch(open_tenant(connection, requests[0].writer.tenant), _source(vectors), numbers)
    return batch.apply_all(requests, clock), batch


def _source(vectors: Mapping[str, Vector]) -> VectorSource:
    return lambda memory_id: blob(vectors[memory_id]) if memory_id in vectors else None

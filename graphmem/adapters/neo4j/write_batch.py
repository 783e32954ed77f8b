"""Executes requests in a transaction: locks the tenant's ledger, reads the rows for plans, plans, and writes."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from itertools import groupby, islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from graphmem import temporal
from graphmem.adapters.export_lines import refuse_unfinished
from graphmem.adapters.neo4j import erasure, repository_graph
from graphmem.adapters.neo4j.combiner import QueuedWrite
from graphmem.adapters.neo4j.ledger_queries import (
    ABOUT,
    CHANGE_FIELDS,
    HEAD_FIELDS,
    LAST_BEFORE,
    position_of,
    unchained_entry,
)
from graphmem.adapters.neo4j.pending_writes import PendingWrites
from graphmem.adapters.neo4j.properties import Row
from graphmem.adapters.neo4j.row_queries import BRANCHES, COMPONENT, COMPONENT_FIELDS, branches_of, rows_of_component
from graphmem.adapters.neo4j.values import CARD_FIELDS, LedgerHead, card_of, head_of, moment
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Conflict, InvalidInput
from graphmem.instants import to_micros
from graphmem.ledger import GENESIS, Entry, change_of, request_digest, seal
from graphmem.model import Add, Change, Erase, Request, Scope
from graphmem.rows import BranchRow, Rows, Stamp, Transaction, next_recorded_at
from graphmem.store import Clock, ModelCard, Position
from graphmem.temporal import Overlay, StandIns

if TYPE_CHECKING:
    from neo4j import ManagedTransaction, Record

    from graphmem.store import Vector

_LOCK = """
MERGE (l:Ledger {tenant: $p.tenant})
ON CREATE SET l.seq = 0, l.hash = $p.genesis, l.key = $p.key,
  l.documents = 0, l.tokens = 0, l.vectors = 0, l.epoch = 0
SET l.locked_at = timestamp()
WITH l OPTIONAL MATCH (e:EmbeddingModel {id: 'current'})
"""
_LOCKED = f"""{HEAD_FIELDS} AS head, {CARD_FIELDS} AS model, e.is_indexed AS is_indexed, e.is_dropping AS is_dropping,
  EXISTS {{ MATCH (:GraphitiProjection {{tenant: $p.tenant}}) }} AS is_projected"""
# An adoption of a model locks this node, then every ledger: the node also protects a ledger too new for it to see.
_ADOPT_FIRST = f"""
MERGE (e:EmbeddingModel {{id: 'current'}})
SET e.locked_at = timestamp()
FOREACH (_ IN CASE WHEN e.name IS NULL AND $p.name IS NOT NULL THEN [1] ELSE [] END |
  SET e.name = $p.name, e.dimension = $p.dimension, e.weights_hash = $p.hash)
RETURN {CARD_FIELDS} AS model, e.is_dropping AS is_dropping
"""
_SOME_DIMENSION = "MATCH (m:Memory) WHERE m.vector IS NOT NULL RETURN size(m.vector) / 4 AS dimension LIMIT 1"
_ANSWERED = """
MATCH (l:Ledger {tenant: $p.tenant})
SET l.answered_to = CASE WHEN l.answered_to >= $p.moment THEN l.answered_to ELSE $p.moment END
"""
#: The rows for plans, and the existing changes with the `op_id` of a request, each with its request digest.
_Read = tuple[Overlay, dict[str, tuple[Change, str | None]]]
#: The number of requests written together, while the next are planned.
_PART = 250
_EXISTING = f"""
CALL () {{
  UNWIND $p.op_ids AS op_id MATCH (c:Change {{tenant: $p.tenant, op_id: op_id}})
  RETURN collect({CHANGE_FIELDS}) AS existing
}}
"""
_AROUND = f"""
{_EXISTING}
CALL () {{
  UNWIND $p.changes AS seq MATCH (c:Change {{tenant: $p.tenant, seq: seq}})
  RETURN collect({CHANGE_FIELDS}) AS targets
}}
CALL () {{
  UNWIND $p.branches AS key
  MATCH (opening:Branch {{tenant: $p.tenant}}) WHERE opening.key = key OR opening.key STARTS WITH key + ':'
  MATCH (opening)<-[:BRANCH_OF*0..]-(b:Branch)
  MATCH (c:Change {{tenant: $p.tenant, branch: b.key}})-[:{ABOUT}]->(m:Memory)
  RETURN collect(DISTINCT m) AS by_branch
}}
CALL () {{
  UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(m) AS by_id
}}
CALL () {{
  UNWIND $p.contents AS content MATCH (m:Memory {{tenant: $p.tenant, content_hash: content}})
  RETURN collect(m) AS by_content
}}
CALL () {{
  UNWIND $p.changes AS seq MATCH (:Change {{tenant: $p.tenant, seq: seq}})-[:{ABOUT}]->(m:Memory)
  RETURN collect(DISTINCT m) AS by_change
}}
WITH *, by_id + by_content + by_change + by_branch AS seeds
{COMPONENT}
"""
_READ = f"{_AROUND} RETURN existing, targets, {COMPONENT_FIELDS}"
# Reads after the lock in a statement run once it is held: a clause after a write runs after that write.
LOCK = f"{_LOCK} RETURN {_LOCKED}"
LOCK_AND_READ = f"{_LOCK} {_AROUND} RETURN {_LOCKED}, existing, targets, {COMPONENT_FIELDS}"
#: For additions, most of them new: returns whether there are rows to read.
LOCK_AND_COUNT = f"""
{_LOCK}
{_EXISTING}
CALL () {{ UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN count(m) AS by_id }}
CALL () {{
  UNWIND $p.contents AS content MATCH (m:Memory {{tenant: $p.tenant, content_hash: content}})
  RETURN count(m) AS by_content
}}
{BRANCHES}
RETURN {_LOCKED}, existing, by_id + by_content > 0 AS has_rows, branches
"""


class OutdatedPlan(Exception):
    """The state changed since the plan; nothing was written."""


@dataclass(slots=True)
class WriteBatch:
    """Requests of a tenant in a transaction.

    Attributes:
        is_dropping: Vectors of the previous model are still being removed; until then no vectors are stored.
        words: The number of memories added so far with each word, not yet sent to the server.
        ahead: The rows for the first run, if they were read together with the lock.
        precondition: The state that the first run was planned on, if it is planned before the lock is held.
        branches: Every branch after the last run; None if unknown.
    """

    tx: ManagedTransaction
    head: LedgerHead
    model: ModelCard | None = None
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    is_indexed: bool = False
    is_projected: bool = False
    is_dropping: bool = False
    words: Counter[str] = field(default_factory=Counter)
    ahead: _Read | None = None
    precondition: Row | None = None
    branches: Mapping[str, BranchRow] | None = None

    @classmethod
    def begin(cls, tx: ManagedTransaction, tenant: str) -> WriteBatch:
        """Take the tenant's write lock, then read its head."""
        return cls._of_record(tx, tenant, tx.run(LOCK, p=_new_ledger(tenant)).single(strict=True))

    @classmethod
    def begin_with(cls, tx: ManagedTransaction, requests: Sequence[Request]) -> WriteBatch:
        """Take the lock and read the head and the rows for the first run of the requests."""
        tenant, first = requests[0].writer.tenant, list(next(_runs(requests)))
        are_additions = all(isinstance(request.operation, Add) for request in first)
        parameters = _new_ledger(tenant) | read_parameters(first)
        record = tx.run(LOCK_AND_COUNT if are_additions else LOCK_AND_READ, p=parameters).single(strict=True)
        batch = cls._of_record(tx, tenant, record)
        if not are_additions:
            batch.ahead = _read(tenant, record)
        elif not record["has_rows"]:
            batch.ahead = Overlay(Rows(branches=branches_of(record))), _existing(record)
        return batch

    @classmethod
    def _of_record(cls, tx: ManagedTransaction, tenant: str, record: Record) -> WriteBatch:
        return cls(
            tx,
            head_of(tenant, record["head"]),
            card_of(record["model"]),
            is_indexed=bool(record["is_indexed"]),
            is_projected=bool(record["is_projected"]),
            is_dropping=bool(record["is_dropping"]),
        )

    def apply(self, requests: Sequence[Request], calls: Sequence[tuple[Clock, StandIns]]) -> list[Change]:
        """Plan the requests in order and write the results; each erasure is written before later requests are read.

        Args:
            requests: All of one tenant.
            calls: For each request, the clock and the stand-ins of its call.
        """
        if self.head.is_restoring:
            refuse_unfinished(self.head.tenant)
        left = iter(calls)
        return [
            change for run in _runs(requests) for change in self._apply_run([(request, *next(left)) for request in run])
        ]

    def replay(self, entries: Sequence[Entry]) -> None:
        """Write entries of an export with their original seals."""
        changes = [change_of(entry) for entry in entries]
        requests = [Request(change.op_id, change.operation, change.writer, change.provenance) for change in changes]
        replays = zip(requests, changes, entries, strict=True)
        for _, run in groupby(enumerate(replays), lambda numbered: _erasure_number(numbered[0], numbered[1][0])):
            self._replay_run([replay for _, replay in run])

    def take_vectors(self, vectors: Mapping[str, Vector], model: ModelCard | None) -> bool:
        """Set the vectors of memories to be added; the first model is recorded as the store's.

        Args:
            vectors: Memory id to unit vector.
            model: The model that made them; None for that of the store.

        Returns:
            False if the store has another model: the vectors are ignored.

        Raises:
            InvalidInput: A vector is not of the store's dimension.
        """
        if not vectors:
            return True
        if model is not None and (self.model is None or not self.head.seq) and self.precondition is None:
            parameters = {"name": model.name, "dimension": model.dimension, "hash": model.weights_hash}
            record = self.tx.run(_ADOPT_FIRST, p=parameters).single(strict=True)
            self.model, self.is_dropping = card_of(record["model"]), bool(record["is_dropping"])
        if self.is_dropping or (model is not None and model != self.model):
            return False
        dimension = self.model.dimension if self.model is not None else 0
        if not dimension:
            stored = self.tx.run(_SOME_DIMENSION).single()
            dimension = int(stored["dimension"]) if stored else len(next(iter(vectors.values())))
        for memory_id, vector in vectors.items():
            if len(vector) != dimension:
                raise InvalidInput(
                    f"the vector of {memory_id!r} has {len(vector)} dimensions, those of this store {dimension}"
                )
        self.vectors = {**self.vectors, **vectors}
        return True

    # ---- one run between erasures

    def _apply_run(self, run: Sequence[tuple[Request, Clock, StandIns]]) -> list[Change]:
        requests = [request for request, _, _ in run]
        digests = [request_digest(self.head.key, request) for request in requests]
        overlay, existing = self._read(requests)
        pending, changes = self._pending_writes(), list[Change]()
        for count, ((request, clock, stand_ins), digest) in enumerate(zip(run, digests, strict=True), 1):
            first = existing.get(request.op_id)
            if first is None:
                meant = stand_ins.meant(request)
                situation = overlay.situation(temporal.needs(meant))
                transaction = temporal.plan(meant, situation, self._stamp(request.writer, clock))
                first = self._take(transaction, digest, overlay, pending)
                existing[request.op_id] = first
            elif first[1] is not None and first[1] != digest:
                raise Conflict(f"op_id {request.op_id!r} was used for another request; give this one its own")
            stand_ins.note(request, first[0])
            changes.append(first[0])
            if count % _PART == 0:
                self._write(pending)
                pending = self._pending_writes()
        self._finish(pending)
        self.branches = None if pending.erased else overlay.branches
        return changes

    def _replay_run(self, run: Sequence[tuple[Request, Change, Entry]]) -> None:
        overlay, _ = self._read([request for request, _, _ in run])
        pending = self._pending_writes()
        for request, change, entry in run:
            transaction = temporal.replay(change, overlay.situation(temporal.needs(request)))
            self._take(transaction, "", overlay, pending, entry)
        self._finish(pending)

    def _read(self, requests: Sequence[Request]) -> _Read:
        """Return the rows for the plans, and the existing changes with the `op_id` of a request."""
        if self.ahead is not None:
            read, self.ahead = self.ahead, None
            return read
        parameters = {"tenant": self.head.tenant, **read_parameters(requests)}
        return _read(self.head.tenant, self.tx.run(_READ, p=parameters).single(strict=True))

    def _pending_writes(self) -> PendingWrites:
        return PendingWrites(self.head, self.vectors, self.words, is_indexed=self.is_indexed)

    def _stamp(self, writer: Scope, clock: Clock) -> Stamp:
        recorded_at = next_recorded_at(clock(), moment(self.head.recorded_at), moment(self.head.answered_to))
        return Stamp(self.head.seq + 1, recorded_at, writer.branch_key)

    def _take(
        self,
        transaction: Transaction,
        digest: str,
        overlay: Overlay,
        pending: PendingWrites,
        sealed: Entry | None = None,
    ) -> tuple[Change, str]:
        head = self.head
        entry = sealed or seal(transaction.change, salt=secrets.token_hex(16), digest=digest, previous=head.hash)
        head.seq, head.recorded_at, head.hash = entry.seq, to_micros(entry.recorded_at), entry.hash
        pending.add(transaction, entry, overlay)
        overlay.append(transaction)
        return transaction.change, digest

    def _finish(self, pending: PendingWrites) -> None:
        """Write the last part, with the words of all parts: most words of a batch occur in many of its memories."""
        self._write(pending, self.words)
        self.words.clear()

    def _write(self, pending: PendingWrites, words: Mapping[str, int] = MappingProxyType({})) -> None:
        if pending.is_empty and not words:
            return
        result = pending.write(self.tx, words, precondition=self.precondition)
        if self.precondition is not None and result.single() is None:
            raise OutdatedPlan
        for memory_id, change in pending.erased:
            erasure.erase(self.tx, self.head, memory_id, change)
        for repo, seq in pending.readings.items():
            repository_graph.write(self.tx, self.head.tenant, repo, seq)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The changes of each call, and the batch that executed the calls."""

    changes: list[list[Change]]
    batch: WriteBatch


def carry_out(tx: ManagedTransaction, calls: Sequence[QueuedWrite]) -> BatchResult:
    """Execute the requests of all calls, of one tenant, in a transaction."""
    batch = WriteBatch.begin_with(tx, [request for call in calls for request in call.requests])
    for call in calls:
        batch.take_vectors(call.vectors, call.model)
    return BatchResult(apply_all(batch, calls), batch)


def apply_all(batch: WriteBatch, calls: Sequence[QueuedWrite]) -> list[list[Change]]:
    """Execute the calls in a batch and return the changes of each."""
    by_call = [(call.clock, StandIns(), call) for call in calls]
    by_request = [(clock, stand_ins) for clock, stand_ins, call in by_call for _ in call.requests]
    changes = iter(batch.apply([request for call in calls for request in call.requests], by_request))
    return [list(islice(changes, len(call.requests))) for call in calls]


def pin(tx: ManagedTransaction, tenant: str, moment: datetime) -> Position:
    """Return the last entry at or before a moment, and record every later entry after that moment."""
    if WriteBatch.begin(tx, tenant).head.is_restoring:
        refuse_unfinished(tenant)
    parameters = {"tenant": tenant, "moment": moment}
    tx.run(_ANSWERED, p=parameters).consume()
    return position_of(tx.run(LAST_BEFORE, p=parameters).single())


def tenants_of(requests: Iterable[Request]) -> set[str]:
    """Return the tenants of the requests."""
    return {request.writer.tenant for request in requests}


def _runs(requests: Sequence[Request]) -> Iterator[Iterator[Request]]:
    """Yield the requests in runs that can be planned together: each erasure is a run by itself."""
    for _, run in groupby(enumerate(requests), lambda numbered: _erasure_number(*numbered)):
        yield (request for _, request in run)


def _erasure_number(index: int, request: Request) -> int:
    """Return a distinct number for an erasure, and 0 for any other request."""
    return index + 1 if isinstance(request.operation, Erase) else 0


def _new_ledger(tenant: str) -> dict[str, object]:
    return {"tenant": tenant, "genesis": GENESIS, "key": secrets.token_hex(32)}


def read_parameters(requests: Sequence[Request]) -> dict[str, list[object]]:
    """Return the parameters of the statements that read the rows for plans."""
    all_needs = [temporal.needs(request) for request in requests]
    return {
        "op_ids": [request.op_id for request in requests],
        "ids": list(dict.fromkeys(memory_id for needs in all_needs for memory_id in needs.ids)),
        "contents": list({needs.content for needs in all_needs} - {None}),
        "changes": list({needs.change for needs in all_needs} - {None}),
        "branches": list({needs.branch for needs in all_needs} - {None}),
    }


def _existing(record: Record) -> dict[str, tuple[Change, str | None]]:
    entries = [unchained_entry(fields) for fields in record["existing"]]
    return {entry.op_id: (change_of(entry), entry.digest) for entry in entries}


def _read(tenant: str, record: Record) -> _Read:
    targets = [change_of(unchained_entry(fields)) for fields in record["targets"]]
    return Overlay(rows_of_component(tenant, record), targets), _existing(record)

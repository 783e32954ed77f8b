"""Carrying out requests: lock the tenant's ledger, read what plans need, plan, and write it all in one statement."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from graphmem import temporal
from graphmem.adapters.export_lines import refuse_unfinished
from graphmem.adapters.neo4j import erasing
from graphmem.adapters.neo4j.combining import Call
from graphmem.adapters.neo4j.creating import Creation, Row
from graphmem.adapters.neo4j.reading import (
    ABOUT,
    BRANCHES,
    CHANGE_FIELDS,
    COMPONENT,
    COMPONENT_FIELDS,
    HEAD_FIELDS,
    LAST_BEFORE,
    branches_of,
    entry_of_op,
    position_of,
    rows_of,
)
from graphmem.adapters.neo4j.values import CARD_FIELDS, Head, card_of, head_of, moment
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
# Who adopts another model holds this node, then every ledger: a ledger that it cannot see yet is safe behind the node.
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
#: What plans need, and the entries whose `op_id` is sent again, each with its digest.
_Read = tuple[Overlay, dict[str, tuple[Change, str | None]]]
#: So many requests are written at once, while the next are planned.
_PART = 250
_DONE = f"""
CALL () {{
  UNWIND $p.op_ids AS op_id MATCH (c:Change {{tenant: $p.tenant, op_id: op_id}})
  RETURN collect({CHANGE_FIELDS}) AS done
}}
"""
_AROUND = f"""
{_DONE}
CALL () {{
  UNWIND $p.changes AS seq MATCH (c:Change {{tenant: $p.tenant, seq: seq}})
  RETURN collect({CHANGE_FIELDS}) AS asked
}}
CALL () {{
  UNWIND $p.branches AS key
  MATCH (:Branch {{tenant: $p.tenant, key: key}})<-[:BRANCH_OF*0..]-(b:Branch)
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
_READ = f"{_AROUND} RETURN done, asked, {COMPONENT_FIELDS}"
# What comes after the lock in a statement is read once it is held: clauses behind one that writes are run behind it.
LOCK = f"{_LOCK} RETURN {_LOCKED}"
LOCK_AND_READ = f"{_LOCK} {_AROUND} RETURN {_LOCKED}, done, asked, {COMPONENT_FIELDS}"
#: For additions, of which hardly any is known: whether there is anything to read.
LOCK_AND_LOOK = f"""
{_LOCK}
{_DONE}
CALL () {{ UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN count(m) AS by_id }}
CALL () {{
  UNWIND $p.contents AS content MATCH (m:Memory {{tenant: $p.tenant, content_hash: content}})
  RETURN count(m) AS by_content
}}
{BRANCHES}
RETURN {_LOCKED}, done, by_id + by_content > 0 AS is_known, branches
"""


class OutdatedPlan(Exception):
    """Things are no longer as they were planned on; nothing was written."""


@dataclass(slots=True)
class Batch:
    """Requests of one tenant on their way into one transaction."""

    tx: ManagedTransaction
    head: Head
    model: ModelCard | None = None
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    is_indexed: bool = False
    is_projected: bool = False
    #: Vectors of the model before the current one are still being removed, and none can be kept until then.
    is_dropping: bool = False
    #: In how many of the memories added so far each word is, as far as the server was not told.
    words: Counter[str] = field(default_factory=Counter)
    #: What the first run needs, if it was read together with the lock.
    ahead: _Read | None = None
    #: What must be so for the first run to be written, if it is planned before the lock is held.
    planned_on: Row | None = None
    #: Every branch after the last run; None if nobody knows.
    branches: Mapping[str, BranchRow] | None = None

    @classmethod
    def begin(cls, tx: ManagedTransaction, tenant: str) -> Batch:
        """Take the tenant's write lock, then read its head."""
        return cls._begun(tx, tenant, tx.run(LOCK, p=_new_ledger(tenant)).single(strict=True))

    @classmethod
    def begin_with(cls, tx: ManagedTransaction, requests: Sequence[Request]) -> Batch:
        """As `begin`; also reads what the first run of the requests needs."""
        tenant, first = requests[0].writer.tenant, list(next(_runs(requests)))
        looks = all(isinstance(request.operation, Add) for request in first)
        asked = _new_ledger(tenant) | asked_of(first)
        found = tx.run(LOCK_AND_LOOK if looks else LOCK_AND_READ, p=asked).single(strict=True)
        batch = cls._begun(tx, tenant, found)
        if not looks:
            batch.ahead = _read(tenant, found)
        elif not found["is_known"]:
            batch.ahead = Overlay(Rows(branches=branches_of(found))), _done(found)
        return batch

    @classmethod
    def _begun(cls, tx: ManagedTransaction, tenant: str, found: Record) -> Batch:
        return cls(
            tx,
            head_of(tenant, found["head"]),
            card_of(found["model"]),
            is_indexed=bool(found["is_indexed"]),
            is_projected=bool(found["is_projected"]),
            is_dropping=bool(found["is_dropping"]),
        )

    def apply(self, requests: Sequence[Request], calls: Sequence[tuple[Clock, StandIns]]) -> list[Change]:
        """Plan all in order and write what they leave; an erasure is written before the next is read.

        Args:
            requests: Of one tenant.
            calls: For each request, the clock and the stand-ins of the call that it is of.
        """
        if self.head.is_restoring:
            refuse_unfinished(self.head.tenant)
        left = iter(calls)
        return [
            change for run in _runs(requests) for change in self._apply_run([(request, *next(left)) for request in run])
        ]

    def replay(self, entries: Sequence[Entry]) -> None:
        """Write entries that were accepted before, sealed as they were then."""
        changes = [change_of(entry) for entry in entries]
        requests = [Request(one.op_id, one.operation, one.writer, one.provenance) for one in changes]
        pairs = zip(requests, changes, entries, strict=True)
        for _, run in groupby(enumerate(pairs), lambda one: isinstance(one[1][0].operation, Erase) and one[0] + 1):
            self._replay_run([each for _, each in run])

    def take_vectors(self, vectors: Mapping[str, Vector], model: ModelCard | None) -> bool:
        """Keep vectors for the memories that are added; the first model of a store is recorded.

        Args:
            vectors: Memory id to unit vector.
            model: Which made them; None for that of the store.

        Returns:
            False if the store has another model: none is kept.

        Raises:
            InvalidInput: A vector is not of the store's dimension.
        """
        if not vectors:
            return True
        if model is not None and (self.model is None or not self.head.seq) and self.planned_on is None:
            asked = {"name": model.name, "dimension": model.dimension, "hash": model.weights_hash}
            found = self.tx.run(_ADOPT_FIRST, p=asked).single(strict=True)
            self.model, self.is_dropping = card_of(found["model"]), bool(found["is_dropping"])
        if self.is_dropping or (model is not None and model != self.model):
            return False
        known = self.model.dimension if self.model is not None else 0
        if not known:
            some = self.tx.run(_SOME_DIMENSION).single()
            known = int(some["dimension"]) if some else len(next(iter(vectors.values())))
        for key, vector in vectors.items():
            if len(vector) != known:
                raise InvalidInput(f"the vector of {key!r} has {len(vector)} dimensions, those of this store {known}")
        self.vectors = {**self.vectors, **vectors}
        return True

    # ---- one run between erasures

    def _apply_run(self, run: Sequence[tuple[Request, Clock, StandIns]]) -> list[Change]:
        requests = [request for request, _, _ in run]
        digests = [request_digest(self.head.key, request) for request in requests]
        world, known = self._read(requests)
        creation, changes = self._creation(), list[Change]()
        for place, ((request, clock, stand_ins), digest) in enumerate(zip(run, digests, strict=True), 1):
            first = known.get(request.op_id)
            if first is None:
                meant = stand_ins.meant(request)
                asked = world.situation(temporal.needs(meant))
                done = temporal.plan(meant, asked, self._stamp(request.writer, clock))
                first = self._take(done, digest, world, creation)
                known[request.op_id] = first
            elif first[1] is not None and first[1] != digest:
                raise Conflict(f"op_id {request.op_id!r} was used for another request; give this one its own")
            stand_ins.note(request, first[0])
            changes.append(first[0])
            if place % _PART == 0:
                self._write(creation)
                creation = self._creation()
        self._finish(creation)
        self.branches = None if creation.erased else world.branches
        return changes

    def _replay_run(self, run: Sequence[tuple[Request, Change, Entry]]) -> None:
        world, _ = self._read([request for request, _, _ in run])
        creation = self._creation()
        for request, change, entry in run:
            done = temporal.replay(change, world.situation(temporal.needs(request)))
            self._take(done, "", world, creation, entry)
        self._finish(creation)

    def _read(self, requests: Sequence[Request]) -> _Read:
        """What the plans need, and the entries whose `op_id` is sent again, each with its digest."""
        if self.ahead is not None:
            read, self.ahead = self.ahead, None
            return read
        asked = {"tenant": self.head.tenant, **asked_of(requests)}
        return _read(self.head.tenant, self.tx.run(_READ, p=asked).single(strict=True))

    def _creation(self) -> Creation:
        return Creation(self.head, self.vectors, self.words, is_indexed=self.is_indexed)

    def _stamp(self, writer: Scope, clock: Clock) -> Stamp:
        recorded_at = next_recorded_at(clock(), moment(self.head.recorded_at), moment(self.head.answered_to))
        return Stamp(self.head.seq + 1, recorded_at, writer.branch_key)

    def _take(
        self, done: Transaction, digest: str, world: Overlay, creation: Creation, sealed: Entry | None = None
    ) -> tuple[Change, str]:
        head = self.head
        entry = sealed or seal(done.change, salt=secrets.token_hex(16), digest=digest, previous=head.hash)
        head.seq, head.recorded_at, head.hash = entry.seq, to_micros(entry.recorded_at), entry.hash
        creation.add(done, entry, world)
        world.append(done)
        return done.change, digest

    def _finish(self, creation: Creation) -> None:
        """Write the last part, with the words of all: most words of a batch occur in many of its memories."""
        self._write(creation, self.words)
        self.words.clear()

    def _write(self, creation: Creation, words: Mapping[str, int] = MappingProxyType({})) -> None:
        if creation.is_empty and not words:
            return
        written = creation.write(self.tx, words, planned_on=self.planned_on)
        if self.planned_on is not None and written.single() is None:
            raise OutdatedPlan
        for key, change in creation.erased:
            erasing.erase(self.tx, self.head, key, change)


@dataclass(frozen=True, slots=True)
class Done:
    """What each of some calls led to, and the batch that they were carried out as."""

    changes: list[list[Change]]
    batch: Batch


def carry_out(tx: ManagedTransaction, calls: Sequence[Call]) -> Done:
    """Apply the requests of all calls, which are of one tenant, in one transaction."""
    batch = Batch.begin_with(tx, [request for call in calls for request in call.requests])
    for call in calls:
        batch.take_vectors(call.vectors, call.model)
    return Done(apply_all(batch, calls), batch)


def apply_all(batch: Batch, calls: Sequence[Call]) -> list[list[Change]]:
    """What each of the calls leads to."""
    own = [(call.clock, StandIns(), call) for call in calls]
    each = [(clock, stand_ins) for clock, stand_ins, call in own for _ in call.requests]
    changes = iter(batch.apply([request for call in calls for request in call.requests], each))
    return [list(islice(changes, len(call.requests))) for call in calls]


def pin(tx: ManagedTransaction, tenant: str, moment: datetime) -> Position:
    """The last entry at or before a moment; entries are recorded after it from now on."""
    if Batch.begin(tx, tenant).head.is_restoring:
        refuse_unfinished(tenant)
    asked = {"tenant": tenant, "moment": moment}
    tx.run(_ANSWERED, p=asked).consume()
    return position_of(tx.run(LAST_BEFORE, p=asked).single())


def tenants_of(requests: Iterable[Request]) -> set[str]:
    """Whose requests these are."""
    return {request.writer.tenant for request in requests}


def _runs(requests: Sequence[Request]) -> Iterator[Iterator[Request]]:
    """Requests as they can be planned together: an erasure is written before the next is read."""
    for _, run in groupby(enumerate(requests), lambda one: isinstance(one[1].operation, Erase) and one[0] + 1):
        yield (request for _, request in run)


def _new_ledger(tenant: str) -> dict[str, object]:
    return {"tenant": tenant, "genesis": GENESIS, "key": secrets.token_hex(32)}


def asked_of(requests: Sequence[Request]) -> dict[str, list[object]]:
    """What plans of the requests need, as parameters."""
    each = [temporal.needs(request) for request in requests]
    return {
        "op_ids": [request.op_id for request in requests],
        "ids": list(dict.fromkeys(key for needs in each for key in needs.ids)),
        "contents": list({needs.content for needs in each} - {None}),
        "changes": list({needs.change for needs in each} - {None}),
        "branches": list({needs.branch for needs in each} - {None}),
    }


def _done(found: Record) -> dict[str, tuple[Change, str | None]]:
    entries = [entry_of_op(fields) for fields in found["done"]]
    return {entry.op_id: (change_of(entry), entry.digest) for entry in entries}


def _read(tenant: str, found: Record) -> _Read:
    targets = [change_of(entry_of_op(fields)) for fields in found["asked"]]
    return Overlay(rows_of(tenant, found), targets), _done(found)

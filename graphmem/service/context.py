"""The dependencies that all verbs share: the store, the clock, the default scope and actor, and the gate."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from graphmem.capture_rules import CaptureRules
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.digests import sha256
from graphmem.errors import InvalidInput
from graphmem.instants import TIME_FORMS
from graphmem.model import (
    Add,
    At,
    Change,
    Memory,
    Origin,
    Point,
    Provenance,
    Request,
    Scope,
    ScopeParts,
    scope_with,
)
from graphmem.recalls import NoRecalls, RecallLedger
from graphmem.retrieval.cursors import Seal
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, card_of, model_mismatch
from graphmem.retrieval.mainlines import Mainlines
from graphmem.service.embedded_text import embedded_text
from graphmem.store import Clock, ModelCard, Progress, Store
from graphmem.temporal import View

if TYPE_CHECKING:
    from graphmem.retrieval.search import Searcher
    from graphmem.service.memory import GraphMemory
    from graphmem.service.projector import Projector
    from graphmem.service.secret_gate import SecretGate
    from graphmem.sources.transcripts.quoted_statements import StatementModel
    from graphmem.store import Vector

#: The characters of ids: digits, and lower-case letters without `i`, `l`, `o` and `u`, since they are easily misread.
ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_CHARS = 12
_ID_SHIFTS = range(0, 5 * _ID_CHARS, 5)
#: Vectors that are computed and saved together.
VECTORS_AT_ONCE = 64
_MANY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """The scope and the provenance of a write; unset fields take the defaults of the opened memory.

    Attributes:
        scope: The writer's scope; added memories live in it.
        actor: The name of the person or program that writes.
        source: Where the statement was read: a commit, a pull request, a document.
        reason: The reason for the write, in a sentence; shown by `explain`.
        origin: The kind of author; `human` if not given. A change that this origin is not trusted enough to make is
            recorded as a proposal.
        op_id: An id for this write that makes a retry safe: the same write with the same `op_id` is recorded only once.
            Generated if not given.
        seen: The ledger position that the writer read last. If a memory that the write names has changed since, nothing
            is written (`Conflict`). None skips the check.
    """

    scope: Scope | None = None
    actor: str | None = None
    source: str | None = None
    reason: str | None = None
    origin: Origin | None = None
    op_id: str | None = None
    seen: int | None = None


class ServiceContext:
    """The dependencies and defaults of an opened memory, shared by its verbs.

    Args:
        store: An open store; the caller closes it.
        scope: The default scope of readers and writers.
        actor: The default actor of writes.
        clock: Returns the current time, aware UTC.
        embedder: Returns the embedding backend, or why there is none.
        gate: Returns what keeps secrets out of writes; a gate that replaces them if not given.
        projector: Keeps the copy of the memory that graphiti reads up to date; None if there is no copy.
        capture_rules: The project's policies for additions by origin and kind; none if not given.
        statement_model: Returns the language model that reads conversations for a memory; None if there is none.
        recalls: Counts the use of memories; nothing is counted if not given.
        retention: The policy of `retain`, as `graphmem.service.retention_policy` reads it.
    """

    def __init__(  # noqa: PLR0913 - the dependencies of all verbs, passed once
        self,
        store: Store,
        *,
        scope: Scope,
        actor: str,
        clock: Clock,
        embedder: Callable[[], Embedder | EmbedderMissing],
        gate: Callable[[], SecretGate] | None = None,
        projector: Projector | None = None,
        capture_rules: CaptureRules | None = None,
        statement_model: Callable[[GraphMemory], StatementModel] | None = None,
        recalls: RecallLedger | None = None,
        retention: str = "",
    ) -> None:
        self.store = store
        self.scope = scope
        self.actor = actor
        self.clock = clock
        self.installed_embedder = embedder
        self._gate = cache(_redacting_gate) if gate is None else gate
        self.projector = projector
        self.capture_rules = CaptureRules() if capture_rules is None else capture_rules
        self.statement_model = statement_model
        self.retention = retention
        self.recalls: RecallLedger = NoRecalls() if recalls is None else recalls
        self.seal = Seal(store)
        self.mainlines = Mainlines(store)
        #: Whether the store already answers with the memories of linked repositories.
        self.is_linked = False

    @cached_property
    def searcher(self) -> Searcher:
        """Searches the store."""
        from graphmem.retrieval.search import Searcher

        return Searcher(self.store, self.installed_embedder, self.seal, self.mainlines)

    def over(self, store: Store, mainlines: Mainlines) -> ServiceContext:
        """Return a context for reading from another store, with other histories of repositories."""
        context = ServiceContext(
            store,
            scope=self.scope,
            actor=self.actor,
            clock=self.clock,
            embedder=self.installed_embedder,
            gate=self._gate,
            projector=self.projector,
            capture_rules=self.capture_rules,
            statement_model=self.statement_model,
            recalls=self.recalls,
            retention=self.retention,
        )
        context.mainlines = mainlines
        context.seal = self.seal
        context.is_linked = self.is_linked
        return context

    @property
    def gate(self) -> SecretGate:
        """What keeps secrets out of writes."""
        return self._gate()

    def embedder(self) -> Embedder | EmbedderMissing:
        """Return the embedding backend, or why its vectors cannot be compared with those in the store."""
        return self._embedder_for(self.store.model(self.scope))

    def _embedder_for(self, stored: ModelCard | None) -> Embedder | EmbedderMissing:
        backend = self.installed_embedder()
        if isinstance(backend, EmbedderMissing):
            return backend
        differs = model_mismatch(backend, stored)
        return backend if differs is None else EmbedderMissing(differs)

    # ---- points and views

    def search_point(self, at: At | None, reader: Scope) -> tuple[datetime, int | None]:
        """Return the instant and the ledger position of a search; None for the latest position.

        Raises:
            InvalidInput: As `point` raises it.
        """
        if at is None or at.known_at is None:
            return (at and _moment(at.as_of)) or self.clock(), None
        point = self.point(at, reader)
        return point.valid, point.seq

    def point(self, at: At | None, reader: Scope) -> Point:
        """Return the exact instant and ledger position of a request.

        Raises:
            InvalidInput: `known_at` is not in the past yet, or is a position that the ledger does not have.
        """
        requested, now = at or At(), self.clock()
        valid = _moment(requested.as_of) or now
        known_at = requested.known_at
        if isinstance(known_at, str):
            raise InvalidInput(f"{known_at!r} is no ledger position and no time")
        latest = self.store.position(reader)
        self.mainlines.note(reader, latest.seq, latest.last_reading)
        if known_at is None:
            return Point(valid, latest.seq)
        if isinstance(known_at, datetime):
            # An entry recorded before the clock was set back is in the past although its time is not.
            if known_at >= now and (latest.recorded_at is None or known_at > latest.recorded_at):
                fault = f"known_at {known_at.isoformat()} is not past yet (now is {now.isoformat()})"
                raise InvalidInput(f"{fault}; leave it out for latest")
            # The next writer may run on a machine whose clock is behind this machine's: pin the position.
            return Point(valid, self.store.pin(reader, known_at).seq)
        if not 0 <= known_at <= latest.seq:
            raise InvalidInput(f"known_at {known_at} is no ledger position; this ledger has 0 to {latest.seq}")
        return Point(valid, known_at)

    def reader(self, scope: Scope | None, parts: ScopeParts | None = None) -> Scope:
        """Return the given scope or the default scope, with the given parts replaced."""
        return scope_with(self.scope if scope is None else scope, parts or {})

    def view(self, reader: Scope, ids: Sequence[str], seq: int) -> View:
        """Return a view of memories and their chains, as the reader sees them at a ledger position."""
        return View(self.store.rows(reader, list(dict.fromkeys(ids))), reader, seq)

    def content_view(self, reader: Scope, ids: Sequence[str], seq: int | None = None) -> View:
        """Return a view of memories that may lack their chains: for their statements and moves only.

        Args:
            reader: The reader's scope.
            ids: The memories.
            seq: The ledger position; the latest if not given.
        """
        seq = self.store.position(reader).seq if seq is None else seq
        return View(self.store.rows(reader, list(dict.fromkeys(ids)), is_alone=True), reader, seq)

    def latest_view(self, reader: Scope, ids: Sequence[str]) -> View:
        """Return a view of memories and their chains at the latest ledger position."""
        return self.view(reader, ids, self.store.position(reader).seq)

    # ---- writing

    def write_request(self, write: Write | None, parts: ScopeParts | None = None) -> WriteRequest:
        """Return the fields that all ledger requests of a write share, defaults filled in."""
        write = write or Write()
        op_id = write.op_id if write.op_id is not None else os.urandom(12).hex()
        if not op_id or len(op_id) > 200:  # noqa: PLR2004
            raise InvalidInput(f"op_id {op_id[:40]!r} must have 1 to 200 characters")
        scope = self.reader(write.scope, parts)
        origin = Origin.HUMAN if write.origin is None else write.origin
        provenance = Provenance(write.actor or self.actor, write.source, write.reason, origin)
        earlier = self.store.change_by_op_id(scope, op_id) if write.op_id is not None else None
        return WriteRequest(op_id, replace(scope, related_repos=()), provenance, earlier, write.seen)

    def apply(self, requests: Sequence[Request]) -> list[Change]:
        """Pass requests through the gate, embed the added memories, and write all in a single transaction."""
        return self.commit(self.through_gate(requests))

    def through_gate(self, requests: Sequence[Request]) -> GatedRequests:
        """Return the requests as policies and gate pass them, with vectors of the memories that they add."""
        from graphmem.service.admission import admitted, refuse_own_acceptance

        rules = self.capture_rules
        for request in requests:
            refuse_own_acceptance(request, rules, lambda key, by=request: self._memory_of(key, by))  # type: ignore[misc]
        return self._embedded(tuple(self.gate.request(admitted(request, rules)) for request in requests))

    def _memory_of(self, memory_id: str, request: Request) -> Memory | None:
        return self.content_view(request.writer, [memory_id]).memory(memory_id)

    def commit(self, gated: GatedRequests) -> list[Change]:
        """Write gated requests in a single transaction, and update the projection."""
        from graphmem.service.branch_openings import apply_on_branches

        def apply(requests: Sequence[Request]) -> list[Change]:
            return self.store.apply(requests, clock=self.clock, vectors=gated.vectors or None, model=gated.model)

        changes = apply_on_branches(self.store, gated.requests, apply)
        if self.projector is not None:
            self.projector.after_write(gated.requests[0].writer.tenant)
        return changes

    def record(self, requests: Sequence[Request]) -> list[Change]:
        """Pass requests through the gate and write them without vectors; see `add_missing_vectors`.

        Computing vectors takes most of the time of many requests.
        """
        return self.commit(GatedRequests(tuple(self.gate.request(request) for request in requests), {}, None))

    def add_missing_vectors(self, reader: Scope, ids: Collection[str], progress: Progress) -> None:
        """Compute vectors for the memories that have none; do nothing without a usable embedding backend.

        Raises:
            Conflict: Another process has set another model for the store in the meantime.
        """
        if isinstance(self.installed_embedder(), str):
            return
        backend = self._embedder_for(self.store.model(reader))
        if isinstance(backend, EmbedderMissing):
            return
        missing = [memory_id for memory_id in self.store.without_vector(reader, _MANY) if memory_id in ids]
        for start in range(0, len(missing), VECTORS_AT_ONCE):
            self.save_vectors(reader, missing[start : start + VECTORS_AT_ONCE], backend)
            progress(min(start + VECTORS_AT_ONCE, len(missing)), len(missing))

    def save_vectors(self, reader: Scope, ids: Sequence[str], backend: Embedder) -> int:
        """Compute and save the vectors of stored memories.

        Returns:
            The number of vectors; memories that were erased since they were listed get none.
        """
        rows = self.store.rows(reader, ids).memories
        statements = {memory_id: rows[memory_id].memory.statement for memory_id in ids if memory_id in rows}
        texts = {
            memory_id: embedded_text(statement) for memory_id, statement in statements.items() if statement is not None
        }
        if texts:
            vectors = dict(zip(texts, backend.embed(list(texts.values())), strict=True))
            self.store.save_vectors(reader, vectors, model=card_of(backend))
        return len(texts)

    def _embedded(self, requests: tuple[Request, ...]) -> GatedRequests:
        added = [request.operation.memory for request in requests if isinstance(request.operation, Add)]
        texts = {memory.id: embedded_text(memory.statement) for memory in added if memory.statement is not None}
        if not texts or isinstance(self.installed_embedder(), str):
            return GatedRequests(requests, {}, None)
        backend = self._embedder_for(self.store.model(requests[0].writer))
        if isinstance(backend, EmbedderMissing):
            return GatedRequests(requests, {}, None)
        vectors = dict(zip(texts, backend.embed(list(texts.values())), strict=True))
        return GatedRequests(requests, vectors, card_of(backend))


def _redacting_gate() -> SecretGate:
    from graphmem.service.secret_gate import SecretGate

    return SecretGate()


def _moment(as_of: datetime | str | None) -> datetime | None:
    """Return a valid time; the verbs have looked up the names of commits.

    Raises:
        InvalidInput: It is a name after all.
    """
    if isinstance(as_of, str):
        raise InvalidInput(f"{as_of!r} is not a time; write {TIME_FORMS}")
    return as_of


@dataclass(frozen=True, slots=True)
class GatedRequests:
    """Requests that passed the gate and are ready for the store.

    Attributes:
        vectors: Vectors of the memories that the requests add, by id.
        model: The model of the vectors; None if there are none.
    """

    requests: tuple[Request, ...]
    vectors: Mapping[str, Vector]
    model: ModelCard | None


def is_like_an_id(text: str) -> bool:
    """Return whether a text has the form of the ids that `WriteRequest.new_id` makes."""
    is_possible = len(text) == _ID_CHARS and set(text) <= set(ID_ALPHABET)
    return is_possible and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """The fields that all ledger requests of a write share.

    Attributes:
        op_id: The id of the write; the ids of further ledger entries are derived from it.
        writer: The writer's scope.
        provenance: Actor, source, reason and origin.
        earlier: The ledger entry with the same `op_id`, if the write was sent before.
        seen: As in `Write`.
    """

    op_id: str
    writer: Scope
    provenance: Provenance
    earlier: Change | None
    seen: int | None

    def limited_to(self, origin: Origin) -> WriteRequest:
        """Return the request with the less trusted of its own origin and the given origin."""
        by = self.provenance
        return self if by.origin.trust <= origin.trust else replace(self, provenance=replace(by, origin=origin))

    def new_id(self, index: int = 0) -> str:
        """Return an id for a memory that the write adds: equal `op_id` and `index` give the same id."""
        seed = f"{self.writer.tenant}\x1f{self.op_id}\x1f{index}".encode("utf-8", "surrogatepass")
        number = int.from_bytes(sha256(seed).digest()[:8], "big")
        return "".join([ID_ALPHABET[(number >> shift) & 31] for shift in _ID_SHIFTS])

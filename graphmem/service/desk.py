"""What every verb of the service works with: the store, the clock, the defaults, and the gate before the ledger."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.errors import InvalidInput
from graphmem.model import (
    Add,
    At,
    Change,
    Origin,
    Point,
    Provenance,
    Request,
    Scope,
    ScopeParts,
    Statement,
    scope_with,
)
from graphmem.retrieval.cursors import Seal
from graphmem.retrieval.embedder import Embedder, card_of, other_model
from graphmem.retrieval.search import Searcher
from graphmem.store import Clock, ModelCard, Progress, Store
from graphmem.temporal import View

if TYPE_CHECKING:
    from graphmem.service.projecting import Projector
    from graphmem.store import Vector

#: Looks at a request before anything of it is stored, indexed, embedded or logged; returns it, changed or not, or
#: raises. The secrets gate will stand here.
Gate = Callable[[Request], Request]

#: What ids are made of: digits, and small letters without those that look like others.
ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_CHARS = 12
_ID_SHIFTS = range(0, 5 * _ID_CHARS, 5)
#: So many vectors are made and kept at once.
VECTORS_AT_ONCE = 64
_MANY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Who writes, from where, and why; unset fields take the defaults of the opened memory.

    Attributes:
        scope: Where the writer stands, and where what it adds will live.
        actor: Who or what says so.
        source: Where it was read: a commit, a pull request, a document.
        reason: Why, in a sentence; shown by `explain`.
        origin: What sort of speaker writes: what it is not trusted enough to change is recorded as a proposal. A human
            if not given.
        op_id: Names this write, so that sending it again changes nothing; made up if not given.
        seen: The ledger position at which the writer looked: if a memory that the write names changed since, nothing
            is written (`Conflict`). None does not mind.
    """

    scope: Scope | None = None
    actor: str | None = None
    source: str | None = None
    reason: str | None = None
    origin: Origin | None = None
    op_id: str | None = None
    seen: int | None = None


class Desk:
    """Shared by the verbs of one opened memory.

    Args:
        store: An open store; the desk's owner closes it.
        scope: Where a reader or writer stands who does not say.
        actor: Who writes, if a write does not say.
        clock: Gives the current time, aware UTC.
        embedder: Gives the embedding backend, or a sentence on why there is none.
        gate: See `Gate`.
        projector: Shows what is written to readers of another format; None where nobody does.
    """

    def __init__(  # noqa: PLR0913 - what all verbs share is told once
        self,
        store: Store,
        *,
        scope: Scope,
        actor: str,
        clock: Clock,
        embedder: Callable[[], Embedder | str],
        gate: Gate,
        projector: Projector | None = None,
    ) -> None:
        self.store = store
        self.scope = scope
        self.actor = actor
        self.clock = clock
        self.installed_embedder = embedder
        self.gate = gate
        self.projector = projector
        self.seal = Seal(store)
        self.searcher = Searcher(store, embedder, self.seal)

    def embedder(self) -> Embedder | str:
        """The embedding backend if its vectors can be compared with those in the store, or a sentence on why not."""
        return self._embedder_for(self.store.model(self.scope))

    def _embedder_for(self, stored: ModelCard | None) -> Embedder | str:
        backend = self.installed_embedder()
        if isinstance(backend, str):
            return backend
        return other_model(backend, stored) or backend

    # ---- points and views

    def asked(self, at: At | None, reader: Scope) -> tuple[datetime, int | None]:
        """A question's instant, and its ledger position unless it is where the ledger stands; see `point`."""
        if at is None or at.known_at is None:
            return (at and at.as_of) or self.clock(), None
        point = self.point(at, reader)
        return point.valid, point.seq

    def point(self, at: At | None, reader: Scope) -> Point:
        """Make a question's time exact.

        Raises:
            InvalidInput: `known_at` is not yet past: what will be known then cannot be told.
        """
        asked, now = at or At(), self.clock()
        valid = asked.as_of or now
        known = asked.known_at
        if known is None:
            return Point(valid, self.store.position(reader).seq)
        latest = self.store.position(reader)
        if isinstance(known, datetime):
            # What was recorded before the clock fell back is past all the same.
            if known >= now and (latest.recorded_at is None or known > latest.recorded_at):
                told = f"known_at {known.isoformat()} is not past yet (now is {now.isoformat()})"
                raise InvalidInput(f"{told}; leave it out for latest")
            # Whoever writes next, on whichever machine, may have a clock that is behind this one.
            return Point(valid, self.store.pin(reader, known).seq)
        if not 0 <= known <= latest.seq:
            raise InvalidInput(f"known_at {known} is no ledger position; this ledger has 0 to {latest.seq}")
        return Point(valid, known)

    def reader(self, scope: Scope | None, parts: ScopeParts | None = None) -> Scope:
        """The scope of a reader or writer: the one given or the default, with some parts replaced."""
        return scope_with(self.scope if scope is None else scope, parts or {})

    def view(self, reader: Scope, ids: Sequence[str], seq: int) -> View:
        """What the reader sees of these memories and their chains at a ledger position."""
        return View(self.store.rows(reader, list(dict.fromkeys(ids))), reader, seq)

    def view_alone(self, reader: Scope, ids: Sequence[str], seq: int | None = None) -> View:
        """As `view`, or latest, for what memories say themselves: what they are chained to may be missing."""
        seq = self.store.position(reader).seq if seq is None else seq
        return View(self.store.rows(reader, list(dict.fromkeys(ids)), is_alone=True), reader, seq)

    def latest_view(self, reader: Scope, ids: Sequence[str]) -> View:
        """What the reader sees of them now."""
        return self.view(reader, ids, self.store.position(reader).seq)

    # ---- writing

    def request_for(self, write: Write | None, parts: ScopeParts | None = None) -> Writing:
        """The constant parts of a write's requests."""
        asked = write or Write()
        op_id = asked.op_id if asked.op_id is not None else secrets.token_hex(12)
        if not op_id or len(op_id) > 200:  # noqa: PLR2004
            raise InvalidInput(f"op_id {op_id[:40]!r} must have 1 to 200 characters")
        scope = self.reader(asked.scope, parts)
        origin = Origin.HUMAN if asked.origin is None else asked.origin
        provenance = Provenance(asked.actor or self.actor, asked.source, asked.reason, origin)
        first = self.store.change_by_op_id(scope, op_id) if asked.op_id is not None else None
        return Writing(op_id, replace(scope, related_repos=()), provenance, first, asked.seen)

    def apply(self, requests: Sequence[Request]) -> list[Change]:
        """Send requests through the gate into the store, with vectors of what passed of new memories."""
        return self.commit(self.passed(requests))

    def passed(self, requests: Sequence[Request]) -> Passed:
        """Requests that went through the gate, with vectors of what is left of new memories."""
        passed = tuple(self.gate(request) for request in requests)
        return self._embedded(passed)

    def commit(self, passed: Passed) -> list[Change]:
        """Write what went through the gate."""
        changes = self.store.apply(
            passed.requests, clock=self.clock, vectors=passed.vectors or None, model=passed.model
        )
        if self.projector is not None:
            self.projector.after_write(passed.requests[0].writer.tenant)
        return changes

    def record(self, requests: Sequence[Request]) -> list[Change]:
        """As `apply`, but without vectors, which take most of the time of many requests; see `give_vectors`."""
        return self.commit(Passed(tuple(self.gate(request) for request in requests), {}, None))

    def give_vectors(self, reader: Scope, keys: Collection[str], progress: Progress) -> None:
        """Make the vectors of those of the memories that have none, if vectors can be compared here at all.

        Raises:
            Conflict: Another process gave the store another model meanwhile.
        """
        if isinstance(self.installed_embedder(), str):
            return
        backend = self._embedder_for(self.store.model(reader))
        if isinstance(backend, str):
            return
        missing = [key for key in self.store.without_vector(reader, _MANY) if key in keys]
        for start in range(0, len(missing), VECTORS_AT_ONCE):
            self.keep_vectors(reader, missing[start : start + VECTORS_AT_ONCE], backend)
            progress(min(start + VECTORS_AT_ONCE, len(missing)), len(missing))

    def keep_vectors(self, reader: Scope, keys: Sequence[str], backend: Embedder) -> int:
        """Make and keep the vectors of stored memories.

        Returns:
            How many; what was erased since it was listed gets none.
        """
        rows = self.store.rows(reader, keys).memories
        statements = {key: rows[key].memory.statement for key in keys if key in rows}
        texts = {key: embedded_text(one) for key, one in statements.items() if one is not None}
        if texts:
            vectors = dict(zip(texts, backend.embed(list(texts.values())), strict=True))
            self.store.save_vectors(reader, vectors, model=card_of(backend))
        return len(texts)

    def _embedded(self, passed: tuple[Request, ...]) -> Passed:
        added = [one.operation.memory for one in passed if isinstance(one.operation, Add)]
        texts = {one.id: embedded_text(one.statement) for one in added if one.statement is not None}
        if not texts or isinstance(self.installed_embedder(), str):
            return Passed(passed, {}, None)
        backend = self._embedder_for(self.store.model(passed[0].writer))
        if isinstance(backend, str):
            return Passed(passed, {}, None)
        vectors = dict(zip(texts, backend.embed(list(texts.values())), strict=True))
        return Passed(passed, vectors, card_of(backend))


@dataclass(frozen=True, slots=True)
class Passed:
    """Requests on their way from the gate to the store.

    Attributes:
        vectors: Of the memories that they add, by id.
        model: Which model made them; None if there are none.
    """

    requests: tuple[Request, ...]
    vectors: Mapping[str, Vector]
    model: ModelCard | None


def embedded_text(statement: Statement) -> str:
    """What a memory's vector is made of: its own words, and which options were taken or not, and why."""
    options = (f"{one.outcome.value}: {one.name}. {one.reason}".strip() for one in statement.alternatives)
    parts = (statement.title, *options, statement.body, statement.rationale)
    return "\n".join(part for part in parts if part)[:4000]


def is_like_an_id(text: str) -> bool:
    """Whether a text has the form of the ids that `Writing.new_id` makes."""
    is_of_them = len(text) == _ID_CHARS and set(text) <= set(ID_ALPHABET)
    return is_of_them and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


@dataclass(frozen=True, slots=True)
class Writing:
    """The constant parts of one write: `first` is the entry of the same `op_id`, if it was sent before."""

    op_id: str
    writer: Scope
    provenance: Provenance
    first: Change | None
    seen: int | None

    def speaking(self, origin: Origin) -> Writing:
        """The same in the name of the less trusted of its speaker and an origin."""
        by = self.provenance
        return self if by.origin.trust <= origin.trust else replace(self, provenance=replace(by, origin=origin))

    def new_id(self, index: int = 0) -> str:
        """An id for a memory that this write adds: the same each time the same `op_id` is sent."""
        seed = f"{self.writer.tenant}\x1f{self.op_id}\x1f{index}".encode("utf-8", "surrogatepass")
        number = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big")
        return "".join([ID_ALPHABET[(number >> shift) & 31] for shift in _ID_SHIFTS])

"""Derives projection steps from ledger rows; the result does not depend on how the ledger is cut into steps.

A memory is shown as a reader in its home scope on the main branch sees it. At each ledger position that changes this
view, claims that are no longer believed expire and new claims begin.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import BEGINNING, FOREVER, Memory, Scope, Statement
from graphmem.projection.components import Component, components
from graphmem.projection.values import Claim, Entity, Expiry, Fact, ProjectionStep, entity_uuid, group_id, name_uuid
from graphmem.rows import EdgeRow, Rows
from graphmem.temporal import Spans, View

#: The name of edges from a memory to its second and later anchors; the edge to the first has the memory's kind.
ABOUT = "ABOUT"
SUPERSEDED_BY = "SUPERSEDED_BY"
AMENDED_BY = "AMENDED_BY"

_Claims = Mapping[str, Claim]


def draw(rows: Rows, tenant: str, after: int, upto: int, merges: Mapping[int, datetime]) -> ProjectionStep:
    """Return the step that advances a projection from a ledger position to another.

    Args:
        rows: The chains of every memory that an entry in between touched, complete.
        tenant: The tenant of the rows.
        after: The projection's ledger position.
        upto: The ledger position after the step.
        merges: Positions in between at which a branch was merged, with their times.
    """
    histories = [_ChainHistory(chain, tenant, after, upto, merges) for chain in components(rows)]
    entities: dict[str, Entity] = {}
    for history in histories:
        for entity in history.entities():
            entities.setdefault(entity.uuid, entity)
    return ProjectionStep(
        after,
        upto,
        entities=tuple(entities.values()),
        facts=tuple(fact for history in histories for fact in history.facts),
        expired=tuple(expiry for history in histories for expiry in history.expired),
        gone=tuple(entity_uuid(tenant, memory_id) for memory_id, row in rows.memories.items() if row.memory.is_erased),
    )


@dataclass(slots=True)
class _Open:
    """A claim that is believed at the current position; without a fact it was believed before the step."""

    claim: Claim
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class _ClaimInputs:
    """The inputs of all claims about a memory: equal inputs give equal claims."""

    holding: Spans
    successions: tuple[tuple[EdgeRow, Spans], ...]


class _ChainHistory:
    """The claims of a chain, position by position."""

    def __init__(self, chain: Component, tenant: str, after: int, upto: int, merges: Mapping[int, datetime]) -> None:
        self._chain = chain
        self._tenant = tenant
        self.facts: list[Fact] = []
        self.expired: list[Expiry] = []
        self._shown: set[str] = set()
        self._last = _StatesAtPosition(chain.rows, tenant, upto)
        self._open: dict[str, dict[str, _Open]] = defaultdict(dict)
        self._inputs: dict[str, _ClaimInputs | None] = {}
        self._begin(after)
        for seq, recorded_at in chain.positions(after, upto, merges):
            self._move_to(seq, recorded_at)
        self.facts += [
            open_.fact for claims in self._open.values() for open_ in claims.values() if open_.fact is not None
        ]

    def entities(self) -> Iterable[Entity]:
        """Return the entities of memories that were ever in force, and the anchors that new facts lead to."""
        ends = {fact.claim.target for fact in self.facts}
        for memory_id in self._chain.rows.memories:
            if memory_id in self._shown or self._last.view(memory_id).start(memory_id) is not None:
                yield from (
                    entity
                    for entity in self._last.entities(memory_id)
                    if entity.memory is not None or entity.uuid in ends
                )

    def _begin(self, after: int) -> None:
        if after < self._chain.first:
            return
        before = _StatesAtPosition(self._chain.rows, self._tenant, after)
        for memory_id in self._chain.rows.memories:
            self._inputs[memory_id] = before.inputs(memory_id)
            claims = before.claims(memory_id, self._inputs[memory_id])
            self._open[memory_id] = {claim_key: _Open(claim) for claim_key, claim in claims.items()}
            if self._open[memory_id]:
                self._shown.add(memory_id)

    def _move_to(self, seq: int, recorded_at: datetime) -> None:
        snapshot = _StatesAtPosition(self._chain.rows, self._tenant, seq)
        for memory_id in self._chain.rows.memories:
            inputs, previous = snapshot.inputs(memory_id), self._inputs.get(memory_id)
            if inputs == previous:
                continue
            self._inputs[memory_id] = inputs
            now, believed = snapshot.claims(memory_id, inputs), self._open[memory_id]
            for ended in [claim_key for claim_key in believed if claim_key not in now]:
                self._expire(believed.pop(ended), recorded_at)
            for claim_key, claim in now.items():
                if claim_key not in believed:
                    believed[claim_key] = _Open(claim, Fact(claim, seq, recorded_at))
                    self._shown |= {memory_id, claim.end_memory or memory_id}

    def _expire(self, ended: _Open, at: datetime) -> None:
        if ended.fact is None:
            self.expired.append(Expiry(ended.claim.source, ended.claim.key, at))
        else:
            self.facts.append(replace(ended.fact, expired_at=at))


class _StatesAtPosition:
    """A chain at a ledger position; each memory is seen from its home scope."""

    def __init__(self, rows: Rows, tenant: str, seq: int) -> None:
        self._rows = rows
        self._tenant = tenant
        self._seq = seq
        self._views: dict[Scope, View] = {}

    def view(self, memory_id: str) -> View:
        """Return the view from the memory's home scope."""
        home = self._home(memory_id)
        if home not in self._views:
            self._views[home] = View(self._rows, home, self._seq)
        return self._views[home]

    def inputs(self, memory_id: str) -> _ClaimInputs | None:
        """Return the inputs of a memory's claims; None if it is not visible or was erased."""
        view = self.view(memory_id)
        memory = view.memory(memory_id)
        if memory is None or memory.statement is None:
            return None
        return _ClaimInputs(view.holding(memory_id), tuple(self._successions(memory_id, view)))

    def claims(self, memory_id: str, inputs: _ClaimInputs | None) -> _Claims:
        """Return all claims about a memory, by key."""
        view = self.view(memory_id)
        memory = view.memory(memory_id)
        if inputs is None or memory is None or memory.statement is None:
            return {}
        claims = list(self._statements(memory, memory.statement, inputs.holding))
        for edge, spans in inputs.successions:
            claims += self._succession(edge, spans, view)
        return {claim.key: claim for claim in claims}

    def entities(self, memory_id: str) -> Iterable[Entity]:
        """Return a memory's entity, and those of its anchors."""
        view = self.view(memory_id)
        memory = view.memory(memory_id)
        if memory is None or memory.statement is None:
            return
        created_at = self._rows.memories[memory_id].stamp.recorded_at
        yield Entity(
            entity_uuid(self._tenant, memory_id),
            group_id(self._home(memory_id)),
            memory.statement.title,
            _summary(memory.statement),
            created_at,
            memory_id,
            _attributes(memory, memory.statement, view.holding(memory_id)),
        )
        for anchor in anchors_of(memory):
            yield replace(anchor, created_at=created_at)

    def _home(self, memory_id: str) -> Scope:
        return replace(self._rows.memories[memory_id].memory.scope, branch=None, related_repos=())

    def _statements(self, memory: Memory, statement: Statement, spans: Spans) -> Iterable[Claim]:
        source = entity_uuid(self._tenant, memory.id)
        for index, anchor in enumerate(anchors_of(memory)):
            is_first = index == 0
            name = statement.kind.upper() if is_first else ABOUT
            fact = _words(statement) if is_first else f"{statement.title} (about {anchor.name})"
            for low, high in spans:
                yield _claim(memory, (source, anchor.uuid), name, fact, low, high, origin=statement.origin.value)

    def _successions(self, memory_id: str, view: View) -> Iterable[tuple[EdgeRow, Spans]]:
        """Yield supersession edges between memories of the same home scope: text of a group stays in the group."""
        for edge in view.edges_out(memory_id):
            is_seen = view.memory(edge.old) is not None and view.memory(edge.new) is not None
            if is_seen and self._home(edge.old) == self._home(edge.new):
                yield edge, view.coverage(edge) if edge.is_full else view.holding(edge.new)

    def _succession(self, edge: EdgeRow, spans: Spans, view: View) -> Iterable[Claim]:
        old, new = view.memory(edge.old), view.memory(edge.new)
        if old is None or new is None:
            return
        ends = (entity_uuid(self._tenant, old.id), entity_uuid(self._tenant, new.id))
        name, verb = (SUPERSEDED_BY, "was superseded by") if edge.is_full else (AMENDED_BY, "was amended by")
        fact = f"{_title(old)} {verb} {_title(new)}"
        for low, high in spans:
            yield replace(_claim(old, ends, name, fact, low, high, change=edge.kind.value), end_memory=new.id)


def _claim(
    memory: Memory, ends: tuple[str, str], name: str, fact: str, low: datetime, high: datetime, **attributes: str
) -> Claim:
    source, target = ends
    key = name_uuid(source, target, name, low.isoformat(), high.isoformat(), *attributes.values()).replace("-", "")
    group = group_id(replace(memory.scope, branch=None))
    until = None if high == FOREVER else high
    return Claim(key, source, target, name, fact, group, memory.id, low, until, attributes)


def anchors_of(memory: Memory) -> Sequence[Entity]:
    """Return the entities of a memory's anchors; without anchors, an entity for its repository or tenant."""
    if memory.statement is None:
        return ()
    group, scope = group_id(replace(memory.scope, branch=None)), memory.scope
    named = [(anchor.kind.value, anchor.repo, anchor.name) for anchor in memory.statement.anchors]
    if not named:
        named = [("repo", scope.repo, scope.repo)] if scope.repo is not None else [("tenant", None, scope.tenant)]
    entities: dict[str, Entity] = {}
    for kind, repo, name in named:
        uuid = name_uuid("anchor", group, kind, repo or "", name)
        entities[uuid] = Entity(uuid, group, name, "", BEGINNING, None, {"kind": kind})
    return list(entities.values())


def _attributes(memory: Memory, statement: Statement, spans: Spans) -> dict[str, str | float | bool | datetime | None]:
    return {
        "kind": statement.kind.value,
        "subject": statement.subject,
        "origin": statement.origin.value,
        "confidence": statement.confidence,
        "repo": memory.scope.repo,
        "user": memory.scope.user,
        "environment": memory.scope.environment,
        "is_believed": bool(spans),
        "valid_at": spans[0][0] if spans else None,
        "invalid_at": spans[-1][1] if spans and spans[-1][1] != FOREVER else None,
    }


def _summary(statement: Statement) -> str:
    return "\n".join(part for part in (statement.body, statement.rationale) if part)


def _words(statement: Statement) -> str:
    return "\n".join(part for part in (statement.title, statement.body, statement.rationale) if part)


def _title(memory: Memory) -> str:
    return memory.statement.title if memory.statement is not None else ""

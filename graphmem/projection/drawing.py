"""From rows of the ledger to what a projection must hold: pure, and the same however the ledger is cut into steps.

A memory is shown as somebody sees it who stands where it lives, on the main line. For every position of the ledger at
which that changes, claims that are no longer believed expire there and new ones begin there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphmem.model import BEGINNING, FOREVER, Memory, Scope, Statement
from graphmem.projection.components import Component, components
from graphmem.projection.model import Claim, Entity, Expiry, Fact, Step, entity_uuid, group_id, name_uuid
from graphmem.rows import EdgeRow, Rows
from graphmem.temporal import Spans, View

#: The name of an edge from a memory to each further thing that it is about; the first bears the memory's kind.
ABOUT = "ABOUT"
SUPERSEDED_BY = "SUPERSEDED_BY"
AMENDED_BY = "AMENDED_BY"

_Claims = Mapping[str, Claim]


def draw(rows: Rows, tenant: str, after: int, upto: int, merges: Mapping[int, datetime]) -> Step:
    """The step that brings a projection from one ledger position to another.

    Args:
        rows: Closed under supersession, for every memory that an entry between the two touched.
        tenant: Whose.
        after: Where the projection stands.
        upto: Where it is to stand.
        merges: Positions between the two at which a branch was merged, with their times.
    """
    drawn = [_Drawing(one, tenant, after, upto, merges) for one in components(rows)]
    entities: dict[str, Entity] = {}
    for each in drawn:
        for one in each.entities():
            entities.setdefault(one.uuid, one)
    return Step(
        after,
        upto,
        entities=tuple(entities.values()),
        facts=tuple(fact for each in drawn for fact in each.facts),
        expired=tuple(one for each in drawn for one in each.expired),
        gone=tuple(entity_uuid(tenant, key) for key, row in rows.memories.items() if row.memory.is_erased),
    )


@dataclass(slots=True)
class _Open:
    """A claim that is believed as far as the drawing got; without a fact it was so before the step."""

    claim: Claim
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all claims about a memory follow from: while it stays the same, so do they."""

    holding: Spans
    successions: tuple[tuple[EdgeRow, Spans], ...]


class _Drawing:
    """One chain of memories, position by position."""

    def __init__(self, chain: Component, tenant: str, after: int, upto: int, merges: Mapping[int, datetime]) -> None:
        self._chain = chain
        self._tenant = tenant
        self.facts: list[Fact] = []
        self.expired: list[Expiry] = []
        self._shown: set[str] = set()
        self._last = _Stand(chain.rows, tenant, upto)
        self._open: dict[str, dict[str, _Open]] = defaultdict(dict)
        self._grounds: dict[str, _Ground | None] = {}
        self._begin(after)
        for seq, recorded_at in chain.positions(after, upto, merges):
            self._move_to(seq, recorded_at)
        self.facts += [one.fact for each in self._open.values() for one in each.values() if one.fact is not None]

    def entities(self) -> Iterable[Entity]:
        """Nodes of the memories that ever were in force, and of all that their new facts lead to, nothing else."""
        ends = {fact.claim.target for fact in self.facts}
        for key in self._chain.rows.memories:
            if key in self._shown or self._last.view(key).start(key) is not None:
                yield from (one for one in self._last.entities(key) if one.memory is not None or one.uuid in ends)

    def _begin(self, after: int) -> None:
        if after < self._chain.first:
            return
        before = _Stand(self._chain.rows, self._tenant, after)
        for key in self._chain.rows.memories:
            self._grounds[key] = before.ground(key)
            self._open[key] = {each: _Open(claim) for each, claim in before.claims(key, self._grounds[key]).items()}
            if self._open[key]:
                self._shown.add(key)

    def _move_to(self, seq: int, recorded_at: datetime) -> None:
        stand = _Stand(self._chain.rows, self._tenant, seq)
        for key in self._chain.rows.memories:
            ground, known = stand.ground(key), self._grounds.get(key)
            if ground == known:
                continue
            self._grounds[key] = ground
            now, believed = stand.claims(key, ground), self._open[key]
            for gone in [each for each in believed if each not in now]:
                self._expire(believed.pop(gone), recorded_at)
            for each, claim in now.items():
                if each not in believed:
                    believed[each] = _Open(claim, Fact(claim, seq, recorded_at))
                    self._shown |= {key, claim.beside or key}

    def _expire(self, one: _Open, at: datetime) -> None:
        if one.fact is None:
            self.expired.append(Expiry(one.claim.source, one.claim.key, at))
        else:
            self.facts.append(replace(one.fact, expired_at=at))


class _Stand:
    """A chain at one ledger position, each memory seen from where it lives."""

    def __init__(self, rows: Rows, tenant: str, seq: int) -> None:
        self._rows = rows
        self._tenant = tenant
        self._seq = seq
        self._views: dict[Scope, View] = {}

    def view(self, key: str) -> View:
        """What is seen from where the memory lives."""
        home = self._home(key)
        if home not in self._views:
            self._views[home] = View(self._rows, home, self._seq)
        return self._views[home]

    def ground(self, key: str) -> _Ground | None:
        """What there is to say of a memory; None of one that is not seen or was erased."""
        view = self.view(key)
        memory = view.memory(key)
        if memory is None or memory.statement is None:
            return None
        return _Ground(view.holding(key), tuple(self._successions(key, view)))

    def claims(self, key: str, ground: _Ground | None) -> _Claims:
        """All that is said of a memory, by key."""
        view = self.view(key)
        memory = view.memory(key)
        if ground is None or memory is None or memory.statement is None:
            return {}
        found = list(self._statements(memory, memory.statement, ground.holding))
        for edge, spans in ground.successions:
            found += self._succession(edge, spans, view)
        return {claim.key: claim for claim in found}

    def entities(self, key: str) -> Iterable[Entity]:
        """A memory's node, and those of what it is about."""
        view = self.view(key)
        memory = view.memory(key)
        if memory is None or memory.statement is None:
            return
        created_at = self._rows.memories[key].stamp.recorded_at
        yield Entity(
            entity_uuid(self._tenant, key),
            group_id(self._home(key)),
            memory.statement.title,
            _summary(memory.statement),
            created_at,
            key,
            _attributes(memory, memory.statement, view.holding(key)),
        )
        for anchor in anchors_of(memory):
            yield replace(anchor, created_at=created_at)

    def _home(self, key: str) -> Scope:
        return replace(self._rows.memories[key].memory.scope, branch=None, related_repos=())

    def _statements(self, memory: Memory, said: Statement, spans: Spans) -> Iterable[Claim]:
        source = entity_uuid(self._tenant, memory.id)
        for place, anchor in enumerate(anchors_of(memory)):
            is_first = place == 0
            name = said.kind.upper() if is_first else ABOUT
            fact = _words(said) if is_first else f"{said.title} (about {anchor.name})"
            for low, high in spans:
                yield _claim(memory, (source, anchor.uuid), name, fact, low, high, origin=said.origin.value)

    def _successions(self, key: str, view: View) -> Iterable[tuple[EdgeRow, Spans]]:
        """Edges to what took over or amends, where both live in one place: words of one group stay in it."""
        for edge in view.edges_out(key):
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
            yield replace(_claim(old, ends, name, fact, low, high, change=edge.kind.value), beside=new.id)


def _claim(
    memory: Memory, ends: tuple[str, str], name: str, fact: str, low: datetime, high: datetime, **attributes: str
) -> Claim:
    source, target = ends
    key = name_uuid(source, target, name, low.isoformat(), high.isoformat(), *attributes.values()).replace("-", "")
    group = group_id(replace(memory.scope, branch=None))
    until = None if high == FOREVER else high
    return Claim(key, source, target, name, fact, group, memory.id, low, until, attributes)


def anchors_of(memory: Memory) -> Sequence[Entity]:
    """What a memory is about, as nodes of its group; where nothing is named, the place where it lives."""
    if memory.statement is None:
        return ()
    group, scope = group_id(replace(memory.scope, branch=None)), memory.scope
    named = [(one.kind.value, one.repo, one.name) for one in memory.statement.anchors]
    if not named:
        named = [("repo", scope.repo, scope.repo)] if scope.repo is not None else [("tenant", None, scope.tenant)]
    found: dict[str, Entity] = {}
    for kind, repo, name in named:
        uuid = name_uuid("anchor", group, kind, repo or "", name)
        found[uuid] = Entity(uuid, group, name, "", BEGINNING, None, {"kind": kind})
    return list(found.values())


def _attributes(memory: Memory, said: Statement, spans: Spans) -> dict[str, str | float | bool | datetime | None]:
    return {
        "kind": said.kind.value,
        "subject": said.subject,
        "origin": said.origin.value,
        "confidence": said.confidence,
        "repo": memory.scope.repo,
        "user": memory.scope.user,
        "environment": memory.scope.environment,
        "is_believed": bool(spans),
        "valid_at": spans[0][0] if spans else None,
        "invalid_at": spans[-1][1] if spans and spans[-1][1] != FOREVER else None,
    }


def _summary(said: Statement) -> str:
    return "\n".join(part for part in (said.body, said.rationale) if part)


def _words(said: Statement) -> str:
    return "\n".join(part for part in (said.title, said.body, said.rationale) if part)


def _title(memory: Memory) -> str:
    return memory.statement.title if memory.statement is not None else ""

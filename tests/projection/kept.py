"""A projection in memory: what an adapter must do, as plainly as it can be said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from graphmem.projection.values import Entity, Fact, Group, State, Step


@dataclass
class Kept:
    """One tenant's projection."""

    seq: int | None = None
    model: str | None = None
    current: str | None = None
    entities: dict[str, Entity] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)

    def is_on(self, tenant: str) -> bool:
        del tenant
        return self.seq is not None

    def state(self, tenant: str) -> State | None:
        del tenant
        return None if self.seq is None else State(self.seq, self.model, self.current)

    def switch_on(self, tenant: str) -> None:
        del tenant
        self.seq = self.seq or 0

    def switch_off(self, tenant: str) -> None:
        del tenant
        self.seq = None
        self.entities.clear()
        self.facts.clear()

    def groups(self, tenant: str) -> list[Group]:
        del tenant
        return []

    def advance(self, tenant: str, step: Step) -> bool:
        del tenant
        if self.seq != step.after:
            return False
        for one in step.entities:
            first = self.entities.get(one.uuid, one)
            self.entities[one.uuid] = replace(one, created_at=first.created_at)
        for fact in step.facts:
            assert {fact.claim.source, fact.claim.target} <= self.entities.keys()
            self.facts[fact.uuid] = fact
        for gone in step.expired:
            for uuid, fact in self.facts.items():
                if fact.claim.key == gone.key and fact.expired_at is None:
                    self.facts[uuid] = replace(fact, expired_at=gone.at)
        self._erase(step)
        self.seq, self.model = step.upto, self.current
        return True

    def _erase(self, step: Step) -> None:
        erased = set(step.gone) & self.entities.keys()
        lost = [fact for fact in self.facts.values() if {fact.claim.source, fact.claim.target} & erased]
        beside = {fact.claim.target for fact in lost} - erased
        for fact in lost:
            del self.facts[fact.uuid]
        left = {end for fact in self.facts.values() for end in (fact.claim.source, fact.claim.target)}
        for uuid in erased | {one for one in beside - left if self.entities[one].memory is None}:
            del self.entities[uuid]

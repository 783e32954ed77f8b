"""A graph view of a store for graphiti: facts and entities are derived from rows on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from graphmem.model import Add, Memory, MergeBranch, Scope
from graphmem.projection.derivation import anchors_of, draw
from graphmem.projection.values import Entity, Fact, ProjectionStep, entity_uuid, group_id
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, card_of
from graphmem.retrieval.query import read_question
from graphmem.service.context import ServiceContext
from graphmem.service.embedded_text import embedded_text
from graphmem.store import Filter, Probe

if TYPE_CHECKING:
    from graphmem.store import Vector

FactTest = Callable[[Fact], bool]

_PAGE = 1000
#: The first number of candidates, the factor by which it grows if too few pass the filter, and its limit.
_FIRST_LOOK, _WIDER, _MOST = 50, 4, 20_000
_MAX_VECTORS = 4096


class MemoryGraph:
    """The memories that a reader sees, as entities and facts.

    Args:
        context: The service context of an open memory.
        reader: The scope of the reader.
    """

    def __init__(self, context: ServiceContext, reader: Scope) -> None:
        self._context = context
        self.reader = reader
        self._guard = threading.Lock()
        self._seq = 0
        self._merges: dict[int, datetime] = {}
        self._memory_of: dict[str, str] = {}
        self._about: dict[str, list[str]] = {}
        self._vectors: dict[str, Vector] = {}
        #: The memory of each fact that was returned.
        self._shown: dict[str, str] = {}

    # ---- searching

    def lexical(self, query: str, limit: int, fits: FactTest) -> list[Fact]:
        """Return facts by BM25 of their memories; the filter is applied before the limit."""
        probe = Probe(terms=read_question(query, self._context.clock().date()).terms)
        return self._widening(lambda count: self._lexical_ids(replace(probe, limit=count)), limit, fits)

    def nearest(self, vector: Sequence[float], limit: int, least_cosine: float, fits: FactTest) -> list[Fact]:
        """Return statements by cosine of their memories' vectors; empty without an embedding model."""
        backend = self._context.embedder()
        if isinstance(backend, EmbedderMissing):
            return []
        unit = np.asarray(vector, dtype=np.float32)
        probe = Probe(vector=unit, model=card_of(backend))
        return self._widening(
            lambda count: self._nearest_ids(replace(probe, limit=count), least_cosine),
            limit,
            lambda fact: fact.claim.is_statement and fits(fact),
        )

    def entities(self, facts: Iterable[Fact]) -> list[Entity]:
        """Return the distinct entities of the memories that facts are about, in order."""
        ids = list(dict.fromkeys(fact.claim.memory for fact in facts))
        drawn = {entity.memory: entity for entity in self._drawn(ids).entities if entity.memory is not None}
        return [drawn[memory_id] for memory_id in ids if memory_id in drawn]

    def _lexical_ids(self, probe: Probe) -> list[str]:
        matches = self._context.store.match(self.reader, probe, Filter())
        return [memory_id for memory_id, _ in matches.lexical]

    def _nearest_ids(self, probe: Probe, least: float) -> list[str]:
        matches = self._context.store.match(self.reader, probe, Filter())
        return [memory_id for memory_id, cosine in matches.vector if cosine > least]

    def _widening(self, search: Callable[[int], list[str]], limit: int, fits: FactTest) -> list[Fact]:
        count = max(_FIRST_LOOK, limit)
        while True:
            ids = search(count)
            facts = [fact for fact in self.facts_of(ids) if fits(fact)][:limit]
            if len(facts) == limit or len(ids) < count or count >= _MOST:
                return facts
            count *= _WIDER

    # ---- the graph

    def facts_of(self, ids: Sequence[str]) -> list[Fact]:
        """Return all facts about memories, past facts included, in the order of the memories."""
        order = {memory_id: number for number, memory_id in enumerate(ids)}
        facts = [fact for fact in self._drawn(ids).facts if fact.claim.memory in order]
        self._shown.update((fact.uuid, fact.claim.memory) for fact in facts)
        return sorted(facts, key=lambda fact: (order[fact.claim.memory], fact.seq, fact.uuid))

    def shown(self, uuids: Sequence[str]) -> list[Fact]:
        """Return the current state of facts that were returned before."""
        keys = dict.fromkeys(self._shown[uuid] for uuid in uuids if uuid in self._shown)
        return [fact for fact in self.facts_of(list(keys)) if fact.uuid in set(uuids)]

    def around(self, uuids: Sequence[str]) -> list[Fact]:
        """Return the facts with an endpoint among the entities."""
        self._follow()
        endpoints, ids = set(uuids), list[str]()
        for uuid in uuids:
            ids += [self._memory_of[uuid]] if uuid in self._memory_of else self._about.get(uuid, [])
        facts = self.facts_of(self._with_neighbours(dict.fromkeys(ids)))
        return [fact for fact in facts if {fact.claim.source, fact.claim.target} & endpoints]

    def entity(self, uuid: str) -> Entity | None:
        """Return the entity with a uuid if the reader sees it."""
        self._follow()
        memory_id = self._memory_of.get(uuid)
        ids = [memory_id] if memory_id is not None else self._about.get(uuid, [])[:_PAGE]
        return next((entity for entity in self._drawn(ids).entities if entity.uuid == uuid), None)

    def everything(self, groups: Sequence[str] | None) -> Iterator[Entity]:
        """Yield all entities of groups, in the order in which their memories were recorded."""
        self._follow()
        ids = list(self._memory_of.values())
        seen = set[str]()
        for start in range(0, len(ids), _PAGE):
            for entity in self._drawn(ids[start : start + _PAGE]).entities:
                if entity.uuid not in seen and (groups is None or entity.group in groups):
                    seen.add(entity.uuid)
                    yield entity

    def vectors(self, ids: Iterable[str]) -> dict[str, list[float]]:
        """Return embeddings of memories, computed again from their text: a store does not return vectors."""
        backend = self._context.embedder()
        if isinstance(backend, EmbedderMissing):
            return {}
        distinct = list(dict.fromkeys(ids))
        with self._guard:
            vectors = {memory_id: self._vectors[memory_id] for memory_id in distinct if memory_id in self._vectors}
        vectors |= self._embed([memory_id for memory_id in distinct if memory_id not in vectors], backend)
        return {memory_id: vectors[memory_id].tolist() for memory_id in distinct if memory_id in vectors}

    # ---- internals

    def _embed(self, ids: Sequence[str], backend: Embedder) -> dict[str, Vector]:
        if not ids:
            return {}
        rows = self._context.store.rows(self.reader, ids).memories
        texts = {
            memory_id: embedded_text(statement)
            for memory_id in ids
            if memory_id in rows and (statement := rows[memory_id].memory.statement)
        }
        vectors = dict(zip(texts, backend.embed(list(texts.values())), strict=True))
        with self._guard:
            if len(self._vectors) > _MAX_VECTORS:
                self._vectors.clear()
            self._vectors.update(vectors)
        return vectors

    def _drawn(self, ids: Sequence[str]) -> ProjectionStep:
        """Return facts and entities of memories and their chains, as far as the reader sees them."""
        if not ids:
            return ProjectionStep(0, 0)
        self._follow()
        rows = self._context.store.rows(self.reader, list(ids))
        step = draw(rows, self.reader.tenant, 0, self._seq, self._merges)
        groups = {group_id(_home(row.memory)) for row in rows.memories.values() if self.reader.admits(row.memory.scope)}
        return replace(
            step,
            entities=tuple(entity for entity in step.entities if entity.group in groups),
            facts=tuple(fact for fact in step.facts if fact.claim.group in groups),
        )

    def _with_neighbours(self, ids: Iterable[str]) -> list[str]:
        """Add predecessors: the edge to a memory is a fact about the memory that it supersedes."""
        listed = list(ids)
        if not listed:
            return []
        edges = self._context.store.rows(self.reader, listed).edges
        return list(dict.fromkeys([*listed, *(edge.old for edge in edges if edge.new in set(listed))]))

    def _follow(self) -> None:
        """Read new ledger entries: the memories behind entity uuids, and branch merges."""
        with self._guard:
            while page := self._context.store.changes(self.reader, after=self._seq, limit=_PAGE):
                for change in page:
                    if isinstance(change.operation, Add):
                        self._learn(change.operation.memory)
                    elif isinstance(change.operation, MergeBranch):
                        self._merges[change.seq] = change.recorded_at
                self._seq = page[-1].seq

    def _learn(self, memory: Memory) -> None:
        if not self.reader.admits(memory.scope):
            return
        self._memory_of[entity_uuid(self.reader.tenant, memory.id)] = memory.id
        for anchor in anchors_of(memory):
            self._about.setdefault(anchor.uuid, []).append(memory.id)


def _home(memory: Memory) -> Scope:
    return replace(memory.scope, branch=None)

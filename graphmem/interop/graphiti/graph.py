"""What graphiti asks of a graph, answered from a store: facts and entities drawn from rows as they are needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from graphmem.model import Add, Memory, MergeBranch, Scope
from graphmem.projection.drawing import anchors_of, draw
from graphmem.projection.model import Entity, Fact, Step, entity_uuid, group_id
from graphmem.retrieval.embedding import Embedder, card_of
from graphmem.retrieval.query import read_question
from graphmem.service.desk import Desk, embedded_text
from graphmem.store import Filter, Probe

if TYPE_CHECKING:
    from graphmem.store import Vector

FactTest = Callable[[Fact], bool]

_PAGE = 1000
#: How many are looked at first, and how many times as many if too few of those pass a filter.
_FIRST_LOOK, _WIDER, _MOST = 50, 4, 20_000
_KEPT_VECTORS = 4096


class MemoryGraph:
    """The memories that one reader sees, as entities and facts.

    Args:
        desk: Of an opened memory.
        reader: Who asks.
    """

    def __init__(self, desk: Desk, reader: Scope) -> None:
        self._desk = desk
        self.reader = reader
        self._guard = threading.Lock()
        self._seq = 0
        self._merges: dict[int, datetime] = {}
        self._memory_of: dict[str, str] = {}
        self._beside: dict[str, list[str]] = {}
        self._vectors: dict[str, Vector] = {}
        #: Which memory a fact that was handed out is about.
        self._shown: dict[str, str] = {}

    # ---- searching

    def lexical(self, query: str, limit: int, fits: FactTest) -> list[Fact]:
        """Facts by BM25 of their memories; facts that do not fit take nobody's place."""
        probe = Probe(terms=read_question(query, self._desk.clock().date()).terms)
        return self._widening(lambda count: self._lexical_ids(replace(probe, limit=count)), limit, fits)

    def nearest(self, vector: Sequence[float], limit: int, least_cosine: float, fits: FactTest) -> list[Fact]:
        """Statements by cosine of their memories' vectors; none without an embedding model."""
        backend = self._desk.embedder()
        if isinstance(backend, str):
            return []
        unit = np.asarray(vector, dtype=np.float32)
        probe = Probe(vector=unit, model=card_of(backend))
        return self._widening(
            lambda count: self._nearest_ids(replace(probe, limit=count), least_cosine),
            limit,
            lambda fact: fact.claim.is_statement and fits(fact),
        )

    def entities(self, facts: Iterable[Fact]) -> list[Entity]:
        """The entities of the memories that facts are about, each once, in their order."""
        keys = list(dict.fromkeys(fact.claim.memory for fact in facts))
        drawn = {one.memory: one for one in self._drawn(keys).entities if one.memory is not None}
        return [drawn[key] for key in keys if key in drawn]

    def _lexical_ids(self, probe: Probe) -> list[str]:
        found = self._desk.store.match(self.reader, probe, Filter())
        return [key for key, _ in found.lexical]

    def _nearest_ids(self, probe: Probe, least: float) -> list[str]:
        found = self._desk.store.match(self.reader, probe, Filter())
        return [key for key, cosine in found.vector if cosine > least]

    def _widening(self, ask: Callable[[int], list[str]], limit: int, fits: FactTest) -> list[Fact]:
        count = max(_FIRST_LOOK, limit)
        while True:
            keys = ask(count)
            found = [fact for fact in self.facts_of(keys) if fits(fact)][:limit]
            if len(found) == limit or len(keys) < count or count >= _MOST:
                return found
            count *= _WIDER

    # ---- the graph

    def facts_of(self, keys: Sequence[str]) -> list[Fact]:
        """All facts about memories, past ones too, in the order of the memories."""
        place = {key: number for number, key in enumerate(keys)}
        facts = [fact for fact in self._drawn(keys).facts if fact.claim.memory in place]
        self._shown.update((fact.uuid, fact.claim.memory) for fact in facts)
        return sorted(facts, key=lambda fact: (place[fact.claim.memory], fact.seq, fact.uuid))

    def shown(self, uuids: Sequence[str]) -> list[Fact]:
        """Those facts of these names that were handed out before, as they are now."""
        keys = dict.fromkeys(self._shown[uuid] for uuid in uuids if uuid in self._shown)
        return [fact for fact in self.facts_of(list(keys)) if fact.uuid in set(uuids)]

    def around(self, uuids: Sequence[str]) -> list[Fact]:
        """The facts that lead from or to entities."""
        self._follow()
        wanted, keys = set(uuids), list[str]()
        for uuid in uuids:
            keys += [self._memory_of[uuid]] if uuid in self._memory_of else self._beside.get(uuid, [])
        facts = self.facts_of(self._with_neighbours(dict.fromkeys(keys)))
        return [fact for fact in facts if {fact.claim.source, fact.claim.target} & wanted]

    def entity(self, uuid: str) -> Entity | None:
        """The entity of that name, if the reader sees it."""
        self._follow()
        key = self._memory_of.get(uuid)
        keys = [key] if key is not None else self._beside.get(uuid, [])[:_PAGE]
        return next((one for one in self._drawn(keys).entities if one.uuid == uuid), None)

    def everything(self, groups: Sequence[str] | None) -> Iterator[Entity]:
        """All entities of groups, in the order in which their memories were recorded."""
        self._follow()
        keys = list(self._memory_of.values())
        seen = set[str]()
        for start in range(0, len(keys), _PAGE):
            for one in self._drawn(keys[start : start + _PAGE]).entities:
                if one.uuid not in seen and (groups is None or one.group in groups):
                    seen.add(one.uuid)
                    yield one

    def vectors(self, keys: Iterable[str]) -> dict[str, list[float]]:
        """Embeddings of memories, made again from their words: a store hands out none."""
        backend = self._desk.embedder()
        if isinstance(backend, str):
            return {}
        wanted = list(dict.fromkeys(keys))
        with self._guard:
            known = {key: self._vectors[key] for key in wanted if key in self._vectors}
        known |= self._embed([key for key in wanted if key not in known], backend)
        return {key: known[key].tolist() for key in wanted if key in known}

    # ---- parts

    def _embed(self, keys: Sequence[str], backend: Embedder) -> dict[str, Vector]:
        if not keys:
            return {}
        rows = self._desk.store.rows(self.reader, keys).memories
        texts = {key: embedded_text(said) for key in keys if key in rows and (said := rows[key].memory.statement)}
        made = dict(zip(texts, backend.embed(list(texts.values())), strict=True))
        with self._guard:
            if len(self._vectors) > _KEPT_VECTORS:
                self._vectors.clear()
            self._vectors.update(made)
        return made

    def _drawn(self, keys: Sequence[str]) -> Step:
        """Facts and entities of memories and all that they are chained to, as far as the reader may see them."""
        if not keys:
            return Step(0, 0)
        self._follow()
        rows = self._desk.store.rows(self.reader, list(keys))
        step = draw(rows, self.reader.tenant, 0, self._seq, self._merges)
        groups = {group_id(_home(row.memory)) for row in rows.memories.values() if self.reader.admits(row.memory.scope)}
        return replace(
            step,
            entities=tuple(one for one in step.entities if one.group in groups),
            facts=tuple(one for one in step.facts if one.claim.group in groups),
        )

    def _with_neighbours(self, keys: Iterable[str]) -> list[str]:
        """Memories with those that they took over from: the edge to a memory is a fact about the one before it."""
        listed = list(keys)
        if not listed:
            return []
        edges = self._desk.store.rows(self.reader, listed).edges
        return list(dict.fromkeys([*listed, *(edge.old for edge in edges if edge.new in set(listed))]))

    def _follow(self) -> None:
        """Learn what the ledger added since: which uuid stands for what."""
        with self._guard:
            while page := self._desk.store.changes(self.reader, after=self._seq, limit=_PAGE):
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
            self._beside.setdefault(anchor.uuid, []).append(memory.id)


def _home(memory: Memory) -> Scope:
    return replace(memory.scope, branch=None)

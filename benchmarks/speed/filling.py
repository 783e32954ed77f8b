"""Writing the corpus through the public service: bulk load, supersession, links, single adds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

import graphmem
from benchmarks.rows import Row
from benchmarks.speed.batching import batches
from benchmarks.speed.corpus import Corpus, everywhere, memory_id, said
from benchmarks.speed.timing import Timings
from benchmarks.speed.vectors import LookUp
from graphmem import GraphMemory, LinkKind, New, OnSimilar, Write
from graphmem.service.embedded_text import embedded_text

_SINGLE_ADDS = 500


class SetClock:
    """A clock that is told the time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time that was told."""
        return self.now


@dataclass(slots=True)
class Load:
    """How long loading took, and at which ledger position it was so far along."""

    memories: int = 0
    bulk_s: float = 0.0
    bulk_cpu_s: float = 0.0
    supersede: Timings = field(default_factory=Timings)
    link: Timings = field(default_factory=Timings)

    def rows(self) -> list[Row]:
        """Rates and times of the load."""
        return [
            Row("bulk load", self.memories / self.bulk_s, "/s", "higher", 8_000),
            Row("bulk load: CPU", 1e3 * self.bulk_cpu_s / self.memories, "ms each", "lower"),
            *self.supersede.rows("supersede, durable"),
            *self.link.rows("link, durable"),
        ]


def fill(corpus: Corpus, path: str) -> tuple[list[Row], Load]:
    """Write the corpus to a new store; returns what was measured."""
    looked_up, clock, load = LookUp(), SetClock(corpus.day(0)), Load()
    with graphmem.open(
        path, create=True, scope=everywhere(), actor="speed", clock=clock, embedder=looked_up.door()
    ) as memory:
        for start, items, vectors in corpus.batches():
            texts = [embedded_text(said(item)) for item in items]
            looked_up.expect(dict(zip(texts, vectors, strict=True)))
            clock.now = corpus.day(start + len(items))
            write = Write(scope=items[0].scope)
            _bulk(memory, items, write, load)
            _relate(memory, corpus, range(start, start + len(items)), write, load)
        clock.now = corpus.day(corpus.count + 1)
        adds, told = (_single_adds(memory, corpus, looked_up, how) for how in (None, OnSimilar.KEEP))
        size = memory.status().size_bytes
        mixed = batches(memory, corpus, looked_up, after=2 * _SINGLE_ADDS)
    sizes = [] if size is None else _sizes(size, corpus.count + 2 * _SINGLE_ADDS)
    rows = [*adds.rows("add, durable", p50=1.0), *told.rows("add, durable, told what is similar")]
    return [*rows, *load.rows(), *mixed, *sizes], load


def _sizes(size_bytes: int, count: int) -> list[Row]:
    each = size_bytes / count / 1024
    return [Row("file size", size_bytes / 2**20, "MiB", "lower"), Row("file size", each, "KiB each", "lower")]


def _bulk(memory: GraphMemory, items: list[New], write: Write, load: Load) -> None:
    cpu, wall = time.process_time(), time.perf_counter()
    memory.add_many(items, write=write)
    load.bulk_s += time.perf_counter() - wall
    load.bulk_cpu_s += time.process_time() - cpu
    load.memories += len(items)


def _relate(memory: GraphMemory, corpus: Corpus, numbers: range, write: Write, load: Load) -> None:
    for old, new in corpus.edges(numbers.start, numbers.stop):
        with load.supersede.one():
            memory.supersede(memory_id(old), (memory_id(new),), at=corpus.day(new), write=write)
    for source, target in corpus.links(numbers.start, numbers.stop):
        with load.link.one():
            memory.link(memory_id(source), memory_id(target), LinkKind.DEPENDS_ON, write=write)


def _single_adds(memory: GraphMemory, corpus: Corpus, looked_up: LookUp, how: OnSimilar | None) -> Timings:
    timings = Timings()
    every = corpus.more(2 * _SINGLE_ADDS)
    items = every[:_SINGLE_ADDS] if how is None else every[_SINGLE_ADDS:]
    vectors = next(corpus.batches())[2]
    looked_up.expect({embedded_text(said(item)): vectors[0] for item in items})
    for item in items:
        with timings.one():
            memory.add(item.statement, moves=item.moves, on_similar=how, write=Write(scope=item.scope))
    return timings

"""What a memory costs on a Neo4j server: `python -m benchmarks.capacity [--memories N ...]`.

Starts a server for each size, fills it through the public verbs, and measures bytes on disk and processor time on both
sides. Processor time is what capacity is made of; wall time says how busy this machine was besides.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from benchmarks.processes import cpu_ms, load_per_core, resident_mib
from benchmarks.rows import Row, show, write
from benchmarks.speed.corpus import Corpus, everywhere, memory_id, said
from benchmarks.speed.filling import SetClock
from benchmarks.speed.timing import Timings
from benchmarks.speed.vectors import LookUp
from graphmem import GraphMemory, New, Scope, Write
from graphmem.config import Settings
from graphmem.opening import open_store
from graphmem.service import ServiceContext
from graphmem.service.embedded_text import embedded_text
from tools.neo4j_server import Options, Server, start

_SIZES = (10_000, 100_000)
_SINGLE, _PAIRS, _SEARCHES = 300, 500, 150
#: Calls before those that count: a Java server compiles what it does often, and takes its time.
_WARM_UP = 300
_MILLION = 1_000_000
#: A busy machine is measured too.
_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes on disk, by what they are for."""

    records: int
    indexes: int
    words: int
    log: int

    @classmethod
    def of(cls, folder: Path) -> Disk:
        """Of a server that was stopped in order, so that everything is written."""
        database = folder / "data" / "databases" / "neo4j"
        kinds = [one.name for one in (database / "schema" / "index").iterdir()]
        places = {kind: _bytes(database / "schema" / "index" / kind) for kind in kinds}
        words = sum(size for kind, size in places.items() if kind.startswith("fulltext"))
        return cls(
            records=_bytes(database) - sum(places.values()),
            indexes=sum(places.values()) - words,
            words=words,
            log=_bytes(folder / "data" / "transactions" / "neo4j"),
        )

    def rows(self, before: Disk, count: int, what: str) -> list[Row]:
        """What each of `count` added to what was there before."""
        parts = {
            "records": self.records - before.records,
            "range and lookup indexes": self.indexes - before.indexes,
            "full text": self.words - before.words,
            "transaction log": self.log - before.log,
        }
        return [Row(f"{what}: {part}", size / count / 1024, "KiB each", "lower") for part, size in parts.items()]


@dataclass(slots=True)
class Meter:
    """Times of calls on one server, with its own processor time."""

    pid: int

    def measure(self, name: str, count: int, calls: Callable[[Timings], None], *, each: int = 1) -> list[Row]:
        """Rows of `count` memories or questions that `calls` makes, `each` in one call."""
        timings, before = Timings(), cpu_ms(self.pid)
        calls(timings)
        server = cpu_ms(self.pid) - before
        wall = [Row(f"{name}: p50", timings.p50, "ms", "lower")] if each == 1 else []
        return [
            *wall,
            Row(f"{name}: rate", count / sum(timings.wall_ms) * 1e3, "/s", "higher"),
            Row(f"{name}: CPU of the client", sum(timings.cpu_ms) / count, "ms each", "lower"),
            Row(f"{name}: CPU of the server", server / count, "ms each", "lower"),
        ]


class Bench:
    """One size of corpus on one server, which is stopped in between to see what is on its disk."""

    def __init__(self, corpus: Corpus, options: Options) -> None:
        self._corpus = corpus
        self._options = options
        self._looked_up, self._clock = LookUp(), SetClock(corpus.day(0))

    def rows(self) -> list[Row]:
        """Everything that is measured at this size."""
        _, empty = self._at_rest(lambda _memory, _server: [])
        filling, full = self._at_rest(self._fill)
        changing, changed = self._at_rest(self._change)
        asking, _ = self._at_rest(self._ask)
        return [
            *filling,
            *full.rows(empty, self._corpus.count, "disk, a memory"),
            *changing,
            *changed.rows(full, _WARM_UP + _PAIRS, "disk, a supersession"),
            *asking,
        ]

    def _at_rest(self, work: Callable[[GraphMemory, Server], list[Row]]) -> tuple[list[Row], Disk]:
        assert self._options.folder is not None  # noqa: S101 - see main
        with start(self._options) as server, self._opened(server) as memory:
            rows = work(memory, server)
        return rows, Disk.of(self._options.folder)

    def _opened(self, server: Server) -> GraphMemory:
        store = open_store(server.url, Settings(lock_timeout_s=_PATIENCE_S), create=True)
        door = self._looked_up.door()
        return GraphMemory(
            ServiceContext(store, scope=everywhere(), actor="capacity", clock=self._clock, embedder=door)
        )

    def _fill(self, memory: GraphMemory, server: Server) -> list[Row]:
        count, began = self._corpus.count, time.monotonic()

        def bulk(timings: Timings) -> None:
            for first, items, vectors in self._corpus.batches():
                texts = [embedded_text(said(item)) for item in items]
                self._looked_up.expect(dict(zip(texts, vectors, strict=True)))
                self._clock.now = self._corpus.day(first + len(items))
                with timings.one():
                    memory.add_many(items, write=Write(scope=items[0].scope))
                _say(f"{first + len(items):,} written after {time.monotonic() - began:.0f} s")

        return Meter(server.pid).measure("bulk add", count, bulk, each=self._corpus.batch)

    def _change(self, memory: GraphMemory, server: Server) -> list[Row]:
        edges = self._corpus.edges(0, self._corpus.count)
        pairs = list(islice(edges, _WARM_UP + _PAIRS))
        self._clock.now = self._corpus.day(self._corpus.count + 1)

        def supersede(some: Sequence[tuple[int, int]], timings: Timings) -> None:
            for old, new in some:
                scope = self._scope_of(new)
                with timings.one():
                    memory.supersede(
                        memory_id(old), (memory_id(new),), at=self._corpus.day(new), write=Write(scope=scope)
                    )

        supersede(pairs[:_WARM_UP], Timings())
        measured = pairs[_WARM_UP:]
        return Meter(server.pid).measure("supersede", len(measured), lambda timings: supersede(measured, timings))

    def _scope_of(self, number: int) -> Scope:
        repo, _ = self._corpus.place_of(number)
        return replace(everywhere(), repo=f"acme/service-{repo:02d}", related_repos=())

    def _ask(self, memory: GraphMemory, server: Server) -> list[Row]:
        asked = self._corpus.queries(_WARM_UP + _SEARCHES)
        self._looked_up.expect({one.text: one.vector for one in asked})
        before = resident_mib(os.getpid())
        for one in asked[:_WARM_UP]:
            memory.search(one.text)
            memory.search(one.text, scope=Scope(everywhere().tenant, one.repo))
        kept = resident_mib(os.getpid()) - before

        def search(timings: Timings) -> None:
            for one in asked[_WARM_UP:]:
                with timings.one():
                    memory.search(one.text, scope=Scope(everywhere().tenant, one.repo))

        meter = Meter(server.pid)
        rows = meter.measure("search in one repository of 25", _SEARCHES, search)
        items = self._corpus.more(_WARM_UP + _SINGLE)
        self._add(memory, items[:_WARM_UP], Timings())
        return [
            *rows,
            Row("client's memory after searching everything", kept, "MiB", "lower"),
            *meter.measure("add one", _SINGLE, lambda timings: self._add(memory, items[_WARM_UP:], timings)),
            Row("server's memory in RAM", resident_mib(server.pid), "MiB", "lower"),
        ]

    def _add(self, memory: GraphMemory, items: Sequence[New], timings: Timings) -> None:
        vector = self._corpus.queries(1)[0].vector
        self._looked_up.expect({embedded_text(said(item)): vector for item in items})
        for item in items:
            with timings.one():
                memory.add(item.statement, moves=item.moves, on_similar=None, write=Write(scope=item.scope))


def main() -> None:
    """Measure every size, print and write `results/capacity.json`."""
    asked = _arguments()
    rows: list[Row] = []
    for count in asked.memories:
        with tempfile.TemporaryDirectory(prefix="graphmem-capacity-", dir=asked.keep) as folder:
            # A log that is made in advance would hide how much is written to it.
            settings = {"db.tx_log.preallocate": "false"}
            options = Options(
                folder=Path(folder),
                heap=asked.heap,
                page_cache=asked.page_cache,
                has_auth=False,
                settings=settings,
            )
            _say(f"{count:,} memories")
            measured = Bench(Corpus(count), options).rows()
            measured.append(Row("load of the machine", load_per_core(), "/core", "lower"))
            rows += [replace(row, name=f"{_short(count)}: {row.name}") for row in measured]
    show(rows)
    _say(f"written to {write('capacity', rows).name}")


def _bytes(folder: Path) -> int:
    return sum(one.stat().st_blocks * 512 for one in folder.rglob("*") if one.is_file())


def _short(count: int) -> str:
    return f"{count // 1000}k" if count % 1000 == 0 and count < _MILLION else f"{count / _MILLION:g}M"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--memories", type=int, nargs="+", default=_SIZES, help="sizes (10000 100000)")
    parser.add_argument("--heap", default="1g", help="Java's heap (1g)")
    parser.add_argument("--page-cache", default="512m", help="memory for pages of the store (512m)")
    parser.add_argument("--keep", type=Path, help="a folder to work in instead of the temporary one")
    return parser.parse_args()


if __name__ == "__main__":
    main()

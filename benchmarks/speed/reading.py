"""Reading a filled store in a new process: search in all its forms, chains, neighbours, memory used."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import graphmem
from benchmarks.rows import Row
from benchmarks.speed.corpus import REPOS, Asked, Corpus, component_name, everywhere, memory_id
from benchmarks.speed.filling import SetClock
from benchmarks.speed.timing import Timings, paired_ratio
from benchmarks.speed.vectors import LookUp
from graphmem import At, Filter, GraphMemory, Kind, Scope

_BROAD, _WARM_UP = 200, 20
_ONE_REPO = f"one repository of {REPOS}"
_KNOWN_SHARE = 0.9


def read(corpus: Corpus, path: str) -> list[Row]:
    """Measure every kind of read on a store that `fill` wrote."""
    asked = corpus.queries(_BROAD + _WARM_UP)
    looked_up = LookUp()
    looked_up.expect({one.text: one.vector for one in asked})
    clock = SetClock(corpus.day(corpus.count + 2))
    with graphmem.open(path, scope=everywhere(), actor="speed", clock=clock, embedder=looked_up.door()) as memory:
        bench = _Bench(memory, corpus, asked)
        bench.warm_up()
        rows = [*bench.broad(), *bench.narrow(), *bench.unfiltered(), *bench.chains(), *bench.neighbours()]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*rows, Row("resident memory after all reads", peak, "MiB", "lower", 800)]


class _Bench:
    def __init__(self, memory: GraphMemory, corpus: Corpus, asked: Sequence[Asked]) -> None:
        self._memory = memory
        self._corpus = corpus
        self._asked = asked[_WARM_UP:]
        self._first = asked[:_WARM_UP]

    def warm_up(self) -> None:
        for one in self._first:
            self._memory.search(one.text, scope=_stand(one))
            self._memory.search(one.text)

    def broad(self) -> list[Row]:
        """Current, past as_of and past known_at in turns on the same queries."""
        current, past, known = Timings(), Timings(), Timings()
        half = At(as_of=self._corpus.day(self._corpus.count / 2))
        earlier = At(known_at=self._corpus.day(self._corpus.count * _KNOWN_SHARE))
        ways = [(current, None), (past, half), (known, earlier)]
        for one in self._asked:
            # Who goes first warms the caches for the others.
            ways.append(ways.pop(0))
            for timings, at in ways:
                with timings.one():
                    answer = self._memory.search(one.text, scope=_stand(one), at=at)
                assert answer.mode == "hybrid", answer.note  # noqa: S101
        return [
            *current.rows(f"hybrid search, broad ({_ONE_REPO})", p50=8, p99=25),
            *past.rows("hybrid search, broad, as_of half-way"),
            *known.rows(f"hybrid search, broad, known_at {_KNOWN_SHARE:.0%} of the way"),
            Row("known_at in the past, times as long as now", paired_ratio(current, known), "x", "lower", 2),
            Row("as_of in the past, times as long as now", paired_ratio(current, past), "x", "lower"),
        ]

    def narrow(self) -> list[Row]:
        """One kind, component and folder in one repository."""
        timings = Timings()
        for number, one in enumerate(self._asked):
            part = component_name(number % 12)
            where = Filter(kinds=(tuple(Kind)[number % 7],), components=(part,), paths=(f"src/{part}/",))
            with timings.one():
                self._memory.search(one.text, scope=_stand(one), where=where)
        share = self._corpus.count / REPOS / 12 / 7
        return timings.rows(f"hybrid search, narrow (repository, kind, component, folder: {share:.0f} memories)")

    def unfiltered(self) -> list[Row]:
        """Every repository at once."""
        timings = Timings()
        for one in self._asked[: len(self._asked) // 2]:
            with timings.one():
                self._memory.search(one.text)
        return timings.rows("hybrid search, unfiltered")

    def chains(self) -> list[Row]:
        """The history of fifty memories in a row, and from the first of them to the one that holds."""
        history, resolved = Timings(), Timings()
        for which in list(range(self._corpus.chains)) * (1 + 30 // max(self._corpus.chains, 1)):
            first = memory_id(self._corpus.chain(which)[0])
            with history.one():
                told = self._memory.history(first)
            with resolved.one():
                explained = self._memory.explain(first)
            assert (len(told.chain), len(explained.resolves_to)) == (50, 1)  # noqa: S101
        return [*history.rows("history, chain of 50"), *resolved.rows("explain, resolved over a chain of 50")]

    def neighbours(self) -> list[Row]:
        """Two hops from ten memories over links and shared files and components."""
        timings = Timings()
        store, reader = self._memory._context.store, everywhere()  # noqa: SLF001 - a step inside search, measured alone
        count, last = self._corpus.count, store.position(reader).seq
        for start in range(0, count, max(count // 50, 1)):
            seeds = [memory_id((start + step * 41) % count) for step in range(10)]
            with timings.one():
                near = store.neighbours(reader, seeds, seq=last, limit=40).steps
                store.neighbours(reader, [one.memory for one in near], seq=last, limit=200)
        return timings.rows("two hops from ten memories")


def _stand(one: Asked) -> Scope:
    return Scope(everywhere().tenant, one.repo)


def main(arguments: Sequence[str]) -> None:
    """Print rows as JSON: run as a process of its own, so that memory used is that of reading alone."""
    path, count, data = arguments
    rows = read(Corpus(int(count), Path(data) if data else None), path)
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Bulk loads beyond the corpus, in turns: of one repository, of all of them mixed, and with replacements."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.rows import Row
from benchmarks.speed.corpus import REPOS, Corpus, home, said
from benchmarks.speed.vectors import LookUp
from graphmem import GraphMemory, New, Scope, Write
from graphmem.service.embedded_text import embedded_text

_SIZE, _ROUNDS, _ONE_IN = 1_000, 3, 5

_Made = Callable[[Sequence[New]], list[New]]


@dataclass(slots=True)
class _Spent:
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def rows(self, name: str) -> list[Row]:
        count = _SIZE * len(self.wall_s)
        cpu_ms = 1e3 * sum(self.cpu_s) / count
        return [Row(name, count / sum(self.wall_s), "/s", "higher"), Row(f"{name}: CPU", cpu_ms, "ms each", "lower")]


def batches(memory: GraphMemory, corpus: Corpus, looked_up: LookUp, *, after: int) -> list[Row]:
    """How fast bulk loads of each kind are; `after` memories beyond the corpus are there already."""
    kinds: dict[str, _Made] = {
        "bulk load again, one repository": _of_one,
        "bulk load, repositories mixed": _mixed,
        "bulk load, repositories mixed, one in five supersedes": _superseding,
    }
    spent = {name: _Spent() for name in kinds}
    items = corpus.more(after + _ROUNDS * len(kinds) * _SIZE)[after:]
    vector = next(corpus.batches())[2][0]
    for turn in range(_ROUNDS):
        for place, (name, made) in enumerate(kinds.items()):
            start = (turn * len(kinds) + place) * _SIZE
            batch = made(items[start : start + _SIZE])
            looked_up.expect({embedded_text(said(item)): vector for item in batch})
            wall, cpu = time.perf_counter(), time.process_time()
            memory.add_many(batch, write=Write(scope=batch[0].scope))
            spent[name].wall_s.append(time.perf_counter() - wall)
            spent[name].cpu_s.append(time.process_time() - cpu)
    return [row for name in kinds for row in spent[name].rows(name)]


def _of_one(items: Sequence[New]) -> list[New]:
    return [replace(item, scope=home(0)) for item in items]


def _mixed(items: Sequence[New]) -> list[New]:
    return [replace(item, scope=home(place % REPOS)) for place, item in enumerate(items)]


def _superseding(items: Sequence[New]) -> list[New]:
    found, heads = list[New](), dict[Scope | None, str | None]()
    for place, item in enumerate(_mixed(items)):
        old = heads.get(item.scope)
        is_next = old is not None and (place // REPOS) % _ONE_IN == 1
        found.append(replace(item, supersedes=(old,)) if is_next and old is not None else item)
        heads[item.scope] = item.id
    return found

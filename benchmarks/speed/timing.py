"""Wall and processor time of single calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from benchmarks.rows import Row


@dataclass(slots=True)
class Timings:
    """How long each of several like calls took, in milliseconds."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Time one call."""
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self.wall_ms.append((time.perf_counter() - wall) * 1e3)
            self.cpu_ms.append((time.process_time() - cpu) * 1e3)

    @property
    def p50(self) -> float:
        """Median of the wall times."""
        return float(np.median(self.wall_ms))

    def rows(self, name: str, *, p50: float | None = None, p99: float | None = None) -> list[Row]:
        """Median and 99th percentile with their goals, and the processor time of a call."""
        return [
            Row(f"{name}: p50", self.p50, "ms", "lower", p50),
            Row(f"{name}: p99", float(np.percentile(self.wall_ms, 99)), "ms", "lower", p99),
            Row(f"{name}: CPU", float(np.mean(self.cpu_ms)), "ms", "lower"),
        ]


def paired_ratio(first: Timings, second: Timings) -> float:
    """Median of how many times as long the second took as the first, call by call."""
    return float(np.median(np.array(second.wall_ms) / np.array(first.wall_ms)))


def repeat(count: int, call: Callable[[], object]) -> Timings:
    """Time one call several times."""
    timings = Timings()
    for _ in range(count):
        with timings.one():
            call()
    return timings

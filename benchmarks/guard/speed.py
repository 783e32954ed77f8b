"""What a check of a change costs: beside parsing alone, and how it grows with the number of memories."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import graphmem
from benchmarks.rows import Row
from graphmem import Alternative, Kind, New, Origin, Outcome, Statement
from graphmem.guard.diff_reader import read_diff
from graphmem.guard.grammars import parsed

_FILES = 10
_LINES = 400
_ROUNDS = 25


def speed_rows() -> list[Row]:
    """The figures; each is a ratio of medians that were measured in turns."""
    diff = _diff()
    texts = [piece.after for file in read_diff(diff).files for piece in file.pieces]
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_memory(Path(folder) / f"{count}.db", count) for count in (100, 10_000))
        with small, large:
            times = _in_turns(
                lambda: [parsed("python", text, is_part=False) for text in texts],
                lambda: small.guard(diff),
                lambda: large.guard(diff),
            )
    parsing, few, many = times
    print(
        f"\nten files parsed {parsing * 1e3:.1f} ms; guard {few * 1e3:.1f} ms with 100, {many * 1e3:.1f} ms with 10,000"
    )
    return [
        Row("guard/ten files, beside parsing them", many / parsing, "ratio", "lower", 3.0),
        Row("guard/10,000 keyed memories beside 100", many / few, "ratio", "lower", 1.5),
    ]


def _in_turns(*calls: Callable[[], object]) -> list[float]:
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(_ROUNDS):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken[3:]) for taken in times]


def _memory(path: Path, count: int) -> graphmem.GraphMemory:
    memory = graphmem.open(str(path), create=True)
    names = ["pytz", *(f"package-{number}" for number in range(count - 1))]
    items = [
        New(
            statement=Statement(
                title=f"{name} is not used",
                kind=Kind.DECISION,
                origin=Origin.DOCUMENT,
                alternatives=(Alternative(name, Outcome.REJECTED, "", (f"pkg:pypi/{name}",)),),
            )
        )
        for name in names
    ]
    for start in range(0, count, 1_000):
        memory.add_many(items[start : start + 1_000])
    return memory


def _diff() -> str:
    """A change of ten Python files with whole files around it, one of which imports a rejected package."""
    parts = []
    for number in range(_FILES):
        lines = ["import os", "from collections.abc import Iterator", *_body(number)]
        added = "import pytz" if number == 7 else "import json"  # noqa: PLR2004 - any of them
        shown = [f" {lines[0]}", f"+{added}", *(f" {line}" for line in lines[1:])]
        path = f"src/file{number}.py"
        head = f"--- a/{path}\n+++ b/{path}\n@@ -1,{len(lines)} +1,{len(lines) + 1} @@\n"
        parts.append(head + "\n".join(shown) + "\n")
    return "".join(parts)


def _body(number: int) -> list[str]:
    lines: list[str] = []
    for index in range(_LINES // 5):
        lines += [f"def function_{number}_{index}(value: int) -> list[str]:", '    """Return the names."""']
        lines += ["    names = [str(each) for each in range(value)]", "    return sorted(names)", ""]
    return lines

"""Results as data: one row a figure, written as JSON and printed as a table."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import apsw
import numpy as np

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `goal` is what it should reach, None where there is no aim."""

    name: str
    value: float
    unit: str
    better: Literal["higher", "lower"]
    goal: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal


def environment() -> dict[str, str | int]:
    """What the figures depend on, without the name of the machine or of any place on it."""
    return {
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 0,
    }


def write(name: str, rows: Sequence[Row]) -> Path:
    """Write `results/NAME.json`, one row a line; returns its path."""
    RESULTS.mkdir(exist_ok=True)
    target, about = RESULTS / f"{name}.json", environment()
    lines = ",\n".join(json.dumps({**asdict(row), "environment": about}, ensure_ascii=False) for row in rows)
    target.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return target


def read(name: str) -> list[Row]:
    """The rows of `results/NAME.json`; none if there is no such file."""
    target = RESULTS / f"{name}.json"
    if not target.exists():
        return []
    listed = json.loads(target.read_text(encoding="utf-8"))
    return [Row(**{key: value for key, value in one.items() if key != "environment"}) for one in listed]


def show(rows: Iterable[Row]) -> None:
    """Print a table: the figure, its unit, its goal and whether that is met."""
    listed = list(rows)
    width = max((len(row.name) for row in listed), default=0)
    for row in listed:
        sign = "≥" if row.better == "higher" else "≤"
        aim = "" if row.goal is None else f"{sign} {row.goal:g}"
        verdict = {None: "", True: "met", False: "missed"}[row.is_met]
        print(f"{row.name:<{width}}  {row.value:>12,.4g} {row.unit:<8} {aim:<12} {verdict}".rstrip())

"""The time that the hooks add to a commit: `python -m benchmarks.git_hooks [--commits N]`.

Two equal repositories, one with the hooks, are committed to in turn, the first of a pair changing each time. A third
has hooks that do nothing, so that the cost of starting a shell shows apart. An amended commit runs two hooks. Wall
times of a busy machine say little: processor time is measured too. Writes `results/git_hooks.json`.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.rows import Row, show, write
from graphmem.githooks.hook_script import EVENTS
from graphmem.githooks.installation import install_hooks

_COMMIT = ("commit", "--quiet", "--allow-empty", "--message=x")
_COMMANDS = {"commit": _COMMIT, "amend": (*_COMMIT, "--amend")}
#: Added to a commit; an amended commit runs two hooks and has no goal.
_GOAL_MS = 15.0
_KINDS = ("without hooks", "empty hooks", "our hooks")


def main() -> int:
    """Measure, print and write the figures; 0 if the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=400, help="commits into each repository")
    commits: int = parser.parse_args().commits
    with tempfile.TemporaryDirectory() as name:
        roots = _repositories(Path(name))
        rows = [row for command in _COMMANDS for row in _rows(command, _times(roots, command, commits))]
    show(rows)
    write("git_hooks", rows)
    return 0 if all(row.is_met is not False for row in rows) else 1


def _repositories(folder: Path) -> dict[str, Path]:
    roots = {kind: folder / kind.replace(" ", "-") for kind in _KINDS}
    for root in roots.values():
        _git(folder, "init", "--quiet", str(root))
        shutil.rmtree(root / ".git" / "hooks", ignore_errors=True)
        _git(root, *_COMMIT)
    install_hooks(roots["our hooks"])
    for event in EVENTS:
        hook = roots["empty hooks"] / ".git" / "hooks" / event
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\n", encoding="utf-8")
        hook.chmod(0o755)
    return roots


@dataclass(slots=True)
class _Times:
    """Milliseconds of each commit: on the clock, and of the processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def _times(roots: dict[str, Path], command: str, commits: int) -> dict[str, _Times]:
    """The times by the kind of repository; commits of one round have the same position."""
    times = {kind: _Times() for kind in roots}
    kinds = list(roots)
    for _ in range(commits):
        kinds.append(kinds.pop(0))
        for kind in kinds:
            start, used = time.perf_counter(), _processor_s()
            _git(roots[kind], *_COMMANDS[command])
            times[kind].wall.append((time.perf_counter() - start) * 1e3)
            times[kind].processor.append((_processor_s() - used) * 1e3)
    return times


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _rows(command: str, times: dict[str, _Times]) -> Iterator[Row]:
    base = times["without hooks"]
    yield Row(f"{command}, without hooks, median", round(statistics.median(base.wall), 2), "ms", "lower")
    for kind in _KINDS[1:]:
        added = sorted(mine - other for mine, other in zip(times[kind].wall, base.wall, strict=True))
        goal = _GOAL_MS if (command, kind) == ("commit", "our hooks") else None
        name = f"{command}, added by {kind}"
        yield Row(f"{name}, median", round(statistics.median(added), 2), "ms", "lower", goal)
        yield Row(f"{name}, p90", round(added[len(added) * 9 // 10], 2), "ms", "lower")
        processor = statistics.mean(times[kind].processor) - statistics.mean(base.processor)
        yield Row(f"{name}, processor time", round(processor, 2), "ms", "lower")


def _git(folder: Path, *words: str) -> None:
    identity = {f"GIT_{role}_{part}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *words], cwd=folder, env={**os.environ, **identity, **settings}, check=True)


if __name__ == "__main__":
    sys.exit(main())

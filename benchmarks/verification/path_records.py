"""A first check from what the ledger has, against one that reads the mainline from git: side by side, in one run.

python -m benchmarks.verification.path_records CLONE...     CLONE is a git folder, bare or not; it is only read

For each clone, three memories for each of up to 200 paths that its mainline ever had, spread evenly: "Read `PATH`.",
the folder of the path, and `make test` and `tox -e py` as commands. The verdicts of both ways must be equal; seconds
are the least of five rounds, in turns. Prints, and writes to `results/path_records.json`.
"""

from __future__ import annotations

import argparse
import posixpath
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.rows import Row, show, write
from graphmem.instants import from_micros
from graphmem.model import Statement
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.sources.git.code_history import read_code_history
from graphmem.sources.git.mainline_reading import MainlineReader
from graphmem.verification import MemoryToVerify, Verdict, verify_memories

_READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
_ROUNDS, _PATHS = 5, 200


def main() -> int:
    """Measure every clone, print and write the figures; the exit code is 1 if verdicts differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", type=Path)
    rows: list[Row] = []
    for clone in parser.parse_args().clones:
        rows += _rows(clone)
    show(rows)
    write("path_records", rows)
    return 0 if all(row.is_met is not False for row in rows) else 1


def _rows(clone: Path) -> Iterator[Row]:
    name = clone.name if clone.name != "repo" else clone.parent.name.replace("+", "/")
    recorded = MainlineHistory()
    for batch in MainlineReader(clone, ref="HEAD", read_at=_READ_AT).batches(recorded.copy()):
        recorded.add(recorded.seq + 1, batch.rows, batch.ref)
    memories = list(_memories(recorded))
    seconds: dict[bool, list[float]] = {False: [], True: []}
    verdicts: dict[bool, list[Verdict]] = {}
    for _ in range(_ROUNDS):
        for is_known, listed in seconds.items():
            start = time.perf_counter()
            verdicts[is_known] = _verdicts(clone, memories, recorded if is_known else None)
            listed.append(time.perf_counter() - start)
    size = f"{name}, {len(recorded.shas):,} commits, {len(memories):,} memories"
    differing = sum(left != right for left, right in zip(verdicts[False], verdicts[True], strict=True))
    yield Row(f"{size}: mainline from git", round(min(seconds[False]), 3), "s", "lower")
    yield Row(f"{size}: mainline from the ledger", round(min(seconds[True]), 3), "s", "lower")
    yield Row(f"{size}: verdicts that differ", differing, "", "lower", 0)


def _verdicts(clone: Path, memories: list[MemoryToVerify], recorded: MainlineHistory | None) -> list[Verdict]:
    history = read_code_history(clone, ref="HEAD", read_at=_READ_AT)
    if recorded is not None:
        history.know(recorded)
    return verify_memories(memories, history, at=_READ_AT)


def _memories(recorded: MainlineHistory) -> Iterator[MemoryToVerify]:
    """Memories that start when the mainline had a path."""
    segments = recorded.segments[:: max(len(recorded.segments) // _PATHS, 1)]
    for number, segment in enumerate(segments):
        since = from_micros(recorded.times_us[segment.start]) + timedelta(seconds=1)
        folder = posixpath.dirname(segment.path) or "docs"
        texts = (f"Read `{segment.path}`.", f"All of it is in `{folder}/`.", "Run `make test`, then `tox -e py`.")
        for part, text in enumerate(texts):
            statement = Statement(title=text, body=text)
            yield MemoryToVerify(memory_id=f"{number}-{part}", statement=statement, since=since)


if __name__ == "__main__":
    sys.exit(main())

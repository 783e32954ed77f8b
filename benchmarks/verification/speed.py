"""The time of a verification: a made repository of so many files, and memories that name some of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.rows import Row
from benchmarks.verification.scratch import ScratchRepository
from graphmem.model import Anchor, AnchorKind, Statement
from graphmem.sources.git.code_history import GitCodeHistory, read_code_history
from graphmem.verification import MemoryToVerify, Verdict, verify_memories

_FILES, _MEMORIES, _COMMITS = 10_000, 1_000, 300
_RUNS = 7
_READ_AT = datetime(2100, 1, 1, tzinfo=UTC)


def speed_rows(folder: Path) -> list[Row]:
    """Seconds of a first check, of a check after a commit, and of a check without a change."""
    repository = ScratchRepository(folder)
    paths = _made(repository)
    since = datetime.fromtimestamp(repository.start_s, UTC) + timedelta(days=10)
    memories = [_memory(number, paths, since) for number in range(_MEMORIES)]
    first, *first_s = _timed(lambda: verify_memories(memories, _history(folder), at=_READ_AT))
    known = _with_verdicts(memories, first)
    _, *same_s = _timed(lambda: verify_memories(known, _history(folder), at=_READ_AT))
    repository.commit(dict.fromkeys(paths[:20]))
    _, *later_s = _timed(lambda: verify_memories(known, _history(folder), at=_READ_AT))
    size = f"{_FILES:,} files, {_COMMITS} commits, {_MEMORIES:,} memories"
    return [
        *_rows(f"verify, first check ({size})", first_s, 1.5),
        *_rows("verify, nothing changed", same_s, 0.3),
        *_rows("verify, after a commit that removes 20 files", later_s, None),
    ]


def _rows(name: str, seconds: Sequence[float], goal: float | None) -> list[Row]:
    wall, processor = seconds
    return [Row(name, wall, "s", "lower", goal), Row(f"{name}: processor time, git included", processor, "s", "lower")]


def _made(repository: ScratchRepository) -> list[str]:
    """A repository whose first commit has most files, and whose others edit some; returns the paths."""
    paths = [f"src/part{number % 100}/folder{number % 7}/file{number}.py" for number in range(_FILES)]
    texts = [_text(number) for number in range(200)]
    repository.commit({"Makefile": b"".join(b"task-%d:\n\techo\n" % number for number in range(50))})
    blobs = [repository.git("hash-object", "-w", "--stdin", sent=text) for text in texts]
    repository.commit_blobs({path: blobs[number % len(blobs)] for number, path in enumerate(paths)})
    for commit in range(_COMMITS):
        edited = (commit * 37 + step for step in range(10))
        repository.commit_blobs({paths[number % _FILES]: blobs[(number + commit) % len(blobs)] for number in edited})
    return paths


def _text(seed: int) -> bytes:
    return b"".join(b"line %d of text %d\n" % (number, seed) for number in range(120))


def _memory(number: int, paths: list[str], since: datetime) -> MemoryToVerify:
    named = [paths[(number * 13 + step * 101) % _FILES] for step in range(2)]
    body = f"The parser is in `{named[0]}`, its tests in `src/part{number % 100}/`. Run `make task-{number % 50}`. " * 2
    anchors = (Anchor(AnchorKind.FILE, named[1]),)
    statement = Statement(title=f"Rule {number}", body=f"{body}See `docs/never{number}.md`.", anchors=anchors)
    return MemoryToVerify(memory_id=str(number), statement=statement, since=since + timedelta(days=number % 100))


def _history(folder: Path) -> GitCodeHistory:
    return read_code_history(folder, ref="HEAD", read_at=_READ_AT)


def _with_verdicts(memories: list[MemoryToVerify], verdicts: list[Verdict]) -> list[MemoryToVerify]:
    return [replace(memory, earlier=verdict) for memory, verdict in zip(memories, verdicts, strict=True)]


def _timed(work: Callable[[], list[Verdict]]) -> tuple[list[Verdict], float, float]:
    """The result of some work, and the least wall time and processor time of some runs, in seconds."""
    wall: list[float] = []
    processor: list[float] = []
    verdicts: list[Verdict] = []
    for _ in range(_RUNS):
        before, used_before = time.perf_counter(), _processor_s()
        verdicts = work()
        wall.append(time.perf_counter() - before)
        processor.append(_processor_s() - used_before)
    return verdicts, min(wall), min(processor)


def _processor_s() -> float:
    """Processor time of this process and of the processes that it started and that ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system

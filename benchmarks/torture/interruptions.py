"""Backups, restores, copies, reindexing, migrations and ingests, killed at any moment, and what must be there then."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

import graphmem
from benchmarks.torture.decision_records import account, write_records
from benchmarks.torture.killing import opened, processes, write_forever
from graphmem import GraphMemory, Scope, Statement, Write
from graphmem.adapters import schema_files
from graphmem.adapters.schema_files import schema_text
from graphmem.adapters.sqlite import SQLiteStore, migrations
from graphmem.adapters.sqlite.connection import connect
from graphmem.service import IngestReport, New
from graphmem.service.embedded_text import embedded_text
from graphmem.service.store_copy import copy
from graphmem.sources.decisions import read_decisions

_HOME = Scope("torture", "acme/shop")
#: So many make more pages than SQLite keeps of a copy before it writes them.
_MEMORIES = 900
_RECORDS = 300
_DIMENSION = 16
_PATIENCE_S = 60.0
_STEP = "9999_torture.sql"
_STEP_SQL = """
CREATE TABLE torture (number INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT;
INSERT INTO torture (number, id) SELECT number, id FROM memory;
CREATE INDEX torture_id ON torture (id);
"""
_HAS_TABLE = "SELECT count(*) FROM sqlite_schema WHERE name = 'torture'"
_VECTORS = "SELECT id, data FROM vector JOIN memory ON memory.number = vector.memory ORDER BY number"
_ROWS = "SELECT (SELECT count(*) FROM torture) - (SELECT count(*) FROM memory)"


@dataclass(slots=True)
class Interruptions:
    """What many kills led to.

    Attributes:
        kills: By task.
        cut_off: How many of them came before the task was done, by task.
        faults: What was lost, half done, unreadable or left behind; must stay empty.
    """

    kills: Counter[str] = field(default_factory=Counter)
    cut_off: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Embedder:
    """A model for tests: a vector follows from the text and the model's name."""

    def __init__(self, name: str) -> None:
        self.name, self.dimension, self.weights_hash = name, _DIMENSION, name

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row a text."""
        seeds = [sum(f"{self.name} {text}".encode()) for text in texts]
        rows = np.array([np.random.default_rng(seed).standard_normal(_DIMENSION) for seed in seeds], np.float32)
        lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / lengths


def interrupt(
    folder: Path, *, kills: int, writers: int, seed: int, memories: int = _MEMORIES, records: int = _RECORDS
) -> Interruptions:
    """Kill each of the tasks in turn, so many times in all; after each kill, look, finish what it left, look again."""
    found, rng = Interruptions(), random.Random(seed)  # noqa: S311 - choices of a test
    ground = _Ground(folder, memories, records)
    longest = {name: _longest_s(ground, name) for name in TASKS}
    for number in range(kills):
        name = list(TASKS)[number % len(TASKS)]
        ground.reset()
        killed = _killed(ground, name, rng, longest[name], writers if name == "backup" else 0)
        found.kills[name] += 1
        found.cut_off[name] += killed
        try:
            found.faults += [f"{name}, kill {number}: {fault}" for fault in TASKS[name].faults(ground)]
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is a fault
            found.faults.append(f"{name}, kill {number}: {exc!r}")
    return found


@dataclass(frozen=True, slots=True)
class Paths:
    """What a task reads and writes: the store, the target of copies, an export of the store, and decision records."""

    work: Path
    target: Path
    export: Path
    records: Path


class _Ground:
    """Files that the tasks work on: `base.db` as it was made, `work.db` a copy of it with its log, and targets.

    Attributes:
        ingested: The account of one ingest of the records that nothing interrupted.
    """

    def __init__(self, folder: Path, memories: int, records: int) -> None:
        self.folder = folder / "store"
        self.elsewhere = folder / "elsewhere"
        self.base = folder / "base.db"
        self.paths = Paths(
            self.folder / "work.db", self.elsewhere / "target.db", folder / "export.jsonl", folder / "records"
        )
        write_records(self.paths.records, records)
        with opened(self.base, create=True) as memory:
            memory.add_many(
                [New(statement=Statement(title=f"Rule {n}", body="because " * 60)) for n in range(memories)]
            )
            self.paths.export.write_text("".join(f"{line}\n" for line in memory.export()), encoding="utf-8")
            self.head, self.changes = memory.status().head, memory.status().changes
        self.reset()
        _ingest(self.paths)
        with opened(self.paths.work) as memory:
            self.ingested = account(memory, self.changes)

    def reset(self) -> None:
        """Put everything back as it was, for the next kill."""
        for one in (self.folder, self.elsewhere):
            shutil.rmtree(one, ignore_errors=True)
            one.mkdir()
        shutil.copy(self.base, self.paths.work)

    def faults_of_work(self) -> list[str]:
        """What `check` finds in the store that was worked on, and what lies beside it."""
        with opened(self.paths.work) as memory:
            return [*_findings(memory), *self.left()]

    def left(self) -> list[str]:
        """Drafts that nobody will finish; opening the store of a folder should have removed them."""
        return [f"left behind: {one.name}" for one in (*self.folder.glob("*.new"), *self.elsewhere.glob("*.new"))]


@dataclass(frozen=True, slots=True)
class _Task:
    """Something that is killed: what runs, and what is wrong afterwards."""

    run: Callable[[Paths], object]
    faults: Callable[[_Ground], list[str]]


# ---- in the process that is killed


def _backup(paths: Paths) -> None:
    with opened(paths.work) as memory:
        memory.backup(paths.target)


def _restore(paths: Paths) -> None:
    with opened(paths.target, create=True) as memory, paths.export.open(encoding="utf-8") as lines:
        memory.restore(line.rstrip("\n") for line in lines)


def _copy(paths: Paths) -> None:
    with SQLiteStore.open(paths.work, create=False) as source, SQLiteStore.open(paths.target, create=True) as other:
        copy(source, other, ["torture"], count=0)


def _reindex(paths: Paths) -> None:
    for name in ("first", "second"):
        with _with_model(paths.work, name) as memory:
            memory.reindex()


def _migrate(paths: Paths) -> None:
    steps = (*migrations.MIGRATIONS, _STEP)
    # As a later release has it; this process is of no use for anything else.
    vars(migrations).update(MIGRATIONS=steps, SCHEMA_VERSION=len(steps))
    vars(schema_files).update(schema_text=lambda name: _STEP_SQL if name == _STEP else schema_text(name))
    SQLiteStore.open(paths.work, create=False).close()


def _ingest(paths: Paths) -> IngestReport:
    reading = read_decisions([paths.records], root=paths.records, read_at=datetime.now(UTC))
    with opened(paths.work) as memory:
        return memory.ingest(reading, write=Write(source="decisions", op_id="ingest-1"))


def _ingest_command(paths: Paths) -> None:
    """`graphmem ingest decisions`, which names its writes anew each time."""
    from graphmem.cli.app import app

    # This process is of no use for anything else.
    settings = {"URL": str(paths.work), "TENANT": _HOME.tenant, "REPO": str(_HOME.repo), "EMBEDDINGS": "off"}
    os.environ.update({f"GRAPHMEM_{name}": value for name, value in settings.items()})
    words = ["ingest", "decisions", str(paths.records), "--root", str(paths.records)]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            app.main(words)
    except SystemExit as end:
        if end.code:
            raise


def run(name: str, paths: Paths, begun: Path, done: Path) -> None:
    """One process: tell that it begins, carry out a task, tell that it is done."""
    begun.touch()
    TASKS[name].run(paths)
    done.touch()


def _with_model(path: Path, name: str) -> GraphMemory:
    return graphmem.open(str(path), scope=_HOME, actor="torture", embedder=lambda: Embedder(name))


# ---- afterwards


def _after_backup(ground: _Ground) -> list[str]:
    with opened(ground.paths.work) as memory:
        faults, seq = [*_findings(memory), *ground.left()], memory.status().changes
    if not ground.paths.target.exists():
        return faults
    with opened(ground.paths.target) as memory:
        return faults + _findings(memory) + ([] if memory.status().changes <= seq else ["more in the copy"])


def _after_restore(ground: _Ground) -> list[str]:
    _restore(ground.paths)
    return _whole_target(ground)


def _after_copy(ground: _Ground) -> list[str]:
    with SQLiteStore.open(ground.paths.work, create=False) as source:
        with SQLiteStore.open(ground.paths.target, create=True) as other:
            done = copy(source, other, ["torture"], count=20)
        return [one.what for each in done for one in each.findings] + _whole_target(ground)


def _after_reindex(ground: _Ground) -> list[str]:
    with opened(ground.paths.work) as memory:
        faults, status = _findings(memory), memory.status()
    name = "first" if status.model is None else status.model.name
    faults += _wrong_vectors(ground.paths.work, name)
    with _with_model(ground.paths.work, "third") as memory:
        memory.reindex()
        status = memory.status()
        faults += _findings(memory) + ([] if status.vectors == status.memories else ["vectors are missing"])
    return faults + _wrong_vectors(ground.paths.work, "third") + ground.left()


def _after_migration(ground: _Ground) -> list[str]:
    before = _migrated(ground.paths.work)
    _run_whole(_migrate, ground)
    after = _migrated(ground.paths.work)
    faults = [] if before in {(False, 0), (True, 0)} else [f"a half migration: {before}"]
    return faults + ([] if after == (True, 0) else [f"the migration did not finish: {after}"]) + ground.left()


def _after_ingest(ground: _Ground) -> list[str]:
    return _ingested_by(ground, _ingest)


def _after_ingest_command(ground: _Ground) -> list[str]:
    return _ingested_by(ground, lambda _: _run_whole(_ingest_command, ground))


def _ingested_by(ground: _Ground, again: Callable[[Paths], object]) -> list[str]:
    """What is wrong with the store, and with what ingesting a second and a third time makes of it."""
    faults = ground.faults_of_work()
    again(ground.paths)
    with opened(ground.paths.work) as memory:
        told, seq = account(memory, ground.changes), memory.status().changes
    faults += [f"ingested again, the ledger does not say: {one:.200}" for one in _without(ground.ingested, told)]
    faults += [f"ingested again, the ledger says too much: {one:.200}" for one in _without(told, ground.ingested)]
    again(ground.paths)
    with opened(ground.paths.work) as memory:
        more = memory.status().changes - seq
    return faults + ([f"a third ingest wrote {more} changes"] if more else []) + ground.faults_of_work()


def _without(some: list[str], others: list[str]) -> list[str]:
    return list((Counter(some) - Counter(others)).elements())


def _run_whole(task: Callable[[Paths], object], ground: _Ground) -> None:
    """Carry out a task in a process of its own that nobody kills."""
    process = processes().Process(target=task, args=(ground.paths,))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{task.__name__} ends with exit code {process.exitcode}")


def _migrated(path: Path) -> tuple[bool, int]:
    """Whether the step was made, and how many rows it misses."""
    connection = connect(path, is_writer=False)
    try:
        is_made = bool(connection.execute(_HAS_TABLE).get)
        is_counted = migrations.version_of(connection) > len(migrations.MIGRATIONS)
        missing = int(str(connection.execute(_ROWS).get)) if is_made else 0
        return is_made, missing if is_made is is_counted else -1
    finally:
        connection.close()


def _wrong_vectors(path: Path, name: str) -> list[str]:
    """Vectors that the model which the store names did not make of their memories."""
    connection = apsw.Connection(str(path))
    try:
        stored = {str(key): data for key, data in connection.execute(_VECTORS)}
    finally:
        connection.close()
    with opened(path) as memory:
        statements = [memory.get(key).memory.statement for key in stored]
    texts = [embedded_text(one) for one in statements if one is not None]
    right = zip(stored, Embedder(name).embed(texts), strict=True) if texts else ()
    wrong = [key for key, row in right if row.astype("<f4").tobytes() != stored[key]]
    return [f"{len(wrong)} vectors of another model than {name!r}"] if wrong else []


def _whole_target(ground: _Ground) -> list[str]:
    with opened(ground.paths.target) as memory:
        status = memory.status()
        faults = [*_findings(memory), *ground.left()]
    return faults + ([] if (status.head, status.is_restoring) == (ground.head, False) else ["not the same ledger"])


def _findings(memory: GraphMemory) -> list[str]:
    return [f"{one.area}: {one.what}" for one in memory.check()]


TASKS = {
    "backup": _Task(_backup, _after_backup),
    "restore": _Task(_restore, _after_restore),
    "copy": _Task(_copy, _after_copy),
    "reindex": _Task(_reindex, _after_reindex),
    "migration": _Task(_migrate, _after_migration),
    "ingest": _Task(_ingest, _after_ingest),
    "ingest command": _Task(_ingest_command, _after_ingest_command),
}


# ---- around it


def _start(ground: _Ground, name: str) -> tuple[BaseProcess, Path]:
    begun, done = ground.folder / "begun", ground.folder / "done"
    process = processes().Process(target=run, args=(name, ground.paths, begun, done))
    process.start()
    deadline = time.monotonic() + _PATIENCE_S
    while not begun.exists() and process.exitcode is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} does not begin")
        time.sleep(0.001)
    return process, done


def _longest_s(ground: _Ground, name: str) -> float:
    ground.reset()
    process, done = _start(ground, name)
    started = time.monotonic()
    process.join()
    if not done.exists():
        raise RuntimeError(f"{name} fails by itself: exit code {process.exitcode}")
    return time.monotonic() - started


def _killed(ground: _Ground, name: str, rng: random.Random, longest_s: float, writers: int) -> bool:
    """Whether the kill came before the task was done."""
    told = [ground.folder / f"told-{number}" for number in range(writers)]
    others = [
        processes().Process(target=write_forever, args=(ground.paths.work, file, rng.getrandbits(32))) for file in told
    ]
    for other in others:
        other.start()
    try:
        process, done = _start(ground, name)
        time.sleep(rng.random() * 1.2 * longest_s)
        process.kill()
        process.join()
    finally:
        for other in others:
            other.kill()
            other.join()
    return not done.exists()

"""Writers that are killed at any moment, and what must be there afterwards."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import apsw

import graphmem
from graphmem import GraphMemory, Scope, Statement, Write
from graphmem.model import Change
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.service import New

_HOME = Scope("torture", "acme/shop")
_BATCH = 5
_PATIENCE_S = 20.0
_LONGEST_LIFE_S = 0.15


@dataclass(slots=True)
class Deaths:
    """What many kills led to; `lost`, `halves` and `doubled` name op_ids and must stay empty, as must `findings`."""

    cycles: int = 0
    acknowledged: int = 0
    unsure: int = 0
    lost: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def kill_writers(folder: Path, *, cycles: int, writers: int, seed: int) -> Deaths:
    """Let several processes write, kill them all, look, and send again what was under way; so many times."""
    deaths, rng = Deaths(), random.Random(seed)  # noqa: S311 - choices of a test
    path = folder / "killed.db"
    opened(path, create=True).close()
    seen: list[Change] = []
    for cycle in range(cycles):
        told = [folder / f"told-{cycle}-{number}" for number in range(writers)]
        _write_and_die(path, told, rng)
        with opened(path) as memory:
            _look(memory, told, deaths, seen)
        for file in told:
            file.unlink()
        deaths.cycles += 1
    with opened(path) as memory:
        if (last := _ledger(memory)) != seen:
            deaths.findings.append(f"the ledger: {len(last)} entries, and {len(seen)} others were seen meanwhile")
        deaths.findings += [f"{one.area}: {one.what}" for one in memory.check()]
    deaths.findings += integrity(path)
    return deaths


def opened(path: Path, *, create: bool = False) -> GraphMemory:
    """The store, without a model."""
    return graphmem.open(
        str(path), create=create, scope=_HOME, actor="torture", embedder=lambda: EmbedderMissing("off")
    )


def integrity(path: Path) -> list[str]:
    """What SQLite itself finds wrong with a file."""
    connection = apsw.Connection(str(path))
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    finally:
        connection.close()
    return [] if found == ["ok"] else found


def processes() -> SpawnContext | ForkServerContext:
    """How processes are started: from one that has everything loaded, where the system can."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    modules = [
        "benchmarks.torture.interruptions",
        "graphmem.opening",
        "graphmem.adapters.sqlite.store",
        "graphmem.cli.app",
    ]
    context.set_forkserver_preload(modules)
    return context


# ---- in the writers


def write_forever(path: Path, told: Path, seed: int) -> None:
    """Write one thing after another; tell before each that it is under way, and after it that it was acknowledged."""
    handle = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    rng = random.Random(seed)  # noqa: S311 - choices of a test
    heads: list[str] = []
    with opened(path) as memory:
        for step in range(1_000_000):
            op_id = f"{told.name}-{step}-{rng.choice('adsmb' if heads else 'a')}"
            head = heads[-1] if heads else ""
            os.write(handle, f"> {op_id} {head}\n".encode())
            heads.append(_send(memory, op_id, head))
            os.write(handle, f"< {op_id} {head}\n".encode())


def _send(memory: GraphMemory, op_id: str, head: str) -> str:
    """The write that an op_id stands for, the same each time it is sent; returns a memory that may be superseded."""
    write = Write(op_id=op_id)
    match op_id[-1]:
        case "a":
            return memory.add(f"The rule of {op_id}\n{'because ' * 40}", write=write).ids[0]
        case "s":
            return memory.supersede(head, f"The new rule of {op_id}", write=write).ids[-1]
        case "m":
            items = [New(statement=Statement(title=f"{op_id} part {part}")) for part in range(_BATCH)]
            return memory.add_many(items, write=write)[0].ids[0]
        case "b":
            olds: list[str | int] = [head, *range(_BATCH - 1)]
            told = [New(statement=f"{op_id} version {part}", supersedes=(old,)) for part, old in enumerate(olds)]
            return memory.add_many(told, write=write)[-1].ids[-1]
        case _:
            start = datetime(2020, 1, 1, tzinfo=UTC)
            return memory.add(Statement(title=f"Noted in {op_id}", body="x" * 3000), start=start, write=write).ids[0]


# ---- around them


def _write_and_die(path: Path, told: list[Path], rng: random.Random) -> None:
    context = processes()
    started: list[BaseProcess] = []
    for file in told:
        process = context.Process(target=write_forever, args=(path, file, rng.getrandbits(32)))
        process.start()
        started.append(process)
    try:
        _await_first_words(told, started)
        time.sleep(rng.random() * _LONGEST_LIFE_S)
    finally:
        for one in rng.sample(started, len(started)):
            one.kill()
        for one in started:
            one.join()


def _await_first_words(told: list[Path], started: list[BaseProcess]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not all(file.exists() and b"<" in file.read_bytes() for file in told):
        dead = [process.exitcode for process in started if process.exitcode is not None]
        if dead or time.monotonic() > deadline:
            raise RuntimeError(f"the writers do not write; those that ended said {dead}")
        time.sleep(0.002)


def _look(memory: GraphMemory, told: list[Path], deaths: Deaths, seen: list[Change]) -> None:
    """Read what came since `seen`, and add it: one reading of the whole at the end shows that nothing of it left."""
    seen += _ledger(memory, seen)
    ledger = Counter(one.op_id for one in seen)
    for file in told:
        lines = [line.split(" ") for line in file.read_text().splitlines() if line.count(" ") == 2]  # noqa: PLR2004
        acknowledged = {op_id for mark, op_id, _ in lines if mark == "<"}
        deaths.acknowledged += len(acknowledged)
        deaths.lost += sorted(op_id for op_id in acknowledged if not _is_whole(ledger, op_id))
        for mark, op_id, head in lines[-1:]:
            deaths.halves += [] if _is_whole(ledger, op_id) or _is_absent(ledger, op_id) else [op_id]
            deaths.unsure += mark == ">"
            _send(memory, op_id, head)
    seen += _ledger(memory, seen)
    again = Counter(one.op_id for one in seen)
    deaths.doubled += sorted(op_id for op_id, count in again.items() if count > 1)


def _ledger(memory: GraphMemory, seen: Sequence[Change] = ()) -> list[Change]:
    """The entries after those that were seen."""
    found: list[Change] = []
    after = seen[-1].seq if seen else 0
    while some := memory.changes(after=found[-1].seq if found else after, limit=1_000):
        found += some
    return found


def _parts(op_id: str) -> list[str]:
    """The op_ids of all entries that one write leaves."""
    match op_id[-1]:
        case "s":
            return [f"{op_id}/new", op_id]
        case "m":
            return [f"{op_id}/{part}" for part in range(_BATCH)]
        case "b":
            return [f"{op_id}/{part}{entry}" for part in range(_BATCH) for entry in ("", "/supersedes")]
        case _:
            return [op_id]


def _is_whole(ledger: Counter[str], op_id: str) -> bool:
    return all(ledger[part] == 1 for part in _parts(op_id))


def _is_absent(ledger: Counter[str], op_id: str) -> bool:
    return all(ledger[part] == 0 for part in _parts(op_id))

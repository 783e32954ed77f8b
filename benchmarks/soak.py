"""A served store under mixed load for minutes: do memory, descriptors and threads stay flat?

    python -m benchmarks.soak --minutes 10 --clients 16

A `graphmem serve` of its own, on a file, with the default model; clients in this process, each over a connection of its
own, one write to nine reads. The server's figures are read from /proc (Linux only) every few seconds. What counts is
their growth after the first third of the run: the mean of the last third over that of the middle one. Each request is
a success or is listed; the store is checked in the end.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import graphmem
from benchmarks.rows import RESULTS
from graphmem import At, Scope, Write
from graphmem.errors import GraphMemError

_LISTENING = "listening on "
_SAMPLE_EVERY_S = 5.0
_WRITE_EVERY = 10
_TOPICS = ("queue", "database", "cache", "logging", "tests", "deployment", "keys", "schema", "errors", "naming")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server holds at a moment of the run."""

    second: float
    resident_mib: float
    descriptors: int
    threads: int


@dataclass(slots=True)
class Load:
    """What the clients sent, added up."""

    requests: int = 0
    errors: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def count(self, fault: str | None) -> None:
        """One more request, with what went wrong."""
        with self.guard:
            self.requests += 1
            if fault is not None:
                self.errors.append(fault)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """The address of a server on a store in the folder, and its process id."""
    with graphmem.open(str(folder / "memory.db"), create=True) as memory:
        for number in range(500):
            memory.add(f"The {_TOPICS[number % 10]} rule number {number}", write=Write(scope=Scope(repo="soak")))
    words = [sys.executable, "-m", "graphmem.cli", "serve", "--port", "0", "--url", str(folder / "memory.db")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stderr=log, stdout=log)
        try:
            yield _address(process, folder / "log"), process.pid
        finally:
            process.terminate()
            process.wait(60)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    while process.poll() is None:
        for line in log.read_text(errors="replace").splitlines():
            if _LISTENING in line:
                return line.partition(_LISTENING)[2].partition(",")[0]
        time.sleep(0.05)
    raise SystemExit(log.read_text(errors="replace"))


def sample(pid: int, second: float) -> Sample:
    """The server's figures now."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    resident = int(status["VmRSS"].split()[0]) / 1024
    return Sample(
        round(second, 1), round(resident, 1), len(list(Path(f"/proc/{pid}/fd").iterdir())), int(status["Threads"])
    )


def client(url: str, seed: int, until: float, load: Load) -> None:
    """Send requests until a moment."""
    chance, ids = random.Random(seed), list[str]()  # noqa: S311 - repeatable, not secret
    with graphmem.open(url, scope=Scope(repo="soak")) as memory:
        turn = seed
        while time.monotonic() < until:
            turn += 1
            try:
                _one(memory, chance, ids, turn)
            except GraphMemError as fault:
                load.count(repr(fault))
            else:
                load.count(None)


def _one(memory: graphmem.GraphMemory, chance: random.Random, ids: list[str], turn: int) -> None:
    topic = chance.choice(_TOPICS)
    if turn % _WRITE_EVERY == 0:
        if ids and chance.getrandbits(1):
            memory.supersede(ids.pop(), f"The {topic} rule of turn {turn} is another")
        else:
            ids.append(memory.add(f"The {topic} rule of turn {turn} {chance.random()}").ids[0])
    elif ids and turn % 3 == 0:
        memory.get(chance.choice(ids))
    else:
        memory.search(f"what about {topic} {chance.randint(0, 500)}", at=At())


def growth(samples: Sequence[Sample], name: str) -> float:
    """The mean of the last third over that of the middle third."""
    third = len(samples) // 3
    middle, last = ([float(getattr(one, name)) for one in part] for part in (samples[third:-third], samples[-third:]))
    return round((sum(last) / len(last)) / (sum(middle) / len(middle)), 3)


def main() -> None:
    """Run it and write the result down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=16)
    asked = parser.parse_args()
    load, samples = Load(), list[Sample]()
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as (url, pid):
        began = time.monotonic()
        until = began + asked.minutes * 60
        threads = [threading.Thread(target=client, args=(url, seed, until, load)) for seed in range(asked.clients)]
        for thread in threads:
            thread.start()
        while (now := time.monotonic()) < until:
            samples.append(sample(pid, now - began))
            print(
                f"\r{now - began:5.0f} s of {asked.minutes * 60:.0f}, {load.requests} requests", end="", file=sys.stderr
            )
            time.sleep(min(_SAMPLE_EVERY_S, max(until - now, 0.0)))
        for thread in threads:
            thread.join()
        with graphmem.open(str(Path(name) / "memory.db")) as memory:
            findings = [finding.what for finding in memory.check()]
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "minutes": asked.minutes,
        "clients": asked.clients,
        "requests": load.requests,
        "errors": load.errors[:20],
        "error_count": len(load.errors),
        "findings": findings,
        "growth": {name: growth(samples, name) for name in ("resident_mib", "descriptors", "threads")},
        "samples": [asdict(one) for one in samples[:: max(len(samples) // 30, 1)]],
    }
    (RESULTS / "soak.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "samples"}, indent=1))


if __name__ == "__main__":
    main()

"""What the surfaces add: `python -m benchmarks.speed.surfaces [--memories N] [--seconds N] [--keep FOLDER]`.

One filled store is asked by library, HTTP and MCP in turns, then by many clients at once, then from cold processes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import numpy as np

from benchmarks.processes import load_per_core, resident_mib
from benchmarks.rows import Row, show, write
from benchmarks.speed.callers import Caller, every_caller, place
from benchmarks.speed.corpus import Corpus, home, memory_id
from benchmarks.speed.filling import fill
from benchmarks.speed.pressing import Pressed
from benchmarks.speed.served import QUERIES, Known, opened
from benchmarks.speed.starting import tools_for_agents

Thing = TypeVar("Thing")

_ROOT = Path(__file__).parent.parent.parent
_MEMORIES = 100_000
_WARM_UP = 40
_ADDS = 100
_CLIENTS = (1, 8, 64)
_COLD = 5
_STOP_S = 60


def main() -> None:
    """Fill, measure, print and write `results/surfaces.json`."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="graphmem-surfaces-", dir=asked.keep) as folder:
        path, corpus = str(Path(folder) / "memory.db"), Corpus(asked.memories)
        _tell(f"{corpus.count:,} memories: writing")
        fill(corpus, path)
        rows = [Row("load per core at the start", load_per_core(), "", "lower")]
        with _serving(path, corpus) as (url, pid):
            rows += _in_turns(path, corpus, url)
            rows += _pressed(corpus, url, pid, asked.seconds)
        rows += [*_cold(path, corpus), *tools_for_agents()]
    show(rows)
    _tell(f"written to {write('surfaces', rows).name}")


# ---- one caller at a time


def _in_turns(path: str, corpus: Corpus, url: str) -> list[Row]:
    """Every verb over every surface, query by query in turns, so that all meet the same machine."""
    known = Known(corpus)
    with opened(path, known) as library, every_caller(path, corpus.count, url, library) as callers:
        for one in known.asked[:_WARM_UP]:
            for caller in callers.values():
                caller.search(one)
        _tell("searching")
        searched = _took(callers, known.asked[_WARM_UP:], lambda caller, one: caller.search(one))
        _tell("getting")
        # Of the first repository, where every caller stands.
        keys = [memory_id(number) for number in range(min(QUERIES, corpus.batch))]
        got = _took(callers, keys, lambda caller, key: caller.get(key))
        _tell("adding")
        added = {name: _adds(caller) for name, caller in callers.items()}
    return [
        *_told("search", searched, "of the same query"),
        *_told("get", got, "of the same memory"),
        *_told("add", added, ""),
    ]


def _took(
    callers: Mapping[str, Caller], things: Sequence[Thing], ask: Callable[[Caller, Thing], float | None]
) -> dict[str, list[float]]:
    """Milliseconds by caller; whoever goes first with one thing goes last with the next."""
    names, took = list(callers), {name: list[float]() for name in callers}
    for thing in things:
        names.append(names.pop(0))
        for name in names:
            if (one := ask(callers[name], thing)) is not None:
                took[name].append(one)
    return took


def _adds(caller: Caller) -> list[float]:
    """Adds by one caller alone: whoever writes makes the others' processes read again what they keep."""
    texts = [f"Added {uuid4().hex}\nwords of a memory that is added alone" for _ in range(_ADDS + 5)]
    took = [caller.add(text) for text in texts]
    return [one for one in took[5:] if one is not None]


def _told(verb: str, took: Mapping[str, list[float]], pairing: str) -> Iterator[Row]:
    """Each caller's times, and what they add to the library's: pair by pair where both asked the same."""
    alone = np.array(took["library"])
    for name, each in took.items():
        if not each:
            continue
        for part in (50, 99):
            yield Row(f"{verb}, {name}: p{part}", float(np.percentile(each, part)), "ms", "lower")
        if name == "library":
            continue
        added = np.median(np.array(each) - alone) if pairing else np.median(each) - np.median(alone)
        late = np.percentile(each, 99) - np.percentile(alone, 99)
        yield Row(f"{verb}, {name} adds: p50", float(added), "ms", "lower")
        yield Row(f"{verb}, {name} adds: p99", float(late), "ms", "lower")


# ---- many at once


def _pressed(corpus: Corpus, url: str, pid: int, seconds: float) -> Iterator[Row]:
    yield Row("server, resident before many clients", resident_mib(pid), "MiB", "lower")
    for clients in _CLIENTS:
        _tell(f"{clients} clients")
        words = ["-m", "benchmarks.speed.pressing", url, str(corpus.count), str(clients), str(seconds)]
        done = subprocess.run([sys.executable, *words], cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True)
        found = Pressed(**json.loads(done.stdout))
        name = f"{clients} client{'s' if clients > 1 else ''}, 90 % reads"
        yield Row(f"{name}: requests", found.requests / found.seconds, "/s", "higher")
        yield Row(f"{name}: p50", found.p50_ms, "ms", "lower")
        yield Row(f"{name}: p99", found.p99_ms, "ms", "lower")
        yield Row(f"{name}: errors", found.errors, "", "lower", 0)
        yield Row(f"{name}: server, resident after", resident_mib(pid), "MiB", "lower")


# ---- from nothing


def _cold(path: str, corpus: Corpus) -> list[Row]:
    """From the start of a `graphmem serve` without a model to its first answer."""
    took = []
    text = corpus.queries(1)[0].text
    for _ in range(_COLD):
        began = time.perf_counter()
        with _started([*_CLI, "serve", "--port", "0", "--url", path], error_line=True) as (line, _):
            _post(f"{line.split()[2].rstrip(',')}/v1/search?{place(home(0).repo or '')}", {"query": text})
            took.append((time.perf_counter() - began) * 1e3)
    return [Row("cold graphmem serve, first search by words", float(np.median(took)), "ms", "lower")]


_CLI = ("-c", "from graphmem.cli import main; main()")


def _post(url: str, body: object) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        json.load(answer)


# ---- processes


@contextmanager
def _serving(path: str, corpus: Corpus) -> Iterator[tuple[str, int]]:
    """URL and process id of a server on the store."""
    with _started(["-m", "benchmarks.speed.served", "http", path, str(corpus.count)]) as (line, pid):
        yield line.strip(), pid


@contextmanager
def _started(words: Sequence[str], *, error_line: bool = False) -> Iterator[tuple[str, int]]:
    """The first line that a process says and its id; the rest is thrown away, and the process stopped afterwards."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "GRAPHMEM_TENANT": home(0).tenant}
    environment["GRAPHMEM_EMBEDDINGS"] = "off"
    with tempfile.TemporaryFile("w+") as log:
        said = {"stderr": subprocess.PIPE, "stdout": log} if error_line else {"stdout": subprocess.PIPE, "stderr": log}
        with subprocess.Popen([sys.executable, *words], cwd=_ROOT, env=environment, text=True, **said) as process:  # type: ignore[call-overload]
            stream = process.stderr if error_line else process.stdout
            line = stream.readline()
            if error_line:
                threading.Thread(target=stream.read, daemon=True).start()
            try:
                yield line, process.pid
            finally:
                process.terminate()
                process.wait(_STOP_S)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--memories", type=int, default=_MEMORIES)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each number of clients")
    parser.add_argument("--keep", metavar="FOLDER", help="where the store is made, on which disk that is")
    return parser.parse_args()


if __name__ == "__main__":
    main()

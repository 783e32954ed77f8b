"""Measure speed: `python -m benchmarks.speed [--memories N] [--data FOLDER] [--store neo4j]`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.rows import Row, show, write
from benchmarks.speed.bare import bare
from benchmarks.speed.corpus import Corpus
from benchmarks.speed.filling import fill
from benchmarks.speed.starting import command_line, embedding, first_answers, tools_for_agents
from tools.neo4j_server import Options, start

_SIZES = (10_000, 100_000)
#: The aims are for a store of this size.
_AIMED_AT = 100_000
_MILLION = 1_000_000
#: What a server store of 100,000 aims at: how a row's name begins, and the goal.
_SERVER_AIMS = {
    "add, durable: p50": 10,
    "bulk load": 1_500,
    "hybrid search, broad": 40,
    "hybrid search, narrow": 15,
    "history, chain of 50: p50": 3,
}


def main() -> None:
    """Fill a store of each size, measure, print and write `results/speed.json`."""
    asked = _arguments()
    if asked.store == "neo4j":
        _measure_server(asked)
        return
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="graphmem-speed-", dir=asked.keep) as folder:
        for count in [asked.memories] if asked.memories else _SIZES:
            rows += _of_size(Corpus(count, asked.data), str(Path(folder) / f"{count}.db"))
        rows += [*embedding(), *tools_for_agents()]
    show(rows)
    print(f"written to {write('speed', rows).name}", file=sys.stderr)


def _measure_server(asked: argparse.Namespace) -> None:
    """The same on a real Neo4j server, a fresh one for each size; `results/speed-neo4j.json`."""
    rows: list[Row] = []
    for count in [asked.memories] if asked.memories else _SIZES:
        corpus = Corpus(count, asked.data)
        with start(Options(heap="2g", page_cache="1g")) as server:
            login = {"GRAPHMEM_NEO4J_USER": server.user, "GRAPHMEM_NEO4J_PASSWORD": server.password or ""}
            os.environ.update(login)
            found = [*fill(corpus, server.url)[0], *_read_apart(corpus, server.url)]
            found += bare(server.url, server.user, server.password)
        rows += [replace(_with_server_aim(row, count), name=f"{_short(count)}: {row.name}") for row in found]
    show(rows)
    print(f"written to {write('speed-neo4j', rows).name}", file=sys.stderr)


def _with_server_aim(row: Row, count: int) -> Row:
    is_aimed_at = count >= _AIMED_AT and row.name.endswith(("p50", "bulk load"))
    goals = [goal for start_, goal in _SERVER_AIMS.items() if row.name.startswith(start_) and is_aimed_at]
    is_past = "as_of" in row.name or "known_at" in row.name
    return replace(row, goal=goals[0] if goals and not is_past else None)


def _of_size(corpus: Corpus, path: str) -> list[Row]:
    print(f"{corpus.count:,} memories: writing", file=sys.stderr)
    rows, _ = fill(corpus, path)
    print(f"{corpus.count:,} memories: reading", file=sys.stderr)
    rows += [*_read_apart(corpus, path), *first_answers(corpus, Path(path))]
    if corpus.count == min(_SIZES):
        rows += command_line(Path(path))
    aimed = [row if corpus.count >= _AIMED_AT or "help" in row.name else replace(row, goal=None) for row in rows]
    return [replace(row, name=f"{_short(corpus.count)}: {row.name}") for row in aimed]


def _read_apart(corpus: Corpus, path: str) -> list[Row]:
    arguments = [path, str(corpus.count), str(corpus.data or "")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.reading", *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return [Row(**one) for one in json.loads(done.stdout)]


def _short(count: int) -> str:
    return f"{count // 1000}k" if count % 1000 == 0 and count < _MILLION else f"{count / _MILLION:g}M"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--memories", type=int, help="one size instead of 10,000 and 100,000")
    parser.add_argument("--data", type=Path, help="a folder of *.jsonl whose words the texts are made of")
    parser.add_argument("--keep", type=Path, help="a folder to work in instead of the temporary one")
    parser.add_argument(
        "--store", choices=("sqlite", "neo4j"), default="sqlite", help="neo4j starts servers of its own"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()

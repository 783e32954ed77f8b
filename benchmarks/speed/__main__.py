"""Measure speed: `python -m benchmarks.speed [--memories N] [--data FOLDER]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.rows import Row, show, write
from benchmarks.speed.corpus import Corpus
from benchmarks.speed.filling import fill
from benchmarks.speed.starting import command_line, embedding, first_answers

_SIZES = (10_000, 100_000)
#: The aims are for a store of this size.
_AIMED_AT = 100_000
_MILLION = 1_000_000


def main() -> None:
    """Fill a store of each size, measure, print and write `results/speed.json`."""
    asked = _arguments()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="graphmem-speed-", dir=asked.keep) as folder:
        for count in [asked.memories] if asked.memories else _SIZES:
            rows += _of_size(Corpus(count, asked.data), Path(folder) / f"{count}.db")
        rows += embedding()
    show(rows)
    print(f"written to {write('speed', rows).name}", file=sys.stderr)


def _of_size(corpus: Corpus, path: Path) -> list[Row]:
    print(f"{corpus.count:,} memories: writing", file=sys.stderr)
    rows, _ = fill(corpus, path)
    print(f"{corpus.count:,} memories: reading", file=sys.stderr)
    rows += [*_read_apart(corpus, path), *first_answers(corpus, path)]
    if corpus.count == min(_SIZES):
        rows += command_line(path)
    aimed = [row if corpus.count >= _AIMED_AT or "help" in row.name else replace(row, goal=None) for row in rows]
    return [replace(row, name=f"{_short(corpus.count)}: {row.name}") for row in aimed]


def _read_apart(corpus: Corpus, path: Path) -> list[Row]:
    arguments = [str(path), str(corpus.count), str(corpus.data or "")]
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
    return parser.parse_args()


if __name__ == "__main__":
    main()

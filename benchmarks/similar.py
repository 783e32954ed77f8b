"""What a cosine tells of two statements, on real pairs; and what looking for similar memories costs an add.

python -m benchmarks.similar --data FOLDER      what was replaced, what was merely reworded, and how near they are
python -m benchmarks.similar --cost 100000      adds with and without looking, in turns
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import graphmem
from graphmem import New, OnSimilar, Statement
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, find_embedder
from graphmem.service.similar_memories import says_the_same
from tests.fake_embedder import FakeEmbedder

LEVELS = (0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
Pair = tuple[str, str]


def main() -> None:
    """Print one of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cost", type=int)
    asked = parser.parse_args()
    if asked.data is not None:
        print_nearness(asked.data)
    if asked.cost is not None:
        print_cost(asked.cost)


# ---- what a score tells


def print_nearness(data: Path) -> None:
    """For each kind of pair: the share that is at least so near, and the share that `skip` would not record."""
    model = find_embedder()
    if isinstance(model, EmbedderMissing):
        raise SystemExit(model.reason)
    print(f"{'pairs':44}{'count':>6}" + "".join(f"{f'>={level}':>8}" for level in LEVELS) + f"{'skipped':>9}")
    for name, pairs in kinds_of_pairs(data):
        scores = nearness(model, pairs)
        skipped = sum(
            says_the_same(Statement(title="rule", body=old), Statement(title="rule", body=new)) for old, new in pairs
        ) / len(pairs)
        shares = "".join(f"{float((scores >= level).mean()):8.2f}" for level in LEVELS)
        print(f"{name:44}{len(pairs):6}{shares}{skipped:9.2f}")


def kinds_of_pairs(data: Path) -> Iterator[tuple[str, list[Pair]]]:
    """Rules whose words changed, rules that changed in punctuation alone, and records that took over from others."""
    edits = (one for one in lines(data / "rules/rule_events.jsonl.gz") if one["op"] == "replace")
    rules = dict.fromkeys((one["old"], one["new"]) for one in edits)
    bare = {pair: letters(pair[0]) == letters(pair[1]) for pair in rules}
    yield "agents' rules, words changed", [pair for pair in rules if not bare[pair]]
    yield "agents' rules, letters and digits unchanged", [pair for pair in rules if bare[pair]]
    for folder, name in (("peps", "Python's proposals"), ("adrs", "decision records")):
        titles = {one["id"]: one["title"] for one in lines(data / folder / f"{folder}.jsonl")}
        edges = lines(data / folder / "supersession_edges.jsonl")
        ends = [(titles[e["old"]], titles[e["new"]]) for e in edges if e["old"] in titles and e["new"] in titles]
        yield f"{name}, titles of old and new", [pair for pair in ends if pair[0] != pair[1]]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file of JSON lines."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from map(json.loads, file)


def letters(text: str) -> str:
    """What is left of a text without punctuation and capitals."""
    return "".join(filter(str.isalnum, text)).casefold()


def nearness(model: Embedder, pairs: Sequence[Pair]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The cosine of each pair."""
    old, new = (model.embed(side) for side in zip(*pairs, strict=True))
    scores: np.ndarray[Any, np.dtype[np.float32]] = (old * new).sum(axis=1)
    return scores


# ---- what looking costs


def print_cost(count: int, rounds: int = 300) -> None:
    """Processor time of single adds into a store of so many memories, each way in turn, without a real model's own."""
    model = FakeEmbedder(dimension=384)
    with (
        tempfile.TemporaryDirectory() as folder,
        graphmem.open(f"{folder}/m.db", create=True, embedder=lambda: model) as memory,
    ):
        memory.add_many(items(0, count))
        took: dict[OnSimilar | None, list[float]] = {None: [], OnSimilar.KEEP: []}
        for number in range(rounds):
            for turn, (how, times) in enumerate(took.items()):
                said = words(count + 2 * number + turn)
                start = time.process_time()
                memory.add(said, on_similar=how)
                times.append((time.process_time() - start) * 1e3)
    for how, times in took.items():
        half, most = statistics.median(times), statistics.quantiles(times, n=100)[98]
        name = "not looking" if how is None else "looking"
        print(f"{count:,} memories, {name:12} p50 {half:6.2f} ms  p99 {most:6.2f} ms")


def items(start: int, count: int) -> Iterable[New]:
    """Memories to fill a store with."""
    return [New(statement=Statement(title=words(number))) for number in range(start, start + count)]


def words(number: int) -> str:
    """Some sentence, another for each number."""
    return " ".join(f"w{(number * prime) % 99_991}" for prime in (7, 31, 61, 101, 211, 401, 601, 809)) + f" n{number}"


if __name__ == "__main__":
    main()

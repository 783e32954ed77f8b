"""Compare the speed of two checkouts in one run: `python benchmarks/checkouts.py OLD NEW --memories 5000 --rounds 5`.

Rounds alternate between the checkouts, each in a process of its own. A figure is the least processor time of all
rounds, so that other work of the machine counts for little.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

STARTED = time.process_time()

# Imported from the checkout that is measured: its folder leads the search path.
import graphmem  # noqa: E402
from graphmem import New, ledger  # noqa: E402
from graphmem.model import (  # noqa: E402
    Add,
    Anchor,
    AnchorKind,
    Kind,
    Memory,
    Move,
    Operation,
    Provenance,
    Retract,
    Scope,
    Statement,
    Status,
    Supersede,
    Transition,
)
from graphmem.statement_json import decode_statement, encode_statement  # noqa: E402

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
SHOP, BY = Scope("acme", repo="shop"), Provenance("me")
TIMES = 2_000


def micros_each(times: int, work: Callable[[], object]) -> float:
    """Microseconds of processor time that each of so many pieces of some work takes."""
    before = time.process_time()
    work()
    return (time.process_time() - before) / times * 1e6


def statement(number: int) -> Statement:
    """A statement as records of decisions have it."""
    return Statement(
        title=f"Use SQLite for the storage of part {number}",
        kind=Kind.DECISION,
        body="One file, no server. SQLite is enough for one machine. " * 3,
        rationale="Backups are a copy.",
        subject=f"stack.database.{number}",
        labels=("storage",),
        anchors=(Anchor(AnchorKind.FILE, "src/store.py", "shop"),),
    )


OPERATIONS: dict[str, Callable[[int], Operation]] = {
    "add": lambda number: Add(Memory(f"m{number}", SHOP, statement(number)), (Move(Status.ACTIVE, NOON),)),
    "supersede": lambda number: Supersede(old=(f"a{number}",), new=(f"b{number}",), at=NOON),
    "transition": lambda number: Transition(f"a{number}", Move(Status.ENDED, NOON, 0, "done")),
    "retract": lambda number: Retract(f"a{number}"),
}


def codec_figures() -> dict[str, float]:
    """Microseconds to write and to read each kind of text."""
    figures = {}
    for name, make in OPERATIONS.items():
        made = [make(number) for number in range(TIMES)]
        bodies = [ledger.encode(operation, SHOP, BY) for operation in made]
        figures[f"encode {name}"] = micros_each(TIMES, lambda made=made: [ledger.encode(x, SHOP, BY) for x in made])  # type: ignore[misc]
        figures[f"decode {name}"] = micros_each(TIMES, lambda bodies=bodies: [ledger.decode(x) for x in bodies])  # type: ignore[misc]
    statements = [statement(number) for number in range(TIMES)]
    texts = [encode_statement(each) for each in statements]
    figures["encode statement"] = micros_each(TIMES, lambda: [encode_statement(each) for each in statements])
    figures["decode statement"] = micros_each(TIMES, lambda: [decode_statement(text) for text in texts])
    return figures


def store_figures(memories: int) -> dict[str, float]:
    """Microseconds of each addition to an embedded store, and each supersession, without vectors."""
    few = memories // 10
    items = [New(statement=statement(number)) for number in range(memories)]
    following = [New(statement=f"Part {each} is stored elsewhere", supersedes=(each,)) for each in range(memories)]
    with (
        tempfile.TemporaryDirectory() as folder,
        graphmem.open(f"{folder}/a.db", create=True) as memory,
    ):
        figures = {f"add_many of {memories:,}": micros_each(memories, lambda: memory.add_many(items))}
        work = lambda: [memory.add(f"Use option {number} for part {number % 7}") for number in range(few)]  # noqa: E731
        figures[f"add, {few:,} times after"] = micros_each(few, work)
    with (
        tempfile.TemporaryDirectory() as folder,
        graphmem.open(f"{folder}/a.db", create=True) as memory,
    ):
        figures["add_many, half supersede"] = micros_each(2 * memories, lambda: memory.add_many([*items, *following]))
    return figures


def measure(memories: int) -> dict[str, float]:
    """Every figure of the checkout that this process imports."""
    with tempfile.TemporaryDirectory() as folder:
        graphmem.open(f"{folder}/a.db", create=True).close()
        figures = {"import and open a store": (time.process_time() - STARTED) * 1e6}
    return figures | codec_figures() | store_figures(memories)


def main() -> None:
    """Print the least figure of each checkout, in microseconds, and the last in units of the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path)
    parser.add_argument("--memories", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not options.checkouts:
        print(json.dumps(measure(options.memories)))
        return
    least: list[dict[str, float]] = [{} for _ in options.checkouts]
    for _ in range(options.rounds):
        for figures, checkout in zip(least, options.checkouts, strict=True):
            command = [sys.executable, __file__, "--memories", str(options.memories)]
            environment = {**os.environ, "PYTHONPATH": str(checkout.resolve()), "GRAPHMEM_EMBEDDINGS": "off"}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            for name, value in json.loads(done.stdout).items():
                figures[name] = min(value, figures.get(name, value))
    for name in least[0]:
        values = [figures[name] for figures in least]
        print(f"{name:<26}", *(f"{value:10.2f}" for value in values), f"  {values[-1] / values[0]:5.2f}")


if __name__ == "__main__":
    main()

"""The long reliability run: `python -m benchmarks.torture`, whole or in pieces.

A piece is one part at a smaller size: `--only interruptions --kills 50 --add` adds its counts to those of the pieces
before it in `results/torture.json`. Without `--add`, what stands there of the same parts is replaced.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.rows import Row, read, show, write
from benchmarks.torture.damage import damage
from benchmarks.torture.interruptions import interrupt
from benchmarks.torture.killing import kill_writers
from benchmarks.torture.mixture import mix
from benchmarks.torture.racing import race

_ROOT = Path(__file__).parent.parent.parent
_WRITERS = 4


def main() -> None:
    """Run all, print and write `results/torture.json`; exit 1 if anything was lost, forked, leaked or wrong."""
    asked = _arguments()
    print(f"seed {asked.seed}", file=sys.stderr)
    rows = [Row("seed", asked.seed, "", "lower")]
    faults: list[str] = []
    for name in asked.only or PARTS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="graphmem-torture-") as folder:
            rows += PARTS[name](Path(folder), asked, faults)
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    show(rows)
    print(f"written to {write('torture', merged(read('torture'), rows, adds=asked.add)).name}", file=sys.stderr)
    print(*faults, sep="\n", file=sys.stderr)
    sys.exit(bool(faults))


def merged(before: Sequence[Row], now: Sequence[Row], *, adds: bool) -> list[Row]:
    """The rows of a run among those that stand there: in their place, or with their counts and goals added."""
    found = {row.name: row for row in before}
    for row in now:
        old = found.get(row.name)
        if adds and old is not None and row.name != "seed":
            goal = None if row.goal is None else row.goal + (old.goal or 0)
            found[row.name] = replace(row, value=row.value + old.value, goal=goal)
        else:
            found[row.name] = row
    return list(found.values())


def _killing(folder: Path, asked: argparse.Namespace, faults: list[str]) -> list[Row]:
    deaths = kill_writers(folder, cycles=asked.cycles, writers=_WRITERS, seed=asked.seed)
    faults += [f"lost {one}" for one in deaths.lost] + [f"half applied: {one}" for one in deaths.halves]
    faults += [f"applied twice: {one}" for one in deaths.doubled] + deaths.findings
    return [
        Row(f"kill -9 of {_WRITERS} writers: cycles", deaths.cycles, "", "higher"),
        Row("kill -9: acknowledged writes", deaths.acknowledged, "", "higher"),
        Row("kill -9: writes cut off and sent again", deaths.unsure, "", "higher"),
        Row("kill -9: acknowledged writes lost", len(deaths.lost), "", "lower", 0),
        Row("kill -9: half-applied changes", len(deaths.halves), "", "lower", 0),
        Row("kill -9: writes applied twice", len(deaths.doubled), "", "lower", 0),
        Row("kill -9: findings of check and integrity_check", len(deaths.findings), "", "lower", 0),
    ]


def _racing(folder: Path, asked: argparse.Namespace, faults: list[str]) -> list[Row]:
    races = race(folder, racers=asked.racers, rounds=asked.rounds)
    faults += races.faults
    return [
        Row(f"{asked.racers} writers superseding one head: rounds", races.rounds, "", "higher"),
        Row("racing: winners", races.wins, "", "higher", races.rounds),
        Row("racing: losers told of the winner", races.conflicts, "", "higher", races.rounds * (asked.racers - 1)),
        Row("racing: forks, wrong heads and other errors", len(races.faults), "", "lower", 0),
    ]


def _interruptions(folder: Path, asked: argparse.Namespace, faults: list[str]) -> list[Row]:
    found = interrupt(folder, kills=asked.kills, writers=_WRITERS, seed=asked.seed)
    faults += found.faults
    each = [Row(f"kill -9 during {name}", count, "", "higher") for name, count in found.kills.items()]
    return [
        *each,
        Row("kill -9 of tasks: before they were done", found.cut_off.total(), "", "higher"),
        Row("kill -9 of tasks: lost, half done, unreadable or left behind", len(found.faults), "", "lower", 0),
    ]


def _damage(folder: Path, asked: argparse.Namespace, faults: list[str]) -> list[Row]:
    damages = damage(folder, variants=asked.variants, seed=asked.seed)
    faults += damages.faults
    named = sum(damages.met.values()) - damages.met["right answer"] - damages.met["wrong answer"]
    return [
        Row("damaged files: variants", damages.variants, "", "higher"),
        Row("damaged files: named error", named, "", "higher"),
        Row("damaged files: right answer", damages.met["right answer"], "", "higher"),
        Row("damaged files: wrong answer or unnamed error", len(damages.faults), "", "lower", 0),
    ]


def _mixed(folder: Path, asked: argparse.Namespace, faults: list[str]) -> list[Row]:
    found = mix(folder, operations=asked.operations, seed=asked.seed)
    faults += [f"leak: {one}" for one in found.leaks] + [f"tells what exists: {one}" for one in found.oracles]
    faults += found.faults
    return [
        Row("mixed operations of two tenants and three users", found.operations.total(), "", "higher"),
        Row("mixed: answers searched", found.answers, "", "higher"),
        Row("mixed: lines of the log searched", found.logged, "", "higher"),
        Row("mixed: requests compared with one for what never existed", found.compared, "", "higher"),
        Row("mixed: leaks", len(found.leaks), "", "lower", 0),
        Row("mixed: answers that tell what exists", len(found.oracles), "", "lower", 0),
        Row("mixed: failed answers and findings of check", len(found.faults), "", "lower", 0),
    ]


def _parity(_folder: Path, asked: argparse.Namespace, faults: list[str]) -> list[Row]:
    """The laws' state machine, store against oracle; it lives with the tests."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "tests/laws/test_machine.py", "-k", "sqlite"],
        cwd=_ROOT,
        env={**os.environ, "GRAPHMEM_STEPS": str(asked.steps), "GRAPHMEM_SEED": str(asked.seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    faults += [done.stdout[-4000:]] if done.returncode else []
    return [
        Row("oracle against store: steps", asked.steps, "", "higher"),
        Row("oracle against store: differences", int(done.returncode != 0), "", "lower", 0),
    ]


PARTS = {
    "killing": _killing,
    "racing": _racing,
    "interruptions": _interruptions,
    "damage": _damage,
    "mixed": _mixed,
    "parity": _parity,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torture", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(PARTS), help="this part, and others so named")
    parser.add_argument("--add", action="store_true", help="add the counts to those that stand in the results")
    parser.add_argument("--cycles", type=int, default=1_000, help="kill -9 so many times")
    parser.add_argument("--racers", type=int, default=64, help="writers that supersede one head")
    parser.add_argument("--rounds", type=int, default=2_000, help="races")
    parser.add_argument("--kills", type=int, default=200, help="kills of the tasks of interruptions.py")
    parser.add_argument("--variants", type=int, default=500, help="damaged files")
    parser.add_argument("--operations", type=int, default=10_000, help="mixed operations, searched for leaks")
    parser.add_argument("--steps", type=int, default=200_000, help="operations against the oracle")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Many writers at one server: `python -m benchmarks.speed.crowding URL`, with the login in GRAPHMEM_NEO4J_*.

Prints writes per second and the time of a single write, for threads of one process and for several processes, on one
tenant and on many, and how often exactly one of many won a head. The database is written to and not cleaned.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import secrets
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.rows import Row, show
from graphmem.config import load_settings
from graphmem.errors import Conflict
from graphmem.model import Add, Change, Memory, Move, Request, Scope, Statement, Status, Supersede
from graphmem.opening import open_store
from graphmem.store import Store

_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who writes where, and for how long.

    Attributes:
        threads: In each process.
        is_alone: Whether each thread has a store of its own, so that no two share a transaction.
    """

    url: str
    processes: int
    threads: int
    tenants: int
    seconds: float
    is_alone: bool = False
    mark: str = field(default_factory=lambda: secrets.token_hex(4))

    def __str__(self) -> str:
        told = f"{self.processes} x {self.threads} threads, {self.tenants} tenants"
        return f"{told}, each alone" if self.is_alone else told


def main() -> None:
    """Measure all, and print a table; exit 1 if a head was won by more or fewer than one."""
    asked = _arguments()
    all_of, some = asked.threads, max(asked.threads // 4, 1)
    rows: list[Row] = []
    for processes, threads, tenants, is_alone in (
        (1, all_of, 1, False),  # shown too: the first is slow while the server plans and compiles
        (1, 1, 1, False),
        (1, all_of, 1, False),
        (1, all_of, 16, False),
        (1, all_of, 1, True),
        (1, all_of, 16, True),
        (4, some, 1, False),
        (4, some, 16, False),
    ):
        print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
        rows += _measured(Crowd(asked.url, processes, threads, tenants, asked.seconds, is_alone))
    won = _races(asked.url, asked.threads, asked.rounds)
    rows.append(Row("races for one head with exactly one winner", won, f"of {asked.rounds}", "higher", asked.rounds))
    show(rows)
    sys.exit(won != asked.rounds)


def _measured(crowd: Crowd) -> list[Row]:
    asked = [(crowd, number) for number in range(crowd.processes)]
    if crowd.processes == 1:
        done = [_write(*asked[0])]
    else:
        with multiprocessing.get_context("spawn").Pool(crowd.processes) as pool:
            done = pool.starmap(_write, asked)
    took = sorted(one for some, _ in done for one in some)
    rate = sum(len(some) / elapsed for some, elapsed in done)
    return [
        Row(f"{crowd}: writes", round(rate), "1/s", "higher"),
        Row(f"{crowd}: p50", round(_quantile(took, 0.5), 1), "ms", "lower"),
        Row(f"{crowd}: p99", round(_quantile(took, 0.99), 1), "ms", "lower"),
    ]


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _write(crowd: Crowd, process: int) -> tuple[list[float], float]:
    """The milliseconds of each write of one process, and the seconds that all took."""
    took: list[float] = []
    with ExitStack() as open_stores:
        stores = [
            open_stores.enter_context(open_store(crowd.url, load_settings(), create=True))
            for _ in range(crowd.threads if crowd.is_alone else 1)
        ]
        for store in stores:
            _add(store, Scope(f"{crowd.mark}-first", "r"), secrets.token_hex(8))
        began = time.monotonic()

        def write(number: int) -> None:
            scope = Scope(f"{crowd.mark}-{(process * crowd.threads + number) % crowd.tenants}", "r")
            while (sent := time.monotonic()) < began + crowd.seconds:
                _add(stores[number % len(stores)], scope, secrets.token_hex(8))
                took.append((time.monotonic() - sent) * 1000)

        _together([threading.Thread(target=write, args=(number,)) for number in range(crowd.threads)])
        return took, time.monotonic() - began


def _races(url: str, racers: int, rounds: int) -> int:
    """How many of the rounds had exactly one winner."""
    scope, good = Scope(f"race-{secrets.token_hex(4)}", "r"), 0
    with open_store(url, load_settings(), create=True) as store:
        head = "head"
        _add(store, scope, head)
        for turn in range(rounds):
            winners: list[str] = []

            def race(who: int, head: str = head, turn: int = turn, winners: list[str] = winners) -> None:
                key = f"{turn}-{who}"
                take = Request(f"s{key}", Supersede(old=(head,), new=(key,), at=_START), scope)
                try:
                    _apply(store, [_adding(scope, key), take])
                    winners.append(key)
                except Conflict:
                    pass

            _together([threading.Thread(target=race, args=(who,)) for who in range(racers)])
            good += len(winners) == 1
            head = winners[0]
    return good


def _add(store: Store, scope: Scope, key: str) -> None:
    _apply(store, [_adding(scope, key)])


def _adding(scope: Scope, key: str) -> Request:
    said = Statement(title=f"The rule of {key}", body="because " * 20)
    return Request(f"a{key}", Add(Memory(key, scope, said), (Move(Status.ACTIVE, _START),)), scope)


def _apply(store: Store, requests: Sequence[Request]) -> list[Change]:
    return store.apply(requests, clock=lambda: datetime.now(UTC))


def _together(threads: list[threading.Thread]) -> None:
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.crowding", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=50)
    return parser.parse_args()


if __name__ == "__main__":
    main()

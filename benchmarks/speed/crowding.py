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
from datetime import UTC, datetime

from benchmarks.rows import Row, show
from graphmem.config import load_settings
from graphmem.errors import Conflict
from graphmem.model import Add, Change, Memory, Move, Request, Scope, Statement, Status, Supersede
from graphmem.opening import open_store
from graphmem.store import Store

_START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure all, and print a table; exit 1 if a head was won by more or fewer than one."""
    asked = _arguments()
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    _crowd(asked.url, 1, asked.threads, asked.seconds / 2)  # until the server has planned and compiled
    rows = [
        *_measured(asked.url, "32 threads, 1 tenant", 1, asked.threads, asked.seconds, 1),
        *_measured(asked.url, "32 threads, 16 tenants", 1, asked.threads, asked.seconds, 16),
        *_measured(asked.url, "32 threads, 32 tenants", 1, asked.threads, asked.seconds, 32),
        *_measured(asked.url, "1 thread, 1 tenant", 1, 1, asked.seconds, 1),
        *_measured(asked.url, "4 processes of 8 threads, 1 tenant", 4, asked.threads // 4, asked.seconds, 1),
        *_measured(asked.url, "4 processes of 8 threads, 16 tenants", 4, asked.threads // 4, asked.seconds, 16),
    ]
    won = _races(asked.url, asked.threads, asked.rounds)
    rows.append(Row("races for one head with exactly one winner", won, f"of {asked.rounds}", "higher", asked.rounds))
    show(rows)
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    sys.exit(won != asked.rounds)


def _measured(url: str, name: str, processes: int, threads: int, seconds: float, tenants: int) -> list[Row]:
    mark = secrets.token_hex(4)
    asked = [(url, number, threads, seconds, tenants, mark) for number in range(processes)]
    if processes == 1:
        took = [_crowd(*asked[0])]
    else:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            took = pool.starmap(_crowd, asked)
    all_ms = sorted(one for some in took for one in some)
    rate = len(all_ms) / seconds
    return [
        Row(f"{name}: writes", round(rate), "1/s", "higher"),
        Row(f"{name}: p50", round(_quantile(all_ms, 0.5), 1), "ms", "lower"),
        Row(f"{name}: p99", round(_quantile(all_ms, 0.99), 1), "ms", "lower"),
    ]


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _crowd(url: str, process: int, threads: int, seconds: float, tenants: int = 1, mark: str = "warm") -> list[float]:
    """The milliseconds of each write that all threads of one process made within the time."""
    took: list[float] = []
    with open_store(url, load_settings(), create=True) as store:
        _add(store, Scope(f"{mark}-first", "r"), secrets.token_hex(8))
        ends = time.monotonic() + seconds

        def write(number: int) -> None:
            scope = Scope(f"{mark}-{(process * threads + number) % tenants}", "r")
            while time.monotonic() < ends:
                began = time.monotonic()
                _add(store, scope, secrets.token_hex(8))
                took.append((time.monotonic() - began) * 1000)

        _together([threading.Thread(target=write, args=(number,)) for number in range(threads)])
    return took


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

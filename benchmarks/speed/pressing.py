"""Many clients at once, nine reads to a write, from a process of their own: `… pressing URL COUNT CLIENTS SECONDS`."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from uuid import uuid4

import numpy as np

from benchmarks.speed.callers import RawHttp
from benchmarks.speed.corpus import Asked, Corpus, memory_id
from benchmarks.speed.served import QUERIES

_WRITE_EVERY = 10
_GET_EVERY = 3


@dataclass(frozen=True, slots=True)
class Pressed:
    """What some clients were answered; an error is any answer but a success, 429 included."""

    clients: int
    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float


def press(url: str, corpus: Corpus, clients: int, seconds: float) -> Pressed:
    """Send requests from so many clients, each over a connection of its own, for so long."""
    asked, took = corpus.queries(QUERIES), [list[float]() for _ in range(clients)]
    errors = [list[str]() for _ in range(clients)]
    began = time.perf_counter()
    threads = [
        threading.Thread(
            target=_client, args=(RawHttp(url), asked, number, began + seconds, took[number], errors[number])
        )
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, every = time.perf_counter() - began, np.concatenate([np.array(one) for one in took])
    for fault in [one for some in errors for one in some][:5]:
        print(fault, file=sys.stderr)
    p50, p99 = (float(np.percentile(every, part)) for part in (50, 99))
    return Pressed(clients, len(every), sum(map(len, errors)), wall, p50, p99)


def _client(
    caller: RawHttp, asked: Sequence[Asked], number: int, until: float, took: list[float], errors: list[str]
) -> None:
    for turn in count(number * 7):
        if time.perf_counter() > until:
            return
        try:
            took.append(_one(caller, asked, turn))
        except (RuntimeError, OSError) as fault:
            errors.append(repr(fault))


def _one(caller: RawHttp, asked: Sequence[Asked], turn: int) -> float:
    """The next request of a client: one in ten is a write, of the reads one in three fetches a memory."""
    if turn % _WRITE_EVERY == 0:
        return caller.add(f"Pressed {uuid4().hex}\nwords of a memory that many clients record at once")
    if turn % _GET_EVERY == 0:
        return caller.get(memory_id(turn % 20))
    return caller.search(asked[turn % len(asked)])


def main(arguments: Sequence[str]) -> None:
    """Print what came of it as JSON."""
    url, memories, clients, seconds = arguments
    print(json.dumps(asdict(press(url, Corpus(int(memories)), int(clients), float(seconds)))))


if __name__ == "__main__":
    main(sys.argv[1:])

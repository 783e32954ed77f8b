"""Many writers that all want to supersede the same head."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from benchmarks.torture.killing import opened, processes
from graphmem.errors import Conflict, GraphMemError

_PATIENCE_S = 300.0

#: For each round what came of each attempt: a word, and the id or text that it told of.
_Outcomes = list[list[tuple[str, str]]]


@dataclass(slots=True)
class Races:
    """What came of all rounds; `faults` must stay empty."""

    rounds: int = 0
    wins: int = 0
    conflicts: int = 0
    faults: list[str] = field(default_factory=list)


def race(folder: Path, *, racers: int, rounds: int, workers: int = 4) -> Races:
    """So many writers, threads of several processes, supersede one head at the same moment, round after round."""
    path = folder / "raced.db"
    with opened(path, create=True) as memory:
        first = memory.add("Round 0").ids[0]
    context = processes()
    barrier = context.Barrier(workers)
    told: Queue[_Outcomes] = context.Queue()
    threads = racers // workers
    started = [
        context.Process(target=run, args=(path, first, rounds, (number, threads), barrier, told))
        for number in range(workers)
    ]
    for process in started:
        process.start()
    results = [told.get(timeout=_PATIENCE_S) for _ in started]
    for process in started:
        process.join()
    return _judge(path, first, results, rounds)


def run(
    path: Path,
    first: str,
    rounds: int,
    me: tuple[int, int],
    barrier: Barrier,
    told: Queue[_Outcomes],
) -> None:
    """One process with its threads: every thread tries once in each round; the outcomes go to `told`."""
    number, threads = me
    outcomes: _Outcomes = []
    with opened(path) as memory:
        head = first
        for turn in range(1, rounds + 1):
            results: list[tuple[str, str]] = []

            def attempt(who: int, head: str = head, turn: int = turn, into: list[tuple[str, str]] = results) -> None:
                try:
                    won = memory.supersede(head, f"Round {turn} by {number}.{who}")
                except Conflict as lost:
                    into.append(("conflict", " ".join(lost.heads)))
                except GraphMemError as other:
                    into.append(("error", repr(other)))
                else:
                    into.append(("won", won.ids[-1]))

            barrier.wait(_PATIENCE_S)
            _together([threading.Thread(target=attempt, args=(who,)) for who in range(threads)])
            barrier.wait(_PATIENCE_S)
            outcomes.append(results)
            head = next((told_id for word, told_id in results if word in {"won", "conflict"}), head)
    told.put(outcomes)


def _together(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _judge(path: Path, first: str, results: Sequence[_Outcomes], rounds: int) -> Races:
    races, winners = Races(rounds), [first]
    for turn, by_process in enumerate(zip(*results, strict=True), 1):
        outcomes = [outcome for some in by_process for outcome in some]
        won = [told for word, told in outcomes if word == "won"]
        races.wins += len(won)
        races.conflicts += sum(word == "conflict" for word, _ in outcomes)
        races.faults += [f"round {turn}: {told}" for word, told in outcomes if word == "error"]
        if len(won) != 1:
            races.faults.append(f"round {turn} has {len(won)} winners")
        wrong = [told for word, told in outcomes if word == "conflict" and told not in won]
        races.faults += [f"round {turn}: a loser was told of {told!r}, not of {won}" for told in wrong]
        winners += won
    with opened(path) as memory:
        chain = [one.id for one in memory.history(first).chain]
        races.faults += [] if chain == winners else ["the chain is not that of the winners"]
        races.faults += [f"{one.area}: {one.what}" for one in memory.check()]
    return races

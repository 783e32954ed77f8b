from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.errors import Conflict
from graphmem.model import Supersede
from tests.adapters.sqlite.given import DAY, MAIN, START, add, everything, ids, send
from tests.adapters.sqlite.given import chance as seeded

_WRITER = """
import sys
from pathlib import Path
from graphmem.adapters.sqlite import SQLiteStore
from tests.adapters.sqlite.given import MAIN, add, send
name, count = sys.argv[2], int(sys.argv[3])
with SQLiteStore.open(Path(sys.argv[1]), create=False) as store:
    for number in range(count):
        send(store, add(f"{name}-{number}", body="words " * 50))
        print(f"{name}-{number}", flush=True)
"""

_READER = """
import sys
from pathlib import Path
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.store import Filter, Probe
from tests.adapters.sqlite.given import MAIN
last = 0
with SQLiteStore.open(Path(sys.argv[1]), create=False) as store:
    while last < int(sys.argv[2]):
        position = store.position(MAIN)
        found = store.select(MAIN, Filter(), at=None, before=position.seq + 1, limit=10_000)
        assert len(found) == position.seq >= last
        assert len(store.match(MAIN, Probe(terms=("words",), limit=5), Filter(), seq=position.seq).lexical) <= 5
        last = position.seq
"""


def _start(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_writers_and_readers_share_a_file(store: SQLiteStore, path: Path) -> None:
    children = [_start(_WRITER, path, name, 25) for name in "abc"] + [_start(_READER, path, 75)]
    for child in children:
        _, said = child.communicate()
        assert not child.returncode, said
    assert len(ids(store)) == 75
    assert store.check() == []


def test_what_was_acknowledged_survives_a_kill(store: SQLiteStore, path: Path) -> None:
    chance = seeded(7)
    kept: list[str] = []
    for round_ in range(6):
        child = _start(_WRITER, path, f"r{round_}", 10_000)
        assert child.stdout is not None
        kept += [child.stdout.readline().strip() for _ in range(chance.randint(1, 12))]
        child.kill()
        kept += child.communicate()[0].split()
    assert set(kept) <= set(ids(store))
    store.close()
    with SQLiteStore.open(path, create=False) as again:
        assert set(kept) <= set(ids(again))
        assert again.check() == []


def test_threads_that_race_for_one_head_leave_one_winner(store: SQLiteStore) -> None:
    send(store, add("old"), *(add(f"new{number}") for number in range(8)))
    outcomes: list[str] = []

    def race(number: int) -> None:
        try:
            send(store, Supersede(old=("old",), new=(f"new{number}",), at=START + DAY))
            outcomes.append("won")
        except Conflict as conflict:
            outcomes.append(" ".join(conflict.heads))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    edges = everything(store)[0].edges
    assert sorted(outcomes) == sorted([edges[0].new] * 7 + ["won"])
    assert (len(edges), store.forked(MAIN)) == (1, [])


def test_two_stores_of_one_process_share_a_file(store: SQLiteStore, path: Path) -> None:
    with SQLiteStore.open(path, create=True) as other:
        send(store, add("a"))
        send(other, add("b"))
        assert ids(store) == ids(other) == ["a", "b"]
    send(store, add("c"))
    assert ids(store) == ["a", "b", "c"]


def test_a_reader_keeps_its_moment_while_others_write(store: SQLiteStore) -> None:
    send(store, add("a"))
    lines = store.export(MAIN)
    first = next(lines)
    send(store, add("b"))
    assert len([first, *lines]) == 2
    assert len(list(store.export(MAIN))) == 3

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graphmem.adapters.sqlite.locking import FairLock, LockFile, WriteLock, lock_file, release_file
from graphmem.errors import StoreUnavailable

_WRITER = """
import sys
from pathlib import Path
from graphmem.adapters.sqlite.locking import WriteLock, lock_file
lock, log = lock_file(Path(sys.argv[1])), open(sys.argv[2], "a", buffering=1)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(40):
    with WriteLock(lock, 60) as turn:
        turn.mark = lock.mark + 1
        log.write(f"{lock._ticket} {sys.argv[3]}\\n")
"""

_HOLDER = """
import sys, time
from pathlib import Path
from graphmem.adapters.sqlite.locking import WriteLock, lock_file
with WriteLock(lock_file(Path(sys.argv[1])), 60):
    print("held", flush=True)
    sys.stdin.readline()
"""


def _start(program: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *arguments]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline()
    return child


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_processes_write_in_the_order_in_which_they_asked(place: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    children = [_start(_WRITER, str(place), str(log), str(number)) for number in range(4)]
    for child in children:
        child.communicate("go\n")
    tickets = [int(line.split()[0]) for line in log.read_text().splitlines()]
    assert tickets == list(range(1, 161))
    lock = lock_file(place)
    assert lock.mark == 160
    release_file(place)


def test_a_turn_that_does_not_come_names_who_has_it(place: Path) -> None:
    child = _start(_HOLDER, str(place))
    lock = lock_file(place)
    with pytest.raises(StoreUnavailable, match=f"process {child.pid}"), WriteLock(lock, 0.05):
        pass
    child.communicate("\n")
    with WriteLock(lock, 60):
        assert lock.holder == os.getpid()
    release_file(place)


def test_who_gave_up_waiting_is_not_waited_for(place: Path) -> None:
    child = _start(_HOLDER, str(place))
    lock = lock_file(place)
    for _ in range(3):
        with pytest.raises(StoreUnavailable), WriteLock(lock, 0.01):
            pass
    child.communicate("\n")
    with WriteLock(lock, 60):
        pass
    release_file(place)


def test_a_killed_holder_holds_nothing(place: Path) -> None:
    child = _start(_HOLDER, str(place))
    child.kill()
    child.communicate()
    with WriteLock(lock_file(place), 60):
        pass
    release_file(place)


def test_threads_go_in_the_order_in_which_they_asked() -> None:
    fair_lock, order = FairLock(), list[int]()
    assert fair_lock.take(0)

    def wait(number: int) -> None:
        assert fair_lock.take(60)
        order.append(number)
        fair_lock.pass_on()

    threads = []
    for number in range(5):
        thread = threading.Thread(target=wait, args=(number,))
        thread.start()
        threads.append(thread)
        while len(fair_lock._waiting) <= number:  # noqa: SLF001 - until it stands in the queue
            pass
    fair_lock.pass_on()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_thread_that_gives_up_leaves_the_queue() -> None:
    fair_lock = FairLock()
    assert fair_lock.take(0)
    assert not fair_lock.take(0.01)
    fair_lock.pass_on()
    assert fair_lock.take(0)


def test_an_unreadable_lock_file_counts_from_the_start(place: Path) -> None:
    place.write_bytes(b"x")
    lock = LockFile(place)
    assert (lock.mark, lock.holder) == (0, 0)
    lock.take(1)
    lock.give(7)
    assert lock.mark == 7
    lock.close()


def test_one_file_is_opened_once_per_process(place: Path) -> None:
    first, second = lock_file(place), lock_file(place)
    assert first is second
    release_file(place)
    with WriteLock(first, 1):
        pass
    release_file(place)
    release_file(place)

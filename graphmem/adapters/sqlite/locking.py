"""One writer at a time, first come first served, across threads and processes.

SQLite's own busy handler starves writers. Here each writer draws a ticket from a file beside the database and waits for
the one before it. All locks are byte ranges that the operating system releases when a process dies, so nothing is left
to clean up::

    GATE            held while a ticket is drawn
    QUEUE + ticket  held from the draw until the write is done: the next in line waits for it
    MAIN            held while writing; it is what keeps writers apart, should a waiter have died in the queue
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Self

from graphmem.drafts import PRIVATE_FILE
from graphmem.errors import StoreUnavailable

_GATE, _MAIN, _QUEUE = 1 << 30, (1 << 30) + 1, (1 << 30) + 16
_SLOTS = 1 << 20
_FIELD = struct.Struct("<Q")
_TICKET, _SERVING, _MARK, _HOLDER, _OWING = (_FIELD.size * place for place in range(5))
_SHORTEST_NAP_S, _LONGEST_NAP_S = 0.0001, 0.01

if sys.platform == "win32":
    import msvcrt

    #: A handle has one position, whichever thread moves it.
    _seeking = threading.Lock()

    def _try_lock(handle: int, offset: int) -> bool:
        with _seeking:
            os.lseek(handle, offset, os.SEEK_SET)
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            except OSError:
                return False
            return True

    def _unlock(handle: int, offset: int) -> None:
        with _seeking, suppress(OSError):
            os.lseek(handle, offset, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

    def _read(handle: int, size: int, offset: int) -> bytes:
        with _seeking:
            os.lseek(handle, offset, os.SEEK_SET)
            return os.read(handle, size)

    def _write(handle: int, data: bytes, offset: int) -> None:
        with _seeking:
            os.lseek(handle, offset, os.SEEK_SET)
            os.write(handle, data)
else:
    import fcntl

    def _try_lock(handle: int, offset: int) -> bool:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(handle: int, offset: int) -> None:
        fcntl.lockf(handle, fcntl.LOCK_UN, 1, offset)

    _read, _write = os.pread, os.pwrite


class Turns:
    """A lock for threads of one process that is granted in the order of asking."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    def take(self, timeout_s: float) -> bool:
        """Whether the turn came within the time."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            came = mine.acquire(timeout=max(timeout_s, 0))
        except BaseException:
            self._leave(mine)
            raise
        return came or not self._leave(mine, keep_turn=True)

    def pass_on(self) -> None:
        """Let the next in line go."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False

    def _leave(self, mine: threading.Lock, *, keep_turn: bool = False) -> bool:
        """Stop waiting; False if the turn had come just then."""
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return True
        if not keep_turn:
            self.pass_on()
        return False


class LockFile:
    """The lock file of one database, shared by all stores of this process that are open on it.

    Beside the tickets it keeps the mark: how many writes the database had taken when it was last written. A database
    that has taken fewer has lost its log.
    """

    def __init__(self, path: Path, mode: int = PRIVATE_FILE) -> None:
        self.path = path
        self.turns = Turns()
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), mode)
        self._ticket = 0

    @property
    def mark(self) -> int:
        """The number of writes that the database is known to have taken."""
        return self._get(_MARK)

    @property
    def is_owing(self) -> bool:
        """Whether the log may hold erased words: a hint to look, which costs no query."""
        return self._get(_OWING) != 0

    def set_owing(self, *, is_owing: bool) -> None:
        """Leave that hint to all processes; only for who holds the turn."""
        self._put(_OWING, int(is_owing))

    @property
    def holder(self) -> int:
        """The process that is writing or wrote last; 0 if there was none."""
        return self._get(_HOLDER)

    def take(self, timeout_s: float) -> None:
        """Wait for this process' turn, then hold the lock.

        Raises:
            StoreUnavailable: The turn did not come in time.
        """
        deadline = time.monotonic() + timeout_s
        try:
            self._draw(deadline, timeout_s)
            ahead = _QUEUE + (self._ticket - 1) % _SLOTS
            self._wait(ahead, deadline, timeout_s)
            _unlock(self._handle, ahead)
            self._wait(_MAIN, deadline, timeout_s)
        except BaseException:
            self._give_up()
            raise
        self._put(_SERVING, self._ticket)
        self._put(_HOLDER, os.getpid())

    def give(self, mark: int | None = None) -> None:
        """Release the lock; with the mark if something was written."""
        if mark is not None:
            self._put(_MARK, mark)
        _unlock(self._handle, _MAIN)
        self._give_up()

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def _draw(self, deadline: float, timeout_s: float) -> None:
        self._wait(_GATE, deadline, timeout_s)
        try:
            ticket = self._get(_TICKET) + 1
            # Nobody else can hold it: a million tickets would have to be waiting.
            if not _try_lock(self._handle, _QUEUE + ticket % _SLOTS):
                raise StoreUnavailable(f"the queue of {str(self.path)!r} is full; remove the file while nobody writes")
            self._ticket = ticket
            self._put(_TICKET, ticket)
        finally:
            _unlock(self._handle, _GATE)

    def _give_up(self) -> None:
        if self._ticket:
            _unlock(self._handle, _QUEUE + self._ticket % _SLOTS)
            self._ticket = 0

    def _wait(self, offset: int, deadline: float, timeout_s: float) -> None:
        started = time.monotonic()
        while not _try_lock(self._handle, offset):
            now = time.monotonic()
            if now >= deadline:
                raise StoreUnavailable(
                    f"another writer, process {self.holder}, kept {str(self.path)!r} for {timeout_s:g} s; try again"
                )
            time.sleep(self._nap(now - started))

    def _nap(self, waited: float) -> float:
        """The next in line looks often; the further behind, and the longer it takes, the less often."""
        distance = max(self._ticket - self._get(_SERVING), 1)
        return min(max(_SHORTEST_NAP_S * distance, waited / 32), _LONGEST_NAP_S)

    def _get(self, field: int) -> int:
        raw = _read(self._handle, _FIELD.size, field)
        return int(_FIELD.unpack(raw)[0]) if len(raw) == _FIELD.size else 0

    def _put(self, field: int, value: int) -> None:
        # Each field has one kind of writer: the ticket is written under GATE, the others under MAIN.
        _write(self._handle, _FIELD.pack(value), field)


_files: dict[tuple[int, str], tuple[LockFile, int]] = {}
_files_guard = threading.Lock()


def lock_file(path: Path, mode: int = PRIVATE_FILE) -> LockFile:
    """The lock file at a path; one per process, since closing any handle on a file drops a process' locks on it.

    Args:
        path: The lock file, made with the given permissions if there is none.
        mode: Those of the file that it guards: whoever may write there must be able to lock it.
    """
    key = (os.getpid(), os.path.realpath(path))
    with _files_guard:
        found, users = _files.get(key) or (LockFile(path, mode), 0)
        _files[key] = (found, users + 1)
    return found


def lock_beside(path: Path) -> LockFile | None:
    """The lock file of a database; None where none can be made, so that nothing can be written either."""
    try:
        return lock_file(Path(f"{path}-lock"), path.stat().st_mode & 0o666 if path.exists() else PRIVATE_FILE)
    except OSError:
        if not path.parent.is_dir() or (os.access(path.parent, os.W_OK) and not path.exists()):
            raise
        return None


def release_file(path: Path) -> None:
    """Undo one `lock_file`."""
    key = (os.getpid(), os.path.realpath(path))
    with _files_guard:
        found, users = _files.get(key, (None, 0))
        if found is None:
            return
        if users > 1:
            _files[key] = (found, users - 1)
        else:
            del _files[key]
            found.close()


class Turn:
    """The lock held by this thread of this process; whoever writes leaves the new `mark` on it."""

    def __init__(self, lock: LockFile, timeout_s: float) -> None:
        self.mark: int | None = None
        self.lock = lock
        self._timeout_s = timeout_s

    def __enter__(self) -> Self:
        deadline = time.monotonic() + self._timeout_s
        if not self.lock.turns.take(self._timeout_s):
            raise StoreUnavailable(f"another thread kept {str(self.lock.path)!r} for {self._timeout_s:g} s; try again")
        try:
            self.lock.take(max(deadline - time.monotonic(), 0))
        except BaseException:
            self.lock.turns.pass_on()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            # What failed may not have been committed.
            self.lock.give(self.mark if kind is None else None)
        finally:
            self.lock.turns.pass_on()

"""A write lock granted in arrival order across threads and processes.

SQLite's own busy handler starves writers. Here each writer draws a ticket from a file next to the database and waits
for the ticket before it. All locks are byte ranges that the operating system releases when a process dies, so a crash
leaves
nothing to clean up::

    GATE            held while a ticket is drawn
    QUEUE + ticket  held from the draw until the write is done: the next ticket waits for it
    MAIN            held while writing; it excludes other writers even if a process died while it was queued
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
_TICKET, _SERVING, _MARK, _HOLDER, _ERASED = (_FIELD.size * index for index in range(5))
_SHORTEST_NAP_S, _LONGEST_NAP_S = 0.0001, 0.01

if sys.platform == "win32":
    import msvcrt

    #: All threads share the position of a handle.
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


class FairLock:
    """A lock for the threads of a process, granted in arrival order."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    def take(self, timeout_s: float) -> bool:
        """Wait for the lock; returns False if the timeout passes first."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            ticket = threading.Lock()
            ticket.acquire()
            self._waiting.append(ticket)
        try:
            is_granted = ticket.acquire(timeout=max(timeout_s, 0))
        except BaseException:
            self._leave(ticket)
            raise
        return is_granted or not self._leave(ticket, keep_grant=True)

    def pass_on(self) -> None:
        """Release the lock to the next waiting thread."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False

    def _leave(self, ticket: threading.Lock, *, keep_grant: bool = False) -> bool:
        """Stop waiting; returns False if the lock was granted in the meantime."""
        with self._guard:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                return True
        if not keep_grant:
            self.pass_on()
        return False


class LockFile:
    """The lock file of one database, shared by all stores of this process that are open on it.

    It also stores the mark: the number of entries in the database after the last write. A database with fewer entries
    has lost its log.
    """

    def __init__(self, path: Path, mode: int = PRIVATE_FILE) -> None:
        self.path = path
        self.fair_lock = FairLock()
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), mode)
        self._ticket = 0

    @property
    def mark(self) -> int:
        """The number of entries that the database had after the last write."""
        return self._get(_MARK)

    @property
    def holds_erased(self) -> bool:
        """True if the log may hold erased content: a hint that costs no query."""
        return self._get(_ERASED) != 0

    def set_holds_erased(self, *, holds_erased: bool) -> None:
        """Set that hint for all processes; the caller holds the lock."""
        self._put(_ERASED, int(holds_erased))

    @property
    def holder(self) -> int:
        """The id of the process that writes or wrote last; 0 if there was none."""
        return self._get(_HOLDER)

    def take(self, timeout_s: float) -> None:
        """Wait in the queue, then hold the lock.

        Raises:
            StoreUnavailable: The timeout passed first.
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
        """Release the lock; `mark` is the new number of entries if any were written."""
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
            # No other process can hold it unless a million tickets are waiting.
            if not _try_lock(self._handle, _QUEUE + ticket % _SLOTS):
                raise StoreUnavailable(
                    f"the queue of {str(self.path)!r} is full; stop all writers, then remove the file"
                )
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
                    f"another writer, process {self.holder}, has held {str(self.path)!r} for {timeout_s:g} s; try again"
                )
            time.sleep(self._nap(now - started))

    def _nap(self, waited: float) -> float:
        """Return the pause before the next attempt: longer for later tickets and longer waits."""
        distance = max(self._ticket - self._get(_SERVING), 1)
        return min(max(_SHORTEST_NAP_S * distance, waited / 32), _LONGEST_NAP_S)

    def _get(self, field: int) -> int:
        raw = _read(self._handle, _FIELD.size, field)
        return int(_FIELD.unpack(raw)[0]) if len(raw) == _FIELD.size else 0

    def _put(self, field: int, value: int) -> None:
        # Each field has one kind of writer: GATE guards the ticket, MAIN the other fields.
        _write(self._handle, _FIELD.pack(value), field)


_files: dict[tuple[int, str], tuple[LockFile, int]] = {}
_files_guard = threading.Lock()


def lock_file(path: Path, mode: int = PRIVATE_FILE) -> LockFile:
    """Return the lock file at a path; one per process, since closing any handle on a file drops a process' locks on it.

    Args:
        path: The lock file, created with these permissions if it does not exist.
        mode: Permissions of the guarded file: every process that may write to it must be able to lock it.
    """
    key = (os.getpid(), os.path.realpath(path))
    with _files_guard:
        file, users = _files.get(key) or (LockFile(path, mode), 0)
        _files[key] = (file, users + 1)
    return file


def lock_of(path: Path) -> LockFile | None:
    """Return the lock file of a database; None in a read-only folder, where the database cannot be written either."""
    try:
        return lock_file(Path(f"{path}-lock"), path.stat().st_mode & 0o666 if path.exists() else PRIVATE_FILE)
    except OSError:
        if not path.parent.is_dir() or (os.access(path.parent, os.W_OK) and not path.exists()):
            raise
        return None


def release_file(path: Path) -> None:
    """Release a `lock_file`; the last release closes it."""
    key = (os.getpid(), os.path.realpath(path))
    with _files_guard:
        file, users = _files.get(key, (None, 0))
        if file is None:
            return
        if users > 1:
            _files[key] = (file, users - 1)
        else:
            del _files[key]
            file.close()


class WriteLock:
    """Holds the lock file for this thread; a writer sets `mark`, the new number of entries."""

    def __init__(self, file: LockFile, timeout_s: float) -> None:
        self.mark: int | None = None
        self.file = file
        self._timeout_s = timeout_s

    def __enter__(self) -> Self:
        deadline = time.monotonic() + self._timeout_s
        if not self.file.fair_lock.take(self._timeout_s):
            raise StoreUnavailable(
                f"another thread has held {str(self.file.path)!r} for {self._timeout_s:g} s; try again"
            )
        try:
            self.file.take(max(deadline - time.monotonic(), 0))
        except BaseException:
            self.file.fair_lock.pass_on()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            # A failed write may not have been committed.
            self.file.give(self.mark if kind is None else None)
        finally:
            self.file.fair_lock.pass_on()

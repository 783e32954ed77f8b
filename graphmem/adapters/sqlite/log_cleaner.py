"""Removes erased content from the write-ahead log as soon as no reader needs it."""

from __future__ import annotations

import threading
from contextlib import suppress
from itertools import cycle

import apsw

from graphmem.adapters.sqlite import meta
from graphmem.adapters.sqlite.connection import BUSY_MS, Connections, translated
from graphmem.adapters.sqlite.locking import LockFile, WriteLock
from graphmem.errors import GraphMemError

#: How long an attempt waits for the write lock, and then for readers; meanwhile other writers wait.
_TURN_TIMEOUT_S = 2.0
_PATIENCE_MS = 250
#: Most attempts wait briefly: new readers skip a fully moved log, and old readers end between attempts.
_SHORT_PATIENCE_MS, _SHORT_ATTEMPTS = 20, 9
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0


class LogCleaner:
    """Retries to clear the log in a background thread until an attempt succeeds or the store is closed.

    The thread runs only while erased content is in the log; a process that only reads has none.
    """

    def __init__(self, connections: Connections, lock: LockFile | None) -> None:
        self._connections = connections
        self._lock = lock
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def clear(self, timeout_s: float) -> None:
        """Remove erased content from the log within the timeout, or later in the background."""
        with suppress(GraphMemError):
            if self._attempt(_PATIENCE_MS):
                return
        self._start()
        self.wait(timeout_s)

    def clear_within(self, write_lock: WriteLock) -> None:
        """Try once more; the caller holds the write lock and closes the store."""
        if write_lock.file.holds_erased:
            with translated(self._connections.path):
                self._cleared(write_lock, _PATIENCE_MS)

    def finish_after_read(self) -> None:
        """Start the thread if the log holds erased content: the read that just ended may have blocked an attempt."""
        if self._lock is not None and not self._stop.is_set() and self._lock.holds_erased:
            self._start()

    def wait(self, timeout_s: float) -> bool:
        """Wait up to the timeout; returns whether the log holds no erased content."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return self._thread is None

    def close(self) -> None:
        """Stop retrying; the next process that opens the file continues."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _start(self) -> None:
        with self._guard:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="graphmem-log-cleaner", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause, is_done = _FIRST_PAUSE_S, False
        patience = cycle([_SHORT_PATIENCE_MS] * _SHORT_ATTEMPTS + [_PATIENCE_MS])
        while not is_done and not self._stop.wait(pause):
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            try:
                is_done = self._attempt(next(patience))
            except GraphMemError:
                continue  # A busy or full disk, or another writer: retry.
        with self._guard:
            self._thread = None

    def _attempt(self, patience_ms: int) -> bool:
        """Try once; returns whether the log holds no erased content."""
        if self._lock is None or self._stop.is_set() or not self._connections.is_ours:
            return True
        with WriteLock(self._lock, _TURN_TIMEOUT_S) as write_lock, translated(self._connections.path):
            return self._cleared(write_lock, patience_ms)

    def _cleared(self, write_lock: WriteLock, patience_ms: int) -> bool:
        writer = self._connections.writer()
        is_clear = not meta.holds_erased(writer) or _clear_log(writer, patience_ms)
        write_lock.file.set_holds_erased(holds_erased=not is_clear)
        return is_clear


def _clear_log(writer: apsw.Connection, patience_ms: int) -> bool:
    """Move the whole log into the file and truncate it; the caller holds the write lock.

    Args:
        writer: The connection that writes.
        patience_ms: How long to wait for readers of the latest snapshot; readers of an older one are not waited for.

    Returns:
        False if a reader still needs the log: nothing is lost, and a later attempt may succeed.
    """
    try:
        in_log, moved = writer.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_PASSIVE)
        if moved < in_log:
            return False  # A reader of an older snapshot: waiting for it would block writers too.
        writer.set_busy_timeout(patience_ms)
        writer.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except (apsw.BusyError, apsw.LockedError):
        return False
    finally:
        writer.set_busy_timeout(BUSY_MS)
    meta.drop_erased(writer)
    return True

"""Erased words leave the log of changes as soon as no reader needs it, however long that takes."""

from __future__ import annotations

import threading
from contextlib import suppress
from itertools import cycle

import apsw

from graphmem.adapters.sqlite import meta
from graphmem.adapters.sqlite.connection import BUSY_MS, Connections, translated
from graphmem.adapters.sqlite.locking import LockFile, Turn
from graphmem.errors import GraphMemError

#: How long one attempt waits for its turn, and then for readers, which keeps other writers waiting.
_TURN_TIMEOUT_S = 2.0
_PATIENCE_MS = 250
#: Most attempts hardly wait: once all of the log is moved, new readers do without it, and old ones end in between.
_SHORT_PATIENCE_MS, _SHORT_ATTEMPTS = 20, 9
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0


class LogCleaner:
    """Attempts to clear the log, again and again in a thread of its own, until one passes or the store is closed.

    The thread runs only while something is pending, so that a process that only reads has none.
    """

    def __init__(self, connections: Connections, lock: LockFile | None) -> None:
        self._connections = connections
        self._lock = lock
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def clear(self, timeout_s: float) -> None:
        """Take erased words out of the log, within the time or else later: what was erased is erased."""
        with suppress(GraphMemError):
            if self._attempt(_PATIENCE_MS):
                return
        self._start()
        self.wait(timeout_s)

    def clear_within(self, turn: Turn) -> None:
        """Attempt it once more, for who holds the turn and closes the store."""
        if turn.lock.is_owing:
            with translated(self._connections.path):
                self._cleared(turn, _PATIENCE_MS)

    def finish_after_read(self) -> None:
        """What has just been read may be what an erase, here or in another process, had to wait for."""
        if self._lock is not None and not self._stop.is_set() and self._lock.is_owing:
            self._start()

    def wait(self, timeout_s: float) -> bool:
        """Whether nothing is pending, or comes to be so within the time."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return self._thread is None

    def close(self) -> None:
        """Stop attempting; whoever opens the file next goes on."""
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
                continue  # A busy or full disk, another writer: it is tried again.
        with self._guard:
            self._thread = None

    def _attempt(self, patience_ms: int) -> bool:
        """Whether the log holds no erased words, or not any more."""
        if self._lock is None or self._stop.is_set() or not self._connections.is_ours:
            return True
        with Turn(self._lock, _TURN_TIMEOUT_S) as turn, translated(self._connections.path):
            return self._cleared(turn, patience_ms)

    def _cleared(self, turn: Turn, patience_ms: int) -> bool:
        writer = self._connections.writer()
        is_clear = not meta.is_owing(writer) or _clear_log(writer, patience_ms)
        turn.lock.set_owing(is_owing=not is_clear)
        return is_clear


def _clear_log(writer: apsw.Connection, patience_ms: int) -> bool:
    """Move all of the log into the file and empty it; needs the turn.

    Args:
        writer: The connection that writes.
        patience_ms: How long readers of the latest state are waited for; for those of an older one, not at all.

    Returns:
        False if a reader still needs the log: nothing is lost, and another attempt may pass.
    """
    try:
        in_log, moved = writer.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_PASSIVE)
        if moved < in_log:
            return False  # A reader of an older state: to wait for it would keep writers waiting too.
        writer.set_busy_timeout(patience_ms)
        writer.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except (apsw.BusyError, apsw.LockedError):
        return False
    finally:
        writer.set_busy_timeout(BUSY_MS)
    meta.settle(writer)
    return True

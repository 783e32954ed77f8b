"""Serializes the first use of each statement, so that a server plans it only once.

A server that has just started needs seconds to plan a statement, and plans it again for every concurrent caller.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FirstUse:
    """The statements that this process has sent to the server."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        #: Set once the first use has ended.
        self._ended: dict[str, threading.Event] = {}

    @contextmanager
    def of(self, statement: str, limit_s: float) -> Iterator[None]:
        """Wait until the first use in another thread has ended, but at most `limit_s` seconds."""
        own = threading.Event()
        with self._guard:
            first = self._ended.setdefault(statement, own)
        if first is not own:
            first.wait(limit_s)
            yield
            return
        try:
            yield
        except BaseException:
            self._forget(statement, own)
            raise
        finally:
            own.set()

    def forget(self) -> None:
        """Drop everything, since the server may have been restarted."""
        with self._guard:
            self._ended.clear()

    def _forget(self, statement: str, failed: threading.Event) -> None:
        with self._guard:
            if self._ended.get(statement) is failed:
                del self._ended[statement]

"""One caller at a time where a server meets a statement for the first time.

A server that has just started plans a statement of ours for seconds, and again for each who asks meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FirstUse:
    """Which statements a server knows, as far as this process can tell."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        #: Set once the first use has ended.
        self._ended: dict[str, threading.Event] = {}

    @contextmanager
    def of(self, statement: str, limit_s: float) -> Iterator[None]:
        """Wait while another thread asks this for the first time, but no longer than a limit; then go on anyway."""
        mine = threading.Event()
        with self._guard:
            first = self._ended.setdefault(statement, mine)
        if first is not mine:
            first.wait(limit_s)
            yield
            return
        try:
            yield
        except BaseException:
            self._forget(statement, mine)
            raise
        finally:
            mine.set()

    def forget(self) -> None:
        """The server may have been started anew."""
        with self._guard:
            self._ended.clear()

    def _forget(self, statement: str, failed: threading.Event) -> None:
        with self._guard:
            if self._ended.get(statement) is failed:
                del self._ended[statement]

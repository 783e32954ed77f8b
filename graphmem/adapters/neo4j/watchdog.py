"""Ends calls that a server never answers: the driver itself would wait for two minutes, or forever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neo4j import Session

_LOOK_S = 0.5


class Watchdog:
    """Breaks the connections of sessions past their time limit, from a thread that ends with the last session."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._limits: dict[Session, float] = {}
        self._is_looking = False

    @contextmanager
    def watching(self, session: Session, limit: float) -> Iterator[None]:
        """Break the session's connection if the block has not ended at `limit`, an instant of `time.monotonic`."""
        with self._guard:
            self._limits[session] = limit
            is_first, self._is_looking = not self._is_looking, True
        if is_first:
            threading.Thread(target=self._look, name="graphmem-watch", daemon=True).start()
        try:
            yield
        finally:
            with self._guard:
                del self._limits[session]

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_S)
            now = time.monotonic()
            with self._guard:
                late = [session for session, limit in self._limits.items() if limit < now]
                self._is_looking = bool(self._limits)
                if not self._is_looking:
                    return
            for session in late:
                cut(session)


def cut(session: Session) -> None:
    """Break the connection of a session, if it has one; a call that waits for it fails.

    The driver offers this to asynchronous callers only: hence the private attribute. Without it a call ends only after
    the server's own `connection.recv_timeout_seconds`.
    """
    connection = getattr(session, "_connection", None)
    with suppress(AttributeError, OSError):
        connection.kill()  # type: ignore[union-attr]

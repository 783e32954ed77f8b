"""Limits on connections: idle and stalled connections are closed, and their number is capped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from graphmem.http.request_limits import Limits

#: The slowest reading of an answer: fewer bytes than this over one stretch close the connection.
_MIN_READ_BYTES, _STRETCH_S = 30_000, 30.0
_CHECKS_PER_HEAD_TIME = 4


class BoundedConnection(H11Protocol):
    """A client's connection, checked at regular intervals.

    uvicorn by itself closes only connections that are idle between an answer and the first byte of the next request.

    Args:
        limits: The limits of the server.
        options: The arguments that uvicorn passes to a protocol.
    """

    def __init__(self, *, limits: Limits, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**options)
        self._limits = limits
        self._idle_since = 0.0
        self._unsent = 0
        self._unsent_since: float | None = None
        self._check_timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress: none has arrived completely, or its answer is complete."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._schedule_check()
        if len(self.connections) > self._limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._check_timer is not None:
            self._check_timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """See `H11Protocol`."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._unsent_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """See `H11Protocol`; once an answer has begun, the connection is closed instead."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.abort()

    # ---- parts

    def _schedule_check(self) -> None:
        self._check_timer = self.loop.call_later(self._limits.head_s / _CHECKS_PER_HEAD_TIME, self._check)

    def _check(self) -> None:
        now = self.loop.time()
        if self._is_stuck(now):
            self.transport.abort()
        else:
            self._schedule_check()

    def _is_stuck(self, now: float) -> bool:
        """Return whether the client neither sends a request nor reads an answer."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent:
            self._unsent_since = None
            return self.is_idle and now - self._idle_since >= self._limits.head_s
        self._idle_since = now
        if self._unsent_since is None:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since >= _STRETCH_S:
            is_read = self._unsent - unsent >= _MIN_READ_BYTES
            self._unsent, self._unsent_since = unsent, now
            return not is_read
        return False

    def _make_room(self) -> None:
        """Close the connection that has been idle longest; the newest if no other is idle."""
        idle = [peer for peer in self.connections if isinstance(peer, BoundedConnection) and peer.is_idle]
        min(idle, key=lambda peer: peer._idle_since, default=self).transport.abort()  # noqa: SLF001 - of this class


class RareMessages:
    """An event loop's exception handler that passes each kind of message on at most once a second.

    When file descriptors run out, asyncio reports each connection that it cannot accept, thousands of times a second.

    Args:
        handle: Handles a message.
        seconds: A monotonic clock.
    """

    def __init__(self, handle: Callable[[dict[str, Any]], None], seconds: Callable[[], float] = time.monotonic) -> None:
        self._handle = handle
        self._seconds = seconds
        self._reported_at: dict[str, float] = {}

    def __call__(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """See `asyncio.AbstractEventLoop.set_exception_handler`."""
        kind, now = str(context.get("message")), self._seconds()
        if now - self._reported_at.get(kind, -1.0) >= 1.0:
            self._reported_at[kind] = now
            self._handle(context)

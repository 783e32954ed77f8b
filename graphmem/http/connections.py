"""Connections that nobody can hold for nothing: heads come in time, answers are fetched, and their number is capped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from graphmem.http.limits import Limits

#: An answer that is fetched more slowly than this, over one stretch, is given up.
_FETCHED_BYTES, _STRETCH_S = 30_000, 30.0
_LOOKS_PER_TIME = 4


class BoundedConnection(H11Protocol):
    """One caller's connection, looked at from time to time.

    uvicorn itself lets go of a connection only between an answer and the first byte of the next request.

    Args:
        limits: The caps.
        given: What uvicorn gives its protocols.
    """

    def __init__(self, *, limits: Limits, **given: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**given)
        self._limits = limits
        self._idle_since = 0.0
        self._unsent = 0
        self._unsent_since: float | None = None
        self._look: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered: none came whole, or its answer is made."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._plan_look()
        if len(self.connections) > self._limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._look is not None:
            self._look.cancel()
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
        """See `H11Protocol`; what comes after an answer has begun cannot be answered."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.abort()

    # ---- parts

    def _plan_look(self) -> None:
        self._look = self.loop.call_later(self._limits.head_s / _LOOKS_PER_TIME, self._looked_at)

    def _looked_at(self) -> None:
        now = self.loop.time()
        if self._is_stuck(now):
            self.transport.abort()
        else:
            self._plan_look()

    def _is_stuck(self, now: float) -> bool:
        """Whether the caller neither sends a request nor fetches an answer."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent:
            self._unsent_since = None
            return self.is_idle and now - self._idle_since >= self._limits.head_s
        self._idle_since = now
        if self._unsent_since is None:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since >= _STRETCH_S:
            is_fetched = self._unsent - unsent >= _FETCHED_BYTES
            self._unsent, self._unsent_since = unsent, now
            return not is_fetched
        return False

    def _make_room(self) -> None:
        """Let go of who asked for nothing longest; of the newcomer if all others are being answered."""
        others = [one for one in self.connections if isinstance(one, BoundedConnection) and one.is_idle]
        min(others, key=lambda one: one._idle_since, default=self).transport.abort()  # noqa: SLF001 - of this class


class RareMessages:
    """Hands an event loop's messages on, each kind of them once in a second at most.

    Without descriptors asyncio tells of every connection that it cannot take, thousands of times a second.

    Args:
        hand_on: Takes a message.
        seconds: A clock that never runs backwards.
    """

    def __init__(
        self, hand_on: Callable[[dict[str, Any]], None], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._hand_on = hand_on
        self._seconds = seconds
        self._told: dict[str, float] = {}

    def __call__(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """See `asyncio.AbstractEventLoop.set_exception_handler`."""
        kind, now = str(context.get("message")), self._seconds()
        if now - self._told.get(kind, -1.0) >= 1.0:
            self._told[kind] = now
            self._hand_on(context)

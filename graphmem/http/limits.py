"""How much one request may ask for, and the reading of bodies, which stops at the first byte beyond."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.errors import InvalidInput, StoreUnavailable
from graphmem.http.problems import Refusal, send_refusal

MAX_RESULTS = 1_000
MAX_BATCH = 1_000
#: Beyond what any ledger reaches, and within what every engine stores.
MAX_POSITION = 2**53


@dataclass(frozen=True, slots=True)
class Bound:
    """How large one body may be: its bytes, and the values, names and brackets of its JSON."""

    size: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The caps of a server.

    Attributes:
        question: Of a body that asks.
        body: Of a body that writes.
        source: Of a body that brings sources in.
        call: Of a call of a tool.
        restore_bytes: Of an export to be restored.
        buffered_bytes: Of all bodies together that are being read or worked on.
        depth: Of nested JSON.
        running: So many reads, so many writes and so much keeping of the store go on at a time.
        waiting: So many more requests wait for their turn; others are turned away.
        time_s: How long a request may take, in seconds, its waiting included.
        head_s: How long the head of a request may take to come; so long a connection may be of no use.
        brief_s: Questions of a kind that lately took so little of the processor, in seconds, go on in the event loop.
        connections: So many callers are connected at a time; of more, those who asked for nothing longest are let go.
    """

    question: Bound = Bound(256 << 10, 10_000)
    body: Bound = Bound(8 << 20, 200_000)
    source: Bound = Bound(128 << 20, 2_000_000)
    call: Bound = Bound(1 << 20, 20_000)
    restore_bytes: int = 4 << 30
    buffered_bytes: int = 512 << 20
    depth: int = 32
    running: int = 16
    waiting: int = 256
    time_s: float = 30.0
    head_s: float = 10.0
    brief_s: float = 0.0
    connections: int = 512


#: Over a file, work is this process's own: more threads than these only get in each other's way, and to hand a brief
#: question to one and its answer back takes a tenth of what the question takes.
ON_A_FILE = Limits(running=2, brief_s=0.005)


class Measure:
    """Counts depth and tokens of JSON while it comes in, piece by piece; whether it is JSON is for the parser to say.

    Takes a few operations of C for each piece, and a few steps of Python for each bracket, of which `bound` caps the
    number.
    """

    def __init__(self, bound: Bound, depth: int) -> None:
        self._bound = bound
        self._depth = depth
        self._size = 0
        self._tokens = 0
        self._level = 0
        self._is_in_text = False
        self._kept = b""

    def take(self, piece: bytes) -> None:
        """Count one more piece.

        Raises:
            Refusal: The body is too large, holds too much, or is nested too deep.
        """
        self._size += len(piece)
        if self._size > self._bound.size:
            raise too_large(self._bound.size)
        for start in range(0, len(piece), _AT_ONCE):
            self._count(self._kept + piece[start : start + _AT_ONCE])

    def _count(self, piece: bytes) -> None:
        # Escapes go first: a quote that is left begins or ends a text. The second half of one may be yet to come.
        bare = piece.rstrip(b"\\")
        self._kept = b"\\" * ((len(piece) - len(bare)) % 2)
        parts = piece[: len(piece) - len(self._kept)].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        outside = b'"'.join(parts[self._is_in_text :: 2])
        self._is_in_text ^= len(parts) % 2 == 0
        self._tokens += sum(map(outside.count, (b",", b"[", b"{", b'"')))
        if self._tokens > self._bound.tokens:
            told = f"the body holds more than {self._bound.tokens} values: send it in parts"
            raise Refusal(413, InvalidInput.code, told)
        for mark in outside.translate(None, _NO_BRACKETS):
            self._level += 1 if mark in b"[{" else -1
            if self._level > self._depth:
                raise Refusal(
                    422, InvalidInput.code, f"the body is nested deeper than {self._depth} levels: flatten it"
                )


_AT_ONCE = 1 << 16
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Bodies:
    """Reads bodies whole, as long as each is within its bound and all together within theirs."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffered = 0

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Room for one body, which is given back at the end."""
        room = Room(self)
        try:
            yield room
        finally:
            self._buffered -= room.size

    def take(self, size: int) -> None:
        """Count bytes that are kept.

        Raises:
            Refusal: There is no room for them.
        """
        if self._buffered + size > self._limits.buffered_bytes:
            told = "too many large requests are being worked on: try again later"
            raise Refusal(503, StoreUnavailable.code, told)
        self._buffered += size

    async def read(self, receive: Receive, bound: Bound, room: Room) -> bytes:
        """A body whose bytes are counted in `room`.

        Raises:
            Refusal: It is too much, too deep, too late or cut off.
        """
        try:
            async with asyncio.timeout(self._limits.time_s):
                return await self._whole(receive, Measure(bound, self._limits.depth), room)
        except TimeoutError:
            told = f"the body took longer than {self._limits.time_s:g} seconds to come"
            raise Refusal(408, InvalidInput.code, told) from None

    async def _whole(self, receive: Receive, measure: Measure, room: Room) -> bytes:
        parts: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, InvalidInput.code, "the connection ended before the body did")
            piece = message.get("body", b"")
            measure.take(piece)
            room.take(len(piece))
            parts.append(piece)
            if not message.get("more_body", False):
                return b"".join(parts)


class Room:
    """How many bytes one body takes."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.size = 0

    def take(self, size: int) -> None:
        """Take so many more; see `Bodies.take`."""
        self._bodies.take(size)
        self.size += size


class BoundedBodies:
    """Reads the body for an application that would read whatever comes, and hands it on."""

    def __init__(self, app: ASGIApp, bodies: Bodies, bound: Bound) -> None:
        self._app = app
        self._bodies = bodies
        self._bound = bound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        with self._bodies.room() as room:
            try:
                refuse_announced(scope, self._bound.size)
                body = await self._bodies.read(receive, self._bound, room)
            except Refusal as refusal:
                await send_refusal(refusal, scope, receive, send)
                return
            await self._app(scope, _again(body, receive), send)


def refuse_announced(scope: Scope, most: int) -> None:
    """Refuse a body whose head says that it will be too large, before any of it is read.

    Raises:
        Refusal: It is.
    """
    told = dict(scope["headers"]).get(b"content-length", b"")
    if told.isdigit() and (len(told) > _MAX_DIGITS or int(told) > most):
        raise too_large(most)


_MAX_DIGITS = 18


def too_large(most: int) -> Refusal:
    """The refusal of a body of more bytes than that."""
    return Refusal(413, InvalidInput.code, f"the body has more than {most} bytes: send it in parts")


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again

"""Limits of requests, and the reading of bodies, which stops at the first byte over the limit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput, StoreUnavailable
from graphmem.http.problems import Refusal, send_refusal

MAX_RESULTS = 1_000
MAX_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """The size limit of a body: its bytes, and the values, names and brackets of its JSON."""

    size: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a server.

    Attributes:
        read_body: Limit of a body that only reads.
        write_body: Limit of a body that writes.
        ingest_body: Limit of a body with files or sources to import.
        tool_body: Limit of a call of a tool.
        restore_bytes: Largest export that can be restored.
        buffered_bytes: Largest sum of all bodies that are being read or processed.
        depth: Deepest nesting of JSON.
        running: Threads for reads, threads for writes, and threads for operations on the whole store: this many each.
        waiting: Requests that may wait for a thread; further requests are refused.
        time_s: Longest duration of a request in seconds, including its wait.
        head_s: Longest time in seconds for the head of a request to arrive, and longest idle time of a connection.
        brief_s: Verbs that recently took at most this processor time, in seconds, run in the event loop.
        connections: Largest number of connections; if there are more, the connection that is idle longest is closed.
    """

    read_body: BodyLimit = BodyLimit(256 << 10, 10_000)
    write_body: BodyLimit = BodyLimit(8 << 20, 200_000)
    ingest_body: BodyLimit = BodyLimit(128 << 20, 2_000_000)
    tool_body: BodyLimit = BodyLimit(1 << 20, 20_000)
    restore_bytes: int = 4 << 30
    buffered_bytes: int = 512 << 20
    depth: int = 32
    running: int = 16
    waiting: int = 256
    time_s: float = 30.0
    head_s: float = 10.0
    brief_s: float = 0.0
    connections: int = 512


#: Limits for a store in a file, whose work runs in this process: more threads compete for the interpreter, and passing
#: a brief read to a thread and back costs a tenth of the read.
ON_A_FILE = Limits(running=2, brief_s=0.005)


class JsonMeter:
    """Counts depth and tokens of a JSON text chunk by chunk, without parsing it.

    Each chunk takes a few C-level operations, and each bracket a few steps of Python; the limit caps the number of
    brackets.
    """

    def __init__(self, limit: BodyLimit, depth: int) -> None:
        self._limit = limit
        self._depth = depth
        self._size = 0
        self._tokens = 0
        self._level = 0
        self._is_in_string = False
        self._pending = b""  # a backslash whose escaped character is in the next chunk

    def take(self, chunk: bytes) -> None:
        """Count another chunk.

        Raises:
            Refusal: The body has too many bytes or tokens, or is nested too deep.
        """
        self._size += len(chunk)
        if self._size > self._limit.size:
            raise too_large(self._limit.size)
        for start in range(0, len(chunk), _BYTES_PER_COUNT):
            self._count(self._pending + chunk[start : start + _BYTES_PER_COUNT])

    def _count(self, piece: bytes) -> None:
        # Without escapes, each remaining quote begins or ends a string. A backslash at the end may escape the next
        # chunk's first character.
        bare = piece.rstrip(b"\\")
        self._pending = b"\\" * ((len(piece) - len(bare)) % 2)
        parts = piece[: len(piece) - len(self._pending)].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        outside = b'"'.join(parts[self._is_in_string :: 2])
        self._is_in_string ^= len(parts) % 2 == 0
        self._tokens += sum(map(outside.count, (b",", b"[", b"{", b'"')))
        if self._tokens > self._limit.tokens:
            problem = f"the body holds more than {self._limit.tokens} values: send it in parts"
            raise Refusal(413, InvalidInput.code, problem)
        for bracket in outside.translate(None, _NO_BRACKETS):
            self._level += 1 if bracket in b"[{" else -1
            if self._level > self._depth:
                raise Refusal(
                    422, InvalidInput.code, f"the body is nested deeper than {self._depth} levels: flatten it"
                )


_BYTES_PER_COUNT = 1 << 16
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class BodyReader:
    """Reads bodies into memory, each within its own limit and all together within the limit of buffered bytes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffered = 0

    @contextmanager
    def reserve(self) -> Iterator[BufferReservation]:
        """Open a reservation of buffer space for a body; it is released at the end."""
        reservation = BufferReservation(self)
        try:
            yield reservation
        finally:
            self._buffered -= reservation.size

    def take(self, size: int) -> None:
        """Reserve bytes of the buffer.

        Raises:
            Refusal: The buffer is full.
        """
        if self._buffered + size > self._limits.buffered_bytes:
            raise Refusal(503, StoreUnavailable.code, "too many large requests are in progress: try again later")
        self._buffered += size

    async def read(self, receive: Receive, limit: BodyLimit, reservation: BufferReservation) -> bytes:
        """Return a body; its bytes are counted in `reservation`.

        Raises:
            Refusal: The body is too large, nested too deep, too late or incomplete.
        """
        try:
            async with asyncio.timeout(self._limits.time_s):
                return await self._read_all(receive, JsonMeter(limit, self._limits.depth), reservation)
        except TimeoutError:
            problem = f"the body did not arrive within {self._limits.time_s:g} seconds"
            raise Refusal(408, InvalidInput.code, problem) from None

    async def _read_all(self, receive: Receive, meter: JsonMeter, reservation: BufferReservation) -> bytes:
        chunks: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, InvalidInput.code, "the connection ended before the body did")
            chunk = message.get("body", b"")
            meter.take(chunk)
            reservation.take(len(chunk))
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


class BufferReservation:
    """The bytes that a body takes in the buffer."""

    def __init__(self, body_reader: BodyReader) -> None:
        self._body_reader = body_reader
        self.size = 0

    def take(self, size: int) -> None:
        """Reserve more bytes; see `BodyReader.take`."""
        self._body_reader.take(size)
        self.size += size


class BodyLimitMiddleware:
    """Reads a body within a limit before it reaches an application that has no limits of its own."""

    def __init__(self, app: ASGIApp, body_reader: BodyReader, limit: BodyLimit) -> None:
        self._app = app
        self._body_reader = body_reader
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        with self._body_reader.reserve() as reservation:
            try:
                refuse_announced_size(scope, self._limit.size)
                body = await self._body_reader.read(receive, self._limit, reservation)
            except Refusal as refusal:
                await send_refusal(refusal, scope, receive, send)
                return
            await self._app(scope, _replayed(body, receive), send)


def refuse_announced_size(scope: Scope, limit: int) -> None:
    """Refuse a body by its Content-Length, before any of it is read.

    Raises:
        Refusal: The length exceeds the limit.
    """
    length = dict(scope["headers"]).get(b"content-length", b"")
    if length.isdigit() and (len(length) > _MAX_DIGITS or int(length) > limit):
        raise too_large(limit)


_MAX_DIGITS = 18


def too_large(limit: int) -> Refusal:
    """Return the refusal of a body of more bytes than `limit`."""
    return Refusal(413, InvalidInput.code, f"the body has more than {limit} bytes: send it in parts")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that delivers a body already read, then further messages."""
    is_delivered = False

    async def replay() -> Message:
        nonlocal is_delivered
        if is_delivered:
            return await receive()
        is_delivered = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay

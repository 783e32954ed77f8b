"""How much one request may ask for, and the middleware that keeps bodies within it before anything is parsed."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.http.problems import Refusal, send_refusal

MAX_RESULTS = 1_000
MAX_BATCH = 1_000
#: Beyond what any ledger reaches, and within what every engine stores.
MAX_POSITION = 2**53

_SOURCES = "/v1/ingest/"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


#: `running` over a file: its work is this process's own, and more threads than these only get in each other's way.
RUNNING_ON_A_FILE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The caps of a server.

    Attributes:
        body_bytes: Of a body.
        source_bytes: Of a body that brings sources in.
        restore_bytes: Of an export to be restored.
        depth: Of nested JSON.
        running: So many reads, so many writes and so much keeping of the store go on at a time.
        waiting: So many more requests wait for their turn; others are turned away.
        time_s: How long a request may take, in seconds, its waiting included.
    """

    body_bytes: int = 8 << 20
    source_bytes: int = 128 << 20
    restore_bytes: int = 4 << 30
    depth: int = 32
    running: int = 16
    waiting: int = 256
    time_s: float = 30.0


class BoundedBodies:
    """Reads a body whole, as long as it is small and shallow, and hands it on; one that streams is left alone."""

    def __init__(self, app: ASGIApp, limits: Limits, streaming: frozenset[str]) -> None:
        self._app = app
        self._limits = limits
        self._streaming = streaming

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or scope["path"] in self._streaming:
            await self._app(scope, receive, send)
            return
        try:
            most = self._limits.source_bytes if scope["path"].startswith(_SOURCES) else self._limits.body_bytes
            async with asyncio.timeout(self._limits.time_s):
                body = await _whole(receive, most)
            refuse_deep(body, self._limits.depth)
        except Refusal as refusal:
            await send_refusal(refusal, scope, receive, send)
            return
        except TimeoutError:
            late = Refusal(408, "invalid_input", f"the body took longer than {self._limits.time_s:g} seconds to come")
            await send_refusal(late, scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)


def refuse_deep(body: bytes, depth: int) -> None:
    """Refuse JSON that is nested deeper than any of ours; whether it is JSON at all is for the parser to say.

    Raises:
        Refusal: It is.
    """
    if body.count(b"[") + body.count(b"{") <= depth:
        return
    level = 0
    for token in _TOKEN.finditer(body):
        mark = token[0][:1]
        level += (mark in b"[{") - (mark in b"]}")
        if level > depth:
            raise Refusal(422, "invalid_input", f"the body is nested deeper than {depth} levels: flatten it")


async def _whole(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "invalid_input", "the connection ended before the body did")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise Refusal(413, "invalid_input", f"the body has more than {most} bytes: send it in parts")
        if not message.get("more_body", False):
            return b"".join(parts)


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

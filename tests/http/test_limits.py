"""Bodies as they come over the wire: whole, in pieces, too slow, cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from graphmem.http.limits import BoundedBodies, Limits, refuse_deep
from graphmem.http.problems import Refusal

SMALL = Limits(body_bytes=10, source_bytes=30, time_s=0.05)


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def through(*messages: Message, path: str = "/v1/memories") -> tuple[bytes | None, list[Message]]:
    """What the application behind gets, and what is sent back."""
    got: list[bytes] = []
    sent: list[Message] = []

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        got.append((await receive())["body"])

    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.sleep(10)
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    guard = BoundedBodies(app, SMALL, frozenset({"/v1/restore"}))
    asyncio.run(guard({"type": "http", "path": path, "method": "POST", "headers": []}, receive, send))
    return (got[0] if got else None), sent


def test_pieces_are_put_together() -> None:
    assert through(piece(b"abc", more=True), piece(b"def")) == (b"abcdef", [])


def test_sources_may_be_larger_and_exports_stream() -> None:
    assert through(piece(b"x" * 30), path="/v1/ingest/decisions")[0] == b"x" * 30
    assert through(piece(b"x" * 99, more=True), path="/v1/restore")[0] == b"x" * 99


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([piece(b"x" * 6, more=True), piece(b"x" * 6, more=True)], 413),
        ([piece(b"x", more=True)], 408),
        ([piece(b"x", more=True), {"type": "http.disconnect"}], 400),
    ],
)
def test_too_much_too_slow_and_cut_off_are_refused(messages: list[Message], status: int) -> None:
    got, sent = through(*messages)
    assert (got, sent[0]["status"]) == (None, status)
    assert json.loads(sent[1]["body"])["status"] == status


@pytest.mark.parametrize("make", [lambda n: b"[" * n, lambda n: b'{"a":' * n, lambda n: b'"\\"[" ' + b"[{" * n])
def test_depth_is_told_before_parsing(make: Callable[[int], bytes]) -> None:
    refuse_deep(make(4), 8)
    with pytest.raises(Refusal, match="deeper than 8"):
        refuse_deep(make(9), 8)


@pytest.mark.parametrize("flat", [[[]] * 50, "[" * 50, {"a": "{" * 50, "b": '"[' * 20}])
def test_what_is_wide_or_only_text_is_not_deep(flat: Any) -> None:  # noqa: ANN401 - JSON is free-form
    refuse_deep(json.dumps(flat).encode(), 3)

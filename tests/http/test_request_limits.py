"""Bodies as they come over the wire: whole, in pieces, too slow, cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from graphmem.http.problems import Refusal
from graphmem.http.request_limits import BodyLimit, BodyLimitMiddleware, BodyReader, JsonMeter, Limits

SMALL = Limits(buffered_bytes=25, time_s=0.05)
BOUND = BodyLimit(10, 3)


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def through(*messages: Message, bodies: BodyReader | None = None) -> tuple[bytes | None, list[Message]]:
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

    guard = BodyLimitMiddleware(app, bodies or BodyReader(SMALL), BOUND)
    asyncio.run(guard({"type": "http", "path": "/mcp", "method": "POST", "headers": []}, receive, send))
    return (got[0] if got else None), sent


def test_pieces_are_put_together() -> None:
    assert through(piece(b"abc", more=True), piece(b"def")) == (b"abcdef", [])


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([piece(b"x" * 6, more=True), piece(b"x" * 6, more=True)], 413),
        ([piece(b"[1,2,3,4]")], 413),
        ([piece(b"x", more=True)], 408),
        ([piece(b"x", more=True), {"type": "http.disconnect"}], 400),
    ],
)
def test_too_much_too_slow_and_cut_off_are_refused(messages: list[Message], status: int) -> None:
    got, sent = through(*messages)
    assert (got, sent[0]["status"]) == (None, status)
    assert json.loads(sent[1]["body"])["status"] == status


def test_all_bodies_together_are_bounded_and_give_their_room_back() -> None:
    bodies = BodyReader(SMALL)
    with bodies.reserve() as reservation:
        reservation.take(20)
        assert through(piece(b"x" * 6), bodies=bodies)[1][0]["status"] == 503
        assert through(piece(b"x" * 5), bodies=bodies)[0] == b"x" * 5
    assert through(piece(b"x" * 10), bodies=bodies)[0] == b"x" * 10


ROOMY = BodyLimit(1 << 20, 10_000)


def measured(body: bytes, depth: int, at_once: int = 7) -> None:
    """Count a body that comes in pieces."""
    measure = JsonMeter(ROOMY, depth)
    for start in range(0, len(body), at_once):
        measure.take(body[start : start + at_once])


@pytest.mark.parametrize("make", [lambda n: b"[" * n, lambda n: b'{"a":' * n, lambda n: b'"\\"[" ' + b"[{" * n])
@pytest.mark.parametrize("at_once", [1, 2, 3, 1000])
def test_depth_is_told_before_parsing(make: Callable[[int], bytes], at_once: int) -> None:
    measured(make(4), 8, at_once)
    with pytest.raises(Refusal, match="deeper than 8"):
        measured(make(9), 8, at_once)


@pytest.mark.parametrize("flat", [[[]] * 50, "[" * 50, {"a": "{" * 50, "b": '"[' * 20}, '\\"[' * 9, ["\\", "[[[["]])
@pytest.mark.parametrize("at_once", [1, 2, 3, 1000])
def test_what_is_wide_or_only_text_is_not_deep(flat: Any, at_once: int) -> None:  # noqa: ANN401 - JSON is free-form
    measured(json.dumps(flat).encode(), 3, at_once)


@given(
    st.recursive(st.text('"\\[]{},a', max_size=8) | st.integers(), lambda one: st.lists(one, max_size=4), max_leaves=20)
)
def test_the_depth_that_is_counted_is_the_depth(value: Any) -> None:  # noqa: ANN401 - JSON is free-form
    levels = depth_of(value)
    measured(json.dumps(value).encode(), levels)
    if levels:
        with pytest.raises(Refusal, match="deeper"):
            measured(json.dumps(value).encode(), levels - 1)


def depth_of(value: object) -> int:
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


def test_no_work_is_done_beyond_the_bound() -> None:
    measure = JsonMeter(ROOMY, 8)
    with pytest.raises(Refusal, match="more than 10000 values"):
        measure.take(b"[" + b"[]," * 10_001)

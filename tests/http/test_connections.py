"""Connections that are of no use: heads that never end, answers that nobody fetches, too many callers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import h11
import httpx2
import pytest

from graphmem import GraphMemory
from graphmem.http.connections import BoundedConnection, RareMessages
from graphmem.http.request_limits import Limits
from graphmem.http.server import ListenAddress, uvicorn_config
from tests.client.conftest import running

IMPATIENT = Limits(head_s=0.2, connections=3)


@pytest.fixture
def url(memory: GraphMemory) -> Iterator[str]:
    with running(uvicorn_config(memory, None, ListenAddress(port=0), IMPATIENT)) as url:
        yield url


@contextmanager
def connected(url: str, said: bytes) -> Iterator[socket.socket]:
    """A caller who said something."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as caller:
        caller.sendall(said)
        yield caller


def rest(caller: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    parts = []
    try:
        while part := caller.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


WHOLE = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize("said", [b"", b"GET /hea", WHOLE[:-2], WHOLE + b"GET /hea"])
def test_a_head_that_never_ends_is_given_up(url: str, said: bytes) -> None:
    with connected(url, said) as caller:
        assert rest(caller).count(b"200 OK") == said.count(WHOLE)
    assert httpx2.get(f"{url}/healthz").status_code == 200


def test_a_body_that_goes_on_after_its_answer_is_given_up(url: str) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nsome"
    with connected(url, head) as caller:
        assert b" 404 " in rest(caller)


def test_who_asks_for_nothing_makes_room_for_others(memory: GraphMemory) -> None:
    patient = Limits(head_s=600, connections=3)
    with (
        running(uvicorn_config(memory, None, ListenAddress(port=0), patient)) as url,
        connected(url, b"GET") as first,
        connected(url, b"GET"),
        connected(url, b"GET"),
    ):
        assert httpx2.get(f"{url}/healthz").status_code == 200
        assert rest(first) == b""


def test_there_are_descriptors_for_as_many_as_are_let_in(memory: GraphMemory) -> None:
    resource = pytest.importorskip("resource")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    made = uvicorn_config(memory, None, ListenAddress(), Limits(connections=10**9))
    assert cast("Any", made.http).keywords["limits"].connections <= soft // 2


class Unread(asyncio.Transport):
    """A transport to a caller who fetches nothing."""

    def __init__(self, unsent: int) -> None:
        super().__init__()
        self.unsent = unsent

    def get_write_buffer_size(self) -> int:
        return self.unsent


def stuck(connection: BoundedConnection, transport: Unread, *sizes: tuple[float, int]) -> list[bool]:
    """Whether it is stuck at times at which so many bytes are unsent."""
    found = []
    for now, unsent in sizes:
        transport.unsent = unsent
        found.append(connection._is_stuck(now))  # noqa: SLF001 - what it does each second
    return found


@pytest.fixture
def connection() -> BoundedConnection:
    found = BoundedConnection.__new__(BoundedConnection)
    found._limits, found.cycle = Limits(), cast("Any", None)  # noqa: SLF001 - a connection without a server
    found._idle_since, found._unsent, found._unsent_since = 0.0, 0, None  # noqa: SLF001
    found.conn = h11.Connection(h11.SERVER)
    return found


def test_an_answer_that_nobody_fetches_is_given_up(connection: BoundedConnection) -> None:
    connection.transport = transport = Unread(0)
    assert stuck(connection, transport, (0, 10**6), (20, 10**6 - 1), (31, 10**6 - 2)) == [False, False, True]


def test_an_answer_that_is_fetched_slowly_is_not_given_up(connection: BoundedConnection) -> None:
    connection.transport = transport = Unread(0)
    sizes = ((0, 10**6), (31, 10**6 - 40_000), (62, 10**6 - 80_000), (70, 0))
    assert stuck(connection, transport, *sizes) == [False] * 4
    assert stuck(connection, transport, (71, 0), (80.5, 0)) == [False, True], "then it asks for nothing more"


def test_of_each_kind_of_message_one_is_told_a_second() -> None:
    told: list[str] = []
    now = [5.0]
    rare = RareMessages(lambda one: told.append(one["message"]), lambda: now[0])
    for message in ("full", "full", "other", "full"):
        rare(cast("Any", None), {"message": message})
    now[0] += 1
    rare(cast("Any", None), {"message": "full"})
    assert told == ["full", "other", "full"]

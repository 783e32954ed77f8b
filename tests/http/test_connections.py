"""Connections that are of no use: heads that never end, answers that nobody fetches, too many callers."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import h11
import httpx2
import pytest
import uvicorn

from graphmem import GraphMemory
from graphmem.http.connections import BoundedConnection, RareMessages
from graphmem.http.request_limits import Limits
from graphmem.http.server import ListenAddress, uvicorn_config
from tests.client.conftest import running_server, url_of

LIMITS = Limits(head_s=600, connections=3)


@dataclass(frozen=True, slots=True)
class Site:
    """A server whose clock a test moves on.

    Neither its limits nor those of its callers run out by themselves, however busy the machine is.
    """

    server: uvicorn.Server
    url: str

    def accept(self, count: int) -> None:
        """Wait until so many callers are connected."""
        while len(self.server.server_state.connections) < count:
            time.sleep(0.01)

    def let_pass(self, seconds: float) -> None:
        """Put the clock of the server forward."""
        loop = self.server.servers[0].get_loop()
        before = loop.time
        loop.time = lambda: before() + seconds  # type: ignore[method-assign]
        loop.call_soon_threadsafe(lambda: None)  # it looks at its clock again


@pytest.fixture
def site(memory: GraphMemory) -> Iterator[Site]:
    with running_server(uvicorn_config(memory, None, ListenAddress(port=0), LIMITS)) as server:
        yield Site(server, url_of(server))


@contextmanager
def connected(url: str, said: bytes) -> Iterator[socket.socket]:
    """A caller who said something."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as caller:
        caller.sendall(said)
        yield caller


def until(caller: socket.socket, words: bytes) -> bytes:
    """All that comes until some words were read, or the server hangs up."""
    found = b""
    while words not in found and (part := caller.recv(65_536)):
        found += part
    return found


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
def test_a_head_that_never_ends_is_given_up(site: Site, said: bytes) -> None:
    with connected(site.url, said) as caller:
        site.accept(1)
        answered = until(caller, b"200 OK") if WHOLE in said else b""
        site.let_pass(LIMITS.head_s)
        assert (answered + rest(caller)).count(b"200 OK") == said.count(WHOLE)
    assert httpx2.get(f"{site.url}/healthz", timeout=None).status_code == 200


def test_a_body_that_goes_on_after_its_answer_is_given_up(site: Site) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nsome"
    with connected(site.url, head) as caller:
        assert b" 404 " in until(caller, b" 404 ")
        site.let_pass(LIMITS.head_s)
        rest(caller)


def test_a_head_may_take_almost_as_long_as_the_limit(site: Site) -> None:
    with connected(site.url, WHOLE[:-2]) as caller:
        site.accept(1)
        site.let_pass(LIMITS.head_s / 2)
        caller.sendall(WHOLE[-2:])
        assert b"200 OK" in until(caller, b"200 OK")


def test_who_asks_for_nothing_makes_room_for_others(site: Site) -> None:
    with connected(site.url, b"GET") as first, connected(site.url, b"GET"), connected(site.url, b"GET"):
        assert httpx2.get(f"{site.url}/healthz", timeout=None).status_code == 200
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

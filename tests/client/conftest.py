"""A server on a free port of this machine, in a thread of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
import structlog
import uvicorn

from graphmem import GraphMemory, Scope
from graphmem.http import request_log
from graphmem.http.app import MountedApp
from graphmem.http.server import ListenAddress, uvicorn_config
from graphmem.keys import KeyRing
from graphmem.opening import open_memory
from tests.fake_embedder import no_embedder
from tests.service.conftest import TickingClock
from tests.store_template import place_empty_store

_DROPS_LINES = partial(structlog.wrap_logger, structlog.ReturnLogger(), processors=[])


@contextmanager
def serving(memory: GraphMemory, ring: KeyRing | None = None, tools: MountedApp | None = None) -> Iterator[str]:
    """The URL of a server, which is stopped afterwards."""
    with running(uvicorn_config(memory, ring, ListenAddress(port=0), tools=tools)) as url:
        yield url


@contextmanager
def running(configuration: uvicorn.Config) -> Iterator[str]:
    """The URL of a server as it is configured, which is stopped afterwards."""
    with running_server(configuration) as server:
        yield url_of(server)


@contextmanager
def running_server(configuration: uvicorn.Config) -> Iterator[uvicorn.Server]:
    """A server as it is configured, which listens, and is stopped afterwards.

    Its log is dropped: it logs a request after answering it, perhaps between two tests, where pytest captures nothing.
    """
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run)
    with patch.object(request_log, "_log", _DROPS_LINES):
        thread.start()
        yield from _until_stopped(server, thread)


def url_of(server: uvicorn.Server) -> str:
    """Where a server listens."""
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


def _until_stopped(server: uvicorn.Server, thread: threading.Thread) -> Iterator[uvicorn.Server]:
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield server
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def local(tmp_path: Path, clock: TickingClock) -> Iterator[GraphMemory]:
    """The memory that is served, asked beside the server."""
    with open_memory(
        str(place_empty_store(tmp_path / "memory.db")),
        scope=Scope(repo="r"),
        actor="server",
        clock=clock,
        embedder=no_embedder,
    ) as memory:
        yield memory


@pytest.fixture
def url(local: GraphMemory) -> Iterator[str]:
    with serving(local) as url:
        yield url


@pytest.fixture
def remote(url: str) -> Iterator[GraphMemory]:
    """The same memory over the server."""
    with open_memory(url, scope=Scope(repo="r"), actor="ada") as memory:
        yield memory

"""Every surface on one store, and what each of them offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import httpx2
from fastapi import FastAPI
from starlette.testclient import TestClient

from graphmem import GraphMemory, Scope
from graphmem.client import Connection, RemoteMemory
from graphmem.http.app import create_app
from graphmem.mcp_server.tool_callers import LocalCaller
from tests.parity import surface_cli, surface_http, surface_mcp, surface_typed
from tests.parity.use_case import Surface
from tests.parity.world import HERE, opened

URL = "http://127.0.0.1"
EVERY_VERB = frozenset(surface_typed.offered() - {"close", "scope"})
#: The verbs of each surface.
VERBS: dict[Surface, frozenset[str]] = {
    Surface.LIBRARY: EVERY_VERB,
    Surface.CLI: frozenset(surface_cli.COMMANDS),
    Surface.HTTP: frozenset(surface_http.ROUTES),
    Surface.CLIENT: EVERY_VERB,
    Surface.MCP: frozenset(surface_mcp.TOOLS),
}


class Asked(Protocol):
    """A surface on one store."""

    def ask(self, verb: str, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """The answer in the written form.

        Raises:
            Refused: The surface told of an error.
        """
        ...


@contextmanager
def over_library(memory: GraphMemory, folder: Path) -> Iterator[Asked]:
    yield surface_typed.Typed(memory, folder)


class InProcess(TestClient):
    """Requests to a server of one memory. All share one application, whose routes take a while to make."""

    def __init__(self, memory: GraphMemory) -> None:
        super().__init__(_app(), base_url=URL, raise_server_exceptions=False)
        self._memory = memory

    def send(self, *request: Any, **more: Any) -> httpx2.Response:  # noqa: ANN401 - as its base has it
        """The response to a request."""
        _app().state.server = replace(_app().state.server, memory=self._memory)
        return super().send(*request, **more)


@cache
def _app() -> FastAPI:
    with TemporaryDirectory() as folder, opened(Path(folder)) as memory:
        return create_app(memory, None)


@contextmanager
def over_http(memory: GraphMemory, folder: Path) -> Iterator[Asked]:
    del folder
    yield surface_http.Requests(InProcess(memory))


@contextmanager
def over_client(memory: GraphMemory, folder: Path) -> Iterator[Asked]:
    connection = Connection(URL, http=InProcess(memory), pause=lambda _: None)
    yield surface_typed.Typed(RemoteMemory(connection, scope=HERE), folder)


@contextmanager
def over_mcp(memory: GraphMemory, folder: Path) -> Iterator[Asked]:
    del folder
    yield surface_mcp.Agent(memory, LocalCaller(HERE))


_OVER = {
    Surface.LIBRARY: over_library,
    Surface.HTTP: over_http,
    Surface.CLIENT: over_client,
    Surface.MCP: over_mcp,
}


@contextmanager
def surface_on(surface: Surface, folder: Path, *, has_model: bool = False) -> Iterator[Asked]:
    """A surface on the store of a folder."""

    def opening(scope: Scope) -> GraphMemory:
        return opened(folder, scope=scope, has_model=has_model)

    with surface_over(surface, folder, opening) as found:
        yield found


@contextmanager
def surface_over(surface: Surface, folder: Path, opening: Callable[[Scope], GraphMemory]) -> Iterator[Asked]:
    """A surface on what a function opens for a scope."""
    if surface is Surface.CLI:
        yield surface_cli.CommandLine(folder, opening)
        return
    with opening(HERE) as memory, _OVER[surface](memory, folder) as asked:
        yield asked

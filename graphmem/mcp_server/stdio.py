"""MCP over standard input and output: one process for one client. All else goes to standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

import anyio
from mcp.server.stdio import stdio_server

from graphmem.mcp_server.serving import make_server

if TYPE_CHECKING:
    from graphmem.mcp_server.tools import Caller
    from graphmem.service import GraphMemory


class _Opened:
    """Opens the memory at the first call of a tool, so that a client is answered before."""

    def __init__(self, opener: Callable[[], GraphMemory]) -> None:
        self._opener = opener
        self._memory: GraphMemory | None = None
        self._guard = Lock()

    def __call__(self, _: object) -> tuple[GraphMemory, Caller]:
        from graphmem.mcp_server.tools import Here

        with self._guard:
            if self._memory is None:
                self._memory = self._opener()
            return self._memory, Here(self._memory.scope)

    def close(self) -> None:
        with self._guard:
            if self._memory is not None:
                self._memory.close()


def serve_stdio(opener: Callable[[], GraphMemory]) -> None:
    """Answer one client until it closes standard input.

    Args:
        opener: Opens the memory, once, when it is first needed.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    opened = _Opened(opener)
    server = make_server(opened)

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        anyio.run(serve)
    finally:
        opened.close()

"""The readiness check: no key is needed, and the store is queried at most once at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from graphmem.errors import GraphMemError
from graphmem.http.problems import Refusal
from graphmem.model import Scope
from graphmem.parameters import MAX_POSITION
from graphmem.service import GraphMemory

if TYPE_CHECKING:
    from graphmem.http.worker_threads import ServerContext

#: A readiness check gives up earlier than the store's own timeout.
_READY_S = 5.0


class Readiness:
    """Checks the store once for all requests that arrive during a check, so that they take a single thread."""

    def __init__(self) -> None:
        self._check: asyncio.Task[bool] | None = None

    async def answer(self, server: ServerContext) -> Response:
        """Return 200 or 503, as the store answers."""
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(_is_ready(server))
        if await asyncio.shield(self._check):
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "fail"}, 503, headers={"Retry-After": "2"})


async def _is_ready(server: ServerContext) -> bool:
    def probe(memory: GraphMemory) -> object:
        memory.changes(after=MAX_POSITION, limit=1, scope=Scope())
        return {}

    try:
        await asyncio.wait_for(server.read("readyz", probe), _READY_S)
    except (GraphMemError, Refusal, TimeoutError):
        return False
    return True

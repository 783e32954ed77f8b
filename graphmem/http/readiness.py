"""Whether the store answers: asked by anybody without a key, and of the store once at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from graphmem.errors import GraphMemError
from graphmem.http.limits import MAX_POSITION
from graphmem.http.problems import Refusal
from graphmem.model import Scope
from graphmem.service import GraphMemory

if TYPE_CHECKING:
    from graphmem.http.working import Served

#: Who asks whether to send requests here does not wait as long as the store may.
_READY_S = 5.0


class Readiness:
    """Asks the store for all who want to know at a moment, so that they take one place among those who work with it."""

    def __init__(self) -> None:
        self._asking: asyncio.Task[bool] | None = None

    async def answer(self, served: Served) -> Response:
        """200 or 503, as the store answers."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(_is_ready(served))
        if await asyncio.shield(self._asking):
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "fail"}, 503, headers={"Retry-After": "2"})


async def _is_ready(served: Served) -> bool:
    def ask(memory: GraphMemory) -> object:
        memory.changes(after=MAX_POSITION, limit=1, scope=Scope())
        return {}

    try:
        await asyncio.wait_for(served.read("readyz", ask), _READY_S)
    except (GraphMemError, Refusal, TimeoutError):
        return False
    return True

"""The routes whose requests or answers are streams of ledger lines: export and restore."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from graphmem.errors import InvalidInput
from graphmem.http.admission import AdmittedRoute
from graphmem.http.asking import Asks, Keeper
from graphmem.http.limits import Limits
from graphmem.http.problems import Refusal
from graphmem.wire.envelopes import Restored
from graphmem.wire.forms import form

RESTORE = "/v1/restore"
NDJSON = "application/x-ndjson"

router = APIRouter(tags=["keep"], route_class=AdmittedRoute)

_LINES_AT_ONCE = 200
_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The ledger, one entry a line, a header first.", "content": {NDJSON: {}}}
}
_LINES_IN = {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/v1/export", operation_id="export", response_class=StreamingResponse, responses=_EXPORT)
async def export(served: Asks, scope: Keeper) -> Response:
    """The tenant's whole ledger as JSON lines; `restore` of them gives equal answers at every point."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="graphmem-export")
    lines = served.memory.export(scope=scope)
    try:
        first = await _some(pool, lines)
    except BaseException:
        pool.shutdown(wait=False)
        raise
    return StreamingResponse(_chunks(pool, lines, first), media_type=NDJSON)


@router.post(RESTORE, operation_id="restore", response_model=form(Restored), openapi_extra=_LINES_IN)
async def restore(request: Request, served: Asks, scope: Keeper) -> Response:
    """Copy an export into the empty tenant verbatim; sent again after an interruption, it goes on."""
    with TemporaryFile("w+b") as file:
        await _spool(request, file, served.limits)
        file.seek(0)
        texts = (line.decode("utf-8", "replace").rstrip("\n") for line in file)
        return await served.keep("restore", lambda memory: Restored(memory.restore(texts, scope=scope)))


# ---- parts


async def _some(pool: ThreadPoolExecutor, lines: Iterator[str]) -> bytes:
    """The next lines; all of them are read in one thread, whose reader of the store they hold."""

    def read() -> bytes:
        return "".join(f"{line}\n" for line in islice(lines, _LINES_AT_ONCE)).encode()

    return await asyncio.get_running_loop().run_in_executor(pool, read)


async def _chunks(pool: ThreadPoolExecutor, lines: Iterator[str], first: bytes) -> AsyncIterator[bytes]:
    try:
        chunk = first
        while chunk:
            yield chunk
            chunk = await _some(pool, lines)
    finally:
        close = getattr(lines, "close", None)
        if close is not None:
            pool.submit(close)
        pool.shutdown(wait=False)


async def _spool(request: Request, file: IO[bytes], limits: Limits) -> None:
    """Write a body to a file; each part of it must come in time."""
    size, parts = 0, request.stream()
    while True:
        try:
            async with asyncio.timeout(limits.time_s):
                part = await anext(parts, None)
        except TimeoutError:
            told = f"nothing of the export came for {limits.time_s:g} seconds"
            raise Refusal(408, InvalidInput.code, told) from None
        if part is None:
            return
        size += len(part)
        if size > limits.restore_bytes:
            told = f"the export has more than {limits.restore_bytes} bytes: restore it where the store is"
            raise Refusal(413, InvalidInput.code, told)
        file.write(part)

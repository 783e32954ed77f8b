"""The routes for export and restore: their answers or requests are streams of ledger lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from graphmem.errors import InvalidInput
from graphmem.http.guarded_routes import guarded_router
from graphmem.http.problems import Refusal
from graphmem.http.request_limits import Limits
from graphmem.http.request_parameters import Server, TenantScope
from graphmem.wire.envelopes import Restored
from graphmem.wire.forms import form

RESTORE = "/v1/restore"
NDJSON = "application/x-ndjson"

router = guarded_router("keep")

_LINES_PER_CHUNK = 200
_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The ledger: a header, then an entry per line.", "content": {NDJSON: {}}}
}
_LINES_IN = {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/v1/export", operation_id="export", response_class=StreamingResponse, responses=_EXPORT)
async def export(server: Server, scope: TenantScope) -> Response:
    """Export the tenant's whole ledger as JSON lines; a restored copy gives equal answers at every point in time."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="graphmem-export")
    lines = server.memory.export(scope=scope)
    try:
        first = await _next_chunk(pool, lines)
    except BaseException:
        pool.shutdown(wait=False)
        raise
    return StreamingResponse(_chunks(pool, lines, first), media_type=NDJSON)


@router.post(RESTORE, operation_id="restore", response_model=form(Restored), openapi_extra=_LINES_IN)
async def restore(request: Request, server: Server, scope: TenantScope) -> Response:
    """Copy an export into the empty tenant verbatim. Sent again after an interruption, it continues."""
    with TemporaryFile("w+b") as file:
        await _spool(request, file, server.limits)
        file.seek(0)
        texts = (line.decode("utf-8", "replace").rstrip("\n") for line in file)
        return await server.keep("restore", lambda memory: Restored(memory.restore(texts, scope=scope)))


# ---- parts


async def _next_chunk(pool: ThreadPoolExecutor, lines: Iterator[str]) -> bytes:
    """Return the next lines.

    All lines are read in the same thread, because the iterator holds that thread's reader of the store.
    """

    def read() -> bytes:
        return "".join(f"{line}\n" for line in islice(lines, _LINES_PER_CHUNK)).encode()

    return await asyncio.get_running_loop().run_in_executor(pool, read)


async def _chunks(pool: ThreadPoolExecutor, lines: Iterator[str], first: bytes) -> AsyncIterator[bytes]:
    try:
        chunk = first
        while chunk:
            yield chunk
            chunk = await _next_chunk(pool, lines)
    finally:
        close = getattr(lines, "close", None)
        if close is not None:
            pool.submit(close)
        pool.shutdown(wait=False)


async def _spool(request: Request, file: IO[bytes], limits: Limits) -> None:
    """Write a request's body to a file; each part must arrive within the time limit."""
    size, parts = 0, request.stream()
    while True:
        try:
            async with asyncio.timeout(limits.time_s):
                part = await anext(parts, None)
        except TimeoutError:
            problem = f"no part of the export arrived for {limits.time_s:g} seconds"
            raise Refusal(408, InvalidInput.code, problem) from None
        if part is None:
            return
        size += len(part)
        if size > limits.restore_bytes:
            problem = f"the export has more than {limits.restore_bytes} bytes: restore it on the machine of the store"
            raise Refusal(413, InvalidInput.code, problem)
        file.write(part)

"""Routes that bring sources in, and that keep a store: export, restore, check, reindex, status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from graphmem.errors import InvalidInput
from graphmem.http.admission import AdmittedRoute
from graphmem.http.asking import Asks, Heads, Keeper, Known, Reader, Writer
from graphmem.http.bodies import DocumentsBody, ReadingBody
from graphmem.http.limits import Limits
from graphmem.http.problems import Refusal
from graphmem.http.working import Served
from graphmem.service import GraphMemory, IngestReport, Write
from graphmem.sources.decisions.documents import MAX_DOCUMENT_BYTES, Document
from graphmem.sources.decisions.reader import read_documents
from graphmem.sources.observations import Reading
from graphmem.wire.envelopes import Findings, Reindexed, Restored, Seen
from graphmem.wire.forms import form

RESTORE = "/v1/restore"
NDJSON = "application/x-ndjson"

router = APIRouter(tags=["keep"], route_class=AdmittedRoute)

_LINES_AT_ONCE = 200
_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The ledger, one entry a line, a header first.", "content": {NDJSON: {}}}
}
_LINES_IN = {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string", "format": "binary"}}}}}


@router.post("/v1/ingest/decisions", operation_id="ingest_decisions", response_model=form(IngestReport))
async def ingest_decisions(served: Asks, scope: Writer, heads: Heads, body: DocumentsBody) -> Response:
    """Read decision records in; the second time nothing changes, after an edit only what was edited."""
    write = heads.write(scope, body)

    def ingest(memory: GraphMemory) -> IngestReport:
        return _ingested(served, memory, _reading_of(body), write)

    return await served.keep("ingest", ingest)


@router.post("/v1/ingest/reading", operation_id="ingest", response_model=form(IngestReport))
async def ingest_reading(served: Asks, scope: Writer, heads: Heads, body: ReadingBody) -> Response:
    """Bring in what a reader on the caller's side made of a source."""
    write = heads.write(scope, body)
    return await served.keep("ingest", lambda memory: _ingested(served, memory, body.reading, write))


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


@router.get("/v1/check", operation_id="check", response_model=form(Findings))
async def check(served: Asks, scope: Keeper, caller: Known) -> Response:
    """Verify the hash chains and recompute every derived value, of all tenants; not with a key."""
    del scope
    caller.require_server()
    return await served.keep("check", lambda memory: Findings(tuple(memory.check())))


@router.post("/v1/reindex", operation_id="reindex", response_model=form(Reindexed))
async def reindex(served: Asks, scope: Keeper) -> Response:
    """Give every memory a vector of the installed model."""
    return await served.keep("reindex", lambda memory: Reindexed(memory.reindex(scope=scope)))


@router.get("/v1/status", operation_id="status", response_model=form(Seen))
async def status(served: Asks, scope: Reader, caller: Known) -> Response:
    """What the store is and how much it holds of the tenant."""
    caller.require_whole()
    return await served.read("status", lambda memory: Seen(memory.status(scope=scope), scope))


# ---- parts


def _reading_of(body: DocumentsBody) -> Reading:
    documents = [Document(one.path, one.content.encode("utf-8", "replace")) for one in body.documents]
    for one in documents:
        if len(one.content) > MAX_DOCUMENT_BYTES:
            raise InvalidInput(f"{one.path!r} is larger than {MAX_DOCUMENT_BYTES} bytes: leave it out")
    dates = {one.path: one.first_seen for one in body.documents if one.first_seen is not None}
    return read_documents(documents, dates=dates, read_at=datetime.now(UTC))


def _ingested(served: Served, memory: GraphMemory, reading: Reading, write: Write) -> IngestReport:
    report = memory.ingest(reading, write=write)
    served.metrics.quarantined(len(report.problems))
    return report


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

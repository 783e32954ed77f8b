"""The route that imports decision records from the files in its body."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr
from starlette.responses import Response

from graphmem.errors import InvalidInput
from graphmem.http.guarded_routes import guarded_router
from graphmem.http.request_limits import MAX_BATCH
from graphmem.http.request_parameters import CurrentWriteHeaders, Server, WriteBody, WriterScope
from graphmem.service import GraphMemory, IngestReport
from graphmem.sources.decisions.documents import MAX_DOCUMENT_BYTES, Document
from graphmem.sources.decisions.reader import read_documents
from graphmem.sources.observations import Reading
from graphmem.wire.forms import Instant, form

_MAX_SHOWN = 3

router = guarded_router("write")


class DocumentBody(BaseModel):
    """A file that may hold a decision record."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[StrictStr, Field(min_length=1, max_length=1_000)] = Field(
        description="Path relative to the repository; identifies the record in later imports.",
        examples=["docs/decisions/0001-use-postgresql.md"],
    )
    content: StrictStr
    first_seen: Instant | None = Field(
        default=None, description="Time of the file's first commit; used for a record without a date."
    )


class DocumentsBody(WriteBody):
    """Files that may hold decision records; send files that refer to each other in the same request."""

    documents: Annotated[tuple[DocumentBody, ...], Field(max_length=MAX_BATCH)]
    no_dates: StrictBool = Field(
        default=False,
        description="Accept records without a date and without `first_seen`: they begin now. Otherwise the request is"
        " refused and nothing is recorded.",
    )


@router.post("/v1/ingest/decisions", operation_id="ingest_decisions", response_model=form(IngestReport))
async def ingest_decisions(
    server: Server, scope: WriterScope, headers: CurrentWriteHeaders, body: DocumentsBody
) -> Response:
    """Record the decisions in files. Sent again, nothing changes; after an edit only the edited records change."""
    write = headers.write(scope, body)

    def ingest(memory: GraphMemory) -> IngestReport:
        report = memory.ingest(_reading_of(body), write=write)
        server.metrics.quarantined(len(report.problems))
        return report

    return await server.keep("ingest", ingest)


def _reading_of(body: DocumentsBody) -> Reading:
    documents = [Document(sent.path, sent.content.encode("utf-8", "replace")) for sent in body.documents]
    for document in documents:
        if len(document.content) > MAX_DOCUMENT_BYTES:
            raise InvalidInput(f"{document.path!r} is larger than {MAX_DOCUMENT_BYTES} bytes: leave it out")
    dates = {sent.path: sent.first_seen for sent in body.documents if sent.first_seen is not None}
    reading = read_documents(documents, dates=dates, read_at=datetime.now(UTC))
    undated = [observation.path for observation in reading.observations if not observation.is_dated]
    if undated and not body.no_dates:
        shown = ", ".join(undated[:_MAX_SHOWN]) + (", ..." if len(undated) > _MAX_SHOWN else "")
        fix = "send first_seen for each, or no_dates to let them begin now"
        raise InvalidInput(f"{len(undated)} records have no date of their own and no first_seen: {shown}; {fix}")
    return reading

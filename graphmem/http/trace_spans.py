"""Optional OpenTelemetry tracing: a span for each request, with its route, its outcome and its ledger entry.

The standard instrumentation of FastAPI records whole URLs, which here hold queries. These spans hold the same fields as
the log lines: no content of memories, no keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.errors import Unsupported
from graphmem.http.request_log import route_of

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_NAME = "graphmem"
#: Response headers that are recorded, with the names of their attributes.
_ATTRIBUTES = {
    "x-request-id": "graphmem.request_id",
    "x-graphmem-code": "graphmem.code",
    "x-graphmem-change": "graphmem.change",
}
_FIRST_FAULT = 500


@contextmanager
def otlp_tracer() -> Iterator[Tracer]:
    """Return a tracer that exports to the endpoint in `OTEL_EXPORTER_OTLP_*`; remaining spans are sent at the end.

    Raises:
        Unsupported: The packages for it are not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as exc:
        problem = f"traces need a package that is not installed ({exc.name})"
        raise Unsupported(f"{problem}: pip install 'graphmem[opentelemetry]'") from exc
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: _NAME}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield provider.get_tracer(_NAME)
    finally:
        provider.shutdown()


class TracingMiddleware:
    """Records a span for each request, as a child of the caller's span if the request has a `traceparent`."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, StatusCode

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = extract(dict(Headers(scope=scope)))
        with self._tracer.start_as_current_span(
            "request", context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:

            async def recording_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    headers = Headers(raw=message["headers"])
                    span.set_attributes(
                        {name: headers[header] for header, name in _ATTRIBUTES.items() if header in headers}
                    )
                    if message["status"] >= _FIRST_FAULT:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            await self._app(scope, receive, recording_send)
            method, route = route_of(scope)
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.request.method": method, "http.route": route})

"""OpenTelemetry, if asked for: a span for every request, with its route, its outcome and its ledger entry.

The usual instrumentation of FastAPI notes whole URLs, and ours hold what was asked about. These spans hold what the log
lines hold: no word of a memory, no key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.errors import Unsupported
from graphmem.http.observing import route_of

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_NAME = "graphmem"
#: Headers of an answer whose values are told, and as what.
_TOLD = {
    "x-request-id": "graphmem.request_id",
    "x-graphmem-code": "graphmem.code",
    "x-graphmem-change": "graphmem.change",
}
_FIRST_FAULT = 500


@contextmanager
def otlp_tracer() -> Iterator[Tracer]:
    """Sends spans where the variables `OTEL_EXPORTER_OTLP_*` say, the last of them at the end.

    Raises:
        Unsupported: The packages for it are not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as exc:
        told = f"traces need a package that is not installed ({exc.name})"
        raise Unsupported(f"{told}: pip install 'graphmem[opentelemetry]'") from exc
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: _NAME}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield provider.get_tracer(_NAME)
    finally:
        provider.shutdown()


class Traced:
    """Makes every request a span, beneath the caller's if it says in which trace it stands (`traceparent`)."""

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

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    headers = Headers(raw=message["headers"])
                    span.set_attributes({name: headers[word] for word, name in _TOLD.items() if word in headers})
                    if message["status"] >= _FIRST_FAULT:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            await self._app(scope, receive, noted)
            method, route = route_of(scope)
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.request.method": method, "http.route": route})

"""Logs and metrics: JSON lines on standard error and Prometheus metrics, without keys or content of memories."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.http.problems import Refusal, send_refusal

if TYPE_CHECKING:
    from graphmem.webhooks.mirror_work import WebhookWork

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_UNROUTED = "unrouted"


class Metrics:
    """Counts and times of a server. Labels are routes, verbs and codes: few values, and none that a caller chooses."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "graphmem_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "graphmem_http_request_seconds",
            "Time from request to the end of its answer.",
            ("route",),
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._store = Histogram(
            "graphmem_store_seconds",
            "Time in the library, store included.",
            ("verb",),
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._working = Gauge(
            "graphmem_requests_in_work",
            "Requests that run in a thread or wait for it; a request whose caller got a timeout counts until it ends.",
            registry=self._registry,
        )
        self._overdue = Counter(
            "graphmem_requests_overdue",
            "Requests whose caller got a timeout.",
            registry=self._registry,
        )
        self._problems = Counter("graphmem_problems", "Errors returned, by code.", ("code",), registry=self._registry)
        self._quarantined = Counter(
            "graphmem_ingest_problems", "Parts of sources that could not be imported.", registry=self._registry
        )
        self._contested = Counter(
            "graphmem_contested_answers",
            "Hits of searches with a rival memory for the same subject.",
            registry=self._registry,
        )

        self._redactions = Counter(
            "graphmem_redactions",
            "Secrets that were replaced before they were written, by the rule that found them.",
            ("rule",),
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def problem(self, code: str) -> None:
        """Count an error."""
        self._problems.labels(code).inc()

    def quarantined(self, count: int) -> None:
        """Count parts of sources that could not be imported."""
        self._quarantined.inc(count)

    def contested(self, count: int) -> None:
        """Count hits whose subject is contested."""
        self._contested.inc(count)

    def redacted(self, rule: str) -> None:
        """Count a secret that was replaced."""
        self._redactions.labels(rule).inc()

    def working(self, step: int) -> None:
        """Add to the number of requests in progress; `step` is 1 or -1."""
        self._working.inc(step)

    def overdue(self) -> None:
        """Count a request that exceeded the time limit."""
        self._overdue.inc()

    @contextmanager
    def store_seconds(self, verb: str) -> Iterator[None]:
        """Measure the time of the block."""
        with self._store.labels(verb).time():
            yield

    def page(self) -> Response:
        """Return the metrics in the text format of Prometheus."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


def route_of(scope: Scope) -> tuple[str, str]:
    """Return method and route pattern of a request, without any text of the caller."""
    route = getattr(scope.get("route"), "path_format", _UNROUTED)
    return (scope["method"] if route != _UNROUTED else _UNROUTED), route


def log_webhooks(work: WebhookWork) -> None:
    """Log the result of work on webhooks: the repositories that were read, and those whose mirror could not be."""
    failed, waiting = sorted(work.failed), sum(work.waiting.values())
    _log().info("webhooks", read=work.read, done=work.done, waiting=waiting, failed=failed)


class ObservationMiddleware:
    """Numbers, logs and counts each request, and turns uncaught exceptions into a response with status 500."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = _ResponseRecord(send, uuid4().hex)
        started = perf_counter()
        try:
            await self._app(scope, receive, record.send)
        except Exception as error:  # noqa: BLE001 - the outermost edge; the log names the fault without its values
            _log_fault(error, record.request_id)
            if not record.status:
                failed = Refusal(
                    500, "error", f"graphmem failed; the server's log has the cause under request {record.request_id}"
                )
                await send_refusal(failed, scope, receive, record.send)
        finally:
            self._record(scope, record, perf_counter() - started)

    def _record(self, scope: Scope, response: _ResponseRecord, seconds: float) -> None:
        method, route = route_of(scope)
        self._metrics.answered(method, route, response.status, seconds)
        if response.code is not None:
            self._metrics.problem(response.code)
        caller = scope.get("state", {}).get("caller")
        fields = {"code": response.code, "change": response.change, "key": caller and caller.key and caller.key.id}
        _log().info(
            "request",
            request_id=response.request_id,
            method=method,
            route=route,
            status=response.status,
            milliseconds=round(seconds * 1000, 2),
            **{name: value for name, value in fields.items() if value is not None},
        )


class _ResponseRecord:
    """The status and headers of a response, recorded while it is sent."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status = 0
        self.code: str | None = None
        self.change: str | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            self.code = headers.get("x-graphmem-code")
            self.change = headers.get("x-graphmem-change")
        await self._send(message)


def _log_fault(error: Exception, request_id: str) -> None:
    """Log the kind of an exception and its stack frames.

    The message is left out: it may hold content of memories.
    """
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log().error("fault", request_id=request_id, kind=type(error).__name__, frames=frames[-12:])


_STAMPS: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def _log() -> Any:  # noqa: ANN401 - structlog's own
    """Return a logger of JSON lines on the current standard error, independent of other logging in the process."""
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr), processors=[*_STAMPS, structlog.processors.JSONRenderer()]
    )


def log_to_stderr() -> None:
    """Send all logging of the process, including uvicorn's, to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_STAMPS, processors=[plain, structlog.processors.JSONRenderer()]
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)

"""What an operator sees: JSON lines on standard error and Prometheus metrics; never a word of a memory, never a key."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.http.problems import Refusal, send_refusal

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_UNROUTED = "unrouted"


class Metrics:
    """Counts and times of one server. Labels are routes, verbs and codes: a handful of values, none of a caller."""

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
            "Requests in the library's threads or before them, those included whose callers were told that it took too"
            " long: each keeps its place until it ends.",
            registry=self._registry,
        )
        self._overdue = Counter(
            "graphmem_requests_overdue",
            "Requests whose callers were told that it took too long.",
            registry=self._registry,
        )
        self._problems = Counter("graphmem_problems", "Errors told, by code.", ("code",), registry=self._registry)
        self._quarantined = Counter(
            "graphmem_ingest_problems", "Parts of sources that could not be understood.", registry=self._registry
        )
        self._contested = Counter(
            "graphmem_contested_answers",
            "Answers of a search that name a rival for their subject.",
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def problem(self, code: str) -> None:
        """Count one error; `conflict` among them."""
        self._problems.labels(code).inc()

    def quarantined(self, count: int) -> None:
        """Count what an ingestion could not understand."""
        self._quarantined.inc(count)

    def contested(self, count: int) -> None:
        """Count answers whose subject is contested."""
        self._contested.inc(count)

    def working(self, step: int) -> None:
        """Count one more, or one less, that is being worked on."""
        self._working.inc(step)

    def overdue(self) -> None:
        """Count one that took too long."""
        self._overdue.inc()

    @contextmanager
    def store_seconds(self, verb: str) -> Iterator[None]:
        """Time what is done inside."""
        with self._store.labels(verb).time():
            yield

    def page(self) -> Response:
        """The page that Prometheus fetches."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


def route_of(scope: Scope) -> tuple[str, str]:
    """Method and route of a request that was answered: nothing that a caller made up."""
    route = getattr(scope.get("route"), "path_format", _UNROUTED)
    return (scope["method"] if route != _UNROUTED else _UNROUTED), route


class Observed:
    """Names each request, logs and counts it, and lets no exception past: the outermost edge."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen(send, uuid4().hex)
        started = perf_counter()
        try:
            await self._app(scope, receive, seen.send)
        except Exception as error:  # noqa: BLE001 - a fault of ours is told without what it was about
            _log_fault(error, seen.request_id)
            if not seen.status:
                failed = Refusal(500, "error", f"a fault of graphmem; its log has request {seen.request_id}")
                await send_refusal(failed, scope, receive, seen.send)
        finally:
            self._tell(scope, seen, perf_counter() - started)

    def _tell(self, scope: Scope, seen: _Seen, seconds: float) -> None:
        method, route = route_of(scope)
        self._metrics.answered(method, route, seen.status, seconds)
        if seen.code is not None:
            self._metrics.problem(seen.code)
        caller = scope.get("state", {}).get("caller")
        told = {"code": seen.code, "change": seen.change, "key": caller and caller.key and caller.key.id}
        _log().info(
            "request",
            request_id=seen.request_id,
            method=method,
            route=route,
            status=seen.status,
            milliseconds=round(seconds * 1000, 2),
            **{name: value for name, value in told.items() if value is not None},
        )


class _Seen:
    """What a response was, read off it as it passes."""

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
    """Where it happened, without its message or any value: those may be somebody's words."""
    frames = [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(error.__traceback__)]
    _log().error("fault", request_id=request_id, kind=type(error).__name__, frames=frames[-12:])


_STAMPS: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def _log() -> Any:  # noqa: ANN401 - structlog's own
    """Writes JSON lines to what standard error is now, whatever else the process has set up."""
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr), processors=[*_STAMPS, structlog.processors.JSONRenderer()]
    )


def log_to_stderr() -> None:
    """JSON lines on standard error from everything in the process, what serves the application included."""
    handler = logging.StreamHandler(sys.stderr)
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_STAMPS, processors=[plain, structlog.processors.JSONRenderer()]
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)

"""The FastAPI application: routes, middlewares, and the descriptions of errors in the OpenAPI document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import APIRouter, FastAPI
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from graphmem import __version__
from graphmem.errors import Unsupported
from graphmem.http import browser_files, decision_route, ledger_streams
from graphmem.http.authentication import AuthenticationMiddleware
from graphmem.http.problems import HttpProblem, handle_problems
from graphmem.http.readiness import Readiness
from graphmem.http.request_limits import BodyLimitMiddleware, BodyReader, Limits
from graphmem.http.request_log import Metrics, ObservationMiddleware, log_webhooks
from graphmem.http.request_parameters import Server
from graphmem.http.trace_spans import TracingMiddleware
from graphmem.http.verb_routes import verb_router
from graphmem.http.web_page import ROUTES
from graphmem.http.webhook_route import webhook_routes
from graphmem.http.worker_threads import ServerContext, Workers
from graphmem.keys import KeyRing
from graphmem.service import GraphMemory
from graphmem.service.memory import context_of

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from graphmem.webhooks.receiver import WebhookReceiver

_ABOUT = """Decisions of a project, their successors, and the times at which each was in force.

Each answer is for a point on both time axes, `as_of` and `known_at`, and names that point. Times are ISO 8601 with a
zone; a bare date is midnight UTC. Errors are `application/problem+json` with a stable `code`.
"""

_health = APIRouter(tags=["health"])


class _Application(FastAPI):
    """An application that makes its OpenAPI document on first request and adds the schema of problems to it."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            super().openapi()["components"]["schemas"][HttpProblem.__name__] = HttpProblem.model_json_schema()
        return super().openapi()


class MountedApp(Protocol):
    """An ASGI application at a path of its own, behind the same authentication as the routes."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Return the context in which the application serves; the server enters it once."""
        ...

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        ...


def create_app(
    memory: GraphMemory,
    ring: KeyRing | None,
    limits: Limits | None = None,
    *,
    tools: MountedApp | None = None,
    tracer: Tracer | None = None,
    webhooks: WebhookReceiver | None = None,
) -> FastAPI:
    """Return the application that serves a memory; the caller closes the memory.

    Args:
        memory: An open memory.
        ring: The keys of callers. With None, or without a key file, any process of this machine has every permission.
        limits: Limits of the server.
        tools: The MCP server at `/mcp`.
        tracer: Records a span for each request.
        webhooks: Receives the webhooks of forges, and works on them while the application runs.
    """
    caps, metrics = limits or Limits(), Metrics()
    with suppress(Unsupported):
        context_of(memory).gate.observers.append(metrics.redacted)
    server = ServerContext(memory, Workers(caps, metrics), metrics, caps, BodyReader(caps), Readiness())

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        with nullcontext() if webhooks is None else webhooks.running(memory, log_webhooks):
            async with nullcontext() if tools is None else tools.running():
                yield
        server.workers.close()

    app = _Application(
        title="graphmem",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.state.server = server
    routers = (verb_router(), decision_route.router, ledger_streams.router, _health)
    routes = [route for router in routers for route in router.routes]
    app.router.routes.extend((*routes, *ROUTES, browser_files.ROUTE))
    if webhooks is not None:
        app.router.routes.extend(webhook_routes(webhooks))
    if tools is not None:
        bounded = BodyLimitMiddleware(tools, server.body_reader, caps.tool_body)
        app.router.routes.append(Route("/mcp", bounded, include_in_schema=False))
    handle_problems(app, routes)
    app.add_middleware(AuthenticationMiddleware, ring=ring)
    app.add_middleware(ObservationMiddleware, metrics=metrics)
    if tracer is not None:
        app.add_middleware(TracingMiddleware, tracer=tracer)
    return app


@_health.get("/healthz", operation_id="healthz")
async def healthz() -> Response:
    """Return 200 if the process answers."""
    return JSONResponse({"status": "ok"})


@_health.get("/readyz", operation_id="readyz", responses={503: {"description": "The store cannot be reached."}})
async def readyz(server: Server) -> Response:
    """Return 200 if the store answers, 503 if it does not."""
    return await server.readiness.answer(server)


@_health.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics_page(server: Server) -> Response:
    """Return counts and times in the text format of Prometheus."""
    return server.metrics.page()

"""The application: routes, the door before them, and what is told of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from graphmem import __version__
from graphmem.http import browsing, decision_route, ledger_streams
from graphmem.http.asking import Asks, refuse_unknown
from graphmem.http.callers import Door
from graphmem.http.limits import Bodies, BoundedBodies, Limits
from graphmem.http.observing import Metrics, Observed
from graphmem.http.problems import MEDIA_TYPE, PROBLEM, HttpProblem, handle_problems
from graphmem.http.readiness import Readiness
from graphmem.http.tracing import Traced
from graphmem.http.verb_routes import verb_router
from graphmem.http.viewing import ROUTES
from graphmem.http.working import Served, Workers
from graphmem.keys import KeyRing
from graphmem.service import GraphMemory

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_TOLD = {
    401: "No key, or none that is live.",
    403: "The key does not allow it.",
    404: "Nothing of that name that the caller sees.",
    409: "Somebody was first, or the `Idempotency-Key` was used for something else; `heads` lead now.",
    408: "The body took too long to come.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
    422: "The request is wrong as it stands.",
    429: "Too many requests are being worked on.",
    500: "The store contradicts itself, or a fault of graphmem.",
    501: "This store or server cannot do that.",
    503: "The store cannot be reached now, or the request took too long.",
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": PROBLEM}}} for status, text in _TOLD.items()
}
_ABOUT = """What a project decided, what replaced it, and what held when.

Every answer is for one point on both time axes, `as_of` and `known_at`, and says for which. Times are ISO 8601 with a
zone; a bare date is midnight UTC. Errors are `application/problem+json` with a stable `code`.
"""

_health = APIRouter(tags=["health"])


class _Described(FastAPI):
    """An application whose OpenAPI is made when somebody asks for it, and has the schema of problems."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            super().openapi()["components"]["schemas"][HttpProblem.__name__] = HttpProblem.model_json_schema()
        return super().openapi()


class Mounted(Protocol):
    """An ASGI application that answers at one path beside the routes, behind the same door."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Entered once, as long as requests are answered."""
        ...

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        ...


def create_app(
    memory: GraphMemory,
    ring: KeyRing | None,
    limits: Limits | None = None,
    *,
    tools: Mounted | None = None,
    tracer: Tracer | None = None,
) -> FastAPI:
    """The application that serves a memory; it does not close it.

    Args:
        memory: An open memory.
        ring: The keys that callers need; None, or a file that was never there, lets every process of this machine do
            everything.
        limits: The caps.
        tools: What answers at `/mcp`.
        tracer: Makes a span of every request.
    """
    caps, metrics = limits or Limits(), Metrics()
    served = Served(memory, Workers(caps, metrics), metrics, caps, Bodies(caps), Readiness())

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        async with nullcontext() if tools is None else tools.running():
            yield
        served.workers.close()

    app = _Described(
        title="graphmem",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.state.served = served
    guards = [
        Depends(HTTPBearer(auto_error=False, description="A key of `graphmem key create`.")),
        Depends(refuse_unknown),
    ]
    routers = (verb_router(), decision_route.router, ledger_streams.router)
    for router in routers:
        app.include_router(router, dependencies=guards, responses=_PROBLEMS)
    app.include_router(_health)
    app.router.routes.extend((*ROUTES, browsing.ROUTE))
    if tools is not None:
        bounded = BoundedBodies(tools, served.bodies, caps.call)
        app.router.routes.append(Route("/mcp", bounded, include_in_schema=False))
    handle_problems(app, [route for router in (*routers, _health) for route in router.routes])
    app.add_middleware(Door, ring=ring)
    app.add_middleware(Observed, metrics=metrics)
    if tracer is not None:
        app.add_middleware(Traced, tracer=tracer)
    return app


@_health.get("/healthz", operation_id="healthz")
async def healthz() -> Response:
    """Whether the process answers."""
    return JSONResponse({"status": "ok"})


@_health.get("/readyz", operation_id="readyz", responses={503: {"description": "The store cannot be reached."}})
async def readyz(served: Asks) -> Response:
    """Whether the store answers."""
    return await served.readiness.answer(served)


@_health.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics_page(served: Asks) -> Response:
    """Counts and times for Prometheus."""
    return served.metrics.page()

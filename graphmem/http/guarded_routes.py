"""Routers whose routes check keys and parameters, and describe their errors in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer

from graphmem.http.admission import AdmittedRoute
from graphmem.http.problems import MEDIA_TYPE, PROBLEM
from graphmem.http.request_parameters import refuse_unknown

_DESCRIPTIONS = {
    401: "The request has no key, or a key that is unknown, expired or revoked.",
    403: "The key lacks the permission, or does not open the scope.",
    404: "No memory of that name that the caller can read.",
    409: "Another write came first, or the `Idempotency-Key` was used for a different write; `heads` lists the memories"
    " in force now.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The Content-Type is not JSON.",
    422: "A parameter or a field of the body is invalid.",
    429: "The server's queue is full.",
    500: "The store is inconsistent, or graphmem has a bug.",
    501: "The store or the server does not support this.",
    503: "The store cannot be reached, or the request took too long.",
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
    for status, text in _DESCRIPTIONS.items()
}
_GUARDS = (
    Depends(HTTPBearer(auto_error=False, description="A key made with `graphmem key create`.")),
    Depends(refuse_unknown),
)


def guarded_router(*tags: str) -> APIRouter:
    """Return a router with the guards and problems of every route.

    Its routes are complete: an application takes them as they are. `FastAPI.include_router` would analyse each endpoint
    again for each application, at its first request, which takes as long as all other work of a start.
    """
    return APIRouter(tags=list(tags), route_class=AdmittedRoute, dependencies=_GUARDS, responses=_PROBLEMS)

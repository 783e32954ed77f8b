"""Errors as `application/problem+json` (RFC 9457), with a table from error class to status."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from graphmem.errors import (
    BadDiff,
    CommitUnknown,
    Conflict,
    CorruptStore,
    Forbidden,
    GraphMemError,
    InvalidInput,
    NotFound,
    SecretRefused,
    StoreUnavailable,
    Unsupported,
)
from graphmem.secrets.redaction import without_secrets

STATUSES: dict[type[GraphMemError], int] = {
    InvalidInput: 422,
    BadDiff: 422,
    NotFound: 404,
    Conflict: 409,
    SecretRefused: 422,
    Forbidden: 403,
    StoreUnavailable: 503,
    CommitUnknown: 503,
    Unsupported: 501,
    CorruptStore: 500,
}
RETRY_AFTER_S = 2
MEDIA_TYPE = "application/problem+json"

_NO_METHOD = 405
_OF_STATUS = {404: NotFound.code, _NO_METHOD: Unsupported.code, 429: StoreUnavailable.code}
_SHOWN_CHARS = 80
_PARAMETER = re.compile(r"{[^}]*}")


class HttpProblem(BaseModel):
    """An error: its cause and its fix."""

    type: str = Field(description="`urn:graphmem:` and the code.", examples=["urn:graphmem:not_found"])
    title: str = Field(description="The code in words.", examples=["not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="The invalid value and the fix.", examples=["no memory 'a1'"])
    code: str = Field(description="Stable across releases, the same on every surface.", examples=["not_found"])
    is_retryable: bool = Field(description="Whether sending the same request again can succeed.")
    heads: list[str] = Field(description="For a conflict: ids of the memories in force instead of the expected memory.")


#: The schema of a problem in the OpenAPI.
PROBLEM = {"$ref": f"#/components/schemas/{HttpProblem.__name__}"}


class Refusal(Exception):
    """A request that the HTTP layer refuses before the library is called."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.is_retryable = code == StoreUnavailable.code
        self.heads: tuple[str, ...] = ()


class Mismatch(Refusal):
    """The memory's state differs from the ETag in `If-Match`."""

    def __init__(self, detail: str, heads: tuple[str, ...]) -> None:
        super().__init__(412, Conflict.code, detail)
        self.heads = heads


def problem_response(problem: Refusal) -> Response:
    """Return the response for a problem."""
    document = HttpProblem(
        type=f"urn:graphmem:{problem.code}",
        title=problem.code.replace("_", " "),
        status=problem.status,
        detail=without_secrets(str(problem)),
        code=problem.code,
        is_retryable=problem.is_retryable,
        heads=list(problem.heads),
    )
    retry = {"Retry-After": str(RETRY_AFTER_S)} if problem.status in {429, 503} else {}
    headers = {**retry, **problem.headers, "X-Graphmem-Code": problem.code}
    return _Ascii(document.model_dump(), problem.status, headers=headers, media_type=MEDIA_TYPE)


def refusal_of(error: GraphMemError) -> Refusal:
    """Return an error of the library as an HTTP problem."""
    problem = Refusal(STATUSES.get(type(error), 500), error.code, str(error))
    problem.is_retryable = error.is_retryable
    problem.heads = error.heads if isinstance(error, Conflict) else ()
    return problem


async def send_refusal(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a problem as the response of a middleware."""
    await problem_response(refusal)(scope, receive, send)


def handle_problems(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Register handlers that turn every error of an application into a problem."""

    @app.exception_handler(GraphMemError)
    async def of_library(_: Request, error: GraphMemError) -> Response:
        return problem_response(refusal_of(error))

    @app.exception_handler(Refusal)
    async def of_http(_: Request, refusal: Refusal) -> Response:
        return problem_response(refusal)

    @app.exception_handler(RequestValidationError)
    async def of_request(_: Request, error: RequestValidationError) -> Response:
        return problem_response(
            Refusal(422, InvalidInput.code, "; ".join(map(_validation_message, error.errors()[:5])))
        )

    @app.exception_handler(HTTPException)
    async def of_routing(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # noqa: PLR2004 - FastAPI's status for a body that is not text
            return problem_response(Refusal(422, InvalidInput.code, "the body is not valid JSON in UTF-8"))
        code = _OF_STATUS.get(error.status_code, InvalidInput.code)
        detail = f"{request.method} {request.url.path[:_SHOWN_CHARS]!r}: {error.detail}; /openapi.json lists the routes"
        headers = error.headers
        if error.status_code == _NO_METHOD and (allowed := _methods_at(request.url.path, routes)):
            headers = {"Allow": allowed}
        return problem_response(Refusal(error.status_code, code, detail, headers))


def _methods_at(path: str, routes: Sequence[BaseRoute]) -> str:
    """Return the methods of the most specific routes to a path.

    The framework names the methods of the first match alone, and ids can hold slashes.
    """
    matches = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    longest = max(map(_fixed_chars, matches), default=0)
    best = (route for route in matches if _fixed_chars(route) == longest)
    return ", ".join(sorted({name for route in best for name in route.methods or ()}))


def _fixed_chars(route: Route) -> int:
    return len(_PARAMETER.sub("", route.path_format))


def _validation_message(error: Mapping[str, object]) -> str:
    """Return a validation error as text: parameter, message and value."""
    location = error["loc"]
    parameter = ".".join(map(str, location)) if isinstance(location, tuple) else str(location)
    return f"{parameter}: {error['msg']} (got {without_secrets(repr(error.get('input')))[:_SHOWN_CHARS]})"


class _Ascii(JSONResponse):
    """JSON in ASCII, which can hold half of a surrogate pair from an invalid value."""

    def render(self, content: object) -> bytes:
        import json

        return json.dumps(content).encode("ascii")

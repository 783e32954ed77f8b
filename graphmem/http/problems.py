"""Errors as `application/problem+json` (RFC 9457): one table from error to status."""

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
    CommitUnknown,
    Conflict,
    CorruptStore,
    Forbidden,
    GraphMemError,
    InvalidInput,
    NotFound,
    StoreUnavailable,
    Unsupported,
)

STATUSES: dict[type[GraphMemError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
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
    """What went wrong, and how to mend it."""

    type: str = Field(description="`urn:graphmem:` and the code.", examples=["urn:graphmem:not_found"])
    title: str = Field(description="The code in words.", examples=["not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="The value at fault and the fix.", examples=["no memory 'a1'"])
    code: str = Field(description="Stable across releases, the same on every surface.", examples=["not_found"])
    is_retryable: bool = Field(description="Whether the same request may simply be sent again.")
    heads: list[str] = Field(description="Of a conflict: ids that lead now in place of what was expected.")


#: The schema of a problem in the OpenAPI.
PROBLEM = {"$ref": f"#/components/schemas/{HttpProblem.__name__}"}


class Refusal(Exception):
    """Something that HTTP refuses before the library is asked."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.is_retryable = code == StoreUnavailable.code
        self.heads: tuple[str, ...] = ()


class Mismatch(Refusal):
    """`If-Match` named another state than the memory's."""

    def __init__(self, detail: str, heads: tuple[str, ...]) -> None:
        super().__init__(412, Conflict.code, detail)
        self.heads = heads


def problem_response(problem: Refusal) -> Response:
    """The response that tells of a problem."""
    document = HttpProblem(
        type=f"urn:graphmem:{problem.code}",
        title=problem.code.replace("_", " "),
        status=problem.status,
        detail=str(problem),
        code=problem.code,
        is_retryable=problem.is_retryable,
        heads=list(problem.heads),
    )
    retry = {"Retry-After": str(RETRY_AFTER_S)} if problem.status in {429, 503} else {}
    headers = {**retry, **problem.headers, "X-Graphmem-Code": problem.code}
    return _Ascii(document.model_dump(), problem.status, headers=headers, media_type=MEDIA_TYPE)


def refusal_of(error: GraphMemError) -> Refusal:
    """The library's error as HTTP tells it."""
    problem = Refusal(STATUSES.get(type(error), 500), error.code, str(error))
    problem.is_retryable = error.is_retryable
    problem.heads = error.heads if isinstance(error, Conflict) else ()
    return problem


async def send_refusal(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request from a middleware."""
    await problem_response(refusal)(scope, receive, send)


def handle_problems(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Let every error of an app come out as a problem."""

    @app.exception_handler(GraphMemError)
    async def of_library(_: Request, error: GraphMemError) -> Response:
        return problem_response(refusal_of(error))

    @app.exception_handler(Refusal)
    async def of_http(_: Request, refusal: Refusal) -> Response:
        return problem_response(refusal)

    @app.exception_handler(RequestValidationError)
    async def of_request(_: Request, error: RequestValidationError) -> Response:
        return problem_response(Refusal(422, InvalidInput.code, "; ".join(map(_told, error.errors()[:5]))))

    @app.exception_handler(HTTPException)
    async def of_routing(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # noqa: PLR2004 - what FastAPI makes of a body that is no text
            return problem_response(Refusal(422, InvalidInput.code, "the body is no JSON in UTF-8"))
        code = _OF_STATUS.get(error.status_code, InvalidInput.code)
        detail = f"{request.method} {request.url.path[:_SHOWN_CHARS]!r}: {error.detail}; /openapi.json lists what is"
        headers = error.headers
        if error.status_code == _NO_METHOD and (allowed := _methods_at(request.url.path, routes)):
            headers = {"Allow": allowed}
        return problem_response(Refusal(error.status_code, code, detail, headers))


def _methods_at(path: str, routes: Sequence[BaseRoute]) -> str:
    """The methods of the most exact route to a path; the framework names those of the first, and ids hold slashes."""
    found = [(_fixed_chars(one), one) for one in routes if isinstance(one, Route) and one.path_regex.match(path)]
    most = max((chars for chars, _ in found), default=0)
    return ", ".join(sorted({name for chars, one in found if chars == most for name in one.methods or ()}))


def _fixed_chars(route: Route) -> int:
    return len(_PARAMETER.sub("", route.path_format))


def _told(error: Mapping[str, object]) -> str:
    """One fault that pydantic found: where, what, and the value."""
    where = error["loc"]
    place = ".".join(map(str, where)) if isinstance(where, tuple) else str(where)
    return f"{place}: {error['msg']} (got {repr(error.get('input'))[:_SHOWN_CHARS]})"


class _Ascii(JSONResponse):
    """JSON that can carry half of a surrogate pair, which an error may have to name."""

    def render(self, content: object) -> bytes:
        import json

        return json.dumps(content).encode("ascii")

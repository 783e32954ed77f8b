"""A route class that checks the caller's key and the size of the body before the body is parsed."""

from __future__ import annotations

import email.message
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from graphmem.errors import InvalidInput
from graphmem.http.authentication import caller_of
from graphmem.http.problems import Refusal
from graphmem.http.request_limits import BodyLimit, Limits, refuse_announced_size
from graphmem.http.request_parameters import REPOSITORY, PermittedScope
from graphmem.http.worker_threads import ServerContext
from graphmem.keys import Permission
from graphmem.model import Scope

SOURCES = "/v1/ingest/"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class AdmittedRoute(APIRoute):
    """A route that reads the body of a request only after the key's permission and scope have been checked.

    The body is parsed and validated in a worker thread, and FastAPI receives the validated value: its own parsing would
    block the event loop.
    """

    def get_route_handler(self) -> Handler:
        """See `APIRoute`."""
        answer, dependencies = super().get_route_handler(), list(_scope_dependencies(self.dependant))

        async def admitted(request: Request) -> Response:
            for dependency in dependencies:
                _admit(request, dependency)
            if self.body_field is None:
                return await answer(request)
            server: ServerContext = request.app.state.server
            limit = _limit_of(self.path, dependencies, server.limits)
            refuse_announced_size(request.scope, limit.size)
            with server.body_reader.reserve() as reservation:
                body = await server.body_reader.read(request.receive, limit, reservation)
                if not body:
                    return await answer(_ParsedRequest(request, body, None))
                _require_json(request.headers.get("content-type"))
                value = await server.workers.parse(len(body), lambda: self._value_of(body))
                return await answer(_ParsedRequest(request, body, value))

        return admitted

    def _value_of(self, body: bytes) -> object:
        """Return the body parsed and validated."""
        assert self.body_field is not None, "the route has a body"  # noqa: S101
        try:
            value = json.loads(body.decode())  # only UTF-8: the limits were counted on it
        except ValueError as exc:
            raise Refusal(422, InvalidInput.code, f"the body is not valid JSON in UTF-8 ({_short(exc)})") from exc
        checked, errors = self.body_field.validate(value, {}, loc=("body",))
        if errors:
            raise RequestValidationError(errors[:_MAX_ERRORS])
        return checked


class _ParsedRequest(Request):
    """A request whose body has been read and parsed."""

    def __init__(self, request: Request, body: bytes, value: object) -> None:
        super().__init__(request.scope, request.receive)
        self._content = body
        self._value = value

    async def body(self) -> bytes:
        return self._content

    async def json(self) -> object:
        return self._value


_MAX_ERRORS = 5
_SHOWN_CHARS = 80


def _scope_dependencies(dependant: Dependant) -> Iterator[PermittedScope]:
    """Yield the scope dependencies of a route; each names the permission that it needs."""
    if isinstance(dependant.call, PermittedScope):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _scope_dependencies(inner)


def _admit(request: Request, dependency: PermittedScope) -> None:
    """Check the key's permission and scope from the headers and the query alone.

    Raises:
        Forbidden: The key lacks the permission, or does not open the scope.
        NotFound: The key belongs to another tenant.
    """
    caller, query = caller_of(request), request.query_params
    caller.require(dependency.permission)
    try:
        requested = Scope(
            "default",
            query.get("repo") or request.headers.get(REPOSITORY),
            query.get("user"),
            query.get("branch"),
            query.get("environment"),
            tuple(query.getlist("related_repos")),
        )
    except InvalidInput:
        return  # the route's own validation names the invalid parameter
    caller.scope_for(requested, query.get("tenant"), is_write=dependency.is_write)


def _limit_of(path: str, dependencies: list[PermittedScope], limits: Limits) -> BodyLimit:
    if path.startswith(SOURCES):
        return limits.ingest_body
    is_read = all(dependency.permission is Permission.READ for dependency in dependencies)
    return limits.read_body if is_read else limits.write_body


def _require_json(content_type: str | None) -> None:
    """Refuse a body whose Content-Type is not JSON.

    Raises:
        Refusal: Status 415.
    """
    if not content_type:
        raise Refusal(415, InvalidInput.code, "the request has no Content-Type: send 'Content-Type: application/json'")
    message = email.message.Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    if message.get_content_maintype() != "application" or not (subtype == "json" or subtype.endswith("+json")):
        shown = f"Content-Type {content_type[:_SHOWN_CHARS]!r} is not JSON"
        raise Refusal(415, InvalidInput.code, f"{shown}: send 'Content-Type: application/json'")


def _short(exc: ValueError) -> str:
    return f"at {exc.pos}: {exc.msg}" if isinstance(exc, json.JSONDecodeError) else type(exc).__name__

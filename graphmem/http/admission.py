"""The way of a request into a route: what the key allows first, then its body within bounds, parsed aside."""

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
from graphmem.http.asking import REPOSITORY, Placed
from graphmem.http.callers import caller_of
from graphmem.http.limits import Bound, Limits, refuse_announced
from graphmem.http.problems import Refusal
from graphmem.http.working import Served
from graphmem.keys import Permission
from graphmem.model import Scope

SOURCES = "/v1/ingest/"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class AdmittedRoute(APIRoute):
    """A route that reads no byte of a body for a caller whom it will not answer.

    What the framework would parse and check in the event loop, where everybody waits, is given to it finished.
    """

    def get_route_handler(self) -> Handler:
        """See `APIRoute`."""
        answer, places = super().get_route_handler(), list(_places(self.dependant))

        async def admitted(request: Request) -> Response:
            for one in places:
                _admit(request, one)
            if self.body_field is None:
                return await answer(request)
            served: Served = request.app.state.served
            bound = _bound_of(self.path, places, served.limits)
            refuse_announced(request.scope, bound.size)
            with served.bodies.room() as room:
                body = await served.bodies.read(request.receive, bound, room)
                if not body:
                    return await answer(_Taken(request, body, None))
                _refuse_other_type(request.headers.get("content-type"))
                value = await served.workers.parsed(len(body), lambda: self._value_of(body))
                return await answer(_Taken(request, body, value))

        return admitted

    def _value_of(self, body: bytes) -> object:
        """The checked value of a body, which the framework takes as it is."""
        assert self.body_field is not None, "asked of routes with a body"  # noqa: S101
        try:
            value = json.loads(body.decode())  # no other encoding: what was counted on the way was UTF-8
        except ValueError as exc:
            raise Refusal(422, InvalidInput.code, f"the body is no JSON in UTF-8 ({_short(exc)})") from exc
        checked, errors = self.body_field.validate(value, {}, loc=("body",))
        if errors:
            raise RequestValidationError(errors[:_MOST_TOLD])
        return checked


class _Taken(Request):
    """A request whose body was read and made into a value."""

    def __init__(self, request: Request, body: bytes, value: object) -> None:
        super().__init__(request.scope, request.receive)
        self._taken = body
        self._value = value

    async def body(self) -> bytes:
        return self._taken

    async def json(self) -> object:
        return self._value


_MOST_TOLD = 5
_SHOWN_CHARS = 80


def _places(dependant: Dependant) -> Iterator[Placed]:
    """What the caller of a route must be allowed."""
    if isinstance(dependant.call, Placed):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _places(inner)


def _admit(request: Request, place: Placed) -> None:
    """Let pass whom the route will let pass, as far as the head of a request tells.

    Raises:
        Forbidden: The key does not allow it, or not there.
        NotFound: Another tenant was named.
    """
    caller, asked = caller_of(request), request.query_params
    caller.require(place.permission)
    try:
        stands = Scope(
            "default",
            asked.get("repo") or request.headers.get(REPOSITORY),
            asked.get("user"),
            asked.get("branch"),
            asked.get("environment"),
            tuple(asked.getlist("related_repos")),
        )
    except InvalidInput:
        return  # the route says which of them it is
    caller.place(stands, asked.get("tenant"), is_write=place.is_write)


def _bound_of(path: str, places: list[Placed], limits: Limits) -> Bound:
    if path.startswith(SOURCES):
        return limits.source
    is_question = all(one.permission is Permission.READ for one in places)
    return limits.question if is_question else limits.body


def _refuse_other_type(told: str | None) -> None:
    """Refuse a body that is not said to be JSON.

    Raises:
        Refusal: It is not.
    """
    if not told:
        raise Refusal(415, InvalidInput.code, "the request has no Content-Type: send 'Content-Type: application/json'")
    message = email.message.Message()
    message["content-type"] = told
    kind = message.get_content_subtype()
    if message.get_content_maintype() != "application" or not (kind == "json" or kind.endswith("+json")):
        shown = f"Content-Type {told[:_SHOWN_CHARS]!r} is not JSON"
        raise Refusal(415, InvalidInput.code, f"{shown}: send 'Content-Type: application/json'")


def _short(exc: ValueError) -> str:
    return f"at {exc.pos}: {exc.msg}" if isinstance(exc, json.JSONDecodeError) else type(exc).__name__

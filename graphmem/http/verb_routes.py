"""A route for each verb, made from the verb's contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from inspect import Parameter as Argument
from inspect import Signature
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from graphmem.answers import Written
from graphmem.errors import Conflict
from graphmem.http.guarded_routes import guarded_router
from graphmem.http.problems import MEDIA_TYPE, PROBLEM, Mismatch
from graphmem.http.request_bodies import ALSO, body_of, is_optional
from graphmem.http.request_limits import MAX_RESULTS
from graphmem.http.request_parameters import (
    Bounds,
    CurrentCaller,
    CurrentWriteHeaders,
    MemoryId,
    Paged,
    PermittedScope,
    RequestedPoint,
    Server,
    TenantScope,
    Where,
    WriteHeaders,
)
from graphmem.http.verb_answers import ANSWERS, VerbCall, answer_form, etag_of, receipt
from graphmem.model import Scope
from graphmem.parameters import MAX_POSITION, Number, Text
from graphmem.service import GraphMemory, Write
from graphmem.service.recall_recording import unrecorded
from graphmem.store import Page
from graphmem.verbs import VERBS, Verb
from graphmem.wire.contracts import Contract, Parameter, Role, contract

_MISMATCH: dict[int | str, dict[str, Any]] = {
    412: {"description": "The memory changed after the `If-Match`.", "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
}
_POSITION = Annotated[int, Path(ge=1, le=MAX_POSITION, description="A ledger position.")]
#: Arguments of an endpoint that are not parameters of the verb.
_ROUTE_ARGUMENTS = ("server", "caller", "scope", "headers", "body", "bounds")


@cache
def verb_router() -> APIRouter:
    """Return a router with the routes of all verbs that are not streams."""
    router = guarded_router()
    # A memory's id may hold a slash, so longer paths with an id come before the path that ends with it.
    for verb in sorted(VERBS.values(), key=lambda verb: verb.path.endswith("{key}")):
        if verb.route and not verb.is_streamed:
            _add(router, verb)
    return router


def _add(router: APIRouter, verb: Verb) -> None:
    agreed = contract(verb.name)
    names_memory = _memory_parameter(agreed) is not None
    router.add_api_route(
        _path(verb.path),
        _endpoint(agreed),
        methods=[verb.method],
        operation_id=verb.name,
        tags=[verb.section.lower()],
        status_code=verb.status,
        response_model=answer_form(agreed),
        description=agreed.doc,
        responses=_MISMATCH if verb.is_write and names_memory else None,
    )


def _path(path: str) -> str:
    """Return the path in FastAPI's syntax; ids of memories may hold slashes."""
    for name in ("key", "old", "source"):
        path = path.replace(f"{{{name}}}", f"{{{name}:path}}")
    return path


def _memory_parameter(agreed: Contract) -> Parameter | None:
    """Return the parameter in the path that names a memory."""
    return next((parameter for parameter in agreed.of(Role.PATH) if isinstance(parameter.limits, Text)), None)


# ---- endpoints


def _endpoint(agreed: Contract) -> Callable[..., Any]:
    verb, memory_parameter = agreed.verb, _memory_parameter(agreed)

    async def endpoint(**arguments: Any) -> Response:  # noqa: ANN401 - checked by the framework
        call = _call(agreed, arguments)
        work = _noted(call, _guarded(call, memory_parameter))
        server = call.server
        if verb.is_long:
            return await server.keep(verb.name, work)
        if verb.is_write:
            return await server.write(verb.name, work)
        return await server.read(verb.name, work, may_be_brief=verb.name == "search")

    endpoint.__signature__ = Signature(list(_arguments(agreed)))  # type: ignore[attr-defined]
    endpoint.__name__ = verb.name
    return endpoint


def _arguments(agreed: Contract) -> Iterator[Argument]:
    """Yield the arguments of an endpoint, from which FastAPI reads the request."""
    verb, body = agreed.verb, body_of(agreed)
    yield _argument("server", Server)
    yield _argument("caller", CurrentCaller)
    if verb.is_of_the_tenant:
        yield _argument("scope", TenantScope)
    else:
        yield _argument("scope", Annotated[Scope, Depends(PermittedScope(verb.permission, is_write=verb.is_write))])
    if verb.is_write:
        yield _argument("headers", CurrentWriteHeaders)
    if agreed.of(Role.BOUND):
        yield _argument("bounds", Bounds)
    if body is not None:
        yield _argument("body", body | None, None) if is_optional(body) else _argument("body", body)
    for parameter in agreed.parameters:
        yield from _argument_of(parameter, has_body=body is not None)


def _argument_of(parameter: Parameter, *, has_body: bool) -> Iterator[Argument]:
    match parameter.role:
        case Role.PATH:
            yield _argument(parameter.name, MemoryId if isinstance(parameter.limits, Text) else _POSITION)
        case Role.POINT:
            yield _argument(parameter.name, RequestedPoint)
        case Role.FILTER if not has_body:
            yield _argument(parameter.name, Where)
        case Role.PAGE if not has_body:
            yield _argument(parameter.name, Paged)
        case Role.QUERY:
            yield _argument(parameter.name, _query_type(parameter), parameter.default)
        case _:
            return


def _argument(name: str, annotation: object, default: object = Argument.empty) -> Argument:
    return Argument(name, Argument.KEYWORD_ONLY, annotation=annotation, default=default)


def _query_type(parameter: Parameter) -> Any:  # noqa: ANN401 - a type
    limits, bounds = parameter.limits, {}
    if isinstance(limits, Text):
        bounds = {"max_length": limits.most, "min_length": limits.least or None}
    elif isinstance(limits, Number):
        bounds = {"ge": limits.least, "le": MAX_RESULTS if limits.most is None else limits.most}
    return Annotated[_plain(parameter.annotation), Query(description=parameter.description or None, **bounds)]  # type: ignore[arg-type]


def _plain(annotation: Any) -> Any:  # noqa: ANN401 - a type
    """Return a type without its limits: FastAPI converts the text of a query."""
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[0]
    if get_origin(annotation) in {Union, UnionType}:
        return Union[tuple(map(_plain, get_args(annotation)))]  # noqa: UP007 - of types at run time
    return annotation


# ---- calls


def _call(agreed: Contract, arguments: dict[str, Any]) -> VerbCall:
    """Return the call for the checked arguments of a route."""
    route = {name: arguments.pop(name) for name in _ROUTE_ARGUMENTS if name in arguments}
    body = route.get("body")
    scope: Scope = route["scope"]
    headers: WriteHeaders | None = route.get("headers")
    values = dict(arguments)
    if body is not None:
        values |= {field.name: getattr(body, field.name) for field in agreed.of(Role.BODY, Role.FILTER)}
        if agreed.of(Role.PAGE):
            values["page"] = Page(body.limit, body.cursor)
    for name, bound in zip(("start", "end"), route.get("bounds", ()), strict=False):
        values[name] = bound
    for parameter in agreed.of(Role.PATH):
        if parameter.is_several:
            values[parameter.name] = (values[parameter.name], *getattr(body, ALSO, ()))
    if values.get("actor", "") is None:
        values["actor"] = route["caller"].actor
    if headers is not None:
        values["write"] = headers.write(scope, body)
    if agreed.of(Role.SCOPE):
        values["scope"] = scope
    return VerbCall(agreed, route["server"], route["caller"], scope, headers, body, values)


def _guarded(call: VerbCall, memory_parameter: Parameter | None) -> Callable[[GraphMemory], object]:
    """Return the function that makes the answer of a call.

    A write with an `If-Match` first checks that the memory is unchanged.
    """
    answer = ANSWERS.get(call.contract.verb.name, _default_answer)
    if call.headers is None or memory_parameter is None or call.headers.expected is None:
        return lambda memory: answer(memory, call)
    memory_ref = call.values[memory_parameter.name]
    check = _IfMatchCheck(memory_ref if isinstance(memory_ref, str) else memory_ref[0], call.headers, call.scope)
    return lambda memory: check.guarded(memory, lambda write: answer(memory, call.by(write)), call.values["write"])


def _noted(call: VerbCall, work: Callable[[GraphMemory], object]) -> Callable[[GraphMemory], object]:
    """Return the function without recalls if the key of the caller may only read."""
    if call.caller.may_write:
        return work

    def unnoted(memory: GraphMemory) -> object:
        with unrecorded():
            return work(memory)

    return unnoted


def _default_answer(memory: GraphMemory, call: VerbCall) -> object:
    """Return the verb's result as the route's answer."""
    answer = getattr(memory, call.contract.verb.name)(**call.values)
    if isinstance(answer, Written):
        return receipt(answer, call.contract.verb.status)
    return call.contract.enveloped(answer)


class _IfMatchCheck:
    """Checks that a memory has the state that the request's `If-Match` names."""

    def __init__(self, memory_id: str, headers: WriteHeaders, scope: Scope) -> None:
        self._memory_id = memory_id
        self._headers = headers
        self._scope = scope

    def compared_at(self, memory: GraphMemory) -> int | None:
        """Return the ledger position at which the memory was compared.

        Returns:
            None if there is no ETag to compare, or if the write is a retry of a completed write.

        Raises:
            Mismatch: The memory has changed.
        """
        expected = self._headers.expected
        if expected is None or expected.strip() == "*":
            return None
        with unrecorded():
            history = memory.history(self._memory_id, scope=self._scope)
        if self._headers.op_id is not None and any(change.op_id == self._headers.op_id for change in history.changes):
            return None
        if etag_of(history) in {tag.strip() for tag in expected.split(",")}:
            return history.at.seq
        with unrecorded():
            successors = memory.explain(self._memory_id, scope=self._scope).resolves_to
        heads = tuple(hit.card.id for hit in successors) or (self._memory_id,)
        raise Mismatch(
            f"memory {self._memory_id!r} is at {etag_of(history)}, not {expected[:80]!r}: read it again", heads
        )

    def guarded(self, memory: GraphMemory, do: Callable[[Write], object], write: Write) -> object:
        """Run a write whose memory is compared before it and, by its ledger position, inside its transaction."""
        position = self.compared_at(memory)
        if position is None:
            return do(write)
        try:
            return do(replace(write, seen=position if write.seen is None else min(position, write.seen)))
        except Conflict:
            self.compared_at(memory)  # another write came between: raise Mismatch instead
            raise

"""A route for every verb, made from its contract."""

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

from graphmem.errors import Conflict
from graphmem.http.admission import AdmittedRoute
from graphmem.http.asking import Asked, Asks, Bounds, Heads, Keeper, Known, MemoryId, Paged, Placed, Where, Writing
from graphmem.http.limits import MAX_RESULTS
from graphmem.http.problems import MEDIA_TYPE, PROBLEM, Mismatch
from graphmem.http.request_bodies import ALSO, body_of, is_optional
from graphmem.http.verb_answers import ANSWERS, Call, answer_form, etag_of, receipt
from graphmem.model import Scope
from graphmem.parameters import MAX_POSITION, Number, Text
from graphmem.service import GraphMemory, Write
from graphmem.store import Page
from graphmem.verbs import VERBS, Verb
from graphmem.wire.contracts import Contract, Parameter, Role, contract

_MISMATCH: dict[int | str, dict[str, Any]] = {
    412: {"description": "The memory changed after the `If-Match`.", "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
}
_POSITION = Annotated[int, Path(ge=1, le=MAX_POSITION, description="A ledger position.")]
#: Arguments of a route that are not parameters of the verb.
_OF_THE_ROUTE = ("served", "caller", "scope", "heads", "body", "bounds")


@cache
def verb_router() -> APIRouter:
    """A router with the route of every verb that is not a stream."""
    router = APIRouter(route_class=AdmittedRoute)
    # A memory's id may hold a slash, so the routes that go on after it come before the one that ends with it.
    for verb in sorted(VERBS.values(), key=lambda verb: verb.path.endswith("{key}")):
        if verb.route and not verb.is_streamed:
            _add(router, verb)
    return router


def _add(router: APIRouter, verb: Verb) -> None:
    agreed = contract(verb.name)
    names_memory = bool(_memory_parameter(agreed))
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
    """The path for the framework; ids of memories may hold slashes."""
    for name in ("key", "old", "source"):
        path = path.replace(f"{{{name}}}", f"{{{name}:path}}")
    return path


def _memory_parameter(agreed: Contract) -> Parameter | None:
    """The parameter in the path that names a memory."""
    return next((one for one in agreed.of(Role.PATH) if isinstance(one.limits, Text)), None)


# ---- endpoints


def _endpoint(agreed: Contract) -> Callable[..., Any]:
    verb = agreed.verb

    async def endpoint(**given: Any) -> Response:  # noqa: ANN401 - checked by the framework
        call = _call(agreed, given)
        work = _guarded(call, _memory_parameter(agreed))
        served = call.served
        if verb.is_long:
            return await served.keep(verb.name, work)
        if verb.is_write:
            return await served.write(verb.name, work)
        return await served.read(verb.name, work, may_be_brief=verb.name == "search")

    endpoint.__signature__ = Signature(list(_arguments(agreed)))  # type: ignore[attr-defined]
    endpoint.__name__ = verb.name
    return endpoint


def _arguments(agreed: Contract) -> Iterator[Argument]:
    """The arguments of the endpoint as the framework reads them."""
    verb, body = agreed.verb, body_of(agreed)
    yield _argument("served", Asks)
    yield _argument("caller", Known)
    if verb.is_of_the_tenant:
        yield _argument("scope", Keeper)
    else:
        yield _argument("scope", Annotated[Scope, Depends(Placed(verb.permission, is_write=verb.is_write))])
    if verb.is_write:
        yield _argument("heads", Heads)
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
            yield _argument(parameter.name, Asked)
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
    """A type without its limits: a query is text, which the framework converts."""
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[0]
    if get_origin(annotation) in {Union, UnionType}:
        return Union[tuple(map(_plain, get_args(annotation)))]  # noqa: UP007 - of types at run time
    return annotation


# ---- calls


def _call(agreed: Contract, given: dict[str, Any]) -> Call:
    """The call that checked arguments make."""
    route = {name: given.pop(name) for name in _OF_THE_ROUTE if name in given}
    body = route.get("body")
    scope: Scope = route["scope"]
    heads: Writing | None = route.get("heads")
    values = dict(given)
    if body is not None:
        values |= {one.name: getattr(body, one.name) for one in agreed.of(Role.BODY, Role.FILTER)}
        if agreed.of(Role.PAGE):
            values["page"] = Page(body.limit, body.cursor)
    for name, bound in zip(("start", "end"), route.get("bounds", ()), strict=False):
        values[name] = bound
    for parameter in agreed.of(Role.PATH):
        if parameter.is_several:
            values[parameter.name] = (values[parameter.name], *getattr(body, ALSO, ()))
    if heads is not None:
        values["write"] = heads.write(scope, body)
    if agreed.of(Role.SCOPE):
        values["scope"] = scope
    return Call(agreed, route["served"], route["caller"], scope, heads, body, values)


def _guarded(call: Call, named: Parameter | None) -> Callable[[GraphMemory], object]:
    """The work of a call; a write on a memory holds to its `If-Match`."""
    answered = ANSWERS.get(call.contract.verb.name, _answered)
    if call.heads is None or named is None or call.heads.expected is None:
        return lambda memory: answered(memory, call)
    reference = call.values[named.name]
    guard = _Guard(reference if isinstance(reference, str) else reference[0], call.heads, call.scope)
    return lambda memory: guard.guarded(memory, lambda write: answered(memory, call.by(write)), call.values["write"])


def _answered(memory: GraphMemory, call: Call) -> object:
    """What the verb answers, as the route gives it."""
    answer = getattr(memory, call.contract.verb.name)(**call.values)
    return (
        receipt(answer, call.contract.verb.status) if call.contract.verb.is_write else call.contract.enveloped(answer)
    )


class _Guard:
    """The check that a memory is as the request's `If-Match` has it."""

    def __init__(self, key: str, heads: Writing, scope: Scope) -> None:
        self._key = key
        self._heads = heads
        self._scope = scope

    def seen(self, memory: GraphMemory) -> int | None:
        """The ledger position at which the memory was read; None if `If-Match` asks nothing or the write is a retry.

        Raises:
            Mismatch: The memory changed since.
        """
        expected = self._heads.expected
        if expected is None or expected.strip() == "*":
            return None
        found = memory.history(self._key, scope=self._scope)
        if self._heads.op_id is not None and any(change.op_id == self._heads.op_id for change in found.changes):
            return None
        if etag_of(found) in {tag.strip() for tag in expected.split(",")}:
            return found.at.seq
        leads = memory.explain(self._key, scope=self._scope).resolves_to
        heads = tuple(hit.card.id for hit in leads) or (self._key,)
        raise Mismatch(f"memory {self._key!r} is at {etag_of(found)}, not {expected[:80]!r}: read it again", heads)

    def guarded(self, memory: GraphMemory, do: Callable[[Write], object], write: Write) -> object:
        """The answer of a write: the memory is compared before, and inside the write with what was read."""
        position = self.seen(memory)
        if position is None:
            return do(write)
        try:
            return do(replace(write, seen=position if write.seen is None else min(position, write.seen)))
        except Conflict:
            self.seen(memory)  # another write came between: say so
            raise

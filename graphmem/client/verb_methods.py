"""The client's method for each verb, made from its contract: it sends a request and returns the library's type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from graphmem.client.server_connection import ServerRequest
from graphmem.client.session import DEFAULT_TENANT, filter_query, point_query
from graphmem.errors import InvalidInput
from graphmem.model import At, Scope, Statement
from graphmem.retrieval.cursors import page_of
from graphmem.service import GraphMemory, New, Write
from graphmem.service.statements import StatementText
from graphmem.store import Page
from graphmem.verbs import VERBS
from graphmem.wire.contracts import Contract, Role, contract
from graphmem.wire.json_documents import document

if TYPE_CHECKING:
    from graphmem.client.remote_memory import RemoteMemory

#: Fields of a body that only HTTP has.
_OWN_FIELDS: Mapping[str, dict[str, object]] = {"search": {"excerpts": False}}


def with_verbs(remote: type[RemoteMemory]) -> type[RemoteMemory]:
    """Add a method to the class for each verb that has a route and that the class does not define itself."""
    for verb in VERBS.values():
        if verb.route and verb.name not in vars(remote):
            setattr(remote, verb.name, _method(verb.name))
    return remote


def _method(name: str) -> Callable[..., Any]:
    method = getattr(GraphMemory, name)
    signature = inspect.signature(method)

    @wraps(method)
    def send(remote: RemoteMemory, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the types of the method
        bound = signature.bind(remote, *args, **kwargs)
        bound.apply_defaults()
        agreed = contract(name)
        answer = remote.session.connection.send(agreed.answer, _request(remote, agreed, bound.arguments))
        returned = agreed.opened(answer)
        if isinstance(returned, int) and "progress" in bound.arguments:
            bound.arguments["progress"](returned, returned)
        return returned

    return send


def _request(remote: RemoteMemory, agreed: Contract, arguments: Mapping[str, Any]) -> ServerRequest:
    """Return the request for the arguments of a call."""
    session, verb, parts = remote.session, agreed.verb, arguments.get("parts", {})
    if arguments.get("actor", "") is None:
        arguments = {**arguments, "actor": session.actor}
    path, also = _path(agreed, arguments)
    if agreed.of(Role.WRITER):
        write = arguments["write"] or Write()
        scoped_write = replace(write, scope=session.scope_with(write.scope, parts)) if parts else write
        request = session.write_request(path, scoped_write, also | _body(agreed, arguments), is_named=not verb.is_long)
    else:
        scope = session.scope_with(arguments.get("scope"), parts)
        query = {**session.query(scope, arguments.get("at")), **_query(agreed, arguments)}
        body = document(_body(agreed, arguments)) if verb.method == "POST" else None
        request = ServerRequest(verb.method, path, query, body or None)
    return replace(request, is_long=verb.is_long)


def _path(agreed: Contract, arguments: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """Return the path with its parameter filled in, and the body's field for further memories.

    Raises:
        InvalidInput: No memory is named.
    """
    path = agreed.verb.path
    for parameter in agreed.of(Role.PATH):
        value = arguments[parameter.name]
        first, *further = [value] if isinstance(value, str | int) else [*value] or [None]
        if first is None:
            raise InvalidInput(f"{parameter.name!r} names no memory: give at least one id")
        path = path.replace(f"{{{parameter.name}}}", quote(str(first), safe=""))
        if further:
            return path, {"also": further}
    return path, {}


def _body(agreed: Contract, arguments: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields of the body without defaults: a server of an earlier release may not know all fields."""
    values = {
        parameter.name: _sent(arguments[parameter.name])
        for parameter in agreed.of(Role.BODY, *([Role.FILTER] if agreed.verb.method == "POST" else []))
        if parameter.is_required or arguments[parameter.name] != parameter.default
    }
    page = _page(agreed, arguments) if agreed.verb.method == "POST" else {}
    return {**values, **page, **_OWN_FIELDS.get(agreed.verb.name, {})}


def _query(agreed: Contract, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query parameters, except those of scope and point in time."""
    if agreed.verb.method == "POST":
        return {}
    query: dict[str, Any] = {parameter.name: arguments[parameter.name] for parameter in agreed.of(Role.QUERY)}
    query |= _page(agreed, arguments)
    for parameter in agreed.of(Role.FILTER):
        query |= filter_query(arguments[parameter.name])
    for parameter, known_at_name in zip(agreed.of(Role.BOUND), ("known_from", "known_to"), strict=False):
        query |= point_query(arguments[parameter.name] or At(), parameter.name, known_at_name)
    return query


def _page(agreed: Contract, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if not agreed.of(Role.PAGE):
        return {}
    page = page_of(arguments["page"], arguments.get("limit"), Page(agreed.verb.page_limit))
    return {"limit": page.limit, "cursor": page.cursor}


def _sent(value: object) -> object:
    """Return a value for JSON: sequences as tuples, items of a batch without default values."""
    if isinstance(value, New):
        return _item(value)
    if isinstance(value, StatementText):
        return f"{value}\n"  # no id of a memory ends a line
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping | Statement):
        return tuple(map(_sent, value))
    return value


def _item(new: New) -> dict[str, object]:
    item: dict[str, object] = {"statement": new.statement, "scope": new.scope and _home(new.scope)}
    rest = (field for field in fields(New) if field.name not in item and getattr(new, field.name) != field.default)
    return item | {field.name: getattr(new, field.name) for field in rest}


def _home(scope: Scope) -> dict[str, object]:
    """Return a scope without related repositories, and without the default tenant, which the server replaces."""
    values = {name: value for name, value in asdict(scope).items() if name != "related_repos"}
    return {**values, "tenant": None if scope.tenant == DEFAULT_TENANT else scope.tenant}

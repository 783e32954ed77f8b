"""The client's method for every verb, made from its contract: it sends a request and returns what the library would."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from graphmem.client.connection import Asked
from graphmem.client.session import DEFAULT_TENANT, filter_query, time_text
from graphmem.errors import InvalidInput
from graphmem.model import At, Scope, Statement
from graphmem.retrieval.paging import page_of
from graphmem.service import GraphMemory, New, Write
from graphmem.service.wording import Words
from graphmem.store import Page
from graphmem.verbs import VERBS
from graphmem.wire.contracts import Contract, Role, contract
from graphmem.wire.documents import document

if TYPE_CHECKING:
    from graphmem.client.memory import RemoteMemory

_IN_PATH = re.compile(r"\{(\w+)\}")
_DEFAULT_PAGES = {"search": Page(), "list": Page(limit=50)}
#: Fields of a body that HTTP has beside those of the verb.
_OWN_FIELDS: Mapping[str, dict[str, object]] = {"search": {"excerpts": False}}


def with_verbs(remote: type[RemoteMemory]) -> type[RemoteMemory]:
    """The class with a method for each verb that has a route and that the class does not define itself."""
    for verb in VERBS.values():
        if verb.route and verb.name not in vars(remote):
            setattr(remote, verb.name, _method(verb.name))
    return remote


def _method(name: str) -> Callable[..., Any]:
    method = getattr(GraphMemory, name)
    signature = inspect.signature(method)

    @wraps(method)
    def send(remote: RemoteMemory, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the types of the method
        given = signature.bind(remote, *args, **kwargs)
        given.apply_defaults()
        agreed = contract(name)
        answer = remote.session.connection.ask(agreed.answer, _request(remote, agreed, given.arguments))
        returned = agreed.opened(answer)
        if isinstance(returned, int) and "progress" in given.arguments:
            given.arguments["progress"](returned, returned)
        return returned

    return send


def _request(remote: RemoteMemory, agreed: Contract, given: Mapping[str, Any]) -> Asked:
    """The request that carries the arguments of a call."""
    session, verb, parts = remote.session, agreed.verb, given.get("parts", {})
    path, also = _path(agreed, given)
    if agreed.of(Role.WRITER):
        write = given["write"] or Write()
        placed = replace(write, scope=session.scope_with(write.scope, parts)) if parts else write
        request = session.write_request(path, placed, also | _body(agreed, given), is_named=not verb.is_long)
    else:
        scope = session.scope_with(given.get("scope"), parts)
        query = {**session.query(scope, given.get("at")), **_query(agreed, given)}
        body = document(_body(agreed, given)) if verb.method == "POST" else None
        request = Asked(verb.method, path, query, body or None)
    return replace(request, is_long=verb.is_long)


def _path(agreed: Contract, given: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """The path with its parameter filled in, and the body's field for further memories.

    Raises:
        InvalidInput: No memory is named.
    """
    path = agreed.verb.path
    for parameter in agreed.of(Role.PATH):
        value = given[parameter.name]
        first, *further = [value] if isinstance(value, str | int) else [*value] or [None]
        if first is None:
            raise InvalidInput(f"{parameter.name!r} names no memory: name at least one")
        path = path.replace(f"{{{parameter.name}}}", quote(str(first), safe=""))
        if further:
            return path, {"also": further}
    return path, {}


def _body(agreed: Contract, given: Mapping[str, Any]) -> dict[str, object]:
    """The fields of the body. Defaults are left out: a server of an earlier release may not know all fields."""
    values = {
        parameter.name: _sent(given[parameter.name])
        for parameter in agreed.of(Role.BODY, *([Role.FILTER] if agreed.verb.method == "POST" else []))
        if parameter.is_required or given[parameter.name] != parameter.default
    }
    page = _page(agreed, given) if agreed.verb.method == "POST" else {}
    return {**values, **page, **_OWN_FIELDS.get(agreed.verb.name, {})}


def _query(agreed: Contract, given: Mapping[str, Any]) -> dict[str, Any]:
    """The query parameters beside those of scope and point."""
    if agreed.verb.method == "POST":
        return {}
    query: dict[str, Any] = {parameter.name: given[parameter.name] for parameter in agreed.of(Role.QUERY)}
    query |= _page(agreed, given)
    for parameter in agreed.of(Role.FILTER):
        query |= filter_query(given[parameter.name])
    for parameter, known_name in zip(agreed.of(Role.BOUND), ("known_from", "known_to"), strict=False):
        point: At = given[parameter.name] or At()
        known_at = point.known_at
        query[parameter.name] = time_text(point.as_of)
        query[known_name] = time_text(known_at) if isinstance(known_at, datetime) else known_at
    return query


def _page(agreed: Contract, given: Mapping[str, Any]) -> dict[str, Any]:
    if not agreed.of(Role.PAGE):
        return {}
    page = page_of(given["page"], given.get("limit"), _DEFAULT_PAGES.get(agreed.verb.name, Page()))
    return {"limit": page.limit, "cursor": page.cursor}


def _sent(value: object) -> object:
    """A value as the written form takes it: sequences as tuples, items of a batch without what they leave open."""
    if isinstance(value, New):
        return _item(value)
    if isinstance(value, Words):
        return f"{value}\n"  # no id of a memory ends a line
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping | Statement):
        return tuple(map(_sent, value))
    return value


def _item(new: New) -> dict[str, object]:
    named: dict[str, object] = {"statement": new.statement, "scope": new.scope and _home(new.scope)}
    rest = (field for field in fields(New) if field.name not in named and getattr(new, field.name) != field.default)
    return named | {field.name: getattr(new, field.name) for field in rest}


def _home(scope: Scope) -> dict[str, object]:
    """A scope without related repositories, and without the default tenant, which the key replaces."""
    values = {name: value for name, value in asdict(scope).items() if name != "related_repos"}
    return {**values, "tenant": None if scope.tenant == DEFAULT_TENANT else scope.tenant}

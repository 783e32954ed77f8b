"""HTTP: verbs are routes; what is asked is split into path, query, head and body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2

from graphmem.verbs import VERBS, Verb
from graphmem.wire.contracts import Role, contract
from graphmem.wire.json_documents import document
from tests.parity.documents import reading_of
from tests.parity.use_case import Refused

_NDJSON = {"Content-Type": "application/x-ndjson"}
_FILTER = frozenset({"list", "diff"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where a verb is.

    Attributes:
        query: Arguments that go into the query; those that the path names go there, all others into the body.
        answer: The field that holds what the library answers, if it is not the whole body.
    """

    method: str
    path: str
    query: frozenset[str] = field(default_factory=frozenset)
    answer: str | None = None


def _route(verb: Verb) -> Route:
    query = frozenset(parameter.name for parameter in contract(verb.name).of(Role.QUERY))
    paged = frozenset({"page"}) if verb.method == "GET" else frozenset[str]()
    return Route(verb.method, verb.path, query | paged, None if verb.envelope is None else verb.envelope[1])


ROUTES = {name: _route(verb) for name, verb in VERBS.items() if verb.route}
#: A second way to bring sources in: read on the caller's side.
READING = ROUTES["ingest"]
ROUTES["ingest"] = Route("POST", "/v1/ingest/decisions")
_IN_PATH = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Requests:
    """A server, asked with bare requests."""

    http: httpx2.Client
    key: str | None = None
    routes: Mapping[str, Route] = field(default_factory=lambda: ROUTES)

    def ask(self, verb: str, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """The answer's body."""
        route, given = self.routes[verb], dict(asked)
        head = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        query = _query(verb, route, given)
        path = _path(route, given)
        if verb == "restore":
            lines = "".join(f"{one}\n" for one in given["lines"])
            return self._answered(route, path, params=query, content=lines, headers={**head, **_NDJSON})
        if "write" in given:
            write = given.pop("write")
            head["Idempotency-Key"] = write["op_id"]
            given |= {name: write[name] for name in ("actor", "source", "reason", "origin", "seen") if name in write}
        body = None if route.method == "GET" else _body(verb, route, given)
        return self._answered(route, path, params=query, json=body, headers=head)

    def _answered(self, route: Route, path: str, **more: Any) -> Any:  # noqa: ANN401 - as above
        response = self.http.request(route.method, path, **more)
        if not response.is_success:
            problem = response.json()
            raise Refused(problem["code"], tuple(problem["heads"]), problem["detail"])
        if path == "/v1/export":
            return response.text.splitlines()
        return response.json() if route.answer is None else response.json()[route.answer]


def offered(app: Any) -> set[tuple[str, str]]:  # noqa: ANN401 - a FastAPI
    """Every route of the OpenAPI."""
    return {(method.upper(), path) for path, found in app.openapi()["paths"].items() for method in found}


def _path(route: Route, given: dict[str, Any]) -> str:
    """The path with its parts filled in, which are taken out of the arguments."""
    (name,) = _IN_PATH.findall(route.path) or [None]
    if name not in given:
        return route.path
    first, *also = given[name] if isinstance(given[name], list) else [given[name]]
    del given[name]
    given |= {"also": also} if also else {}
    return route.path.format(**{name: quote(str(first), safe="")})


def _query(verb: str, route: Route, given: dict[str, Any]) -> dict[str, Any]:
    """The query, whose arguments are taken out."""
    found: dict[str, Any] = dict(given.pop("scope", None) or given.get("write", {}).get("scope") or {"repo": "shop"})
    if isinstance(given.get("at"), dict):
        found |= given.pop("at")
    if verb == "diff":
        for bound, known in (("start", "known_from"), ("end", "known_to")):
            point = given.pop(bound, {})
            found |= {bound: point.get("as_of"), known: point.get("known_at")}
    if verb in _FILTER:
        found |= given.pop("where", {})
    if "page" in route.query:
        found |= given.pop("page", {})
    found |= {name: given.pop(name) for name in route.query if name in given}
    return {name: _text(one) for name, one in found.items() if one is not None}


def _text(value: Any) -> Any:  # noqa: ANN401 - JSON
    return json.dumps(value) if isinstance(value, bool) else value


def _body(verb: str, route: Route, given: dict[str, Any]) -> dict[str, Any]:
    if verb == "ingest":
        documents = given.pop("documents")
        if route is READING:
            return {**given, "reading": document(reading_of(documents))}
        # Nobody's clock dates records unseen on the other surfaces either: see the command line's.
        return {
            **given,
            "no_dates": True,
            "documents": [{"path": path, "content": text} for path, text in documents.items()],
        }
    page = given.pop("page", {})
    # What an answer says to people besides is no part of what the library answers.
    plain = {"excerpts": False} if verb == "search" else {}
    return {**given, **page, **plain}

"""The answers of verbs for which HTTP has something of its own: a location, an ETag, excerpts, the limits of a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel
from starlette.responses import Response

from graphmem.answers import History, Written
from graphmem.http.asking import Writing
from graphmem.http.callers import Caller
from graphmem.http.working import Served, json_of
from graphmem.model import Scope
from graphmem.retrieval.remarks import org_wide
from graphmem.service import GraphMemory, New, Write
from graphmem.wire.contracts import Contract
from graphmem.wire.envelopes import AllWritten, Findings, Repositories, Seen, Shown
from graphmem.wire.excerpted import ExcerptedAnswer, excerpted
from graphmem.wire.forms import form


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a verb, checked.

    Attributes:
        scope: The scope of the caller, as far as the key allows.
        heads: What a write takes from the head of its request; None for a read.
        body: The body, with fields of HTTP's own.
        values: The arguments of the verb.
    """

    contract: Contract
    served: Served
    caller: Caller
    scope: Scope
    heads: Writing | None
    body: BaseModel | None
    values: Mapping[str, Any]

    def by(self, write: Write) -> Call:
        """The call in the name of another `Write`."""
        return replace(self, values={**self.values, "write": write})


def answer_form(agreed: Contract) -> Any:  # noqa: ANN401 - a type for pydantic
    """The type of a route's answer."""
    return form(ExcerptedAnswer if agreed.verb.name == "search" else agreed.answer)


def receipt(written: Written, status: int, **headers: str) -> Response:
    """The response to a write, whose headers name its ledger position."""
    change = str(written.change.seq)
    return json_of(written, status, **headers, ETag=f'"{change}"', **{"X-Graphmem-Change": change})


def etag_of(found: History) -> str:
    """The ETag of a memory: the position of the last entry about it."""
    return f'"{found.changes[-1].seq if found.changes else 0}"'


def _search(memory: GraphMemory, call: Call) -> object:
    answer = memory.search(**call.values)
    call.served.metrics.contested(sum(bool(hit.contested) for hit in answer.hits))
    if not getattr(call.body, "excerpts", False):
        return answer
    is_first_page = call.values["page"].cursor is None
    others = _openable(memory, call) if call.scope.repo is None and is_first_page else ()
    return excerpted(answer, call.values["query"], [org_wide(len(others))] if others else [])


def _get(memory: GraphMemory, call: Call) -> Response:
    found = memory.history(**call.values)
    return json_of(Shown(found.card, found.at), ETag=etag_of(found))


def _repositories(memory: GraphMemory, call: Call) -> Repositories:
    return Repositories(_openable(memory, call))


def _openable(memory: GraphMemory, call: Call) -> tuple[str, ...]:
    """Repositories with memories that the caller sees, of those that the key opens."""
    allowed = () if call.caller.key is None else call.caller.key.repos
    return tuple(repo for repo in memory.repositories(scope=call.scope) if not allowed or repo in allowed)


def _add(memory: GraphMemory, call: Call) -> Response:
    written = memory.add(**_looking(call))
    return receipt(written, 201, Location=f"/v1/memories/{quote(written.ids[0], safe='')}")


def _add_many(memory: GraphMemory, call: Call) -> Response:
    items = [_new(item, call) for item in call.values["items"]]
    return json_of(AllWritten(tuple(memory.add_many(**{**_looking(call), "items": items}))), 201)


def _looking(call: Call) -> dict[str, Any]:
    """The arguments of an add; a caller who may not read is not told of similar memories."""
    values = dict(call.values)
    return values if call.caller.may_read else {**values, "on_similar": None}


def _new(item: Any, call: Call) -> New:  # noqa: ANN401 - a model made at run time
    home = None
    if item.id is not None:
        call.caller.require_choice()
    if item.scope is not None:
        scope = call.caller.place(item.scope.scope(), item.scope.tenant or call.scope.tenant, is_write=True)
        home = replace(scope, related_repos=())
    named = ("statement", "moves", "id", "start", "supersedes", "supersession", "until", "reason")
    return New(scope=home, **{name: getattr(item, name) for name in named})


def _ingest(memory: GraphMemory, call: Call) -> object:
    report = memory.ingest(**call.values)
    call.served.metrics.quarantined(len(report.problems))
    return report


def _check(memory: GraphMemory, call: Call) -> Findings:
    call.caller.require_server()
    return Findings(tuple(memory.check()))


def _status(memory: GraphMemory, call: Call) -> Seen:
    call.caller.require_whole()
    return Seen(memory.status(scope=call.scope), call.scope)


#: Answers of verbs that are not what the method returns, by the verb's name.
ANSWERS: Mapping[str, Callable[[GraphMemory, Call], object]] = {
    "search": _search,
    "get": _get,
    "repositories": _repositories,
    "add": _add,
    "add_many": _add_many,
    "ingest": _ingest,
    "check": _check,
    "status": _status,
}

"""Answers of the verbs to which HTTP adds a location, an ETag, excerpts, or the limits of a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel
from starlette.responses import Response

from graphmem.answers import History, Written
from graphmem.deferred_dataclass import dataclass
from graphmem.http.authentication import Caller
from graphmem.http.request_parameters import WriteHeaders
from graphmem.http.worker_threads import ServerContext, json_of
from graphmem.model import Scope
from graphmem.retrieval.remarks import org_wide
from graphmem.service import GraphMemory, New, Write
from graphmem.service.captured_statements import CaptureReport
from graphmem.service.entries import LedgerPage, ledger_page
from graphmem.wire.contracts import Contract
from graphmem.wire.envelopes import AllWritten, CardAnswer, Findings, Repositories, StatusAnswer
from graphmem.wire.excerpted import ExcerptedAnswer, excerpted
from graphmem.wire.forms import form


@dataclass(frozen=True, slots=True)
class VerbCall:
    """A checked request for a verb.

    Attributes:
        scope: The scope of the caller, within the key's limits.
        headers: The headers of a write; None for a read.
        body: The body, with the fields that only HTTP has.
        values: The arguments of the verb.
    """

    contract: Contract
    server: ServerContext
    caller: Caller
    scope: Scope
    headers: WriteHeaders | None
    body: BaseModel | None
    values: Mapping[str, Any]

    def by(self, write: Write) -> VerbCall:
        """Return the call with a different `Write`."""
        return replace(self, values={**self.values, "write": write})


#: Types of answers that hold more over HTTP than on other surfaces, by the verb's name.
_FORMS = {"search": ExcerptedAnswer, "changes": LedgerPage}


def answer_form(agreed: Contract) -> Any:  # noqa: ANN401 - a type for pydantic
    """Return the type of a route's answer."""
    return form(_FORMS.get(agreed.verb.name, agreed.answer))


def receipt(written: Written, status: int, **headers: str) -> Response:
    """Return the response to a write; its headers name the ledger position."""
    change = str(written.change.seq)
    return json_of(written, status, **headers, ETag=f'"{change}"', **{"X-Graphmem-Change": change})


def etag_of(history: History) -> str:
    """Return the ETag of a memory: the position of the last ledger entry about it."""
    return f'"{history.changes[-1].seq if history.changes else 0}"'


def _search(memory: GraphMemory, call: VerbCall) -> object:
    answer = memory.search(**call.values)
    call.server.metrics.contested(sum(bool(hit.contested) for hit in answer.hits))
    if not getattr(call.body, "excerpts", False):
        return answer
    is_first_page = call.values["page"].cursor is None
    repositories = _openable(memory, call) if call.scope.repo is None and is_first_page else ()
    return excerpted(answer, call.values["query"], [org_wide(len(repositories))] if repositories else [])


def _get(memory: GraphMemory, call: VerbCall) -> Response:
    history = memory.history(**call.values)
    return json_of(CardAnswer(history.card, history.at), ETag=etag_of(history))


def _changes(memory: GraphMemory, call: VerbCall) -> LedgerPage:
    return ledger_page(memory._context, call.scope, call.values["after"], call.values["limit"])  # noqa: SLF001


def _repositories(memory: GraphMemory, call: VerbCall) -> Repositories:
    return Repositories(_openable(memory, call))


def _openable(memory: GraphMemory, call: VerbCall) -> tuple[str, ...]:
    """Return the repositories with memories that the caller can read and that the key opens."""
    allowed = () if call.caller.key is None else call.caller.key.repos
    return tuple(repo for repo in memory.repositories(scope=call.scope) if not allowed or repo in allowed)


def _add(memory: GraphMemory, call: VerbCall) -> Response:
    written = memory.add(**_add_arguments(call))
    if isinstance(written, CaptureReport):
        return json_of(written, 201)
    return receipt(written, 201, Location=f"/v1/memories/{quote(written.ids[0], safe='')}")


def _add_many(memory: GraphMemory, call: VerbCall) -> Response:
    items = [_new(item, call) for item in call.values["items"]]
    return json_of(AllWritten(tuple(memory.add_many(**{**_add_arguments(call), "items": items}))), 201)


def _add_arguments(call: VerbCall) -> dict[str, Any]:
    """Return the arguments of an add, without a report of similar memories if the caller may not read."""
    values = dict(call.values)
    return values if call.caller.may_read else {**values, "on_similar": None}


def _new(item: Any, call: VerbCall) -> New:  # noqa: ANN401 - a model made at run time
    home = None
    if item.id is not None:
        call.caller.require_choice()
    if item.scope is not None:
        scope = call.caller.scope_for(item.scope.scope(), item.scope.tenant or call.scope.tenant, is_write=True)
        home = replace(scope, related_repos=())
    fields = ("statement", "moves", "id", "start", "supersedes", "supersession", "until", "reason")
    return New(scope=home, **{name: getattr(item, name) for name in fields})


def _ingest(memory: GraphMemory, call: VerbCall) -> object:
    report = memory.ingest(**call.values)
    call.server.metrics.quarantined(len(report.problems))
    return report


def _check(memory: GraphMemory, call: VerbCall) -> Findings:
    call.caller.require_server()
    return Findings(tuple(memory.check()))


def _status(memory: GraphMemory, call: VerbCall) -> StatusAnswer:
    call.caller.require_whole()
    return StatusAnswer(memory.status(scope=call.scope), call.scope)


#: Functions that make the answers of verbs whose HTTP answer differs from the method's result, by the verb's name.
ANSWERS: Mapping[str, Callable[[GraphMemory, VerbCall], object]] = {
    "search": _search,
    "get": _get,
    "changes": _changes,
    "repositories": _repositories,
    "add": _add,
    "add_many": _add_many,
    "ingest": _ingest,
    "check": _check,
    "status": _status,
}

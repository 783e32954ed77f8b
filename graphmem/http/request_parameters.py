"""Parameters that many routes share: scope, point in time, filter, page, and the fields and headers of writes.

These dependencies never block. They are coroutines because FastAPI runs plain functions in a thread pool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, get_origin

from fastapi import Depends, Header, Path, Query, Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.requests import HTTPConnection

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.http.authentication import Caller, caller_of
from graphmem.http.request_limits import MAX_RESULTS
from graphmem.http.worker_threads import ServerContext
from graphmem.keys import Permission
from graphmem.model import MAX_NAME_CHARS, At, Kind, Origin, Scope, Status
from graphmem.parameters import MAX_POSITION
from graphmem.service import Write
from graphmem.store import Filter, Page
from graphmem.verbs import VERBS
from graphmem.wire.forms import REQUEST
from graphmem.wire.times import read_as_of, read_known_at

Text = Annotated[str, Field(max_length=1_000)]


async def server_context(request: HTTPConnection) -> ServerContext:
    """Return the server's context."""
    server: ServerContext = request.app.state.server
    return server


Server = Annotated[ServerContext, Depends(server_context)]


async def refuse_unknown(request: Request) -> None:
    """Refuse query parameters that the route does not have, and repeated parameters that take a single value.

    A misspelt `as_of` would otherwise be answered for the present.

    Raises:
        InvalidInput: The query has either.
    """
    parameters = dict(_query_names(request.scope["route"].dependant))
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in parameters:
            raise InvalidInput(f"unknown query parameter {name[:80]!r}; this route has {', '.join(sorted(parameters))}")
        if count > 1 and not parameters[name]:
            raise InvalidInput(f"query parameter {name!r} is given {count} times; give it once")


def _query_names(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield the name of each query parameter, and whether it takes several values."""
    yield from (
        (parameter.alias, get_origin(parameter.field_info.annotation) is tuple) for parameter in dependant.query_params
    )
    for inner in dependant.dependencies:
        yield from _query_names(inner)


# ---- scope


#: The header that names the repository of a request.
REPOSITORY = "X-Graphmem-Repo"


@dataclass(frozen=True, slots=True)
class RequestedScope:
    """The tenant and scope that a request names, before they are checked against the key."""

    tenant: str | None
    scope: Scope


_NAME = {"min_length": 1, "max_length": MAX_NAME_CHARS, "pattern": r"^[^\x00-\x1f\x7f]+$"}
_BRANCH = {**_NAME, "pattern": r"^[^\x00-\x1f\x7f:]+(:[1-9][0-9]{0,17})?$"}
_BRANCH_TEXT = (
    "Branch. Default: the main line. A name means the latest branch of that name; `fix:123` means the branch `fix` that"
    " ledger entry 123 opened."
)
Name = Annotated[str, Field(**_NAME)]
BranchName = Annotated[str, Field(**_BRANCH)]


async def _repository(
    repo: Annotated[
        Name | None,
        Query(
            description="Repository to read or write. Default: the header X-Graphmem-Repo, or the only repository that"
            " the key opens. Without any, only memories of no repository are read.",
            examples=["example.org/shop"],
        ),
    ] = None,
    default: Annotated[
        Name | None, Header(alias=REPOSITORY, description="Default for the query parameter `repo`.")
    ] = None,
) -> str | None:
    return repo or default


async def _requested_scope(
    tenant: Annotated[Name | None, Query(description="Tenant. Default: the tenant of the key.")] = None,
    repo: Annotated[str | None, Depends(_repository)] = None,
    user: Annotated[Name | None, Query(description="User whose private memories are included.")] = None,
    branch: Annotated[BranchName | None, Query(description=_BRANCH_TEXT)] = None,
    environment: Annotated[Name | None, Query(description="Environment, for example production.")] = None,
    related_repos: Annotated[
        tuple[Name, ...], Query(description="Other repositories whose shared memories are included.", max_length=100)
    ] = (),
) -> RequestedScope:
    return RequestedScope(tenant, Scope("default", repo, user, branch, environment, tuple(related_repos)))


@dataclass(frozen=True, slots=True)
class PermittedScope:
    """A dependency that checks the key's permission and returns the scope of the request."""

    permission: Permission
    is_write: bool

    async def __call__(
        self, request: Request, requested: Annotated[RequestedScope, Depends(_requested_scope)]
    ) -> Scope:
        """Return the scope that the key opens for the request.

        Raises:
            Forbidden: The key lacks the permission, or does not open the scope.
            NotFound: The key belongs to another tenant.
        """
        caller = caller_of(request)
        caller.require(self.permission)
        return caller.scope_for(requested.scope, requested.tenant, is_write=self.is_write)


#: The scope of a write.
WriterScope = Annotated[Scope, Depends(PermittedScope(Permission.WRITE, is_write=True))]


async def _tenant_scope(
    request: Request, scope: Annotated[Scope, Depends(PermittedScope(Permission.ADMIN, is_write=False))]
) -> Scope:
    caller_of(request).require_whole()
    return scope


#: The scope of an operation on a whole tenant: the key is bound to no user and no repository.
TenantScope = Annotated[Scope, Depends(_tenant_scope)]


async def _current_caller(request: HTTPConnection) -> Caller:
    return caller_of(request)


CurrentCaller = Annotated[Caller, Depends(_current_caller)]


# ---- point in time


def _known_at(text: str | None) -> datetime | int | str | None:
    point = None if text is None else read_known_at(text)
    if isinstance(point, int) and point > MAX_POSITION:
        raise InvalidInput(f"known_at {point} is not a ledger position: the largest is {MAX_POSITION}")
    return point


def _point(as_of: str | None, known_at: str | None) -> At:
    return At(None if as_of is None else read_as_of(as_of), _known_at(known_at))


_TIME_SCHEMA = {"anyOf": [{"format": "date-time"}, {"minLength": 1}]}
_TIME_OR_POSITION_SCHEMA = {"anyOf": [{"format": "date-time"}, {"pattern": "^[0-9]{1,15}$"}, {"minLength": 1}]}
_TIME = {"examples": ["2025-03-31T14:00:00Z", "v1.2"], "max_length": 1_000, "json_schema_extra": _TIME_SCHEMA}
_TIME_OR_POSITION = {**_TIME, "json_schema_extra": _TIME_OR_POSITION_SCHEMA}


async def _requested_point(
    as_of: Annotated[
        str | None,
        Query(
            description="The memories in force at this time, commit, tag or branch. Default: now.",
            **_TIME,
        ),
    ] = None,
    known_at: Annotated[
        str | None,
        Query(
            description="As recorded at this time or position, or once this commit was read. Default: latest.",
            **_TIME_OR_POSITION,
        ),
    ] = None,
) -> At:
    return _point(as_of, known_at)


RequestedPoint = Annotated[At, Depends(_requested_point)]

_Moment = Annotated[str | None, Query(**_TIME)]
_TimeOrPosition = Annotated[str | None, Query(**_TIME_OR_POSITION)]


async def _bounds(
    start: _Moment = None, end: _Moment = None, known_from: _TimeOrPosition = None, known_to: _TimeOrPosition = None
) -> tuple[At, At]:
    return _point(start, known_from), _point(end, known_to)


Bounds = Annotated[tuple[At, At], Depends(_bounds)]


# ---- filter and page


async def _filter(  # noqa: PLR0913, PLR0917 - each is a query parameter
    kinds: Annotated[tuple[Kind, ...], Query(description="Any of these kinds.")] = (),
    labels: Annotated[tuple[str, ...], Query(description="Any of these labels.")] = (),
    paths: Annotated[tuple[str, ...], Query(description="About these files, folders/ or globs.")] = (),
    components: Annotated[tuple[str, ...], Query(description="About these components.")] = (),
    languages: Annotated[tuple[str, ...], Query(description="Of these languages.")] = (),
    subjects: Annotated[tuple[str, ...], Query(description="Of these subjects.")] = (),
    statuses: Annotated[tuple[Status, ...], Query(description="With these statuses.")] = (),
    origins: Annotated[tuple[Origin, ...], Query(description="Of these origins.")] = (),
    min_confidence: Annotated[float, Query(ge=0, le=1, description="Stated with at least this confidence.")] = 0.0,
    include_history: Annotated[bool, Query(description="Include memories that are not in force.")] = False,  # noqa: FBT002 - by name
) -> Filter:
    return Filter(
        kinds=tuple(kinds),
        labels=tuple(labels),
        paths=tuple(paths),
        components=tuple(components),
        languages=tuple(languages),
        subjects=tuple(subjects),
        statuses=tuple(statuses),
        origins=tuple(origins),
        min_confidence=min_confidence,
        include_history=include_history,
    )


Where = Annotated[Filter, Depends(_filter)]
WhereForm = Annotated[Filter, REQUEST]


_LISTED = VERBS["list"].page_limit  # the only verb whose page is in the query


async def _page(
    limit: Annotated[int, Query(ge=1, le=MAX_RESULTS, description="Largest number of results.")] = _LISTED,
    cursor: Annotated[str | None, Query(max_length=400, description="The cursor of the previous page.")] = None,
) -> Page:
    return Page(limit, cursor)


Paged = Annotated[Page, Depends(_page)]

MemoryId = Annotated[
    str,
    Path(
        description="A memory's id, an alias of it, or the beginning of its id.",
        max_length=1_000,
        examples=["4kd0w1t9bqzc"],
    ),
]


# ---- writes


class WriteBody(BaseModel):
    """The fields of every write: who writes, from which source, and why."""

    model_config = ConfigDict(extra="forbid")

    actor: Text | None = Field(default=None, description="Person or program that writes. Default: the key's name.")
    source: Text | None = Field(default=None, description="Source of the statement: a commit, a pull request, a page.")
    reason: Annotated[str, Field(max_length=20_000)] | None = Field(default=None, description="Reason, in a sentence.")
    origin: Origin | None = Field(
        default=None,
        description="Origin of the statement. Default: human. A change that needs a more trusted origin is recorded as"
        " a proposal.",
    )
    seen: Annotated[StrictInt, Field(ge=0, le=MAX_POSITION)] | None = Field(
        default=None,
        description="The ledger position of your last read. The write fails with 409 if the memory changed since.",
    )


OpId = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="Identifier of this write. Sent again, it changes nothing and returns the first answer.",
    ),
]


@dataclass(frozen=True, slots=True)
class WriteHeaders:
    """The caller and the headers of a write."""

    caller: Caller
    op_id: str | None
    expected: str | None

    def write(self, scope: Scope, body: WriteBody | None) -> Write:
        """Return the `Write` of a request: scope, writer and reason."""
        fields = body or WriteBody.model_construct()
        home_scope = replace(scope, related_repos=())
        return Write(
            scope=home_scope,
            actor=fields.actor or self.caller.actor,
            source=fields.source,
            reason=fields.reason,
            origin=fields.origin,
            op_id=self.op_id,
            seen=fields.seen,
        )


async def _write_headers(
    caller: CurrentCaller,
    op_id: OpId = None,
    if_match: Annotated[
        str | None,
        Header(description="The ETag of the memory as you read it. The write fails with 412 if it changed since."),
    ] = None,
) -> WriteHeaders:
    return WriteHeaders(caller, None if op_id is None else caller.own_op_id(op_id), if_match)


CurrentWriteHeaders = Annotated[WriteHeaders, Depends(_write_headers)]

"""The parts that many routes take: who stands where, for which point, through which filter, and in whose name.

None of them waits for anything; they are coroutines because FastAPI would give any other a thread of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, get_origin

from fastapi import Depends, Header, Path, Query, Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.requests import HTTPConnection

from graphmem.errors import InvalidInput
from graphmem.http.callers import Caller, caller_of
from graphmem.http.limits import MAX_POSITION, MAX_RESULTS
from graphmem.http.working import Served
from graphmem.keys import Permission
from graphmem.model import MAX_NAME_CHARS, At, Kind, Origin, Scope, Status
from graphmem.service import Write
from graphmem.store import Filter, Page
from graphmem.wire.forms import ASKED
from graphmem.wire.times import read_known, read_time

Text = Annotated[str, Field(max_length=1_000)]


async def served_by(request: HTTPConnection) -> Served:
    """What an app serves."""
    served: Served = request.app.state.served
    return served


Asks = Annotated[Served, Depends(served_by)]


async def refuse_unknown(request: Request) -> None:
    """Refuse query parameters that the route has not: a misspelt `as_of` must not be answered for now.

    One that says one thing is refused, too, if it is given several times: nobody could tell which of them counts.

    Raises:
        InvalidInput: There is one.
    """
    known = dict(_query_names(request.scope["route"].dependant))
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            raise InvalidInput(f"query parameter {name[:80]!r} is not known; there are {', '.join(sorted(known))}")
        if count > 1 and not known[name]:
            raise InvalidInput(f"query parameter {name!r} is given {count} times; give it once")


def _query_names(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Every parameter, and whether it takes several values."""
    yield from ((one.alias, get_origin(one.field_info.annotation) is tuple) for one in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _query_names(inner)


# ---- where


#: The header in which a caller names the repository of all its requests.
REPOSITORY = "X-Graphmem-Repo"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller says that they stand."""

    tenant: str | None
    scope: Scope


_NAME = {"min_length": 1, "max_length": MAX_NAME_CHARS, "pattern": r"^[^\x00-\x1f\x7f]+$"}
_BRANCH = {**_NAME, "pattern": r"^[^\x00-\x1f\x7f:]+$"}
Name = Annotated[str, Field(**_NAME)]
BranchName = Annotated[str, Field(**_BRANCH)]


async def _repository(
    repo: Annotated[
        Name | None,
        Query(
            description="Repository to stand in; that of the header X-Graphmem-Repo if not given, or of a key of one"
            " repository. Without any, what belongs to no repository is seen and nothing else.",
            examples=["example.org/shop"],
        ),
    ] = None,
    named: Annotated[
        Name | None, Header(alias=REPOSITORY, description="Repository to stand in where a request names none.")
    ] = None,
) -> str | None:
    return repo or named


async def _standing(
    tenant: Annotated[Name | None, Query(description="Whose memories; that of the key if not given.")] = None,
    repo: Annotated[str | None, Depends(_repository)] = None,
    user: Annotated[Name | None, Query(description="Person whose private memories count too.")] = None,
    branch: Annotated[BranchName | None, Query(description="Branch to stand on; the main line if not given.")] = None,
    environment: Annotated[Name | None, Query(description="Such as production.")] = None,
    related_repos: Annotated[
        tuple[Name, ...], Query(description="Further repositories whose shared memories are read.", max_length=100)
    ] = (),
) -> Standing:
    return Standing(tenant, Scope("default", repo, user, branch, environment, tuple(related_repos)))


@dataclass(frozen=True, slots=True)
class Placed:
    """A dependency: where the caller stands who is allowed something there."""

    permission: Permission
    is_write: bool

    async def __call__(self, request: Request, standing: Annotated[Standing, Depends(_standing)]) -> Scope:
        """The scope of the caller.

        Raises:
            Forbidden: The key does not allow it, or not there.
            NotFound: Another tenant was named.
        """
        caller = caller_of(request)
        caller.require(self.permission)
        return caller.place(standing.scope, standing.tenant, is_write=self.is_write)


#: Where the caller stands, if they may read.
Reader = Annotated[Scope, Depends(Placed(Permission.READ, is_write=False))]
#: Where the caller stands, if they may write; review; or keep.
Writer = Annotated[Scope, Depends(Placed(Permission.WRITE, is_write=True))]
Reviewer = Annotated[Scope, Depends(Placed(Permission.REVIEW, is_write=True))]
Admin = Annotated[Scope, Depends(Placed(Permission.ADMIN, is_write=True))]


async def _keeper(
    request: Request, scope: Annotated[Scope, Depends(Placed(Permission.ADMIN, is_write=False))]
) -> Scope:
    caller_of(request).require_whole()
    return scope


#: Whose store the caller may keep as a whole: for a key that is bound to no user and no repository.
Keeper = Annotated[Scope, Depends(_keeper)]


async def _known(request: HTTPConnection) -> Caller:
    return caller_of(request)


Known = Annotated[Caller, Depends(_known)]


# ---- when


def _known_at(text: str | None) -> datetime | int | None:
    known = None if text is None else read_known(text)
    if isinstance(known, int) and known > MAX_POSITION:
        raise InvalidInput(f"known_at {known} is no ledger position")
    return known


def _point(as_of: str | None, known_at: str | None) -> At:
    return At(None if as_of is None else read_time(as_of), _known_at(known_at))


_WHEN = {"format": "date-time"}
_KNOWN = {"anyOf": [_WHEN, {"pattern": "^[0-9]{1,15}$"}]}
_TIME = {"examples": ["2025-03-31T14:00:00Z"], "max_length": 60, "json_schema_extra": _WHEN}
_TIME_OR_POSITION = {**_TIME, "json_schema_extra": _KNOWN}


async def _asked_at(
    as_of: Annotated[str | None, Query(description="What held at this time; now if not given.", **_TIME)] = None,
    known_at: Annotated[
        str | None,
        Query(description="What was known at this time or ledger position; latest if not given.", **_TIME_OR_POSITION),
    ] = None,
) -> At:
    return _point(as_of, known_at)


Asked = Annotated[At, Depends(_asked_at)]

_Moment = Annotated[str | None, Query(**_TIME)]
_Known = Annotated[str | None, Query(**_TIME_OR_POSITION)]


async def _bounds(
    start: _Moment = None, end: _Moment = None, known_from: _Known = None, known_to: _Known = None
) -> tuple[At, At]:
    return _point(start, known_from), _point(end, known_to)


Bounds = Annotated[tuple[At, At], Depends(_bounds)]

Positions = Annotated[int, Query(ge=0, le=MAX_POSITION)]


# ---- what


async def _filter(  # noqa: PLR0913, PLR0917 - a parameter of the query each
    kinds: Annotated[tuple[Kind, ...], Query(description="Any of these kinds.")] = (),
    labels: Annotated[tuple[str, ...], Query(description="Any of these labels.")] = (),
    paths: Annotated[tuple[str, ...], Query(description="About these files, folders/ or globs.")] = (),
    components: Annotated[tuple[str, ...], Query(description="About these components.")] = (),
    languages: Annotated[tuple[str, ...], Query(description="Of these languages.")] = (),
    subjects: Annotated[tuple[str, ...], Query(description="Of these subjects.")] = (),
    statuses: Annotated[tuple[Status, ...], Query(description="In these statuses of their own.")] = (),
    origins: Annotated[tuple[Origin, ...], Query(description="Of these origins.")] = (),
    min_confidence: Annotated[float, Query(ge=0, le=1, description="Stated with at least this confidence.")] = 0.0,
    include_history: Annotated[bool, Query(description="Also what does not hold.")] = False,  # noqa: FBT002 - by name
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
WhereForm = Annotated[Filter, ASKED]


async def _page(
    limit: Annotated[int, Query(ge=1, le=MAX_RESULTS, description="At most so many.")] = 50,
    cursor: Annotated[str | None, Query(max_length=400, description="What the page before gave.")] = None,
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


# ---- in whose name


class Signed(BaseModel):
    """Who says so, from where, and why."""

    model_config = ConfigDict(extra="forbid")

    actor: Text | None = Field(default=None, description="Who or what says so; the key's name if not given.")
    source: Text | None = Field(default=None, description="Where it was read: a commit, a pull request, a page.")
    reason: Annotated[str, Field(max_length=20_000)] | None = Field(default=None, description="Why, in a sentence.")
    origin: Origin | None = Field(
        default=None,
        description="What sort of speaker writes; human if not given. What it is not trusted enough to change is"
        " recorded as a proposal.",
    )
    seen: Annotated[StrictInt, Field(ge=0, le=MAX_POSITION)] | None = Field(
        default=None, description="The ledger position at which you looked: what changed since is not written (409)."
    )


OpId = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="Names this write: sending it again changes nothing and gives the first answer.",
    ),
]


@dataclass(frozen=True, slots=True)
class Writing:
    """What a write takes from the head of its request."""

    caller: Caller
    op_id: str | None
    expected: str | None

    def write(self, scope: Scope, body: Signed | None) -> Write:
        """In whose name something is written."""
        said = body or Signed.model_construct()
        stands = replace(scope, related_repos=())
        return Write(
            scope=stands,
            actor=said.actor or self.caller.actor,
            source=said.source,
            reason=said.reason,
            origin=said.origin,
            op_id=self.op_id,
            seen=said.seen,
        )


async def _writing(
    caller: Known,
    op_id: OpId = None,
    if_match: Annotated[
        str | None,
        Header(description="The ETag of the memory as it was seen: if it changed since, nothing is written (412)."),
    ] = None,
) -> Writing:
    return Writing(caller, None if op_id is None else caller.own_op_id(op_id), if_match)


Heads = Annotated[Writing, Depends(_writing)]

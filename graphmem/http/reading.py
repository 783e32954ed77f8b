"""Routes that ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from graphmem.answers import Conflicts, Diff, Explanation, History, Listing, SearchAnswer, Timeline
from graphmem.http.admission import AdmittedRoute
from graphmem.http.asking import Asked, Asks, Bounds, Known, MemoryId, Paged, Positions, Reader, Where
from graphmem.http.bodies import SearchBody
from graphmem.http.callers import Caller
from graphmem.http.limits import MAX_RESULTS
from graphmem.http.working import json_of
from graphmem.model import Scope
from graphmem.retrieval.remarks import org_wide
from graphmem.retrieval.request import Sort
from graphmem.service import GraphMemory
from graphmem.store import Page
from graphmem.wire.envelopes import Changes, Repositories, Shown
from graphmem.wire.excerpted import ExcerptedAnswer, excerpted
from graphmem.wire.forms import form

router = APIRouter(tags=["ask"], route_class=AdmittedRoute)


@router.post("/v1/search", operation_id="search", response_model=form(ExcerptedAnswer))
async def search(served: Asks, scope: Reader, at: Asked, caller: Known, body: SearchBody) -> Response:
    """What holds at a point for a question in plain words, best first, with excerpts of each hit."""
    page = Page(body.limit, body.cursor)

    def ask(memory: GraphMemory) -> SearchAnswer:
        answer = memory.search(
            body.query,
            at=at,
            scope=scope,
            where=body.where,
            sort=body.sort,
            page=page,
            min_relevance=body.min_relevance,
        )
        served.metrics.contested(sum(bool(hit.contested) for hit in answer.hits))
        if not body.excerpts:
            return answer
        others = _openable(memory, scope, caller) if scope.repo is None and body.cursor is None else ()
        return excerpted(answer, body.query, [org_wide(len(others))] if others else [])

    return await served.read("search", ask, may_be_brief=True)


@router.get("/v1/memories", operation_id="list", response_model=form(Listing))
async def list_memories(
    served: Asks,
    scope: Reader,
    at: Asked,
    where: Where,
    page: Paged,
    sort: Annotated[Sort, Query()] = Sort.RECENCY,
) -> Response:
    """Memories that fit a filter and hold at a point, recorded last first."""
    return await served.read("list", lambda memory: memory.list(where, at=at, scope=scope, sort=sort, page=page))


@router.get("/v1/memories/{key:path}/history", operation_id="history", response_model=form(History))
async def history(served: Asks, scope: Reader, at: Asked, key: MemoryId) -> Response:
    """A memory's own life, and what came before and after it."""
    return await served.read("history", lambda memory: memory.history(key, at=at, scope=scope))


@router.get("/v1/memories/{key:path}/explain", operation_id="explain", response_model=form(Explanation))
async def explain(served: Asks, scope: Reader, at: Asked, key: MemoryId) -> Response:
    """Why a memory stands as it does at a point, what stands for it, and what it rests on."""
    return await served.read("explain", lambda memory: memory.explain(key, at=at, scope=scope))


# After those that go on: an id may hold a slash.
@router.get("/v1/memories/{key:path}", operation_id="get", response_model=form(Shown))
async def get(served: Asks, scope: Reader, at: Asked, key: MemoryId) -> Response:
    """One memory at a point. Its ETag changes with every ledger entry about it."""

    def shown(memory: GraphMemory) -> Response:
        found = memory.history(key, at=at, scope=scope)
        return json_of(Shown(found.card, found.at), ETag=etag_of(found))

    return await served.read("get", shown)


@router.get("/v1/repositories", operation_id="repositories", response_model=form(Repositories))
async def repositories(served: Asks, scope: Reader, caller: Known) -> Response:
    """Repositories with memories that the caller would see from there; of a key, those that it opens."""
    return await served.read("repositories", lambda memory: Repositories(_openable(memory, scope, caller)))


@router.get("/v1/timeline", operation_id="timeline", response_model=form(Timeline))
async def timeline(
    served: Asks,
    scope: Reader,
    at: Asked,
    subject: Annotated[str | None, Query(max_length=1_000, examples=["stack.database"])] = None,
    path: Annotated[str | None, Query(max_length=1_000, examples=["src/api/"])] = None,
) -> Response:
    """Everything known about a subject or a path: give one of the two."""
    return await served.read("timeline", lambda memory: memory.timeline(subject=subject, path=path, at=at, scope=scope))


@router.get("/v1/diff", operation_id="diff", response_model=form(Diff))
async def diff(served: Asks, scope: Reader, where: Where, bounds: Bounds) -> Response:
    """What is believed at `end` and `known_to` and not at `start` and `known_from`, or the other way round."""
    return await served.read("diff", lambda memory: memory.diff(*bounds, where=where, scope=scope))


@router.get("/v1/conflicts", operation_id="conflicts", response_model=form(Conflicts))
async def conflicts(served: Asks, scope: Reader, at: Asked) -> Response:
    """Contradictions at a point that nobody has decided."""
    return await served.read("conflicts", lambda memory: memory.conflicts(at=at, scope=scope))


@router.get("/v1/changes", operation_id="changes", response_model=form(Changes))
async def changes(
    served: Asks,
    scope: Reader,
    after: Positions = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_RESULTS)] = 100,
) -> Response:
    """Ledger entries in order, those past a position."""
    return await served.read(
        "changes", lambda memory: Changes(tuple(memory.changes(after=after, limit=limit, scope=scope)))
    )


def _openable(memory: GraphMemory, scope: Scope, caller: Caller) -> tuple[str, ...]:
    """Repositories in which there are memories for the caller, of those that the key opens."""
    opened = () if caller.key is None else caller.key.repos
    return tuple(one for one in memory.repositories(scope=scope) if not opened or one in opened)


def etag_of(found: History) -> str:
    """Names a memory's state: the position of the last entry about it."""
    return f'"{found.changes[-1].seq if found.changes else 0}"'

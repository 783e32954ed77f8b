"""Routes that change what is believed; each is one ledger entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path
from starlette.responses import Response

from graphmem.answers import Written
from graphmem.errors import Conflict
from graphmem.http.admission import AdmittedRoute
from graphmem.http.asking import Admin, Asks, Heads, MemoryId, Reviewer, Signed, Writer, Writing
from graphmem.http.bodies import (
    AddBody,
    AmendBody,
    BatchBody,
    BranchBody,
    EndBody,
    Item,
    LinkBody,
    OpenBranchBody,
    RevokeBody,
    SupersedeBody,
    TransitionBody,
)
from graphmem.http.limits import MAX_POSITION
from graphmem.http.problems import MEDIA_TYPE, PROBLEM, Mismatch
from graphmem.http.reading import etag_of
from graphmem.http.working import Served, json_of
from graphmem.model import Scope
from graphmem.service import GraphMemory, New, Write
from graphmem.wire.envelopes import AllWritten
from graphmem.wire.forms import form

router = APIRouter(tags=["write"], route_class=AdmittedRoute)

#: Carries out a verb in somebody's name.
Do = Callable[[GraphMemory, Write], Written]

_MISMATCH: dict[int | str, dict[str, Any]] = {
    412: {"description": "The memory is not as `If-Match` has it.", "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
}


@router.post("/v1/memories", operation_id="add", status_code=201, response_model=form(Written))
async def add(served: Asks, scope: Writer, heads: Heads, body: AddBody) -> Response:
    """Record a memory; if its very content already holds all that time, that one is confirmed instead."""
    write = heads.write(scope, body)

    def done(memory: GraphMemory) -> Response:
        written = memory.add(
            body.statement,
            moves=body.moves,
            kind=body.kind,
            start=body.start,
            on_similar=body.on_similar if heads.caller.may_read else None,
            write=write,
        )
        return _receipt(written, 201, Location=f"/v1/memories/{quote(written.ids[0], safe='')}")

    return await served.write("add", done)


@router.post("/v1/memories/batch", operation_id="add_many", status_code=201, response_model=form(AllWritten))
async def add_many(served: Asks, scope: Writer, heads: Heads, body: BatchBody) -> Response:
    """Record many memories in one transaction, each where it lives, with what it supersedes: all or none."""
    items, write = [_new(one, scope, heads) for one in body.items], heads.write(scope, body)
    looks = body.on_similar if heads.caller.may_read else None

    def done(memory: GraphMemory) -> Response:
        return json_of(AllWritten(tuple(memory.add_many(items, on_similar=looks, write=write))), 201)

    return await served.write("add_many", done)


@router.post(
    "/v1/memories/{key:path}/supersede", operation_id="supersede", response_model=form(Written), responses=_MISMATCH
)
async def supersede(served: Asks, scope: Writer, heads: Heads, key: MemoryId, body: SupersedeBody) -> Response:
    """Let a memory supersede another, or several several."""
    olds = (key, *body.also)
    return await _one(
        served,
        "supersede",
        lambda memory, write: memory.supersede(
            olds, body.new, by=body.by, at=body.at, until=body.until, kind=body.kind, write=write
        ),
        heads.write(scope, body),
        _Guard(key, heads, scope),
    )


@router.post("/v1/memories/{key:path}/amend", operation_id="amend", response_model=form(Written), responses=_MISMATCH)
async def amend(served: Asks, scope: Writer, heads: Heads, key: MemoryId, body: AmendBody) -> Response:
    """Let a memory replace only the named part of another, which goes on holding otherwise."""
    return await _one(
        served,
        "amend",
        lambda memory, write: memory.amend(key, body.new, body.part, by=body.by, at=body.at, write=write),
        heads.write(scope, body),
        _Guard(key, heads, scope),
    )


@router.post(
    "/v1/memories/{key:path}/transition", operation_id="transition", response_model=form(Written), responses=_MISMATCH
)
async def transition(served: Asks, scope: Writer, heads: Heads, key: MemoryId, body: TransitionBody) -> Response:
    """Give a memory one more move, in the source's own word if it has one."""
    return await _one(
        served,
        "transition",
        lambda memory, write: memory.transition(key, body.status, at=body.at, word=body.word, write=write),
        heads.write(scope, body),
        _Guard(key, heads, scope),
    )


@router.post("/v1/memories/{key:path}/end", operation_id="end", response_model=form(Written), responses=_MISMATCH)
async def end(served: Asks, scope: Writer, heads: Heads, key: MemoryId, body: EndBody | None = None) -> Response:
    """The memory stops holding, without a successor."""
    asked = body or EndBody()
    return await _one(
        served,
        "end",
        lambda memory, write: memory.end(key, at=asked.at, word=asked.word, write=write),
        heads.write(scope, asked),
        _Guard(key, heads, scope),
    )


@router.post(
    "/v1/memories/{key:path}/retract", operation_id="retract", response_model=form(Written), responses=_MISMATCH
)
async def retract(served: Asks, scope: Reviewer, heads: Heads, key: MemoryId, body: Signed | None = None) -> Response:
    """The memory should not be believed at any time."""
    return await _one(
        served,
        "retract",
        lambda memory, write: memory.retract(key, write=write),
        heads.write(scope, body),
        _Guard(key, heads, scope),
    )


@router.post(
    "/v1/memories/{key:path}/confirm", operation_id="confirm", response_model=form(Written), responses=_MISMATCH
)
async def confirm(served: Asks, scope: Writer, heads: Heads, key: MemoryId, body: Signed | None = None) -> Response:
    """Somebody saw that the memory is still right: its age counts from now on."""
    return await _one(
        served,
        "confirm",
        lambda memory, write: memory.confirm(key, write=write),
        heads.write(scope, body),
        _Guard(key, heads, scope),
    )


@router.post("/v1/memories/{key:path}/links", operation_id="link", response_model=form(Written), responses=_MISMATCH)
async def link(served: Asks, scope: Writer, heads: Heads, key: MemoryId, body: LinkBody) -> Response:
    """Relate two memories."""
    return await _one(
        served,
        "link",
        lambda memory, write: memory.link(key, body.target, body.kind, write=write),
        heads.write(scope, body),
        _Guard(key, heads, scope),
    )


@router.post("/v1/memories/{key:path}/erase", operation_id="erase", response_model=form(Written), responses=_MISMATCH)
async def erase(served: Asks, scope: Admin, heads: Heads, key: MemoryId, body: Signed | None = None) -> Response:
    """Remove a memory's content for good, everywhere; that it was there stays on the ledger."""
    return await _one(
        served,
        "erase",
        lambda memory, write: memory.erase(key, write=write),
        heads.write(scope, body),
        _Guard(key, heads, scope),
    )


@router.post("/v1/changes/{change}/revoke", operation_id="revoke", response_model=form(Written))
async def revoke(
    served: Asks,
    scope: Reviewer,
    heads: Heads,
    change: Annotated[int, Path(ge=1, le=MAX_POSITION, description="A ledger position.")],
    body: RevokeBody | None = None,
) -> Response:
    """Undo a supersede, transition, end, retract or link by its ledger position; or one move of an add."""
    asked = body or RevokeBody()
    write = heads.write(scope, asked)
    return await _one(
        served, "revoke", lambda memory, write: memory.revoke(change, move=asked.move, write=write), write
    )


@router.post("/v1/branches/open", operation_id="open_branch", response_model=form(Written))
async def open_branch(served: Asks, scope: Writer, heads: Heads, body: OpenBranchBody) -> Response:
    """Open a branch; what is written there is seen only there until it is merged."""
    write = heads.write(scope, body)
    return await _one(
        served,
        "open_branch",
        lambda memory, write: memory.open_branch(body.name, parent=body.parent, write=write),
        write,
    )


@router.post("/v1/branches/merge", operation_id="merge_branch", response_model=form(Written))
async def merge_branch(served: Asks, scope: Writer, heads: Heads, body: BranchBody) -> Response:
    """Make what was written on a branch visible on its parent."""
    write = heads.write(scope, body)
    return await _one(served, "merge_branch", lambda memory, write: memory.merge_branch(body.name, write=write), write)


@router.post("/v1/branches/abandon", operation_id="abandon_branch", response_model=form(Written))
async def abandon_branch(served: Asks, scope: Reviewer, heads: Heads, body: BranchBody) -> Response:
    """Hide what was written on a branch for good."""
    write = heads.write(scope, body)
    return await _one(
        served, "abandon_branch", lambda memory, write: memory.abandon_branch(body.name, write=write), write
    )


# ---- parts


class _Guard:
    """That a memory still is as `If-Match` has it."""

    def __init__(self, key: str, heads: Writing, scope: Scope) -> None:
        self._key = key
        self._heads = heads
        self._scope = scope

    def seen(self, memory: GraphMemory) -> int | None:
        """The ledger position at which it was; None if nothing is asked of it, or the write was carried out before.

        Raises:
            Mismatch: It is not.
        """
        expected = self._heads.expected
        if expected is None or expected.strip() == "*":
            return None
        found = memory.history(self._key, scope=self._scope)
        if self._heads.op_id is not None and any(one.op_id == self._heads.op_id for one in found.changes):
            return None
        if etag_of(found) in {one.strip() for one in expected.split(",")}:
            return found.at.seq
        leads = memory.explain(self._key, scope=self._scope).resolves_to
        heads = tuple(hit.card.id for hit in leads) or (self._key,)
        told = f"memory {self._key!r} is at {etag_of(found)}, not {expected[:80]!r}: read it again"
        raise Mismatch(told, heads)

    def guarded(self, memory: GraphMemory, do: Do, write: Write) -> Written:
        """What a write did: the memory is compared before, and within the write with what it was then."""
        position = self.seen(memory)
        if position is None:
            return do(memory, write)
        try:
            return do(memory, replace(write, seen=position if write.seen is None else min(position, write.seen)))
        except Conflict:
            self.seen(memory)  # it was another's turn: told as what it is
            raise


async def _one(served: Served, verb: str, do: Do, write: Write, guard: _Guard | None = None) -> Response:
    def done(memory: GraphMemory) -> Response:
        return _receipt(do(memory, write) if guard is None else guard.guarded(memory, do, write), 200)

    return await served.write(verb, done)


def _receipt(written: Written, status: int, **headers: str) -> Response:
    change = str(written.change.seq)
    return json_of(written, status, **headers, ETag=f'"{change}"', **{"X-Graphmem-Change": change})


def _new(item: Item, scope: Scope, heads: Writing) -> New:
    home = None
    if item.id is not None:
        heads.caller.require_choice()
    if item.scope is not None:
        place = heads.caller.place(item.scope.scope(), item.scope.tenant or scope.tenant, is_write=True)
        home = replace(place, related_repos=())
    told = {
        one: getattr(item, one) for one in ("moves", "id", "start", "supersedes", "supersession", "until", "reason")
    }
    return New(statement=item.statement, scope=home, **told)

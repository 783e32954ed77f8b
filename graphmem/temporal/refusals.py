"""What may not be written, and the words in which it is refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import Memory, Move, OpenBranch, Request, Scope, Status, Supersede, SupersessionKind, Transition
from graphmem.rows import EdgeRow, MemoryRow, Rows
from graphmem.temporal.lineage import Lineage
from graphmem.temporal.view import View


def refuse_closed_branch(lineage: Lineage, request: Request) -> None:
    """Writes go to the main line or an open branch."""
    key = request.writer.branch_key
    if key is not None and not isinstance(request.operation, OpenBranch) and not lineage.is_open(key):
        raise NotFound(f"no open branch {request.writer.branch!r}; open it first, or write to the main line")


def refuse_unknown(view: View, ids: Iterable[str]) -> None:
    """What is named must be seen by the writer and not erased."""
    for key in ids:
        if view.memory(key) is None:
            raise NotFound(f"no memory {key!r}")


def refuse_changed(rows: Rows, view: View, ids: Iterable[str], seen: int) -> None:
    """What is named must be as its writer saw it; what was recorded later was not there to be seen."""
    for key in ids:
        row = rows.memories.get(key)
        if row is not None and row.stamp.seq <= seen < (last := _last_change(rows, row)):
            heads = tuple(edge.new for edge in view.successions(key) if view.memory(edge.new) is not None)
            raise Conflict(f"{key!r} changed at {last}, after {seen}: read it again", heads or (key,))


def refuse_misplaced_memory(memory: Memory, writer: Scope) -> None:
    """A memory lives where its writer can see it, on the writer's branch."""
    home = memory.scope
    if memory.statement is None:
        raise InvalidInput(f"memory {memory.id!r} has no statement")
    if home.tenant != writer.tenant or not writer.admits(home):
        raise Forbidden(f"a writer at {_place(writer)} cannot record a memory that lives at {_place(home)}")
    if home.branch != writer.branch:
        raise InvalidInput(f"a memory is recorded on its writer's branch {writer.branch!r}, not on {home.branch!r}")


def refuse_unordered_moves(moves: tuple[Move, ...]) -> None:
    """A memory has a first move, and nothing is rejected that was active before."""
    if not moves:
        raise InvalidInput("a memory needs at least one move, such as active from a date")
    if len(moves) == 1:
        return
    active = [move.at for move in moves if move.status is Status.ACTIVE]
    rejected = [move.at for move in moves if move.status is Status.REJECTED]
    if active and rejected and min(active) <= max(rejected):
        raise InvalidInput(f"rejected at {max(rejected).isoformat()} after it was active: use 'ended'")


def refuse_late_rejection(view: View, operation: Transition) -> None:
    """Rejection comes before the first activation, whichever of the two is learned first."""
    move = operation.move
    start = view.start(operation.id)
    if move.status is Status.REJECTED and start is not None and start <= move.at:
        raise InvalidInput(f"{operation.id!r} held from {start.isoformat()}: it can be ended, no longer rejected")
    rejected = [row.move.at for row in view.moves(operation.id) if row.move.status is Status.REJECTED]
    if move.status is Status.ACTIVE and rejected and move.at <= max(rejected):
        raise InvalidInput(f"{operation.id!r} was rejected at {max(rejected).isoformat()}, after {move.at.isoformat()}")


#: Replacements that one supersession may make: each of its old memories is followed by each of its new ones.
MOST_REPLACEMENTS = 1_000


def refuse_misshapen_supersession(operation: Supersede) -> None:
    """Two distinct sides of a size that one transaction carries, and an interval that is one."""
    old, new = operation.old, operation.new
    if (size := len(old) * len(new)) > MOST_REPLACEMENTS:
        raise InvalidInput(
            f"{len(old):,} memories replaced by {len(new):,} are {size:,} replacements, more than {MOST_REPLACEMENTS:,}"
            " in one call: name fewer at once, or let one memory that says it for all take over first"
        )
    if not old or not new or len({*old, *new}) < len(old) + len(new):
        raise InvalidInput(f"{list(old)} cannot be replaced by {list(new)}: name each memory once, on one side")
    if operation.kind is SupersessionKind.CORRECTION:
        if operation.at is not None or operation.until is not None:
            raise InvalidInput("a correction has no 'at' and no 'until': the old memory was never right")
        return
    if operation.at is None:
        raise InvalidInput(f"an {operation.kind} needs 'at', the moment from which the new memory takes over")
    if operation.until is not None and operation.until <= operation.at:
        raise InvalidInput(f"'until' {operation.until.isoformat()} is not after 'at' {operation.at.isoformat()}")


def refuse_fork(view: View, operation: Supersede) -> None:
    """One memory has one full successor for good (or one set of them, from one operation)."""
    if operation.until is not None or operation.kind is SupersessionKind.AMENDMENT:
        return
    for old in operation.old:
        taken = [edge for edge in view.edges_out(old) if edge.is_full and edge.until is None]
        if taken:
            heads = tuple(sorted({edge.new for edge in taken if view.memory(edge.new) is not None}))
            named = f"{', '.join(heads)} (change {taken[0].stamp.seq})" if heads else "one that you cannot see"
            raise Conflict(f"{old!r} is already superseded by {named}; supersede that, or revoke the change", heads)


def refuse_cycle(rows: Rows, lineage: Lineage, operation: Supersede) -> None:
    """What is replaced may not follow, over any edges of the tenant, from what replaces it."""
    out = _edges_that_count(rows, lineage)
    todo, seen = list(operation.new), set(operation.new)
    while todo:
        for edge in out[todo.pop()]:
            if edge.new in operation.old:
                raise InvalidInput("that would close a cycle: the new memory is itself followed by the old one")
            if edge.new not in seen:
                seen.add(edge.new)
                todo.append(edge.new)


def refuse_update_before_start(view: View, operation: Supersede) -> None:
    """An update changes something that was there already."""
    if operation.kind is not SupersessionKind.UPDATE or operation.at is None:
        return
    for old in operation.old:
        moves = view.moves(old)
        start = view.start(old) or (moves[0].move.at if moves else None)
        if start is not None and operation.at < start:
            raise InvalidInput(
                f"{old!r} starts at {start.isoformat()}, after {operation.at.isoformat()}: use kind 'correction'"
            )


def _edges_that_count(rows: Rows, lineage: Lineage) -> dict[str, list[EdgeRow]]:
    """Every edge of the tenant but those that nobody sees any more: revoked where they live, or given up."""
    revoked = {(row.change, lineage.place(row.stamp)) for row in rows.revocations if row.move is None}
    out: dict[str, list[EdgeRow]] = defaultdict(list)
    for edge in rows.edges:
        if (edge.stamp.seq, lineage.place(edge.stamp)) not in revoked and not lineage.is_abandoned(edge.stamp):
            out[edge.old].append(edge)
    return out


def _last_change(rows: Rows, memory: MemoryRow) -> int:
    """The position of the last entry about a memory, whoever sees it."""
    key = memory.memory.id
    stamps = [memory.stamp.seq]
    stamps += [row.stamp.seq for row in rows.moves if row.memory == key]
    stamps += [row.stamp.seq for row in rows.retractions if row.memory == key]
    stamps += [row.stamp.seq for row in rows.confirmations if row.memory == key]
    stamps += [row.stamp.seq for row in rows.edges if key in (row.old, row.new)]
    stamps += [row.stamp.seq for row in rows.links if key in (row.source, row.target)]
    return max([*stamps, *(row.stamp.seq for row in rows.revocations if row.change in stamps)])


def _place(scope: Scope) -> str:
    parts = ((name, getattr(scope, name)) for name in ("tenant", "repo", "user", "environment"))
    return " ".join(f"{name}={value!r}" for name, value in parts if value is not None)

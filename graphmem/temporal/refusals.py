"""What may not be written, and the words in which it is refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import (
    Link,
    Memory,
    Move,
    OpenBranch,
    Provenance,
    Request,
    Scope,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
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
        if row is not None and row.stamp.seq <= seen < (last := _last_change(rows, view, row)):
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


def refuse_borrowed_trust(memory: Memory, provenance: Provenance) -> None:
    """Words are trusted no more than who says them, and only some may be mandatory."""
    statement, speaker = memory.statement, provenance.origin
    if statement is None:
        return
    if statement.origin.trust > speaker.trust:
        raise Forbidden(
            f"a writer of origin {speaker.value!r} cannot record words of origin {statement.origin.value!r}:"
            f" record them as {speaker.value!r}"
        )
    if statement.is_mandatory and not statement.origin.may_mandate:
        raise InvalidInput(
            f"words of origin {statement.origin.value!r} cannot be mandatory: only those of a human, a document or a"
            " commit can"
        )


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


def refuse_oversized_supersession(operation: Supersede) -> None:
    """One transaction carries so many replacements; ledgers that were written before there was a limit stay sound."""
    old, new = operation.old, operation.new
    if (size := len(old) * len(new)) > MOST_REPLACEMENTS:
        raise InvalidInput(
            f"{len(old):,} memories replaced by {len(new):,} are {size:,} replacements, more than {MOST_REPLACEMENTS:,}"
            " in one call: name fewer at once, or let one memory that says it for all take over first"
        )


def refuse_misshapen_supersession(operation: Supersede) -> None:
    """Two distinct sides, and an interval that is one."""
    old, new = operation.old, operation.new
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


def refuse_fork(rows: Rows, view: View, operation: Supersede) -> None:
    """For those who live in one place, a memory has one full successor for good, or one set from one operation."""
    if operation.until is not None or operation.kind is SupersessionKind.AMENDMENT:
        return
    owners = {home_of(rows, new) for new in operation.new}
    for old in operation.old:
        lasting = [edge for edge in view.edges_out(old) if edge.is_full and edge.until is None]
        taken = [edge for edge in lasting if home_of(rows, edge.new) in owners]
        if taken:
            heads = tuple(sorted({edge.new for edge in taken if view.memory(edge.new) is not None}))
            named = f"{', '.join(heads)} (change {taken[0].stamp.seq})" if heads else "one that was erased"
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


def home_of(rows: Rows, key: str) -> Scope:
    """Where a memory lives, branches aside: whoever stands there sees it."""
    return replace(rows.memories[key].memory.scope, branch=None)


def refuse_idle_supersession(view: View, operation: Supersede) -> None:
    """What is recorded already is not reported as done."""
    known = {
        (edge.old, edge.new)
        for old in operation.old
        for edge in view.edges_out(old)
        if (edge.kind, edge.at, edge.until, edge.part)
        == (operation.kind, operation.at, operation.until, operation.part)
    }
    if all((old, new) in known for old in operation.old for new in operation.new):
        raise InvalidInput(f"nothing would change: {list(operation.new)} already does so for {list(operation.old)}")


def refuse_idle_move(view: View, key: str, move: Move) -> None:
    """A move counts: of what is believed, not before it began if it ends it, and to a state that it is not in."""
    if view.is_retracted(key):
        raise InvalidInput(f"nothing would change: {key!r} is retracted; revoke the change that retracted it first")
    moves = view.moves(key)
    start = view.start(key) or (moves[0].move.at if moves else None)
    if move.status is Status.ENDED and start is not None and move.at < start:
        raise InvalidInput(
            f"{key!r} starts at {start.isoformat()}, after {move.at.isoformat()}: it cannot end before it began;"
            " retract it if it was never right"
        )
    reached = view.status(key, move.at)
    if reached is not None and (reached.move.status, reached.move.source_word) == (move.status, move.source_word):
        since = reached.move.at.isoformat()
        raise InvalidInput(f"nothing would change: {key!r} is {move.status.value} since {since}")


def refuse_unbelieved(view: View, key: str) -> None:
    """What was retracted cannot be confirmed, nor retracted again."""
    if view.is_retracted(key):
        raise InvalidInput(f"{key!r} is already retracted; revoke the change that retracted it to believe it again")


def refuse_idle_link(view: View, operation: Link) -> None:
    """Two memories that both are seen, and are not linked in that way yet."""
    source, target = operation.source, operation.target
    if source == target:
        raise InvalidInput(f"{source!r} cannot be linked to itself")
    refuse_unknown(view, (source, target))
    if any((row.source, row.target, row.kind) == (source, target, operation.kind) for row in view.links(source)):
        raise InvalidInput(f"nothing would change: {source!r} already {operation.kind.value} {target!r}")


def _edges_that_count(rows: Rows, lineage: Lineage) -> dict[str, list[EdgeRow]]:
    """Every edge of the tenant but those that nobody sees any more: revoked where they live, or given up."""
    revoked = {(row.change, lineage.place(row.stamp)) for row in rows.revocations if row.move is None}
    out: dict[str, list[EdgeRow]] = defaultdict(list)
    for edge in rows.edges:
        if (edge.stamp.seq, lineage.place(edge.stamp)) not in revoked and not lineage.is_abandoned(edge.stamp):
            out[edge.old].append(edge)
    return out


def _last_change(rows: Rows, view: View, memory: MemoryRow) -> int:
    """The position of the last entry about a memory, as far as its writer may know of it."""
    key = memory.memory.id
    found = [memory.stamp]
    found += [row.stamp for row in rows.moves if row.memory == key]
    found += [row.stamp for row in rows.retractions if row.memory == key]
    found += [row.stamp for row in rows.confirmations if row.memory == key]
    found += [row.stamp for row in rows.edges if key in (row.old, row.new) and view.known.keys() >= {row.old, row.new}]
    # The other end of a link need not be among the rows: whether the writer sees it is not known here.
    found += [row.stamp for row in rows.links if key in (row.source, row.target)]
    stamps = {stamp.seq for stamp in found if view.lineage.sees(stamp)}
    revoked = [row.stamp for row in rows.revocations if row.change in stamps]
    return max([*stamps, *(stamp.seq for stamp in revoked if view.lineage.sees(stamp))])


def _place(scope: Scope) -> str:
    parts = ((name, getattr(scope, name)) for name in ("tenant", "repo", "user", "environment"))
    return " ".join(f"{name}={value!r}" for name, value in parts if value is not None)

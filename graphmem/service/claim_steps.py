"""The history of a claim: its ledger entries, those of the claims before it, and those of the task that it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphmem.claims.claim_statement import CLAIMED, DONE, EXPIRED, RELEASED, RENEWED, holder_of, is_claim
from graphmem.claims.work_claim import ClaimStep, WorkClaim
from graphmem.model import Add, Change, Confirm, End, Memory, Point, Propose, Scope, Supersede, Transition
from graphmem.service.context import ServiceContext
from graphmem.service.entries import visible_entries
from graphmem.temporal import View


def steps_of(context: ServiceContext, reader: Scope, point: Point, claim: WorkClaim) -> tuple[ClaimStep, ...]:
    """Return the steps of a claim that was handed over, or is for a recorded task; oldest first, none of other claims.

    Args:
        context: The dependencies of the verb.
        reader: The reader's scope.
        point: Later entries do not count.
        claim: The claim.
    """
    view = context.view(reader, [claim.id], point.seq)
    ids = _chain(view, claim.id)
    if len(ids) == 1 and claim.works_on is None:
        return ()
    if claim.works_on is not None:
        ids.append(claim.works_on)
    entries: dict[int, Change] = {}
    for memory_id in ids:
        entries |= {change.seq: change for change in context.store.changes_of(reader, memory_id)}
    changes = [entries[seq] for seq in sorted(entries) if seq <= point.seq]
    visible, seen = visible_entries(context, changes, reader, point.seq)
    memories = {memory_id: seen.memory(memory_id) for memory_id in ids}
    return tuple(_steps(visible, memories))


def _chain(view: View, memory_id: str) -> list[str]:
    """Return a claim and the claims that it superseded, directly or through others, if the reader sees them."""
    ids = [memory_id]
    for key in ids:
        olds = (edge.old for edge in view.edges_into(key) if edge.is_full)
        ids += [old for old in olds if old not in ids and view.memory(old) is not None]
    return ids


def _steps(changes: list[Change], memories: Mapping[str, Memory | None]) -> Iterator[ClaimStep]:
    taking = {key for change in changes if isinstance(change.operation, Supersede) for key in change.operation.new}
    for change in changes:
        action = _action(change, memories, taking)
        if action:
            by = change.provenance
            yield ClaimStep(change.recorded_at, by.actor, action, by.reason, by.origin, change.seq)


def _action(change: Change, memories: Mapping[str, Memory | None], taking: set[str]) -> str:
    """Return what an entry did, in words; empty for an entry that is no step of its own."""
    operation = change.operation
    if isinstance(operation, Add):
        if operation.memory.id in taking or operation.memory.id not in memories:
            return ""
        statement = operation.memory.statement
        if statement is None or not is_claim(statement):
            return "recorded"
        holder = holder_of(statement)
        return CLAIMED if holder == change.provenance.actor else f"handed over to {holder}"
    if isinstance(operation, Supersede):
        new = next((memory for key in operation.new if (memory := memories.get(key)) is not None), None)
        holder = "" if new is None or new.statement is None else holder_of(new.statement)
        if not holder:
            return "superseded"
        return "taken over" if holder == change.provenance.actor else f"handed over to {holder}"
    if isinstance(operation, End):
        if operation.source_word == EXPIRED:
            return f"renewed until {operation.at:%Y-%m-%d %H:%MZ}"
        return operation.source_word if operation.source_word in {DONE, RELEASED} else "ended"
    if isinstance(operation, Transition):
        move = operation.move
        return "" if move.source_word == RENEWED else move.source_word or move.status.value
    if isinstance(operation, Confirm):
        return "confirmed"
    return "proposed a change" if isinstance(operation, Propose) else ""

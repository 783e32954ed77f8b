"""Adds: a memory and its first moves, or the confirmation of an existing memory with the same content."""

from __future__ import annotations

from graphmem.deferred_dataclass import replace
from graphmem.errors import Conflict, Forbidden, InvalidInput
from graphmem.model import Add, Change, Confirm, Memory, Move, Provenance, Request, Scope, Status
from graphmem.rows import MemoryRow, MoveRow, Needs, Rows, Situation, SourceRow, Stamp, stamp_of
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.spans import Spans, difference
from graphmem.temporal.trust import most, with_dependents
from graphmem.temporal.view import View, active_spans, move_order


def move_rows(key: str, moves: tuple[Move, ...], stamp: Stamp) -> tuple[MoveRow, ...]:
    """The rows of a memory's moves that a ledger entry records."""
    return tuple(MoveRow(key, move, index, stamp) for index, move in enumerate(moves))


def source_rows(memory: str, key: str | None, stamp: Stamp) -> tuple[SourceRow, ...]:
    """The row with the source key of a memory's statement; empty without a source key."""
    return () if key is None else (SourceRow(memory, key, stamp),)


def recorded(operation: Add) -> Add:
    """The add as the ledger records it, with `may_confirm` cleared."""
    if not operation.may_confirm:
        return operation
    return Add(operation.memory, operation.moves, may_confirm=False, source_key=operation.source_key)


def added_or_confirmed(operation: Add, view: View) -> Add | Confirm:
    """The effect of an add: the confirmation of an existing memory with the same content, else the add itself."""
    twin = _twin(operation, view)
    return recorded(operation) if twin is None else Confirm(twin, operation.source_key)


def active_time(operation: Add) -> Spans:
    """The valid intervals of a new memory by its own moves."""
    nowhere = Stamp(0, operation.moves[0].at, None)
    return active_spans(sorted(move_rows(operation.memory.id, operation.moves, nowhere), key=move_order))


def _twin(operation: Add, view: View) -> str | None:
    """A memory of the same scope, content and class of trust that is in force during all of the new memory's time."""
    memory = operation.memory
    if not operation.may_confirm or not view.known or memory.statement is None:
        return None
    active = active_time(operation)
    if not active:
        return None
    content = memory.statement.content_hash
    twins = (
        key
        for key in sorted(view.known)
        if (existing := view.memory(key)) is not None
        and existing.statement is not None
        and existing.scope == memory.scope
        and existing.statement.content_hash == content
        and existing.statement.origin.is_trusted == memory.statement.origin.is_trusted
        and not difference(active, view.holding(key))
    )
    return next(twins, None)


# ---- refusals


def refuse_misshapen_add(operation: Add, request: Request) -> None:
    """Refuse an add that breaks a rule in every ledger: scope, trust, or order of moves."""
    _refuse_misplaced_memory(operation.memory, request.writer)
    _refuse_borrowed_trust(operation.memory, request.provenance)
    refuse_unordered_moves(operation.moves)


def _refuse_misplaced_memory(memory: Memory, writer: Scope) -> None:
    """Refuse a memory outside its writer's scope or branch, or without a statement."""
    home = memory.scope
    if memory.statement is None:
        raise InvalidInput(f"memory {memory.id!r} has no statement")
    if home.tenant != writer.tenant or not writer.admits(home):
        raise Forbidden(f"a writer at {_scope_text(writer)} cannot record a memory that lives at {_scope_text(home)}")
    if home.branch != writer.branch:
        raise InvalidInput(f"a memory is recorded on its writer's branch {writer.branch!r}, not on {home.branch!r}")


def _refuse_borrowed_trust(memory: Memory, provenance: Provenance) -> None:
    """Refuse a statement trusted more than its writer, or mandatory from an origin that may not mandate."""
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
    """Refuse a memory without moves, or a rejection after the first activation."""
    if not moves:
        raise InvalidInput("a memory needs at least one move, such as active from a date")
    if len(moves) == 1:
        return
    active = [move.at for move in moves if move.status is Status.ACTIVE]
    rejected = [move.at for move in moves if move.status is Status.REJECTED]
    if active and rejected and min(active) <= max(rejected):
        raise InvalidInput(f"rejected at {max(rejected).isoformat()} after it was active: use 'ended'")


def _scope_text(scope: Scope) -> str:
    parts = ((name, getattr(scope, name)) for name in ("tenant", "repo", "user", "environment"))
    return " ".join(f"{name}={value!r}" for name, value in parts if value is not None)


def _refuse(operation: Add, request: Request, situation: Situation, _: View) -> None:
    refuse_misshapen_add(operation, request)
    if operation.memory.id in situation.rows.memories:
        raise Conflict(f"a memory {operation.memory.id!r} is already recorded; give the new one its own id")


# ---- rules


def _needs(operation: Add, _: Scope) -> Needs:
    statement = operation.memory.statement if operation.may_confirm else None
    return Needs(ids=(operation.memory.id,), content=None if statement is None else statement.content_hash)


def _effects(operation: Add, change: Change, _: Rows) -> Rows:
    memory, stamp = operation.memory, stamp_of(change)
    return Rows(
        memories={memory.id: MemoryRow(memory, stamp)},
        moves=move_rows(memory.id, operation.moves, stamp),
        sources=source_rows(memory.id, operation.source_key, stamp),
    )


def _blanked(operation: Add, memory: str) -> Add:
    if operation.memory.id != memory:
        return operation
    moves = tuple(replace(move, source_word=None) for move in operation.moves)
    return Add(replace(operation.memory, statement=None), moves, may_confirm=False)


#: An add itself requires no trust; `required` applies to the revocation of its moves.
ADD = Rules[Add](
    name="add",
    touched=lambda operation: (operation.memory.id,),
    needs=_needs,
    refuse=_refuse,
    required=lambda operation, _, rows, __: most(rows, with_dependents(rows, (operation.memory.id,))),
    effects=_effects,
    blanked=_blanked,
    moments=lambda operation: tuple(move.at for move in operation.moves),
)

"""From an operation and the rows that matter to the transaction that a store executes, or a refusal.

`needs` says which rows a store must read under its write lock; `plan` decides. Both are pure, so a managed
transaction may run them twice.
"""

from __future__ import annotations

from dataclasses import replace

from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Propose,
    Request,
    Retract,
    Revoke,
    Scope,
    Status,
    Supersede,
    Transition,
)
from graphmem.rows import MoveRow, Needs, Situation, Stamp, Transaction
from graphmem.temporal.derivation import derive
from graphmem.temporal.effects import branch_key, effects, stamp_of
from graphmem.temporal.lineage import Lineage
from graphmem.temporal.plain_succession import derived_of, is_plain
from graphmem.temporal.refusals import (
    refuse_borrowed_trust,
    refuse_changed,
    refuse_closed_branch,
    refuse_cycle,
    refuse_fork,
    refuse_idle_link,
    refuse_idle_move,
    refuse_idle_supersession,
    refuse_late_rejection,
    refuse_misplaced_memory,
    refuse_misshapen_supersession,
    refuse_oversized_supersession,
    refuse_unbelieved,
    refuse_unknown,
    refuse_unordered_moves,
    refuse_update_before_start,
)
from graphmem.temporal.spans import Spans, difference
from graphmem.temporal.trust import outcome
from graphmem.temporal.view import View, active_spans, move_order


def touched(operation: Operation) -> tuple[str, ...]:
    """Ids of the memories that an operation names."""
    match operation:
        case Add():
            return (operation.memory.id,)
        case Supersede():
            return (*operation.old, *operation.new)
        case Link():
            return (operation.source, operation.target)
        case Transition() | End() | Retract() | Confirm() | Erase():
            return (operation.id,)
        case Propose(asked):
            return touched(asked)
        case Revoke() | OpenBranch() | MergeBranch() | AbandonBranch():  # pragma: no branch - the last there is
            return ()


def needs(request: Request) -> Needs:
    """What a store must read before `plan` can decide on the request."""
    operation = request.operation
    match operation:
        case Propose(asked):
            return needs(replace(request, operation=asked))
        case Add(memory, _, may_confirm) if may_confirm and memory.statement is not None:
            return Needs(ids=(memory.id,), content=memory.statement.content_hash)
        case Revoke(change):
            return Needs(change=change)
        case MergeBranch(name) | AbandonBranch(name):
            return Needs(branch=branch_key(request.writer, name))
        case _:
            return Needs(ids=touched(operation))


def plan(request: Request, situation: Situation, stamp: Stamp) -> Transaction:
    """The transaction that carries out the request at a ledger position, or records it as a proposal.

    Args:
        request: What is asked.
        situation: What the store answered to `needs(request)`, read under the write lock.
        stamp: The position, clock and writer's branch that the store gives this entry.

    Raises:
        InvalidInput: The operation can never be right: a cycle, an empty or inverted interval, an unfit state.
        NotFound: It names what the writer does not see.
        Conflict: Another writer was first; carries the current heads.
    """
    proposed = request.operation if isinstance(request.operation, Propose) else None
    if proposed is not None:
        request = replace(request, operation=proposed.asked)
    if isinstance(request.operation, Add) and not situation.rows.memories:
        effect: Operation = _fresh(request, request.operation, situation, stamp)
    elif proposed is None and is_plain(request, situation.rows):
        effect = outcome(request, situation.rows, None)
        if effect is request.operation and isinstance(effect, Supersede):
            change = Change(stamp.seq, stamp.recorded_at, request.op_id, effect, request.writer, request.provenance)
            return Transaction(change, effects(change, situation.rows), derived_of(effect, situation.rows))
    else:
        view = View(situation.rows, request.writer, stamp.seq - 1)
        refuse_closed_branch(view.lineage, request)
        _refuse(request, situation, view)
        if request.seen is not None:
            refuse_changed(situation.rows, view, touched(request.operation), request.seen)
        effect = proposed or _effect(request, situation, view)
    change = Change(stamp.seq, stamp.recorded_at, request.op_id, effect, request.writer, request.provenance)
    return replay(change, situation)


def replay(change: Change, situation: Situation) -> Transaction:
    """The transaction of an entry that was accepted before: for restoring and checking; refuses nothing."""
    appended = effects(change, situation.rows)
    erased = change.operation.id if isinstance(change.operation, Erase) else None
    return Transaction(change, appended, derive(situation.rows, appended, change.seq), erased)


def _fresh(request: Request, operation: Add, situation: Situation, stamp: Stamp) -> Add:
    """The effect of an add of which nothing is known, as almost all of a bulk load are: there is nothing to view."""
    if request.writer.branch is not None:
        refuse_closed_branch(Lineage(situation.rows.branches, request.writer, stamp.seq - 1), request)
    refuse_misplaced_memory(operation.memory, request.writer)
    refuse_borrowed_trust(operation.memory, request.provenance)
    refuse_unordered_moves(operation.moves)
    return replace(operation, may_confirm=False) if operation.may_confirm else operation


def _refuse(request: Request, situation: Situation, view: View) -> None:
    operation = request.operation
    match operation:
        case Add():
            refuse_misplaced_memory(operation.memory, request.writer)
            refuse_borrowed_trust(operation.memory, request.provenance)
            refuse_unordered_moves(operation.moves)
            if operation.memory.id in situation.rows.memories:
                raise Conflict(f"a memory {operation.memory.id!r} is already recorded; give the new one its own id")
        case Supersede():
            refuse_oversized_supersession(operation)
            refuse_misshapen_supersession(operation)
            refuse_unknown(view, touched(operation))
            refuse_fork(situation.rows, view, operation)
            refuse_cycle(situation.rows, view.lineage, operation)
            refuse_update_before_start(view, operation)
            refuse_idle_supersession(view, operation)
        case Transition(key, move):
            refuse_unknown(view, (key,))
            refuse_late_rejection(view, operation)
            refuse_idle_move(view, key, move)
        case End(key, at, word):
            refuse_unknown(view, (key,))
            refuse_idle_move(view, key, Move(Status.ENDED, at, source_word=word))
        case Retract(key) | Confirm(key):
            refuse_unknown(view, (key,))
            refuse_unbelieved(view, key)
        case Link():
            refuse_idle_link(view, operation)
        case Revoke():
            _refuse_revoke(operation, situation.change, view)
        case OpenBranch() | MergeBranch() | AbandonBranch():
            _refuse_branch(request, situation, view)
        case _:
            refuse_unknown(view, touched(operation))


def _effect(request: Request, situation: Situation, view: View) -> Operation:
    """What takes effect: the confirmation of what is already held, or a proposal of what the writer may not do."""
    operation = request.operation
    if not isinstance(operation, Add):
        return outcome(request, situation.rows, situation.change)
    twin = _twin(operation, view)
    if twin is not None:
        return Confirm(twin, operation.source_key)
    return replace(operation, may_confirm=False)


def _twin(operation: Add, view: View) -> str | None:
    """A memory of the same scope, content and class of trust that already holds throughout the time of the new one."""
    memory = operation.memory
    if not operation.may_confirm or not view.known or memory.statement is None:
        return None
    asked = active_time(operation)
    if not asked:
        return None
    content = memory.statement.content_hash
    twins = (
        key
        for key in sorted(view.known)
        if (known := view.memory(key)) is not None
        and known.statement is not None
        and known.scope == memory.scope
        and known.statement.content_hash == content
        and known.statement.origin.is_trusted == memory.statement.origin.is_trusted
        and not difference(asked, view.holding(key))
    )
    return next(twins, None)


def active_time(operation: Add) -> Spans:
    """When a memory will hold by its own moves."""
    nowhere = Stamp(0, operation.moves[0].at, None)
    rows = [MoveRow(operation.memory.id, move, index, nowhere) for index, move in enumerate(operation.moves)]
    rows.sort(key=move_order)
    return active_spans(rows)


def _refuse_revoke(operation: Revoke, target: Change | None, view: View) -> None:
    if target is None or not view.lineage.sees(stamp_of(target)) or not _is_known_to(view, target):
        raise NotFound(f"no change {operation.change} in this ledger; `history` lists the changes of a memory")
    effect = target.operation
    if isinstance(effect, Propose):
        raise InvalidInput(f"change {target.seq} is only a proposal: there is nothing to undo")
    if isinstance(effect, Add):
        last = len(effect.moves) - 1
        if operation.move is None or not 1 <= operation.move <= last:
            raise InvalidInput(
                f"change {target.seq} added a memory: retract it, or revoke a move of it from 1 to {last}"
            )
    elif operation.move is not None or not isinstance(effect, Supersede | Transition | End | Retract | Link):
        raise InvalidInput(
            f"change {target.seq} is no supersede, transition, end, retract or link: it cannot be revoked"
        )
    if view.is_revoked(operation.change, operation.move):
        raise Conflict(f"change {operation.change} is already revoked; redo it with a fresh operation")


def _is_known_to(view: View, target: Change) -> bool:
    """Whether the writer sees what an entry did: for a supersession, an old memory and a new one.

    Of an entry that names no memory it is told only to those who see all that its own writer saw.
    """
    effect = target.operation
    match effect:
        case Supersede():
            return all(any(key in view.known for key in side) for side in (effect.old, effect.new))
        case OpenBranch() | MergeBranch() | AbandonBranch():
            return view.reader.admits(Scope(target.writer.tenant, target.writer.repo))
        case Revoke():
            return view.reader.admits(target.writer)
        case Propose(asked) if not isinstance(asked, Supersede):
            return _is_known_to(view, replace(target, operation=asked))
        case _:
            return all(key in view.known for key in touched(effect))


def _refuse_branch(request: Request, situation: Situation, view: View) -> None:
    operation = request.operation
    assert isinstance(operation, OpenBranch | MergeBranch | AbandonBranch), operation  # noqa: S101
    key = branch_key(request.writer, operation.name)
    if not isinstance(operation, OpenBranch):
        if not view.lineage.is_open(key):
            raise NotFound(f"no open branch {operation.name!r} in repository {request.writer.repo!r}")
        return
    if key in situation.rows.branches:
        raise Conflict(f"branch {operation.name!r} was opened before; choose another name")
    if operation.parent is not None and not view.lineage.is_open(branch_key(request.writer, operation.parent)):
        raise NotFound(f"no open branch {operation.parent!r} to open {operation.name!r} under")

"""Planning: turns a request and the rows that it depends on into a transaction, or refuses it.

`graphmem.temporal.needs` says which rows a store must read under its write lock; `plan` decides. Both are pure, so a
managed transaction may run them twice.
"""

from __future__ import annotations

from dataclasses import replace

from graphmem.model import (
    Add,
    Change,
    Erase,
    Feedback,
    OpenBranch,
    Operation,
    Propose,
    ReadMainline,
    RecordRelocations,
    RecordVerdicts,
    Request,
    Supersede,
)
from graphmem.repository.repository_link import LinkRepository, UnlinkRepository
from graphmem.rows import Rows, Situation, Stamp, Transaction
from graphmem.temporal.derivation import derive
from graphmem.temporal.lineage import Lineage, on_opening
from graphmem.temporal.operations import refuse, rules_of, touched
from graphmem.temporal.operations.add import added_or_confirmed, recorded, refuse_misshapen_add
from graphmem.temporal.plain_succession import derived_of, is_plain
from graphmem.temporal.refusals import refuse_changed, refuse_closed_branch
from graphmem.temporal.view import View

#: Operations that are never recorded as proposals: their own rules refuse writers without trust.
_NEVER_PROPOSED = (
    Add,
    Feedback,
    OpenBranch,
    Propose,
    ReadMainline,
    RecordRelocations,
    RecordVerdicts,
    LinkRepository,
    UnlinkRepository,
)


def plan(request: Request, situation: Situation, stamp: Stamp) -> Transaction:
    """The transaction that carries out the request at a ledger position, or records it as a proposal.

    Args:
        request: The requested operation, with its writer and provenance.
        situation: The rows of `needs(request)`, read under the write lock.
        stamp: The position, clock and writer's branch that the store gives this entry.

    Raises:
        InvalidInput: The operation can never be right: a cycle, an empty or inverted interval, an unfit state.
        NotFound: It names a memory, branch or entry that the writer does not see.
        Conflict: Another writer was first; carries the current heads.
    """
    proposed = request.operation if isinstance(request.operation, Propose) else None
    if proposed is not None:
        request = replace(request, operation=proposed.asked)
    if request.writer.branch is not None:
        request = _on_opening(request, situation, stamp.seq)
    if isinstance(request.operation, Add) and not situation.rows.memories:
        effect: Operation = _fresh(request, request.operation, situation, stamp)
    elif proposed is None and is_plain(request, situation.rows):
        effect = _outcome(request, situation)
        if effect is request.operation and isinstance(effect, Supersede):
            change = Change(stamp.seq, stamp.recorded_at, request.op_id, effect, request.writer, request.provenance)
            return Transaction(change, _effects(change, situation), derived_of(effect, situation.rows))
    else:
        view = View(situation.rows, request.writer, stamp.seq - 1)
        refuse_closed_branch(view.lineage, request)
        refuse(request.operation, request, situation, view)
        if request.seen is not None:
            refuse_changed(situation.rows, view, touched(request.operation), request.seen)
        if isinstance(request.operation, Add):
            effect = added_or_confirmed(request.operation, view)
        else:
            effect = proposed or _outcome(request, situation)
    change = Change(stamp.seq, stamp.recorded_at, request.op_id, effect, request.writer, request.provenance)
    return replay(change, situation)


def replay(change: Change, situation: Situation) -> Transaction:
    """The transaction of an entry that was accepted before, for restoring and checking; it refuses nothing."""
    appended = _effects(change, situation)
    erased = change.operation.id if isinstance(change.operation, Erase) else None
    return Transaction(change, appended, derive(situation.rows, appended, change.seq), erased)


def _effects(change: Change, situation: Situation) -> Rows:
    appended: Rows = rules_of(change.operation).effects(change.operation, change, situation.rows)
    return appended


def _on_opening(request: Request, situation: Situation, seq: int) -> Request:
    """The request with the branch of its writer, and of the memory that it adds, as the ledger records them."""
    branches, operation = situation.rows.branches, request.operation
    writer = on_opening(request.writer, branches, seq - 1)
    if isinstance(operation, Add):
        home = on_opening(operation.memory.scope, branches, seq - 1)
        if home is not operation.memory.scope:
            operation = replace(operation, memory=replace(operation.memory, scope=home))
    if writer is request.writer and operation is request.operation:
        return request
    return replace(request, writer=writer, operation=operation)


def _fresh(request: Request, operation: Add, situation: Situation, stamp: Stamp) -> Add:
    """The effect of an add when no memory was read; it needs no `View`. Most adds of a bulk load are like this."""
    if request.writer.branch is not None:
        refuse_closed_branch(Lineage(situation.rows.branches, request.writer, stamp.seq - 1), request)
    refuse_misshapen_add(operation, request)
    return recorded(operation)


def _outcome(request: Request, situation: Situation) -> Operation:
    """The operation that is requested, or its proposal if the request is not trusted enough."""
    operation, rows = request.operation, situation.rows
    if isinstance(operation, _NEVER_PROPOSED):
        return operation
    rules = rules_of(operation)
    required = rules.required(operation, request.writer, rows, situation.change)
    is_trusted = rules.voice(operation, request.provenance.origin, rows) >= required
    return operation if is_trusted else Propose(operation)

"""How far a request is trusted, and how far it must be to change what it names; less makes it a proposal (ADR-0038).

Two classes: human, document, commit and agent are trusted; conversation and external are not. Of one memory all that
this depends on never changes (its origin, and who spoke); what holds or not because of it counts, too, as far as that is
linked by then. So two operations that are both done lead to the same, whichever was first; but an agent that corrects what
a mandatory memory amends is only heard, where it had been done before the amendment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    LinkKind,
    MergeBranch,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    Request,
    Retract,
    Revoke,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.rows import Rows
from graphmem.temporal.effects import branch_key

ANYBODY = Origin.EXTERNAL.trust
TRUSTED = Origin.AGENT.trust
MANDATING = Origin.COMMIT.trust


def voice(request: Request, rows: Rows) -> int:
    """How far a request is trusted: as its speaker, but untrusted words take over from nothing more trusted."""
    trust = request.provenance.origin.trust
    if isinstance(request.operation, Supersede):
        words = (_statement(rows, key) for key in request.operation.new)
        trust = min([trust, *(one.origin.trust for one in words if one is not None and not one.origin.is_trusted)])
    return trust


def required(request: Request, rows: Rows, target: Change | None) -> int:
    """How far a request must be trusted so that it is done and not only proposed.

    Args:
        request: What is asked.
        rows: As planning read them.
        target: The entry that a revoke undoes.
    """
    operation = request.operation
    if isinstance(operation, MergeBranch | AbandonBranch):
        return _most(rows, _changed_on(rows, branch_key(request.writer, operation.name)))
    return _required(operation, rows, target)


def _required(operation: Operation, rows: Rows, target: Change | None) -> int:
    match operation:
        case Supersede(old=old, new=new, kind=SupersessionKind.AMENDMENT):
            # What amends holds from then on only where its base does.
            return _most(rows, _with_dependents(rows, (*old, *new)))
        case Supersede(old=old, new=new):
            is_ahead = all(has_begun(key, operation, rows) for key in old)
            changed = _with_amendments(rows, old) if is_ahead else _with_dependents(rows, old)
            return max(_most(rows, changed), min(_most(rows, new), TRUSTED))
        case Transition(key, move) if move.status is not Status.ACTIVE:
            return _most(rows, _with_amendments(rows, (key,)))
        case End(key):
            return _most(rows, _with_amendments(rows, (key,)))
        case Erase(key):
            return _most(rows, (key,))
        case Transition() | Retract():
            return _most(rows, _with_dependents(rows, (operation.id,)))
        case Confirm(key):
            return min(_most(rows, (key,)), TRUSTED)
        case Link(source, target=end, kind=kind):
            said_of = (source, end) if kind is LinkKind.CONFLICTS_WITH else (source,)
            return min(_most(rows, said_of), TRUSTED)
        case Revoke() if target is not None:
            by = TRUSTED if target.provenance.origin.is_trusted else ANYBODY
            return max(by, _undone(target.operation, rows))
        case _:
            return ANYBODY


def _undone(effect: Operation, rows: Rows) -> int:
    """As for the undone operation; a move of an addition counts as one of its memory's life."""
    if isinstance(effect, Add):
        return _most(rows, _with_dependents(rows, (effect.memory.id,)))
    return _required(effect, rows, None)


def guard(statement: Statement | None) -> int:
    """How far somebody must be trusted to change what a statement says; nothing guards what was erased."""
    if statement is None or not statement.origin.is_trusted:
        return ANYBODY
    return MANDATING if is_mandatory(statement) else TRUSTED


def is_mandatory(statement: Statement) -> bool:
    """Whether it is, and comes from somebody whose words may be."""
    return statement.is_mandatory and statement.origin.may_mandate


def _most(rows: Rows, ids: Iterable[str]) -> int:
    return max((guard(_statement(rows, key)) for key in ids), default=ANYBODY)


def _statement(rows: Rows, key: str) -> Statement | None:
    row = rows.memories.get(key)
    return None if row is None else row.memory.statement


def has_begun(key: str, operation: Supersede, rows: Rows) -> bool:
    """Whether an update leaves alone what its old memory took over from, since that is active from its one move on.

    The old memory goes on having taken over since its own start, whatever replaces it.
    """
    moves = [row for row in rows.moves if row.memory == key]
    return (
        operation.kind is SupersessionKind.UPDATE
        and operation.at is not None
        and len(moves) == 1
        and moves[0].move.status is Status.ACTIVE
        and moves[0].stamp.branch is None
        and moves[0].move.at <= operation.at
        and all(row.memory != key for row in rows.retractions)
        and all(edge.old != key or edge.kind is not SupersessionKind.CORRECTION for edge in rows.edges)
    )


def _with_amendments(rows: Rows, ids: Iterable[str]) -> set[str]:
    """The memories and all that amend them: these hold only where those do."""
    return _reached(ids, [(edge.old, edge.new) for edge in rows.edges if not edge.is_full])


def _with_dependents(rows: Rows, ids: Iterable[str]) -> set[str]:
    """The memories and all that hold or not because of them, for whoever sees it: predecessors and amendments."""
    return _reached(ids, [(edge.new, edge.old) if edge.is_full else (edge.old, edge.new) for edge in rows.edges])


def _reached(ids: Iterable[str], steps: Iterable[tuple[str, str]]) -> set[str]:
    """The ids and all that the steps lead to from them, one after another."""
    onward: dict[str, list[str]] = defaultdict(list)
    for here, there in steps:
        onward[here].append(there)
    reached = set(ids)
    todo = list(reached)
    while todo:
        fresh = set(onward.get(todo.pop(), ())) - reached
        reached |= fresh
        todo += fresh
    return reached


def _changed_on(rows: Rows, key: str) -> set[str]:
    """Memories whose life, successors or belief was written on a branch, or on one under it."""
    inside = {key}
    while fresh := {row.key for row in rows.branches.values() if row.parent in inside} - inside:
        inside |= fresh
    undone = {row.change for row in rows.revocations if row.stamp.branch in inside}
    changes = [(row.memory.id, row.stamp) for row in rows.memories.values()]
    changes += [(move.memory, move.stamp) for move in rows.moves]
    changes += [(one.memory, one.stamp) for one in rows.retractions]
    changes += [(edge.old, edge.stamp) for edge in rows.edges]
    return _with_dependents(rows, (key for key, at in changes if at.branch in inside or at.seq in undone))


def outcome(request: Request, rows: Rows, target: Change | None) -> Operation:
    """The operation that is asked for, or its proposal if it is not trusted enough."""
    operation = request.operation
    if isinstance(operation, Add | OpenBranch | Propose) or voice(request, rows) >= required(request, rows, target):
        return operation
    return Propose(operation)

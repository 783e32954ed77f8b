"""Who may change what: MODEL section 4, "trust comes first", asked of the whole ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    Operation,
    Request,
    Retract,
    Revoke,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from tests.oracle.view import Branches, steps_of

ORDER = {"human": 4, "document": 3, "commit": 3, "agent": 2, "conversation": 1, "external": 0}
#: How far one must be trusted: by the memory's own class, and for what is mandatory.
OPEN, GUARDED, BOUND = 0, ORDER["agent"], ORDER["document"]


def may(log: Sequence[Change], request: Request) -> bool:
    """Whether the request is done; otherwise it is a proposal."""
    operation, speaks = request.operation, ORDER[request.provenance.origin]
    said = statements(log)
    if isinstance(operation, Supersede):
        hearsay = [ORDER[said[key].origin] for key in operation.new if key in said]
        speaks = min([speaks, *(one for one in hearsay if one < GUARDED)])
    return speaks >= _needed(log, operation, request, said)


def statements(log: Sequence[Change]) -> dict[str, Statement]:
    """What is said and was not erased."""
    adds = [change.operation.memory for change in log if isinstance(change.operation, Add)]
    return {memory.id: memory.statement for memory in adds if memory.statement is not None}


def _needed(log: Sequence[Change], operation: Operation, request: Request, said: dict[str, Statement]) -> int:
    def own(keys: Iterable[str]) -> int:
        return max((_guard(said[key]) for key in keys if key in said), default=OPEN)

    def at_most_own(keys: Iterable[str]) -> int:
        return min(own(keys), GUARDED)

    match operation:
        case Supersede(old=old, new=new, kind=SupersessionKind.AMENDMENT):
            return own(before(log, [*old, *new]))
        case Supersede(old=old, new=new):
            leaves_alone = all(_has_begun(log, key, operation) for key in old)
            return max(own(amending(log, old) if leaves_alone else before(log, old)), at_most_own(new))
        case Erase(key) | End(key):
            return own(amending(log, [key]))
        case Transition(key, move) if move.status is not Status.ACTIVE:
            return own(amending(log, [key]))
        case Transition(key) | Retract(key):
            return own(before(log, [key]))
        case Confirm(key):
            return at_most_own([key])
        case Link(source, target, kind):
            return at_most_own([source, target] if kind is LinkKind.CONFLICTS_WITH else [source])
        case Revoke(seq):
            undone = log[seq - 1]
            inner = undone.operation
            is_add = isinstance(inner, Add)
            told = own(before(log, names_of(inner))) if is_add else _needed(log, inner, request, said)
            return max(told, GUARDED if ORDER[undone.provenance.origin] >= GUARDED else OPEN)
        case MergeBranch(name) | AbandonBranch(name):
            return own(before(log, _written_under(log, Branches(log).meant(request.writer.repo, name))))
        case _:
            return OPEN


def names_of(operation: Operation) -> tuple[str, ...]:
    return (operation.memory.id,) if isinstance(operation, Add) else ()


def _guard(said: Statement) -> int:
    if ORDER[said.origin] < GUARDED:
        return OPEN
    return BOUND if said.is_mandatory and ORDER[said.origin] >= BOUND else GUARDED


def before(log: Sequence[Change], keys: Iterable[str]) -> list[str]:
    """Memories, and everything that was ever said to be replaced by them or to amend them, over any number of steps."""
    reached = list(dict.fromkeys(keys))
    said = [change.operation for change in log if isinstance(change.operation, Supersede)]
    for key in reached:
        met: set[str] = set()
        for one in said:
            is_part = one.kind is SupersessionKind.AMENDMENT
            leading, following = (one.old, one.new) if is_part else (one.new, one.old)
            met |= set(following) if key in leading else set()
        reached += sorted(met - set(reached))
    return reached


def amending(log: Sequence[Change], keys: Iterable[str]) -> list[str]:
    """Memories, and what was ever said to amend them."""
    reached = list(dict.fromkeys(keys))
    parts = [
        change.operation
        for change in log
        if isinstance(change.operation, Supersede) and change.operation.kind is SupersessionKind.AMENDMENT
    ]
    for key in reached:
        reached += sorted({new for one in parts if key in one.old for new in one.new} - set(reached))
    return reached


def _has_begun(log: Sequence[Change], key: str, update: Supersede) -> bool:
    """An update from when a memory, of one active move on the main line, holds on its own: it keeps what it covers."""
    steps = [(step, change) for change in log for step in steps_of(change) if step.memory == key]
    denied = any(
        (isinstance(one, Retract) and one.id == key)
        or (isinstance(one, Supersede) and key in one.old and one.kind is SupersessionKind.CORRECTION)
        for one in (change.operation for change in log)
    )
    if update.kind is not SupersessionKind.UPDATE or update.at is None or denied or len(steps) != 1:
        return False
    ((step, change),) = steps
    return step.status is Status.ACTIVE and change.writer.branch is None and step.at <= update.at


def _written_under(log: Sequence[Change], branch: str | None) -> list[str]:
    """What entries of a branch, and of all that were opened under it, change or undo."""
    branches = Branches(log)
    under = [key for key in branches.parent if branch in branches.line(key)]
    here = [change.operation for change in log if change.writer.branch_key in under]
    here += [log[one.change - 1].operation for one in here if isinstance(one, Revoke)]
    return [key for operation in here for key in _changes(operation)]


def _changes(operation: Operation) -> tuple[str, ...]:
    match operation:
        case Add(memory):
            return (memory.id,)
        case Supersede(old=old):
            return old
        case Transition() | End() | Retract():
            return (operation.id,)
        case _:
            return ()

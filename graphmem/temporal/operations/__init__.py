"""The rules of every ledger operation: names, rows needed, refusals, required trust, effects, erasure.

A new operation is a dataclass in `graphmem.model`, its `Rules` in a module of this package, and a line in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from graphmem import model
from graphmem.model import Change, Operation, Propose, Request, Revoke
from graphmem.repository.repository_link import LinkRepository, UnlinkRepository
from graphmem.rows import Needs
from graphmem.temporal.operations.add import ADD
from graphmem.temporal.operations.branches import ABANDON_BRANCH, MERGE_BRANCH, OPEN_BRANCH
from graphmem.temporal.operations.link import LINK
from graphmem.temporal.operations.mainline import READ_MAINLINE, RECORD_RELOCATIONS, RECORD_VERDICTS
from graphmem.temporal.operations.reference import PROPOSE, REVOKE
from graphmem.temporal.operations.repository_links import LINK_REPOSITORY, UNLINK_REPOSITORY
from graphmem.temporal.operations.rules import (
    RULES,
    is_visible_to,
    needs_of,
    refuse,
    renamed,
    rules_of,
    touched,
)
from graphmem.temporal.operations.single_memory import CONFIRM, END, ERASE, FEEDBACK, RETRACT, TRANSITION
from graphmem.temporal.operations.supersede import SUPERSEDE

__all__ = ["MARKS", "RULES", "about", "inner_operation", "is_visible_to", "marks", "moments", "needs", "operation_name"]
__all__ += ["refuse", "renamed", "rules_of", "touched"]

RULES |= {
    model.Add: ADD,
    model.Supersede: SUPERSEDE,
    model.Transition: TRANSITION,
    model.End: END,
    model.Retract: RETRACT,
    model.Confirm: CONFIRM,
    model.Feedback: FEEDBACK,
    model.Link: LINK,
    model.Revoke: REVOKE,
    model.OpenBranch: OPEN_BRANCH,
    model.MergeBranch: MERGE_BRANCH,
    model.AbandonBranch: ABANDON_BRANCH,
    model.Erase: ERASE,
    model.ReadMainline: READ_MAINLINE,
    model.RecordRelocations: RECORD_RELOCATIONS,
    model.RecordVerdicts: RECORD_VERDICTS,
    LinkRepository: LINK_REPOSITORY,
    UnlinkRepository: UNLINK_REPOSITORY,
    model.Propose: PROPOSE,
}

#: Types of the relationships from a ledger entry to its memories, for operations whose rows do not show them.
MARKS = tuple(rules.mark for rules in RULES.values() if rules.mark is not None)


def operation_name(operation: Operation) -> str:
    """The operation's name, the same on every surface."""
    return rules_of(operation).name


def needs(request: Request) -> Needs:
    """The rows that a store must read before `plan` can decide on the request."""
    return needs_of(request.operation, request.writer)


def inner_operation(operation: Operation) -> Operation:
    """The operation, or the proposed operation of a proposal."""
    return operation.asked if isinstance(operation, Propose) else operation


def about(operation: Operation, change_at: Callable[[int], Change | None]) -> tuple[str, ...]:
    """Ids of the memories that an operation or proposal names; for a revocation, those of the revoked entry.

    Args:
        operation: The operation.
        change_at: The ledger entry at a position; None if there is none.
    """
    effective = inner_operation(operation)
    if not isinstance(effective, Revoke):
        return touched(effective)
    undone = change_at(effective.change)
    return () if undone is None else tuple(dict.fromkeys(touched(undone.operation)))


def marks(operation: Operation, change_at: Callable[[int], Change | None]) -> list[tuple[str, str, str | None]]:
    """(mark, memory, role) for each memory of an entry that its rows do not show."""
    rules = rules_of(operation)
    if rules.mark is None:
        return []
    if roles := rules.roles(operation):
        return [(rules.mark, key, role) for key, role in roles]
    return [(rules.mark, key, None) for key in dict.fromkeys(about(operation, change_at))]


def moments(operation: Operation) -> tuple[datetime, ...]:
    """The valid times that an operation names, its start first; empty for an operation without valid time."""
    times: tuple[datetime, ...] = rules_of(operation).moments(operation)
    return times

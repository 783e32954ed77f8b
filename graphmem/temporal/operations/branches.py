"""Branches: opened, merged into their parent, or abandoned."""

from __future__ import annotations

from graphmem.deferred_dataclass import replace
from graphmem.errors import Conflict, CorruptStore, InvalidInput, NotFound
from graphmem.model import AbandonBranch, Change, MergeBranch, OpenBranch, Request, Scope
from graphmem.rows import BranchRow, Needs, Rows, Situation
from graphmem.scopes import branch_parts
from graphmem.temporal.lineage import LATEST, name_key, opening
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.trust import ANYBODY, most, with_dependents
from graphmem.temporal.view import View

_Closing = MergeBranch | AbandonBranch


def _changed_on(rows: Rows, key: str) -> set[str]:
    """Memories whose moves, successors or retractions were written on a branch or its descendants, and dependents."""
    inside = {key}
    while fresh := {row.key for row in rows.branches.values() if row.parent in inside} - inside:
        inside |= fresh
    undone = {row.change for row in rows.revocations if row.stamp.branch in inside}
    changes = [(row.memory.id, row.stamp) for row in rows.memories.values()]
    changes += [(move.memory, move.stamp) for move in rows.moves]
    changes += [(retraction.memory, retraction.stamp) for retraction in rows.retractions]
    changes += [(edge.old, edge.stamp) for edge in rows.edges]
    return with_dependents(rows, (key for key, at in changes if at.branch in inside or at.seq in undone))


def _is_visible(_: OpenBranch | _Closing, change: Change, view: View) -> bool:
    """Return True if the reader reads the repository of the branch."""
    return view.reader.admits(Scope(change.writer.tenant, change.writer.repo))


def _needs(operation: _Closing, writer: Scope) -> Needs:
    return Needs(branch=name_key(writer, operation.name))


def _required(operation: _Closing, writer: Scope, rows: Rows, _: Change | None) -> int:
    row = opening(rows.branches, replace(writer, branch=operation.name), LATEST)
    return ANYBODY if row is None else most(rows, _changed_on(rows, row.key))


def _opened(operation: OpenBranch, change: Change, before: Rows) -> Rows:
    first = name_key(change.writer, operation.name)
    is_first = first not in before.branches or before.branches[first].opened == change.seq
    key = first if is_first else f"{first}:{change.seq}:"
    parent = None
    if operation.parent is not None:
        above = opening(before.branches, replace(change.writer, branch=operation.parent), change.seq - 1)
        parent = name_key(change.writer, operation.parent) if above is None else above.key
    return Rows(branches={key: BranchRow(key, parent, change.seq)})


def _closed(operation: _Closing, change: Change, before: Rows) -> Rows:
    row = opening(before.branches, replace(change.writer, branch=operation.name), change.seq - 1)
    if row is None:
        raise CorruptStore(f"entry {change.seq} closes branch {operation.name!r}, which no entry opened")
    if isinstance(operation, AbandonBranch):
        return Rows(branches={row.key: replace(row, closed=change.seq)})
    merged_at = None if operation.at is None else min(operation.at, change.recorded_at)
    return Rows(branches={row.key: replace(row, closed=change.seq, is_merged=True, merged_at=merged_at)})


def _refuse_opening(operation: OpenBranch, request: Request, _: Situation, view: View) -> None:
    scope = replace(request.writer, branch=operation.name)
    name, opened = branch_parts(operation.name)
    if opened is not None:
        raise InvalidInput(f"{operation.name!r} names an earlier branch; open the name {name!r} again")
    if view.lineage.is_open(scope):
        raise Conflict(f"branch {operation.name!r} is open; merge or abandon it first, or choose another name")
    if operation.parent is not None and not view.lineage.is_open(replace(scope, branch=operation.parent)):
        raise NotFound(f"no open branch {operation.parent!r} to open {operation.name!r} under")


def _refuse_closing(operation: _Closing, request: Request, _: Situation, view: View) -> None:
    if not view.lineage.is_open(replace(request.writer, branch=operation.name)):
        raise NotFound(f"no open branch {operation.name!r} in repository {request.writer.repo!r}")


OPEN_BRANCH = Rules[OpenBranch](name="open_branch", refuse=_refuse_opening, effects=_opened, is_visible_to=_is_visible)
MERGE_BRANCH = Rules[MergeBranch](
    name="merge_branch",
    needs=_needs,
    refuse=_refuse_closing,
    required=_required,
    effects=_closed,
    is_visible_to=_is_visible,
)
ABANDON_BRANCH = Rules[AbandonBranch](
    name="abandon_branch",
    needs=_needs,
    refuse=_refuse_closing,
    required=_required,
    effects=_closed,
    is_visible_to=_is_visible,
)

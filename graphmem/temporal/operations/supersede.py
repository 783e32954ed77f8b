"""Supersessions: updates, corrections and amendments, from each old memory to each new memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from graphmem.deferred_dataclass import replace
from graphmem.errors import Conflict, InvalidInput
from graphmem.model import Change, Origin, Request, Scope, Status, Supersede, SupersessionKind
from graphmem.rows import EdgeRow, Rows, Situation, stamp_of
from graphmem.temporal.lineage import Lineage
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.refusals import refuse_unknown
from graphmem.temporal.trust import TRUSTED, most, statement_of, with_amendments, with_dependents
from graphmem.temporal.view import View

#: Edges that a supersession may add: from each of its old memories to each of its new memories.
MOST_REPLACEMENTS = 1_000


def edges_of(operation: Supersede, change: Change, reason: str | None) -> tuple[EdgeRow, ...]:
    """An edge from each old memory to each new memory."""
    bounds = (operation.kind, operation.at, operation.until, operation.part)
    stamp = stamp_of(change)
    return tuple(EdgeRow(old, new, *bounds, reason, stamp) for old in operation.old for new in operation.new)


def _each(keys: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    """The ids after replacement by `names`, without duplicates."""
    return tuple(dict.fromkeys(names.get(key, key) for key in keys))


def has_begun(key: str, operation: Supersede, rows: Rows) -> bool:
    """Return True if an update does not change the valid time of the old memory's predecessors.

    An old memory that is active from its single move on, with no retraction or correction, covers its predecessors
    from its own start on, with or without a successor.
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


# ---- refusals


def _refuse_oversized_supersession(operation: Supersede) -> None:
    """Refuse more edges than a transaction may add; ledgers from before the limit stay valid."""
    old, new = operation.old, operation.new
    if (size := len(old) * len(new)) > MOST_REPLACEMENTS:
        raise InvalidInput(
            f"{len(old):,} memories replaced by {len(new):,} are {size:,} replacements, more than {MOST_REPLACEMENTS:,}"
            " in one call: name fewer at once, or let one memory that says it for all take over first"
        )


def refuse_misshapen_supersession(operation: Supersede) -> None:
    """Refuse an empty side, or a memory named twice; `Supersede` itself refuses an interval that its kind cannot have.

    The sides are checked here because an add that confirms an existing memory changes the ids.
    """
    old, new = operation.old, operation.new
    if not old or not new or len({*old, *new}) < len(old) + len(new):
        raise InvalidInput(f"{list(old)} cannot be replaced by {list(new)}: name each memory once, on one side")


def _refuse_fork(rows: Rows, view: View, operation: Supersede) -> None:
    """Refuse a second full edge without an end from an old memory to successors of the same scope."""
    if operation.until is not None or operation.kind is SupersessionKind.AMENDMENT:
        return
    owners = {_home_of(rows, new) for new in operation.new}
    for old in operation.old:
        lasting = [edge for edge in view.edges_out(old) if edge.is_full and edge.until is None]
        taken = [edge for edge in lasting if _home_of(rows, edge.new) in owners]
        if taken:
            heads = tuple(sorted({edge.new for edge in taken if view.memory(edge.new) is not None}))
            successors = f"{', '.join(heads)} (change {taken[0].stamp.seq})" if heads else "one that was erased"
            raise Conflict(
                f"{old!r} is already superseded by {successors}; supersede that, or revoke the change", heads
            )


def refuse_cycle(rows: Rows, lineage: Lineage, operation: Supersede) -> None:
    """Refuse a cycle: no old memory may be reachable from a new memory over any edges of the tenant."""
    out = _edges_that_count(rows, lineage)
    todo, seen = list(operation.new), set(operation.new)
    while todo:
        for edge in out[todo.pop()]:
            if edge.new in operation.old:
                raise InvalidInput("that would close a cycle: the new memory is itself followed by the old one")
            if edge.new not in seen:
                seen.add(edge.new)
                todo.append(edge.new)


def _refuse_update_before_start(view: View, operation: Supersede) -> None:
    """Refuse an update before the start of its old memory."""
    if operation.kind is not SupersessionKind.UPDATE or operation.at is None:
        return
    for old in operation.old:
        moves = view.moves(old)
        start = view.start(old) or (moves[0].move.at if moves else None)
        if start is not None and operation.at < start:
            raise InvalidInput(
                f"{old!r} starts at {start.isoformat()}, after {operation.at.isoformat()}: use kind 'correction'"
            )


def _refuse_idle_supersession(view: View, operation: Supersede) -> None:
    """Refuse a supersession whose edges are all recorded already."""
    existing = {
        (edge.old, edge.new)
        for old in operation.old
        for edge in view.edges_out(old)
        if (edge.kind, edge.at, edge.until, edge.part)
        == (operation.kind, operation.at, operation.until, operation.part)
    }
    if all((old, new) in existing for old in operation.old for new in operation.new):
        raise InvalidInput(f"nothing would change: {list(operation.new)} already does so for {list(operation.old)}")


def _home_of(rows: Rows, key: str) -> Scope:
    """The scope of a memory without its branch."""
    return replace(rows.memories[key].memory.scope, branch=None)


def _edges_that_count(rows: Rows, lineage: Lineage) -> dict[str, list[EdgeRow]]:
    """Edges of the tenant by old memory, without those revoked on their own branch or on an abandoned branch."""
    revoked = {(row.change, lineage.branch_of(row.stamp)) for row in rows.revocations if row.move is None}
    out: dict[str, list[EdgeRow]] = defaultdict(list)
    for edge in rows.edges:
        if (edge.stamp.seq, lineage.branch_of(edge.stamp)) not in revoked and not lineage.is_abandoned(edge.stamp):
            out[edge.old].append(edge)
    return out


def _refuse(operation: Supersede, _: Request, situation: Situation, view: View) -> None:
    rows = situation.rows
    _refuse_oversized_supersession(operation)
    refuse_misshapen_supersession(operation)
    refuse_unknown(view, (*operation.old, *operation.new))
    _refuse_fork(rows, view, operation)
    refuse_cycle(rows, view.lineage, operation)
    _refuse_update_before_start(view, operation)
    _refuse_idle_supersession(view, operation)


# ---- rules


def _voice(operation: Supersede, speaker: Origin, rows: Rows) -> int:
    """Trust of the request's origin, limited by the trust of untrusted new memories."""
    statements = (statement_of(rows, key) for key in operation.new)
    trusts = [each.origin.trust for each in statements if each is not None and not each.origin.is_trusted]
    return min([speaker.trust, *trusts])


def _required(operation: Supersede, _: Scope, rows: Rows, __: Change | None) -> int:
    old, new = operation.old, operation.new
    if operation.kind is SupersessionKind.AMENDMENT:
        # From now on the amendment is in force only while its base is.
        return most(rows, with_dependents(rows, (*old, *new)))
    is_ahead = all(has_begun(key, operation, rows) for key in old)
    changed = with_amendments(rows, old) if is_ahead else with_dependents(rows, old)
    return max(most(rows, changed), min(most(rows, new), TRUSTED))


def _renamed(operation: Supersede, names: Mapping[str, str]) -> Supersede:
    old, new = operation.old, operation.new
    if names.keys().isdisjoint((*old, *new)):
        return operation
    return replace(operation, old=_each(old, names), new=_each(new, names))


SUPERSEDE = Rules[Supersede](
    name="supersede",
    mark="SUPERSEDED",
    roles=lambda operation: (*((key, "old") for key in operation.old), *((key, "new") for key in operation.new)),
    is_revocable=True,
    touched=lambda operation: (*operation.old, *operation.new),
    renamed=_renamed,
    refuse=_refuse,
    voice=_voice,
    required=_required,
    effects=lambda operation, change, _: Rows(edges=edges_of(operation, change, change.provenance.reason)),
    blanked=lambda operation, _: replace(operation, part=None),
    moments=lambda operation: tuple(at for at in (operation.at, operation.until) if at is not None),
    is_visible_to=lambda operation, _, view: all(
        any(key in view.known for key in side) for side in (operation.old, operation.new)
    ),
)

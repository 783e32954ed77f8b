"""Revocations and proposals, which refer to another operation and share most of its rules."""

from __future__ import annotations

from collections.abc import Mapping

from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import Add, Change, Propose, Request, Revoke, Scope, Supersede
from graphmem.rows import Needs, RevokeRow, Rows, Situation, stamp_of
from graphmem.temporal.operations.rules import Rules, is_visible_to, needs_of, renamed, rules_of, touched
from graphmem.temporal.trust import ANYBODY, TRUSTED
from graphmem.temporal.view import View


def _refuse_revoke(operation: Revoke, _: Request, situation: Situation, view: View) -> None:
    target = situation.change
    if target is None or not view.lineage.sees(stamp_of(target)) or not is_visible_to(view, target.operation, target):
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
    elif operation.move is not None or not rules_of(effect).is_revocable:
        raise InvalidInput(
            f"change {target.seq} is no supersede, transition, end, retract or link: it cannot be revoked"
        )
    if view.is_revoked(operation.change, operation.move):
        raise Conflict(f"change {operation.change} is already revoked; redo it with a fresh operation")


def _required_to_revoke(_: Revoke, writer: Scope, rows: Rows, target: Change | None) -> int:
    """Trust required by the revoked operation, and at least the class of trust of the entry's writer."""
    if target is None:
        return ANYBODY
    by = TRUSTED if target.provenance.origin.is_trusted else ANYBODY
    return max(by, rules_of(target.operation).required(target.operation, writer, rows, None))


REVOKE = Rules[Revoke](
    name="revoke",
    mark="REVOKED",
    needs=lambda operation, _: Needs(change=operation.change),
    refuse=_refuse_revoke,
    required=_required_to_revoke,
    effects=lambda operation, change, _: Rows(
        revocations=(RevokeRow(operation.change, operation.move, stamp_of(change)),)
    ),
    # The entry names no memory: a reader sees it if their scope admits its writer's scope.
    is_visible_to=lambda _, change, view: view.reader.admits(change.writer),
)


def _renamed(operation: Propose, names: Mapping[str, str]) -> Propose:
    proposed = renamed(operation.asked, names)
    return operation if proposed is operation.asked else Propose(proposed)


def _is_proposal_visible(operation: Propose, change: Change, view: View) -> bool:
    """Return True if the reader sees the proposal; for a supersession, they must see every memory named."""
    if isinstance(operation.asked, Supersede):
        return all(key in view.known for key in touched(operation))
    return is_visible_to(view, operation.asked, change)


PROPOSE = Rules[Propose](
    name="propose",
    mark="PROPOSED",
    touched=lambda operation: touched(operation.asked),
    renamed=_renamed,
    needs=lambda operation, writer: needs_of(operation.asked, writer),
    effects=lambda *_: Rows(),
    blanked=lambda operation, memory: Propose(rules_of(operation.asked).blanked(operation.asked, memory)),
    is_visible_to=_is_proposal_visible,
)

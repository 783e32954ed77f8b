"""Transitions, ends, retractions, confirmations and erasures: operations on a single memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from graphmem.deferred_dataclass import replace
from graphmem.errors import InvalidInput
from graphmem.model import Change, Confirm, End, Erase, Feedback, Move, Request, Retract, Status, Transition
from graphmem.rows import ConfirmRow, RetractRow, Rows, Situation, stamp_of
from graphmem.temporal.operations.add import move_rows, source_rows
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.refusals import refuse_unknown
from graphmem.temporal.trust import TRUSTED, most, with_amendments, with_dependents
from graphmem.temporal.view import View

_Named = Transition | End | Retract | Confirm | Feedback | Erase
N = TypeVar("N", bound=_Named)


def _touched(operation: _Named) -> tuple[str, ...]:
    return (operation.id,)


def _renamed(operation: N, names: Mapping[str, str]) -> N:
    return replace(operation, id=names[operation.id]) if operation.id in names else operation


def _last_move(operation: End) -> Move:
    return Move(Status.ENDED, operation.at, source_word=operation.source_word)


def _erased(operation: Erase, _: Change, before: Rows) -> Rows:
    row = before.memories[operation.id]
    return Rows(memories={operation.id: replace(row, memory=replace(row.memory, statement=None))})


# ---- refusals


def _refuse_transition(operation: Transition, _: Request, __: Situation, view: View) -> None:
    """Refuse a rejection after the first activation, in valid time, whichever is recorded first."""
    move = operation.move
    refuse_unknown(view, (operation.id,))
    start = view.start(operation.id)
    if move.status is Status.REJECTED and start is not None and start <= move.at:
        raise InvalidInput(f"{operation.id!r} held from {start.isoformat()}: it can be ended, no longer rejected")
    rejected = [row.move.at for row in view.moves(operation.id) if row.move.status is Status.REJECTED]
    if move.status is Status.ACTIVE and rejected and move.at <= max(rejected):
        raise InvalidInput(f"{operation.id!r} was rejected at {max(rejected).isoformat()}, after {move.at.isoformat()}")
    _refuse_idle_move(view, operation.id, move)


def _refuse_end(operation: End, _: Request, __: Situation, view: View) -> None:
    refuse_unknown(view, (operation.id,))
    _refuse_idle_move(view, operation.id, _last_move(operation))


def _refuse_idle_move(view: View, key: str, move: Move) -> None:
    """Refuse a move of a retracted memory, an end before its start, or a move to the state that it already has."""
    if view.is_retracted(key):
        raise InvalidInput(f"nothing would change: {key!r} is retracted; revoke the change that retracted it first")
    moves = view.moves(key)
    start = view.start(key) or (moves[0].move.at if moves else None)
    if move.status is Status.ENDED and start is not None and move.at < start:
        raise InvalidInput(
            f"{key!r} starts at {start.isoformat()}, after {move.at.isoformat()}: it cannot end before it began;"
            " retract it if it was never right"
        )
    reached = view.status(key, move.at)
    if reached is not None and (reached.move.status, reached.move.source_word) == (move.status, move.source_word):
        since = reached.move.at.isoformat()
        raise InvalidInput(f"nothing would change: {key!r} is {move.status.value} since {since}")


def _refuse_unbelieved(operation: Retract | Confirm, _: Request, __: Situation, view: View) -> None:
    """Refuse to confirm a retracted memory, or to retract it again."""
    refuse_unknown(view, (operation.id,))
    if view.is_retracted(operation.id):
        raise InvalidInput(
            f"{operation.id!r} is already retracted; revoke the change that retracted it to believe it again"
        )


# ---- rules

TRANSITION = Rules[Transition](
    name="transition",
    is_revocable=True,
    touched=_touched,
    renamed=_renamed,
    refuse=_refuse_transition,
    required=lambda operation, _, rows, __: most(
        rows, (with_dependents if operation.move.status is Status.ACTIVE else with_amendments)(rows, (operation.id,))
    ),
    effects=lambda operation, change, _: Rows(moves=move_rows(operation.id, (operation.move,), stamp_of(change))),
    blanked=lambda operation, _: Transition(operation.id, replace(operation.move, source_word=None)),
    moments=lambda operation: (operation.move.at,),
)
END = Rules[End](
    name="end",
    is_revocable=True,
    touched=_touched,
    renamed=_renamed,
    refuse=_refuse_end,
    required=lambda operation, _, rows, __: most(rows, with_amendments(rows, (operation.id,))),
    effects=lambda operation, change, _: Rows(
        moves=move_rows(operation.id, (_last_move(operation),), stamp_of(change))
    ),
    blanked=lambda operation, _: End(operation.id, operation.at),
    moments=lambda operation: (operation.at,),
)
RETRACT = Rules[Retract](
    name="retract",
    mark="RETRACTED",
    is_revocable=True,
    touched=_touched,
    renamed=_renamed,
    refuse=_refuse_unbelieved,
    required=lambda operation, _, rows, __: most(rows, with_dependents(rows, (operation.id,))),
    effects=lambda operation, change, _: Rows(retractions=(RetractRow(operation.id, stamp_of(change)),)),
)
CONFIRM = Rules[Confirm](
    name="confirm",
    mark="CONFIRMED",
    touched=_touched,
    renamed=_renamed,
    refuse=_refuse_unbelieved,
    required=lambda operation, _, rows, __: min(most(rows, (operation.id,)), TRUSTED),
    effects=lambda operation, change, _: Rows(
        confirmations=(ConfirmRow(operation.id, stamp_of(change)),),
        sources=source_rows(operation.id, operation.source_key, stamp_of(change)),
    ),
    blanked=lambda operation, _: Confirm(operation.id),
)
FEEDBACK = Rules[Feedback](
    name="feedback",
    mark="RATED",
    touched=_touched,
    renamed=_renamed,
    effects=lambda *_: Rows(),
)
ERASE = Rules[Erase](
    name="erase",
    mark="ERASED",
    touched=_touched,
    renamed=_renamed,
    # An amendment of the memory may lead its subject once the memory is gone.
    required=lambda operation, _, rows, __: most(rows, with_amendments(rows, (operation.id,))),
    effects=_erased,
)

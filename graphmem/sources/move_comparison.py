"""Moves that a source has and an existing memory lacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from graphmem.deferred_dataclass import replace
from graphmem.model import Move, Status

#: Source word of the end that is entered when a source no longer has a statement.
GONE = "no longer in its source"


def with_first_start(observed: tuple[Move, ...], existing: Sequence[Move]) -> tuple[Move, ...]:
    """The moves of an undated statement, starting where the existing memory starts instead of at this reading."""
    return tuple(replace(move, at=existing[0].at) if move.at == observed[0].at else move for move in observed)


def new_moves(observed: tuple[Move, ...], existing: Sequence[Move], now: datetime) -> list[Move]:
    """The observed moves that the memory lacks.

    A new state under an old date was entered in the source some time before this reading: its move gets the time `now`.
    """
    recorded = {(move.status, move.at, move.source_word) for move in existing}
    last = max((move.at for move in existing), default=None)
    was_active = any(move.status is Status.ACTIVE for move in existing)
    fresh = []
    for move in observed:
        if (move.status, move.at, move.source_word) in recorded:
            continue
        is_new_state = last is not None and move.at <= last and move.status is not existing[-1].status
        moment = now if is_new_state else move.at
        status = Status.ENDED if move.status is Status.REJECTED and was_active else move.status
        if (status, move.source_word) != (existing[-1].status, existing[-1].source_word) or moment != now:
            fresh.append(replace(move, at=moment, status=status))
    return fresh


def is_redated(fresh: Sequence[Move], existing: Sequence[Move]) -> bool:
    """True if the source gives another date for a state that the memory has under the same source word."""
    recorded = {(move.status, move.source_word) for move in existing}
    return any((move.status, move.source_word) in recorded for move in fresh)


def has_returned(observed: tuple[Move, ...], existing: Sequence[Move]) -> bool:
    """True if the source has a statement again that was ended because the source no longer had it."""
    last = existing[-1]
    return (last.status, last.source_word) == (Status.ENDED, GONE) and observed[-1].status is Status.ACTIVE

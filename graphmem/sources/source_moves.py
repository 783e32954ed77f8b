"""What the moves that a source tells now add to those that are known of its record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from graphmem.model import Move, Status

#: The word of an end that was only entered because a source held a record no more.
GONE = "no longer in its source"


def as_first_seen(observed: tuple[Move, ...], known: list[Move]) -> tuple[Move, ...]:
    """Moves of a record without a date, begun when it was seen first and not when it is read again."""
    return tuple(replace(move, at=known[0].at) if move.at == observed[0].at else move for move in observed)


def fresh_moves(observed: tuple[Move, ...], known: list[Move], now: datetime) -> list[Move]:
    """Moves that are not known yet. A new state with an old date was entered at some time before this reading."""
    told = {(move.status, move.at, move.source_word) for move in known}
    last = max((move.at for move in known), default=None)
    was_active = any(move.status is Status.ACTIVE for move in known)
    fresh = []
    for move in observed:
        if (move.status, move.at, move.source_word) in told:
            continue
        is_new_state = last is not None and move.at <= last and move.status is not known[-1].status
        moment = now if is_new_state else move.at
        status = Status.ENDED if move.status is Status.REJECTED and was_active else move.status
        if (status, move.source_word) != (known[-1].status, known[-1].source_word) or moment != now:
            fresh.append(replace(move, at=moment, status=status))
    return fresh


def is_redated(fresh: list[Move], known: list[Move]) -> bool:
    """Whether the source gives another date for a state that is known under the same word."""
    told = {(move.status, move.source_word) for move in known}
    return any((move.status, move.source_word) in told for move in fresh)


def is_back(observed: tuple[Move, ...], known: list[Move]) -> bool:
    """Whether a source holds again what was ended because it held it no more."""
    last = known[-1]
    return (last.status, last.source_word) == (Status.ENDED, GONE) and observed[-1].status is Status.ACTIVE

"""The moves and words of a history, or of a single state, that an existing memory lacks."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.model import Memory, Move, Status
from graphmem.sources.observations import Observation


def is_end_only(observation: Observation) -> bool:
    """True for a state that ends a memory: without a memory it says nothing."""
    return observation.is_state and observation.moves[0].status is Status.ENDED


def begins_anew(observation: Observation, memory: Memory, existing: Sequence[Move]) -> bool:
    """True if a history has other words that begin after those of the memory."""
    statement = memory.statement
    is_reworded = statement is None or statement.content_hash != observation.statement.content_hash
    return is_reworded and observation.moves[0].at > existing[0].at


def later_moves(observation: Observation, existing: Sequence[Move]) -> list[Move]:
    """The moves of a history after the first move of the memory that are not recorded, in order."""
    recorded = {(move.status, move.at, move.source_word) for move in existing}
    began = existing[0].at
    return [
        move
        for move in observation.moves
        if move.at > began and (move.status, move.at, move.source_word) not in recorded
    ]


def state_moves(observation: Observation, existing: Sequence[Move]) -> list[Move]:
    """The move of a state, if the memory has another status at that time; empty for a time before the memory."""
    state = observation.moves[0]
    before = [move for move in existing if move.at <= state.at]
    return [state] if before and before[-1].status is not state.status else []

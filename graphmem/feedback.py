"""Feedback on a memory that was surfaced: an entry of the ledger that changes no memory and no order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graphmem.errors import InvalidInput


class Opinion(StrEnum):
    """What a reader says of a memory that was surfaced.

    `confirmed` confirms the memory, and `done` ends it. The others are recorded as feedback, which `history` shows.
    """

    USEFUL = "useful"
    NOT_USEFUL = "not_useful"
    WRONG = "wrong"
    CONFIRMED = "confirmed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Feedback:
    """Record that a memory was useful, not useful or wrong where it was surfaced; it changes no memory."""

    id: str
    opinion: Opinion

    def __post_init__(self) -> None:
        recorded = (Opinion.USEFUL, Opinion.NOT_USEFUL, Opinion.WRONG)
        if self.opinion not in recorded:
            raise InvalidInput(f"{self.opinion!r:.80} is no feedback; there are {', '.join(recorded)}")
        object.__setattr__(self, "opinion", Opinion(self.opinion))

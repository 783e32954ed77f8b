"""Feedback on a memory that was surfaced: an entry of the ledger that changes no memory and no order."""

from __future__ import annotations

from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput


class Opinion(StrEnum):
    """A reader's opinion of a memory that was surfaced.

    `confirmed` confirms the memory, and `done` ends it. The others are recorded as feedback, which `history` shows.
    """

    USEFUL = "useful"
    NOT_USEFUL = "not_useful"
    WRONG = "wrong"
    CONFIRMED = "confirmed"
    DONE = "done"


class Rating(StrEnum):
    """The opinions that are recorded as feedback."""

    USEFUL = "useful"
    NOT_USEFUL = "not_useful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Feedback:
    """Record that a memory was useful, not useful or wrong where it was surfaced; it changes no memory."""

    id: str
    opinion: Rating

    def __post_init__(self) -> None:
        if type(self.opinion) is not Rating:
            if self.opinion not in tuple(Rating):
                raise InvalidInput(f"{self.opinion!r:.80} is no feedback; there are {', '.join(Rating)}")
            object.__setattr__(self, "opinion", Rating(self.opinion))

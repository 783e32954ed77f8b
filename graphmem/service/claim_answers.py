"""The answers of the verbs about claims."""

from __future__ import annotations

from graphmem.answers import Written
from graphmem.claims.work_claim import WorkClaim
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Point


@dataclass(frozen=True, slots=True)
class ClaimWritten(Written):
    """The result of a write about a claim.

    Attributes:
        claim: The claim after the write; None if it is only proposed to change.
        overlapping: The claims of other actors in force with which it has a path in common.
        took_over: The expired or handed over claims that it continues.
    """

    claim: WorkClaim | None = None
    overlapping: tuple[WorkClaim, ...] = ()
    took_over: tuple[WorkClaim, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimListing:
    """The claims in force at a point, the first to expire first.

    Attributes:
        claims: At most the requested number.
        more: The number of further claims.
    """

    claims: tuple[WorkClaim, ...]
    at: Point
    more: int = 0

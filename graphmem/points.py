"""Points in time of answers."""

from __future__ import annotations

from datetime import datetime

from graphmem.deferred_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CommitPoint:
    """The commit that a request named as its point in time.

    Attributes:
        name: The name in the request.
        sha: The hash of the commit.
        fork: The mainline commit at which the commit's line left the mainline; None for a commit of the mainline.
            Nothing that came to the mainline after it counts.
    """

    name: str
    sha: str
    fork: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """The exact point of an answer: an instant of valid time and a ledger position. Every answer has one.

    `commit` is the commit that the request named as its valid time; None for a time.
    """

    valid: datetime
    seq: int
    commit: CommitPoint | None = None

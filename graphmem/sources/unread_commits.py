"""Problems of readings: commits that git could not read."""

from __future__ import annotations

from graphmem.sources.git.mainline import Mainline, Quarantined
from graphmem.sources.observations import Problem


def unread_commit(gap: Quarantined) -> Problem:
    """Return the problem of a commit that could not be read."""
    return Problem("", 0, f"commit {gap.sha} could not be read: {gap.reason}")


def unread_commits(mainline: Mainline) -> tuple[Problem, ...]:
    """Return the problems of a mainline that was read, each commit once."""
    return tuple(unread_commit(gap) for gap in dict.fromkeys(mainline.quarantined))

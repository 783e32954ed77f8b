"""A claim as answers show it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Origin, Scope
from graphmem.repository.glob_overlap import common_path


@dataclass(frozen=True, slots=True)
class ClaimStep:
    """A step in the history of a claim, from its ledger entry.

    Attributes:
        at: When it was recorded.
        actor: Who recorded it.
        action: What was done: `claimed`, `renewed`, `handed over to bob`, ….
        note: The note or the reason of the entry; None without one.
        origin: The origin of the entry.
        change: The ledger position.
    """

    at: datetime
    actor: str
    action: str
    note: str | None
    origin: Origin
    change: int


@dataclass(frozen=True, slots=True)
class WorkClaim:
    """A claim: an actor works on a task, and on paths, until a time.

    Attributes:
        id: The id of its memory.
        task: The title of the task.
        actor: The holder.
        paths: Files, folders/ and globs, from the root of the repository; empty for a task without paths.
        since: The start of the claim; None if it is not known.
        until: When it expires; None if it does not.
        origin: The origin of the claim.
        scope: Its home scope.
        repo: The repository of the paths; None if the claim is org-wide.
        works_on: The id of the memory of the task, if the claim was made for one.
        overlaps: The ids of the claims of other actors, in force at the same time, with which it has a path in common.
        steps: Its history, oldest first, if it was handed over or is for a recorded task.
    """

    id: str
    task: str
    actor: str
    paths: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    origin: Origin
    scope: Scope
    repo: str | None = None
    works_on: str | None = None
    overlaps: tuple[str, ...] = ()
    steps: tuple[ClaimStep, ...] = ()

    def touches(self, paths: Iterable[str]) -> bool:
        """Return True if the claim has a path in common with files, folders/ or globs of its repository."""
        return any(common_path(own, path) is not None for path in paths for own in self.paths)

    def is_of(self, repo: str | None) -> bool:
        """Return True if the paths are of a repository; those of a claim without one are of every repository."""
        return self.repo is None or self.repo == repo

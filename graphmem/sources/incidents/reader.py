"""Reads the incidents of a repository along its mainline."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from graphmem.errors import InvalidInput
from graphmem.instants import to_micros
from graphmem.model import instant
from graphmem.sources.git.commit_messages import arrivals, messages_of
from graphmem.sources.git.mainline import Mainline, find_mainline
from graphmem.sources.git.runner import GitFailure
from graphmem.sources.incidents.reverts import RevertedChange, Reverts
from graphmem.sources.observations import Reading
from graphmem.sources.unread_commits import unread_commit
from graphmem.store import Progress, silent


def read_incidents(
    root: Path,
    *,
    ref: str | None = None,
    read_at: datetime,
    since: str | None = None,
    progress: Progress = silent,
) -> Reading:
    """The changes that a repository reverted, each an incident from its revert until it was applied again.

    A revert is a commit whose message has "This reverts commit SHA", or a subject such as `Revert "title"`. A revert of
    a revert ends the incident, and one more revert begins it again. The time is that at which the mainline got the
    revert. A change and its revert that came by one merge are left out, since the mainline never had the change.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; by default that of `find_mainline`.
        read_at: The time of reading: no commit is later.
        since: The `cursor` of an earlier reading. Only incidents that changed after it are returned; all of them if it
            is not on the mainline.
        progress: Called after every commit with the number of read commits, and their total.

    Returns:
        Observations in the order of the first reverts. An incident is about the commits that it names, as far as the
        repository has them, and about the files that the revert changed.

    Raises:
        InvalidInput: There is no git repository, or no such ref.
    """
    try:
        mainline = find_mainline(root, ref)
        start = mainline.position_after(since)
        if start == len(mainline.shas):
            return Reading((), (), (), cursor=mainline.tip)
        changes = _reverted(mainline, to_micros(instant(read_at)), progress)
    except GitFailure as failure:
        raise InvalidInput(f"the history of {str(root)!r} cannot be read: {failure}") from failure
    quarantined = [unread_commit(gap) for gap in mainline.quarantined if gap.position >= start]
    observations = tuple(change.observation() for change in changes if change.touched >= start)
    return Reading(observations, (), tuple(quarantined), cursor=mainline.tip)


def _reverted(mainline: Mainline, read_at_us: int, progress: Progress) -> list[RevertedChange]:
    messages = list(messages_of(mainline.root, mainline.tip))
    reverts = Reverts(messages, arrivals(messages, mainline.shas))
    reverts.read(mainline.counted_commits(read_at_us, progress))
    return list(reverts.changes.values())

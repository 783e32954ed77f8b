"""The work on events of hooks: reading what moved in a repository into the memory."""

from __future__ import annotations

from pathlib import Path

from graphmem.githooks.event_queue import Queue


def ingest_repository(root: Path, queue: Queue) -> tuple[str, ...]:
    """The refs that moved. The history of the repository is not read yet: this function is where that begins.

    Args:
        root: The root of the work tree.
        queue: Events since the last complete work; the same events may come twice.
    """
    del root
    return tuple(events.ref for events in queue.refs if events.ref is not None)

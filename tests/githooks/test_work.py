"""The work on events, which is to read the history of the repository."""

from __future__ import annotations

from pathlib import Path

from graphmem.githooks.event_queue import Queue, RefEvents
from graphmem.githooks.work import ingest_repository


def test_refs_that_moved_are_named() -> None:
    refs = tuple(RefEvents(ref, ("post-commit",), 1, None) for ref in ("refs/heads/main", None, "HEAD"))
    assert ingest_repository(Path(), Queue(refs)) == ("refs/heads/main", "HEAD")

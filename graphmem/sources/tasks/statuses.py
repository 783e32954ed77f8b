"""The meaning of the status words of issue trackers."""

from __future__ import annotations

from graphmem.model import Status

_ENDED = frozenset(
    {
        *("closed", "done", "tombstone", "resolved", "completed", "complete", "fixed", "merged", "verified", "off"),
        *("cancelled", "canceled", "wontfix", "not planned", "duplicate", "archived", "deleted", "removed", "obsolete"),
        *("invalid", "abandoned", "rejected", "declined", "dropped"),
    }
)
_DEFERRED = frozenset({"deferred", "on hold", "snoozed", "postponed", "icebox", "paused", "someday"})
_PROPOSED = frozenset({"proposed", "draft", "suggested"})


def status_of(word: str) -> Status:
    """The status that a word names; an unknown word, such as "in review", is that of a task that is not done."""
    plain = " ".join(word.casefold().replace("_", " ").replace("-", " ").split())
    if plain in _ENDED or plain.startswith(("closed as", "closed (")):
        return Status.ENDED
    if plain in _DEFERRED:
        return Status.DEFERRED
    return Status.PROPOSED if plain in _PROPOSED else Status.ACTIVE

"""What the later requests of one call mean by the id of a memory that was confirmed instead of recorded."""

from __future__ import annotations

from dataclasses import replace

from graphmem.model import Add, Change, Confirm, Request
from graphmem.temporal.operations import renamed


class StandIns:
    """The memories that were confirmed within one call, by the ids that the call chose for the same words.

    A writer who adds words and lets others supersede them in one call cannot know that the words are there already,
    under another id: that is decided under the lock.
    """

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def meant(self, request: Request) -> Request:
        """The request as its writer means it."""
        if not self._of:
            return request
        operation = renamed(request.operation, self._of)
        return request if operation is request.operation else replace(request, operation=operation)

    def note(self, request: Request, change: Change) -> None:
        """Take in what a request of the call has led to, now or when it was sent before."""
        if not isinstance(request.operation, Add):
            return
        key = request.operation.memory.id
        if isinstance(change.operation, Confirm):
            self._of[key] = change.operation.id
        elif self._of:
            self._of.pop(key, None)

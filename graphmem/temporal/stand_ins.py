"""Id replacement within a call, for memories that were confirmed under an existing id instead of recorded."""

from __future__ import annotations

from dataclasses import replace

from graphmem.model import Add, Change, Confirm, Request
from graphmem.temporal.operations import renamed


class StandIns:
    """Existing ids of memories that a call confirmed, by the ids that the call chose for the same content.

    A call can add a memory and supersede it. Its writer cannot know that the content is already stored under another
    id, because this is decided under the write lock.
    """

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def meant(self, request: Request) -> Request:
        """The request with the chosen ids replaced by the existing ids."""
        if not self._of:
            return request
        operation = renamed(request.operation, self._of)
        return request if operation is request.operation else replace(request, operation=operation)

    def note(self, request: Request, change: Change) -> None:
        """Note the ledger entry of a request, written now or by an earlier attempt of the same request."""
        if not isinstance(request.operation, Add):
            return
        key = request.operation.memory.id
        if isinstance(change.operation, Confirm):
            self._of[key] = change.operation.id
        elif self._of:
            self._of.pop(key, None)

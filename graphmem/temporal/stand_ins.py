"""What the later requests of one call mean by the id of a memory that was confirmed instead of recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from graphmem.model import (
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    OpenBranch,
    Operation,
    Propose,
    Request,
    Retract,
    Supersede,
    Transition,
)


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


def renamed(operation: Operation, names: Mapping[str, str]) -> Operation:
    """The operation on the memories that stand for those that it names; itself if none does."""

    def of(key: str) -> str:
        return names.get(key, key)

    match operation:
        case Propose(asked):
            meant = renamed(asked, names)
            assert not isinstance(meant, Add | OpenBranch | Propose), meant  # noqa: S101
            return operation if meant is asked else Propose(meant)
        case Supersede(old=old, new=new) if not names.keys().isdisjoint((*old, *new)):
            return replace(operation, old=_each(of, old), new=_each(of, new))
        case Link(source, target, kind) if not names.keys().isdisjoint((source, target)):
            return Link(of(source), of(target), kind)
        case Transition(key) | End(key) | Retract(key) | Confirm(key) | Erase(key) if key in names:
            return replace(operation, id=of(key))
        case _:
            return operation


def _each(of: Callable[[str], str], keys: tuple[str, ...]) -> tuple[str, ...]:
    """Two ids of one memory are one name of it."""
    return tuple(dict.fromkeys(map(of, keys)))

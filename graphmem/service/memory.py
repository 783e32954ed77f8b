"""One opened memory with all its verbs."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from graphmem.errors import Unsupported
from graphmem.model import Scope
from graphmem.service.desk import Desk
from graphmem.service.ingestion import Ingester
from graphmem.service.keeping import Keeper
from graphmem.service.reading import Reader
from graphmem.service.recording import Recorder


class GraphMemory(Recorder, Reader, Ingester, Keeper):
    """What a project knows, decided and prefers, with both its times: open one with `graphmem.open()`.

    Safe to use from several threads. Use it in a `with` block, or call `close`.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def scope(self) -> Scope:
        """Where a reader or writer stands who does not say."""
        return self._desk.scope

    def close(self) -> None:
        """Release the store; safe to call twice."""
        self._desk.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def desk_of(memory: GraphMemory) -> Desk:
    """What an opened memory works with.

    Raises:
        Unsupported: The memory is on a server, and its store is not here.
    """
    desk = getattr(memory, "_desk", None)
    if not isinstance(desk, Desk):
        raise Unsupported("this needs the store itself, not a server over HTTP: run it where the store is")
    return desk

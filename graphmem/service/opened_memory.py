"""What every opened memory has beside its verbs: its context, its scope, and its end."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from graphmem.model import Scope
    from graphmem.service.context import ServiceContext


class OpenedMemory:
    """A memory in an opened store. Use it in a `with` block, or call `close`."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @property
    def scope(self) -> Scope:
        """The default scope of readers and writers."""
        return self._context.scope

    def close(self) -> None:
        """Release the store and the recall ledger; safe to call twice."""
        self._context.recalls.close()
        self._context.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

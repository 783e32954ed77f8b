"""A view that also answers from a store's caches, and may have memories without the rows behind them."""

from __future__ import annotations

from graphmem.model import Scope
from graphmem.rows import CachedRows
from graphmem.temporal.view import View


class CachedView(View):
    """The rows that a reader sees at a ledger position, with valid intervals from the store's caches.

    Args:
        cached: The rows and the caches.
        reader: The reader's scope.
        seq: The last ledger position that is visible.
    """

    def __init__(self, cached: CachedRows, reader: Scope, seq: int) -> None:
        super().__init__(cached.chained, reader, seq)
        self._settled = cached.settled
        if cached.settled:
            self.known.update(self._visible(cached.settled))
            self._confirmations += cached.confirmations
        self._holding.update((key, spans) for key, spans in cached.holding.items() if key in self.known)

    def is_settled(self, key: str) -> bool:
        """Return True if the view has only the memory and its valid intervals, not the rows behind them."""
        return key in self._settled

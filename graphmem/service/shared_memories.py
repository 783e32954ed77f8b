"""The memories that all readers of a repository see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from graphmem.answers import Card, Listing
from graphmem.model import Scope
from graphmem.store import Filter, Page

_PAGE = 500


class ListedMemory(Protocol):
    """An opened memory whose statements are listed."""

    def list(self, where: Filter | None = None, *, scope: Scope | None = None, page: Page | None = None) -> Listing:
        """See `ReadVerbs.list`."""
        ...


def shared_cards(memory: ListedMemory, scope: Scope) -> Iterator[Card]:
    """Yield the memories in force of a repository's main line that belong to no user and no environment.

    Args:
        memory: The memory.
        scope: The repository.
    """
    cursor: str | None = None
    while True:
        listing = memory.list(scope=scope, page=Page(_PAGE, cursor))
        for card in listing.cards:
            home = card.memory.scope
            if home.repo == scope.repo and (home.user, home.branch, home.environment) == (None, None, None):
                yield card
        cursor = listing.cursor
        if cursor is None:
            return

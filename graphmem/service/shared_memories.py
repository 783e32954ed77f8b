"""The memories that all readers of a repository see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from graphmem.answers import Card, Listing
from graphmem.claims.claim_statement import is_claim
from graphmem.model import Kind, Origin, Scope, Statement
from graphmem.sources.source_marks import BAN_LABEL, CHANGED_WITH, STATED_IN
from graphmem.store import Filter, Page

_PAGE = 500
#: Roles of files that a memory was read from, or came with: it does not say that they exist.
_SOURCE_ROLES = frozenset({STATED_IN, CHANGED_WITH})


class ListedMemory(Protocol):
    """An opened memory whose statements are listed."""

    def list(self, where: Filter | None = None, *, scope: Scope | None = None, page: Page | None = None) -> Listing:
        """See `ReadVerbs.list`."""
        ...


def shared_cards(memory: ListedMemory, scope: Scope) -> Iterator[Card]:
    """Yield the memories in force of a repository's main line that belong to no user and no environment.

    Incidents, which describe the past, bans, which name things that the code must not have, and claims, whose files may
    not exist yet, are left out.

    Args:
        memory: The memory.
        scope: The repository.
    """
    cursor: str | None = None
    while True:
        listing = memory.list(scope=scope, page=Page(_PAGE, cursor))
        for card in listing.cards:
            home = card.memory.scope
            if not _is_of_the_code(card.statement):
                continue
            if home.repo == scope.repo and (home.user, home.branch, home.environment) == (None, None, None):
                yield card
        cursor = listing.cursor
        if cursor is None:
            return


def _is_of_the_code(statement: Statement) -> bool:
    is_ban = statement.origin is Origin.DOCUMENT and BAN_LABEL in statement.labels
    return statement.kind is not Kind.INCIDENT and not is_ban and not is_claim(statement)


def without_sources(statement: Statement) -> Statement:
    """Return a statement without the files that it was read from: each reading of them confirms or ends it."""
    is_read = statement.origin is not Origin.HUMAN and statement.kind in {Kind.STRUCTURE, Kind.TASK}
    anchors = () if is_read else tuple(anchor for anchor in statement.anchors if anchor.role not in _SOURCE_ROLES)
    return replace(statement, anchors=anchors)

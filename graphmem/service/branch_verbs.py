"""The verb that lists branches, and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Scope
from graphmem.parameters import Limit, Position
from graphmem.rows import BranchRow
from graphmem.scopes import branch_key
from graphmem.service.context import ServiceContext


class BranchState(StrEnum):
    """The state of a branch: it accepts writes, its writes are on its parent by now, or they are hidden."""

    OPEN = "open"
    MERGED = "merged"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a repository: one opening of its name.

    Attributes:
        name: The name, which earlier and later branches may share.
        branch: The branch as a scope names it, whatever was opened later: `fix:123`.
        parent: The branch that it was opened under, in the same form; None for the main line.
        opened: The ledger position of the opening.
        closed: The ledger position of the merge or the abandonment; None while it is open.
    """

    name: str
    branch: str
    state: BranchState
    parent: str | None
    opened: int
    opened_at: datetime
    closed: int | None = None


class BranchVerbs:
    """The verb `branches`."""

    _context: ServiceContext

    def branches(self, *, after: Position = 0, limit: Limit = 100, scope: Scope | None = None) -> Sequence[Branch]:
        """List the branches of the scope's repository, those opened first before the others.

        A branch stays readable after its merge or abandonment, under its name and opening (`fix:123`).

        Args:
            after: List only branches that were opened after this ledger position; 0 lists from the first.
            limit: The most branches to return.
            scope: The reader's scope; its repository counts.

        Raises:
            InvalidInput: `after` or `limit` is too small.
        """
        if after < 0 or limit < 1:
            raise InvalidInput(f"after {after!r} and limit {limit!r} must be at least 0 and 1")
        reader = self._context.reader(scope)
        rows = self._context.store.rows(reader, ()).branches
        own = sorted((row for row in rows.values() if _name(row, reader.repo)), key=lambda row: row.opened)
        listed = [row for row in own if row.opened > after][:limit]
        return [self._branch(reader, row, rows) for row in listed]

    def _branch(self, reader: Scope, row: BranchRow, rows: Mapping[str, BranchRow]) -> Branch:
        (entry,) = self._context.store.changes(reader, after=row.opened - 1, limit=1)
        above = None if row.parent is None else rows.get(row.parent)
        name = _name(row, reader.repo)
        state = BranchState.OPEN
        if row.closed is not None:
            state = BranchState.MERGED if row.is_merged else BranchState.ABANDONED
        return Branch(
            name=name,
            branch=f"{name}:{row.opened}",
            state=state,
            parent=None if above is None else f"{_name(above, reader.repo)}:{above.opened}",
            opened=row.opened,
            opened_at=entry.recorded_at,
            closed=row.closed,
        )


def _name(row: BranchRow, repo: str | None) -> str:
    """Return the name of a branch; empty if it is of another repository."""
    start = branch_key(repo, "")
    name = row.key.removeprefix(start).removesuffix(f":{row.opened}:") if row.key.startswith(start) else ""
    return "" if ":" in name else name

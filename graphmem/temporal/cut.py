"""A cut through the mainline of a repository: rows that came to it after a fork do not count."""

from __future__ import annotations

from datetime import datetime

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import Scope
from graphmem.rows import Rows, Stamp


@dataclass(frozen=True, slots=True)
class Cut:
    """The mainline of a repository up to a fork, for a commit off the mainline.

    Memories of other repositories, of the whole tenant and of branches are not cut.

    Attributes:
        repo: The repository; None for memories without a repository.
        until: Moves and supersessions of its mainline after this time do not count.
    """

    repo: str | None
    until: datetime

    def applied(self, rows: Rows) -> Rows:
        """Return the rows that count."""
        homes = {key: row.memory.scope for key, row in rows.memories.items()}
        return replace(
            rows,
            moves=tuple(
                row
                for row in rows.moves
                if row.move.at <= self.until or not self._is_on(homes.get(row.memory), row.stamp)
            ),
            edges=tuple(
                row
                for row in rows.edges
                if row.at is None or row.at <= self.until or not self._is_on(homes.get(row.old), row.stamp)
            ),
        )

    def _is_on(self, home: Scope | None, stamp: Stamp) -> bool:
        """Return True if a row was written on the mainline about a memory of the repository."""
        return home is not None and home.repo == self.repo and home.branch is None and stamp.branch is None

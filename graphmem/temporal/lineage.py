"""The branch on which each row lives as of a ledger position, and the rows that a reader sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphmem.errors import CorruptStore
from graphmem.model import Scope
from graphmem.rows import BranchRow, Stamp


def branch_key(writer: Scope, name: str) -> str:
    """The key of a branch of the writer's repository."""
    return replace(writer, branch=name).branch_key or name


class Lineage:
    """The branches from a reader's own up to the main line, as of a ledger position."""

    def __init__(self, branches: Mapping[str, BranchRow], reader: Scope, seq: int) -> None:
        self._seq = seq
        self._branches = {key: row for key, row in branches.items() if row.opened <= seq}
        self._line = self._ancestry(reader.branch_key)
        self._places: dict[tuple[str, int], str | None] = {}

    def sees(self, stamp: Stamp) -> bool:
        """Return True if the row is recorded by this position, on this line, and not on an abandoned branch."""
        if stamp.seq > self._seq:
            return False
        if stamp.branch is None:
            return True
        return self.place(stamp) in self._line and not self.is_abandoned(stamp)

    def is_abandoned(self, stamp: Stamp) -> bool:
        """Return True if the row lives on an abandoned branch; no reader sees it from the abandonment on."""
        branch = self.place(stamp)
        row = None if branch is None else self._branches.get(branch)
        return row is not None and self._is_closed(row) and not row.is_merged

    def place(self, stamp: Stamp) -> str | None:
        """The branch on which a row lives as of this position: a merge moves it to the parent branch."""
        branch, seq = stamp.branch, stamp.seq
        if branch is None:
            return None
        key = (branch, seq)
        if key not in self._places:
            self._places[key] = self._follow_merges(branch, seq)
        return self._places[key]

    def nearness(self, stamp: Stamp) -> int:
        """0 for a row on the reader's own branch, and 1 less for each branch nearer to the main line."""
        return -self._line.index(self.place(stamp))

    def is_open(self, key: str) -> bool:
        """Return True if the branch accepts writes."""
        row = self._branches.get(key)
        return row is not None and not self._is_closed(row)

    def _ancestry(self, key: str | None) -> list[str | None]:
        line: list[str | None] = []
        while key is not None:
            if key in line:
                raise _circular(key)
            line.append(key)
            row = self._branches.get(key)
            key = row.parent if row else None
        return [*line, None]

    def _is_closed(self, row: BranchRow, before: int | None = None) -> bool:
        limit = self._seq if before is None else before - 1
        return row.closed is not None and row.closed <= limit

    def _follow_merges(self, key: str | None, seq: int) -> str | None:
        met = set[str]()
        while key is not None:
            if key in met:
                raise _circular(key)
            met.add(key)
            row = self._branches.get(key)
            if row is None or not row.is_merged or not self._is_closed(row) or row.closed is None or row.closed < seq:
                break
            key, seq = self._open_ancestor(row.parent, row.closed), row.closed
        return key

    def _open_ancestor(self, key: str | None, seq: int) -> str | None:
        """The nearest ancestor that was open at a position: children of a closed branch belong to its parent."""
        met = set[str]()
        while key is not None and key in self._branches and self._is_closed(self._branches[key], before=seq):
            if key in met:
                raise _circular(key)
            met.add(key)
            key = self._branches[key].parent
        return key


def _circular(key: str) -> CorruptStore:
    return CorruptStore(f"branch {key!r} is opened under itself in a cycle: run graphmem check")

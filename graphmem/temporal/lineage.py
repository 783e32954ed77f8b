"""The branch on which each row lives as of a ledger position, and the rows that a reader sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from graphmem.deferred_dataclass import replace
from graphmem.errors import CorruptStore
from graphmem.model import Scope
from graphmem.rows import BranchRow, Stamp
from graphmem.scopes import branch_parts

#: A ledger position after every entry.
LATEST = 2**63 - 1


def name_key(writer: Scope, name: str) -> str:
    """The key that the openings of a branch name in the writer's repository share: that of the first opening."""
    return replace(writer, branch=branch_parts(name)[0]).branch_key or name


def openings(branches: Mapping[str, BranchRow], key: str) -> list[BranchRow]:
    """Every opening of a branch name by its `name_key`, in the order of the mapping.

    The first has the key itself; a later one has the key, the ledger position of its opening and a colon.
    """
    return [row for row in branches.values() if row.key in (key, f"{key}:{row.opened}:")]


def opening(branches: Mapping[str, BranchRow], scope: Scope, seq: int) -> BranchRow | None:
    """The opening that the branch of a scope means at a ledger position; None if there is none.

    It is the opening at the position that the scope gives, or else the latest opening of the name.
    """
    if scope.branch is None:
        return None
    first = branches.get(key := name_key(scope, scope.branch))
    if first is None or first.opened > seq:
        return None
    _, opened = branch_parts(scope.branch)
    if opened is None and (first.closed is None or first.closed > seq):
        return first
    matching = [row for row in openings(branches, key) if row.opened <= seq and opened in (None, row.opened)]
    return max(matching, key=lambda row: row.opened, default=None)


def on_opening(scope: Scope, branches: Mapping[str, BranchRow], seq: int) -> Scope:
    """The scope with its branch as the ledger records it: a name for its first opening, else name and position.

    A scope whose branch is not open at the position stays as it is.
    """
    row = opening(branches, scope, seq)
    if row is None or scope.branch is None or (row.closed is not None and row.closed <= seq):
        return scope
    name, _ = branch_parts(scope.branch)
    branch = name if row.key == name_key(scope, name) else f"{name}:{row.opened}"
    return scope if branch == scope.branch else replace(scope, branch=branch)


class Lineage:
    """The branches from a reader's own up to the main line, as of a ledger position."""

    def __init__(self, branches: Mapping[str, BranchRow], reader: Scope, seq: int) -> None:
        self._seq = seq
        self._branches = branches
        own = self.opening(reader)
        self._line = self._ancestry(reader.branch_key if own is None else own.key)
        self._row_branches: dict[tuple[str, int], str | None] = {}
        #: True if a merge may count from a valid time on only.
        self.has_dated_merges = any(row.merged_at is not None for row in branches.values())

    def sees(self, stamp: Stamp) -> bool:
        """Return True if the row is recorded by this position, on this line, and not on an abandoned branch."""
        if stamp.seq > self._seq:
            return False
        if stamp.branch is None:
            return True
        return self.branch_of(stamp) in self._line and not self.is_abandoned(stamp)

    def is_abandoned(self, stamp: Stamp) -> bool:
        """Return True if the row lives on an abandoned branch; no reader sees it from the abandonment on."""
        branch = self.branch_of(stamp)
        row = None if branch is None else self._row(branch)
        return row is not None and self._is_closed(row) and not row.is_merged

    def branch_of(self, stamp: Stamp) -> str | None:
        """The branch on which a row lives as of this position: a merge moves it to the parent branch."""
        branch, seq = stamp.branch, stamp.seq
        if branch is None:
            return None
        key = (branch, seq)
        if key not in self._row_branches:
            self._row_branches[key] = self._follow_merges(branch, seq)
        return self._row_branches[key]

    def since(self, stamp: Stamp) -> datetime | None:
        """The valid time from which a row counts for the reader, by the merges that brought it; None for always.

        Whoever reads the branch itself, merged by now, sees the row at its own times.
        """
        times: list[datetime] = []
        for row, _ in self._merges(stamp.branch, stamp.seq):
            if row.key in self._line:
                break
            times += [] if row.merged_at is None else [row.merged_at]
        return max(times, default=None)

    def nearness(self, stamp: Stamp) -> int:
        """0 for a row on the reader's own branch, and 1 less for each branch nearer to the main line."""
        return -self._line.index(self.branch_of(stamp))

    def opening(self, scope: Scope) -> BranchRow | None:
        """The opening that the branch of a scope means: the named one, or the latest of its name."""
        return opening(self._branches, scope, self._seq)

    def is_open(self, scope: Scope) -> bool:
        """Return True if the branch of a scope accepts writes."""
        row = self.opening(scope)
        return row is not None and not self._is_closed(row)

    def _ancestry(self, key: str | None) -> list[str | None]:
        line: list[str | None] = []
        while key is not None:
            if key in line:
                raise _circular(key)
            line.append(key)
            row = self._row(key)
            key = row.parent if row else None
        return [*line, None]

    def _row(self, key: str) -> BranchRow | None:
        """The branch with a key, if it was opened by this position."""
        row = self._branches.get(key)
        return None if row is None or row.opened > self._seq else row

    def _is_closed(self, row: BranchRow, before: int | None = None) -> bool:
        limit = self._seq if before is None else before - 1
        return row.closed is not None and row.closed <= limit

    def _follow_merges(self, key: str | None, seq: int) -> str | None:
        for _, parent in self._merges(key, seq):
            key = parent
        return key

    def _merges(self, key: str | None, seq: int) -> Iterator[tuple[BranchRow, str | None]]:
        """The merges that brought a row from branch to branch by this position, each with the branch it came to."""
        met = set[str]()
        while key is not None:
            if key in met:
                raise _circular(key)
            met.add(key)
            row = self._row(key)
            if row is None or not row.is_merged or not self._is_closed(row) or row.closed is None or row.closed < seq:
                return
            key, seq = self._open_ancestor(row.parent, row.closed), row.closed
            yield row, key

    def _open_ancestor(self, key: str | None, seq: int) -> str | None:
        """The nearest ancestor that was open at a position: children of a closed branch belong to its parent."""
        met = set[str]()
        while key is not None and (row := self._row(key)) is not None and self._is_closed(row, before=seq):
            if key in met:
                raise _circular(key)
            met.add(key)
            key = row.parent
        return key


def _circular(key: str) -> CorruptStore:
    return CorruptStore(f"branch {key!r} is opened under itself in a cycle: run graphmem check")

"""Validation of a whole ledger, from its first entry on: accepted writes alone must be able to produce it.

The hash chain detects edits by a person who cannot recompute the hashes. This module detects edits whose hashes were
recomputed: references to unrecorded memories, cycles, forks, content that is missing without an erasure. It checks only
rules that every release has enforced, so ledgers of earlier releases stay readable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import field, replace

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import GraphMemError, InvalidInput
from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Erase,
    Link,
    MergeBranch,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    ReadMainline,
    Revoke,
    Scope,
    Supersede,
    SupersessionKind,
)
from graphmem.repository.mainline_rows import unpacked
from graphmem.rows import BranchRow, EdgeRow, RevokeRow, Rows, stamp_of
from graphmem.scopes import branch_parts
from graphmem.temporal.lineage import Lineage, opening
from graphmem.temporal.operations import asked_in, rules_of, touched
from graphmem.temporal.operations.add import refuse_unordered_moves
from graphmem.temporal.operations.supersede import edges_of, refuse_cycle, refuse_misshapen_supersession

#: Edges on a cycle are compared pairwise, so their number is limited; sound ledgers have a handful.
_MOST_ENTANGLED = 5_000
_UNTRUSTED = frozenset({Origin.CONVERSATION, Origin.EXTERNAL})


@dataclass(slots=True)
class _RecordedMemory:
    """A recorded memory.

    Attributes:
        origin: None if the content is gone.
        last_content_seq: Ledger position of the last entry that names the memory and still has its content; 0 if none.
    """

    home: Scope
    origin: Origin | None
    last_content_seq: int = 0
    is_erased: bool = False


@dataclass(slots=True)
class _Undone:
    """A revocable entry: its memories, its number of moves, and its revocations as (move, branch)."""

    names: tuple[str, ...]
    moves: int | None
    by: set[tuple[int | None, str | None]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Fault:
    """A ledger position and the rule that its entry breaks."""

    seq: int
    what: str


class LedgerAudit:
    """Checks a ledger: pass each entry to `take` in order, then call `finish`."""

    def __init__(self) -> None:
        self._op_ids: set[str] = set()
        self._homes: dict[Scope, Scope] = {}
        self._memories: dict[str, _RecordedMemory] = {}
        self._revocable: dict[int, _Undone] = {}
        self._branches: dict[str, BranchRow] = {}
        self._edges: list[EdgeRow] = []
        self._revocations: list[RevokeRow] = []
        #: For each old memory and branch, the entries by which it was replaced without an end, with their new memories.
        self._lasting: dict[tuple[str, str | None], list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        #: Entries whose content is gone although no erasure has named their memories so far: position and memories.
        self._gone: dict[int, tuple[str, ...]] = {}
        self._gone_about: dict[str, list[int]] = defaultdict(list)

    def take(self, change: Change, *, is_blank: bool) -> str | None:
        """Check the next entry; return the fault, or None if it is sound.

        Args:
            change: The entry.
            is_blank: Whether its content is gone, so that it can no longer be verified.
        """
        try:
            return self._taken(change, is_blank=is_blank)
        except GraphMemError as refusal:
            return f"entry {change.seq} was never accepted: {refusal}"

    def finish(self, *, is_whole: bool = True) -> Iterator[Fault]:
        """Yield the faults that show only across entries; pass `is_whole=False` if only the first entries were read."""
        if is_whole and self._gone:
            seq = min(self._gone)
            yield Fault(seq, f"the content of entry {seq} is gone, and no later entry erased what it is about")
        yield from self._cycles()

    # ---- entries

    def _taken(self, change: Change, *, is_blank: bool) -> str | None:
        if change.op_id in self._op_ids:
            return f"entry {change.seq} has the op_id {change.op_id!r} of an earlier entry"
        self._op_ids.add(change.op_id)
        key = change.writer.branch_key
        if key is not None and not isinstance(change.operation, OpenBranch) and not self._is_open(key):
            return f"entry {change.seq} is on branch {key!r}, which is not open"
        fault = self._follow(change, is_blank=is_blank)
        if fault is not None:
            return f"entry {change.seq} {fault}"
        self._note_content(change, is_blank=is_blank)
        return None

    def _follow(self, change: Change, *, is_blank: bool) -> str | None:
        operation = change.operation
        match operation:
            case Add():
                return self._add(change, operation, is_blank=is_blank)
            case Revoke():
                return self._revoke(change, operation)
            case OpenBranch() | MergeBranch() | AbandonBranch():
                return self._branch(change, operation)
            case Supersede():
                return self._unknown(touched(operation)) or self._supersede(change, operation)
            case ReadMainline(content=content):
                unpacked(content)
                return None
            case Link() if operation.source == operation.target:
                return f"links {operation.source!r} to itself"
            case Propose(proposed):
                return self._unknown(touched(proposed))
            case _:
                fault = self._unknown(touched(operation))
        if fault is None and rules_of(operation).is_revocable:
            self._revocable[change.seq] = _Undone(touched(operation), None)
        return fault

    def _unknown(self, keys: Sequence[str]) -> str | None:
        for key in keys:
            recorded = self._memories.get(key)
            if recorded is None:
                return f"names memory {key!r}, which no entry before it recorded"
            if recorded.is_erased:
                return f"names memory {key!r}, which was erased before it"
        return None

    def _add(self, change: Change, operation: Add, *, is_blank: bool) -> str | None:
        memory, statement = operation.memory, operation.memory.statement
        if memory.id in self._memories:
            return f"records memory {memory.id!r}, which an entry before it recorded"
        if (statement is None) is not is_blank:
            return f"records memory {memory.id!r} {'whose content should be gone' if is_blank else 'without content'}"
        if memory.scope.branch != change.writer.branch or not change.writer.admits(memory.scope):
            return f"records memory {memory.id!r} where its writer may not"
        refuse_unordered_moves(operation.moves)
        home = self._homes.setdefault(memory.scope, memory.scope)
        self._memories[memory.id] = _RecordedMemory(home, None if statement is None else statement.origin)
        if len(operation.moves) > 1:
            self._revocable[change.seq] = _Undone((memory.id,), len(operation.moves))
        return None

    def _supersede(self, change: Change, operation: Supersede) -> str | None:
        refuse_misshapen_supersession(operation)
        self._revocable[change.seq] = _Undone(touched(operation), None)
        # Cycles do not depend on `part` and reason: drop them to save memory.
        self._edges += edges_of(replace(operation, part=None), change, None)
        if operation.until is not None or operation.kind is SupersessionKind.AMENDMENT:
            return None
        for old in operation.old:
            earlier = self._lasting[old, change.writer.branch_key]
            for seq, new in earlier:
                if not self._revocable[seq].by and self._are_rivals(new, operation.new):
                    return f"replaces memory {old!r} for good, which entry {seq} did"
            earlier.append((change.seq, operation.new))
        return None

    def _are_rivals(self, left: Sequence[str], right: Sequence[str]) -> bool:
        """Return True if both sets of successors are trusted and all live in one scope, so every reader sees both."""
        successors = [self._memories[key] for key in (*left, *right)]
        is_trusted = all(new.origin is not None and new.origin not in _UNTRUSTED for new in successors)
        return is_trusted and len({new.home for new in successors}) == 1

    def _revoke(self, change: Change, operation: Revoke) -> str | None:
        target = self._revocable.get(operation.change)
        if target is None:
            return f"revokes entry {operation.change}, which is none before it that can be revoked"
        is_fit = operation.move is None if target.moves is None else 1 <= (operation.move or 0) < target.moves
        if not is_fit:
            return f"revokes move {operation.move} of entry {operation.change}, which has none"
        key = (operation.move, change.writer.branch_key)
        if key in target.by:
            return f"revokes entry {operation.change} a second time"
        target.by.add(key)
        self._revocations.append(RevokeRow(operation.change, operation.move, stamp_of(change)))
        return None

    def _branch(self, change: Change, operation: OpenBranch | MergeBranch | AbandonBranch) -> str | None:
        scope = replace(change.writer, branch=operation.name)
        key, row = scope.branch_key, opening(self._branches, scope, change.seq - 1)
        is_open = row is not None and row.closed is None
        if isinstance(operation, OpenBranch):
            parent = None if operation.parent is None else replace(scope, branch=operation.parent)
            above = None if parent is None else opening(self._branches, parent, change.seq - 1)
            if branch_parts(operation.name)[1] is not None:
                return f"opens branch {key!r}, which names an opening"
            if is_open:
                return f"opens branch {key!r} while it is open"
            if parent is not None and (above is None or above.closed is not None):
                return f"opens branch {key!r} under {parent.branch_key!r}, which is not open"
        elif not is_open:
            return f"closes branch {key!r}, which is not open"
        self._branches.update(rules_of(operation).effects(operation, change, Rows(branches=self._branches)).branches)
        return None

    def _is_open(self, key: str) -> bool:
        row = self._branches.get(key)
        return row is not None and row.closed is None

    # ---- contents that are gone

    def _note_content(self, change: Change, *, is_blank: bool) -> None:
        operation = change.operation
        names = self._about(operation)
        if isinstance(operation, Erase):
            self._erase(operation.id)
        if is_blank:
            self._gone[change.seq] = names
            for key in names:
                self._gone_about[key].append(change.seq)
        else:
            for key in names:
                self._memories[key].last_content_seq = change.seq

    def _about(self, operation: Operation) -> tuple[str, ...]:
        effective = asked_in(operation)
        if not isinstance(effective, Revoke):
            return touched(effective)
        undone = self._revocable.get(effective.change)
        return () if undone is None else undone.names

    def _erase(self, key: str) -> None:
        recorded = self._memories[key]
        recorded.is_erased = True
        for each in self._gone_about.pop(key, ()):
            self._gone.pop(each, None)
        if recorded.last_content_seq:
            raise InvalidInput(
                f"it erased memory {key!r}, of which entry {recorded.last_content_seq} still has the content"
            )

    # ---- cycles

    def _cycles(self) -> Iterator[Fault]:
        """Supersessions that closed a cycle with the edges in effect at their ledger position."""
        tangled = _tangled(self._edges)
        if len(tangled) > _MOST_ENTANGLED:
            seq = tangled[_MOST_ENTANGLED].stamp.seq
            yield Fault(seq, f"entry {seq} is one of {len(tangled)} supersessions that lead back to where they began")
            return
        changes = {edge.stamp.seq for edge in tangled}
        revocations = [row for row in self._revocations if row.change in changes]
        for index, edge in enumerate(tangled):
            seq = edge.stamp.seq
            before = Rows(
                edges=tuple(earlier for earlier in tangled[:index] if earlier.stamp.seq < seq),
                revocations=tuple(row for row in revocations if row.stamp.seq < seq),
                branches=self._branches,
            )
            supersession = Supersede(old=(edge.old,), new=(edge.new,), at=edge.at, until=edge.until, kind=edge.kind)
            try:
                refuse_cycle(before, Lineage(self._branches, Scope(), seq - 1), supersession)
            except GraphMemError as refusal:
                yield Fault(seq, f"entry {seq} was never accepted: {refusal}")
                return


def _tangled(edges: Sequence[EdgeRow]) -> list[EdgeRow]:
    """The edges that lie on a cycle, in effect or not, in ledger order: those inside one of Tarjan's components."""
    out: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        out[edge.old].append(edge.new)
    component = _components(out)
    return [edge for edge in edges if component[edge.old] == component[edge.new]]


def _components(out: dict[str, list[str]]) -> dict[str, int]:
    """The number of each id's strongly connected component, without recursion: a chain may be any length.

    Source:
        R. Tarjan, Depth-first search and linear graph algorithms, 1972.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, int] = {}
    path: list[str] = []
    for root in list(out):
        work = [] if root in index else [(root, iter(out[root]))]
        while work:
            key, left = work[-1]
            if key not in index:
                index[key] = low[key] = len(index)
                path.append(key)
            for successor in left:
                if successor not in index:
                    work.append((successor, iter(out.get(successor, ()))))
                    break
                if successor not in component:
                    low[key] = min(low[key], index[successor])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[key])
                if low[key] == index[key]:
                    while key not in component:
                        component[path.pop()] = index[key]
    return component

"""Rows for planning a batch of requests: those read before the batch, and those that it has appended since.

A store that pays for each round trip reads once, for the needs of all requests together. The overlay then gives the
situation of each request in turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from graphmem.model import Change
from graphmem.rows import (
    BranchRow,
    ConfirmRow,
    EdgeRow,
    LinkRow,
    MemoryRow,
    MoveRow,
    Needs,
    RetractRow,
    RevokeRow,
    Rows,
    Situation,
    Transaction,
)
from graphmem.temporal.lineage import openings
from graphmem.temporal.operations import touched


class Overlay:
    """Rows of a tenant during a batch; each request gets its connected component of supersession edges.

    Args:
        base: All rows that `needs` of the batch's requests name, closed under supersession, with all branches.
        changes: The ledger entries that they name.
    """

    def __init__(self, base: Rows, changes: Iterable[Change] = ()) -> None:
        self._changes = {change.seq: change for change in changes}
        self._branches = dict(base.branches)
        self._memories: dict[str, MemoryRow] = {}
        self._by_content: dict[str, list[str]] = defaultdict(list)
        self._unread: list[MemoryRow] = []
        self._moves: dict[str, list[MoveRow]] = defaultdict(list)
        self._edges: dict[str, list[EdgeRow]] = defaultdict(list)
        self._retractions: dict[str, list[RetractRow]] = defaultdict(list)
        self._confirmations: dict[str, list[ConfirmRow]] = defaultdict(list)
        self._links: dict[str, list[LinkRow]] = defaultdict(list)
        self._revocations: dict[int, list[RevokeRow]] = defaultdict(list)
        # Memory ids in the rows of each ledger entry and of each branch.
        self._of_entry: dict[int, set[str]] = defaultdict(set)
        self._of_branch: dict[str, set[str]] = defaultdict(set)
        self._add(base)

    def situation(self, needs: Needs) -> Situation:
        """Rows and ledger entry that a request needs, as a store would read them after the batch's earlier requests."""
        change = None if needs.change is None else self._changes.get(needs.change)
        seeds = [*needs.ids]
        if needs.content is not None:
            seeds += self._with_content(needs.content)
        if change is not None:
            seeds += sorted({*touched(change.operation), *self._of_entry.get(change.seq, ())})
        if needs.branch is not None:
            seeds += self._touched_on(needs.branch)
        return Situation(self._component(seeds), change)

    @property
    def branches(self) -> Mapping[str, BranchRow]:
        """Every branch by its key, including the batch's own openings and closings."""
        return self._branches

    def change(self, seq: int) -> Change | None:
        """The ledger entry at a position, if it was read or the batch has written it."""
        return self._changes.get(seq)

    def ahead(self, ids: Iterable[str]) -> Rows:
        """The rows of memories and of all their direct and indirect successors; `base` must contain these."""
        reached = [key for key in dict.fromkeys(ids) if key in self._memories]
        seen = set(reached)
        for key in reached:
            fresh = {edge.new for edge in self._edges.get(key, ()) if edge.old == key} - seen
            reached += sorted(fresh)
            seen |= fresh
        return self._rows(reached)

    def memory(self, key: str) -> MemoryRow | None:
        """The row of a memory; None if it was neither read nor appended."""
        return self._memories.get(key)

    def append(self, done: Transaction) -> None:
        """Add the rows and the ledger entry of a planned request."""
        self._changes[done.change.seq] = done.change
        if done.appended.branches:
            # A new mapping: situations given earlier keep the old mapping.
            self._branches = {**self._branches, **done.appended.branches}
        self._add(done.appended)

    # ---- adding rows

    def _add(self, rows: Rows) -> None:
        for key, memory in rows.memories.items():
            self._memories[key] = memory
            self._note(memory, key)
            self._unread.append(memory)
        for move in rows.moves:
            self._moves[move.memory].append(move)
            self._note(move, move.memory)
        for edge in rows.edges:
            self._edges[edge.old].append(edge)
            self._edges[edge.new].append(edge)
            self._note(edge, edge.old, edge.new)
        for retraction in rows.retractions:
            self._retractions[retraction.memory].append(retraction)
            self._note(retraction, retraction.memory)
        for confirmation in rows.confirmations:
            self._confirmations[confirmation.memory].append(confirmation)
            self._note(confirmation, confirmation.memory)
        for link in rows.links:
            self._links[link.source].append(link)
            self._links[link.target].append(link)
            self._note(link, link.source, link.target)
        for revocation in rows.revocations:
            self._revocations[revocation.change].append(revocation)
            self._note(revocation, *self._of_entry.get(revocation.change, ()))

    def _note(
        self,
        row: MemoryRow | MoveRow | EdgeRow | RetractRow | ConfirmRow | LinkRow | RevokeRow,
        *keys: str,
    ) -> None:
        self._of_entry[row.stamp.seq].update(keys)
        if row.stamp.branch is not None:
            self._of_branch[row.stamp.branch].update(keys)

    # ---- selecting rows

    def _with_content(self, content: str) -> list[str]:
        for row in self._unread:
            if row.memory.statement is not None:
                self._by_content[row.memory.statement.content_hash].append(row.memory.id)
        self._unread.clear()
        return self._by_content.get(content, [])

    def _touched_on(self, branch: str) -> list[str]:
        """Memory ids in the rows on all openings of a branch and on all their descendants."""
        subtree = [row.key for row in openings(self._branches, branch)]
        for parent in subtree:
            subtree += [row.key for row in self._branches.values() if row.parent == parent and row.key not in subtree]
        return sorted(set(chain.from_iterable(self._of_branch.get(each, ()) for each in subtree)))

    def _component(self, seeds: Iterable[str]) -> Rows:
        reached = [key for key in dict.fromkeys(seeds) if key in self._memories]
        if not reached:
            return Rows(branches=self._branches)
        seen = set(reached)
        for key in reached:
            sides = {side for edge in self._edges.get(key, ()) for side in (edge.old, edge.new)} - seen
            reached += sorted(sides)
            seen |= sides
        return self._rows(reached)

    def _rows(self, reached: list[str]) -> Rows:
        reached.sort(key=lambda key: self._memories[key].stamp.seq)
        moves = tuple(chain.from_iterable(self._moves.get(key, ()) for key in reached))
        edges = tuple(edge for key in reached for edge in self._edges.get(key, ()) if edge.old == key)
        retractions = tuple(chain.from_iterable(self._retractions.get(key, ()) for key in reached))
        links = tuple(dict.fromkeys(chain.from_iterable(self._links.get(key, ()) for key in reached)))
        seqs = {
            row.stamp.seq for row in chain[MoveRow | EdgeRow | RetractRow | LinkRow](moves, edges, retractions, links)
        }
        return Rows(
            memories={key: self._memories[key] for key in reached},
            moves=moves,
            edges=tuple(sorted(edges, key=lambda edge: (edge.stamp.seq, edge.old, edge.new))),
            retractions=retractions,
            confirmations=tuple(chain.from_iterable(self._confirmations.get(key, ()) for key in reached)),
            links=links,
            revocations=tuple(chain.from_iterable(self._revocations.get(seq, ()) for seq in sorted(seqs))),
            branches=self._branches,
        )

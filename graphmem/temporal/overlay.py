"""Rows that a store read once for a whole batch, and what the batch appended since: situations without reading again.

A store over a network reads everything that a batch needs in one statement. Each request must then be planned against
what the requests before it left, which is written only at the end; this keeps both together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphmem.model import Change, Request, Revoke
from graphmem.rows import (
    ConfirmRow,
    EdgeRow,
    LinkRow,
    MoveRow,
    Needs,
    RetractRow,
    RevokeRow,
    Rows,
    Situation,
    Transaction,
)
from graphmem.temporal.planning import needs, touched


@dataclass(frozen=True, slots=True)
class BatchNeeds:
    """What a store must read before a batch can be planned: the union of `Needs`, without repeats."""

    ids: tuple[str, ...]
    contents: tuple[str, ...]
    changes: tuple[int, ...]
    branches: tuple[str, ...]


def batch_needs(requests: Iterable[Request]) -> BatchNeeds:
    """The union of what the requests need."""
    each = [needs(request) for request in requests]
    return BatchNeeds(
        tuple(dict.fromkeys(key for one in each for key in one.ids)),
        tuple(dict.fromkeys(one.content for one in each if one.content is not None)),
        tuple(dict.fromkeys(one.change for one in each if one.change is not None)),
        tuple(dict.fromkeys(one.branch for one in each if one.branch is not None)),
    )


@dataclass(slots=True)
class _Own:
    """The rows of one memory, edges and links of either end."""

    moves: list[MoveRow] = field(default_factory=list)
    edges: list[EdgeRow] = field(default_factory=list)
    retractions: list[RetractRow] = field(default_factory=list)
    confirmations: list[ConfirmRow] = field(default_factory=list)
    links: list[LinkRow] = field(default_factory=list)


class Overlay:
    """The world as a batch sees it.

    Args:
        rows: What was read, closed under supersession.
        changes: The ledger entries that were asked for, by position.
        on_branch: For each branch key asked for, the memories that entries on it or below it are about.
    """

    def __init__(self, rows: Rows, changes: Mapping[int, Change], on_branch: Mapping[str, Sequence[str]]) -> None:
        self._memories = dict(rows.memories)
        self._branches = dict(rows.branches)
        self._own: dict[str, _Own] = defaultdict(_Own)
        self._contents: dict[str, list[str]] = defaultdict(list)
        self._revocations: dict[int, list[RevokeRow]] = defaultdict(list)
        self._changes = dict(changes)
        self._on_branch = {key: list(ids) for key, ids in on_branch.items()}
        self._add(rows)

    def situation(self, asked: Needs) -> Situation:
        """What `plan` needs, as of now."""
        change = None if asked.change is None else self._changes.get(asked.change)
        ids = [*asked.ids, *self._contents.get(asked.content or "", ())]
        if change is not None:
            ids += self._about(change)
        if asked.branch is not None:
            ids += self._on_branch.get(asked.branch, ())
            ids += self._written_on(asked.branch)
        return Situation(self._component(ids), change)

    def change(self, seq: int) -> Change | None:
        """A ledger entry that was asked for, or is of this batch."""
        return self._changes.get(seq)

    def take(self, done: Transaction) -> None:
        """Remember what a planned request leaves."""
        self._changes[done.change.seq] = done.change
        self._memories.update(done.appended.memories)
        self._branches.update(done.appended.branches)
        self._add(done.appended)

    def _add(self, rows: Rows) -> None:
        for key, row in rows.memories.items():
            if row.memory.statement is not None:
                self._contents[row.memory.statement.content_hash].append(key)
        for move in rows.moves:
            self._own[move.memory].moves.append(move)
        for retraction in rows.retractions:
            self._own[retraction.memory].retractions.append(retraction)
        for confirmation in rows.confirmations:
            self._own[confirmation.memory].confirmations.append(confirmation)
        for edge in rows.edges:
            for key in dict.fromkeys((edge.old, edge.new)):
                self._own[key].edges.append(edge)
        for link in rows.links:
            for key in dict.fromkeys((link.source, link.target)):
                self._own[key].links.append(link)
        for revocation in rows.revocations:
            self._revocations[revocation.change].append(revocation)

    def _about(self, change: Change) -> tuple[str, ...]:
        operation = change.operation
        if isinstance(operation, Revoke) and operation.change in self._changes:
            operation = self._changes[operation.change].operation
        return touched(operation)

    def _written_on(self, branch: str) -> list[str]:
        """Memories that entries of this batch on a branch or on those below it are about."""
        below = [branch]
        for parent in below:
            below += [row.key for row in self._branches.values() if row.parent == parent and row.key not in below]
        wanted = set(below)
        return [key for one in self._changes.values() if one.writer.branch_key in wanted for key in self._about(one)]

    def _component(self, ids: Iterable[str]) -> Rows:
        chained = self._chained(ids)
        if not chained:
            return Rows(branches=self._branches)
        own = [self._own[key] for key in chained if key in self._own]
        moves = tuple(row for one in own for row in one.moves)
        edges = tuple(dict.fromkeys(row for one in own for row in one.edges))
        retractions = tuple(row for one in own for row in one.retractions)
        links = tuple(dict.fromkeys(row for one in own for row in one.links))
        seqs = {row.stamp.seq for group in (moves, edges, retractions, links) for row in group}
        return Rows(
            memories={key: self._memories[key] for key in chained},
            moves=moves,
            edges=edges,
            retractions=retractions,
            confirmations=tuple(row for one in own for row in one.confirmations),
            links=links,
            revocations=tuple(row for seq in sorted(seqs) for row in self._revocations.get(seq, ())),
            branches=self._branches,
        )

    def _chained(self, ids: Iterable[str]) -> list[str]:
        chained = [key for key in dict.fromkeys(ids) if key in self._memories]
        seen = set(chained)
        for key in chained:
            for edge in self._own[key].edges if key in self._own else ():
                for other in (edge.old, edge.new):
                    if other not in seen and other in self._memories:
                        seen.add(other)
                        chained.append(other)
        return chained

"""The cached answers that follow from a write, recomputed in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from graphmem.model import Scope
from graphmem.rows import Derived, EdgeRow, MoveRow, RetractRow, Rows, Stamp
from graphmem.temporal.lineage import Lineage
from graphmem.temporal.spans import Spans
from graphmem.temporal.view import View, active_spans, move_order


def derive(before: Rows, appended: Rows, seq: int) -> tuple[Derived, ...]:
    """What the caches of all memories read by a plan become once its rows are appended; unchanged ones left out."""
    if not before.memories and _is_one_life(appended):
        return (_derive_alone(before, appended, seq),)
    after = before.plus(appended)
    new = _Caches(after, _homes(after), seq)
    old = _Caches(before, _homes(after), seq - 1)
    todo = list(after.memories) if appended.branches else _touched(before, appended)
    seen, changed = set(todo), []
    while todo:
        key = todo.pop()
        if old.basis(key) == new.basis(key):
            continue
        if old.derived(key) != new.derived(key):
            changed.append(key)
        fresh = new.dependents[key] - seen
        seen |= fresh
        todo += fresh
    return new.derived_of(changed)


def _is_one_life(rows: Rows) -> bool:
    return len(rows.memories) == 1 and not (rows.edges or rows.retractions or rows.revocations)


def _derive_alone(before: Rows, appended: Rows, seq: int) -> Derived:
    """The cache of a memory that nothing else was read with."""
    ((key, row),) = appended.memories.items()
    if row.stamp.branch is not None or row.memory.is_erased:
        view = View(before.plus(appended), _home(row.memory.scope), seq)
        return _derived(view, key, is_common=row.stamp.branch is None)
    # A fresh memory on the main line, of which a bulk load has thousands: its own life is all there is.
    moves = sorted(appended.moves, key=move_order)
    return Derived(key, moves[-1].move.status if moves else None, active_spans(moves), is_common=True)


def _derived(view: View, key: str, *, is_common: bool) -> Derived:
    moves = view.moves(key) if key in view.known else []
    return Derived(key, moves[-1].move.status if moves else None, view.holding(key), is_common=is_common)


class _Caches:
    """What a set of rows says to readers who stand on the main line at the homes of its memories."""

    def __init__(self, rows: Rows, homes: Iterable[Scope], seq: int) -> None:
        self._rows = rows
        self._views = {home: View(rows, home, seq) for home in homes}
        #: For each memory, those whose answer follows from its own.
        self.dependents: dict[str, set[str]] = defaultdict(set)
        self._uncommon = self._spread(self._told_apart(Lineage(rows.branches, Scope(), seq)))

    def derived(self, key: str) -> Derived | None:
        """The cache of a memory; None if it is not there yet."""
        row = self._rows.memories.get(key)
        if row is None:
            return None
        return _derived(self._views[_home(row.memory.scope)], key, is_common=key not in self._uncommon)

    def derived_of(self, keys: Iterable[str]) -> tuple[Derived, ...]:
        """The caches of memories that are there."""
        return tuple(value for key in keys if (value := self.derived(key)) is not None)

    def basis(self, key: str) -> tuple[Derived | None, list[tuple[Spans, Spans]]]:
        """All that the answers of a memory's dependents follow from, wherever they live."""
        return self.derived(key), [(view.taken(key), view.holding(key)) for view in self._views.values()]

    def _told_apart(self, lineage: Lineage) -> set[str]:
        """Memories of which readers are told different things, by rows on branches or by narrower successors."""
        rows = self._rows

        def is_plain(stamp: Stamp) -> bool:
            return lineage.place(stamp) is None

        gone = {row.change for row in rows.revocations if row.move is None and is_plain(row.stamp)}
        stray = {row.change for row in rows.revocations if not is_plain(row.stamp)}
        apart = {key for key, row in rows.memories.items() if not is_plain(row.stamp)}
        for row in _own(rows):
            if row.stamp.seq in stray or not is_plain(row.stamp):
                apart.add(row.memory)
        for edge in rows.edges:
            if edge.stamp.seq in gone:
                continue
            key, other = _dependence(edge)
            self.dependents[other].add(key)
            is_shared = _is_wider(rows.memories[other].memory.scope, rows.memories[key].memory.scope)
            if edge.stamp.seq in stray or not is_plain(edge.stamp) or not is_shared:
                apart.add(key)
        return apart

    def _spread(self, keys: set[str]) -> set[str]:
        """The memories and all whose answers follow from theirs."""
        todo = list(keys)
        while todo:
            fresh = self.dependents[todo.pop()] - keys
            keys |= fresh
            todo += fresh
        return keys


def _touched(before: Rows, appended: Rows) -> list[str]:
    """Memories that have new moves, edges or retractions, or lose some."""
    lost = {row.change for row in appended.revocations}
    keys = {*appended.memories}
    for rows, is_lost in ((appended, False), (before, True)):
        for edge in rows.edges:
            if not is_lost or edge.stamp.seq in lost:
                keys |= {edge.old, edge.new}
        for row in _own(rows):
            if not is_lost or row.stamp.seq in lost:
                keys.add(row.memory)
    return sorted(keys)


def _own(rows: Rows) -> list[MoveRow | RetractRow]:
    return [*rows.moves, *rows.retractions]


def _dependence(edge: EdgeRow) -> tuple[str, str]:
    """(the memory that follows from the other, the other): old ones from successors, amendments from their base."""
    return (edge.old, edge.new) if edge.is_full else (edge.new, edge.old)


def _homes(rows: Rows) -> set[Scope]:
    return {_home(row.memory.scope) for row in rows.memories.values()}


def _home(scope: Scope) -> Scope:
    return scope if scope.branch is None and not scope.related_repos else replace(scope, branch=None, related_repos=())


def _is_wider(scope: Scope, than: Scope) -> bool:
    """Whether everybody who sees what lives at the one place sees what lives at the wider or equal other."""
    pairs = ((scope.repo, than.repo), (scope.user, than.user), (scope.environment, than.environment))
    return all(level in (None, other) for level, other in pairs)

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
    """Recompute the caches of all memories that a plan read, once its rows are appended; return those that changed."""
    if not before.memories and _is_single_memory(appended):
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


def _is_single_memory(rows: Rows) -> bool:
    return len(rows.memories) == 1 and not (rows.edges or rows.retractions or rows.revocations)


def _derive_alone(before: Rows, appended: Rows, seq: int) -> Derived:
    """The cache of a memory without edges, retractions or revocations, and with no other memory read."""
    ((key, row),) = appended.memories.items()
    if row.stamp.branch is not None or row.memory.is_erased:
        view = View(before.plus(appended), _home(row.memory.scope), seq)
        return _derived(view, key, is_common=row.stamp.branch is None)
    # A new memory on the main line: its moves alone decide its valid time. A bulk load has thousands.
    moves = sorted(appended.moves, key=move_order) if len(appended.moves) > 1 else list(appended.moves)
    return Derived(key, moves[-1].move.status if moves else None, active_spans(moves), is_common=True)


def _derived(view: View, key: str, *, is_common: bool) -> Derived:
    moves = view.moves(key) if key in view.known else []
    return Derived(key, moves[-1].move.status if moves else None, view.holding(key), is_common=is_common)


class _Caches:
    """The caches of a set of memories, as readers on the main line see them from each memory's home scope."""

    def __init__(self, rows: Rows, homes: Iterable[Scope], seq: int) -> None:
        self._rows = rows
        self._views = {home: View(rows, home, seq) for home in homes}
        #: For each memory, the memories whose valid time depends on its own.
        self.dependents: dict[str, set[str]] = defaultdict(set)
        self._uncommon = self._spread(self._reader_dependent(Lineage(rows.branches, Scope(), seq)))

    def derived(self, key: str) -> Derived | None:
        """The cache of a memory; None if no row records it yet."""
        row = self._rows.memories.get(key)
        if row is None:
            return None
        return _derived(self._views[_home(row.memory.scope)], key, is_common=key not in self._uncommon)

    def derived_of(self, keys: Iterable[str]) -> tuple[Derived, ...]:
        """The caches of the memories that have a row."""
        return tuple(value for key in keys if (value := self.derived(key)) is not None)

    def basis(self, key: str) -> tuple[Derived | None, list[tuple[Spans, Spans]]]:
        """Input to the caches of a memory's dependents: its own cache, and its intervals in each home scope."""
        return self.derived(key), [(view.taken(key), view.holding(key)) for view in self._views.values()]

    def _reader_dependent(self, lineage: Lineage) -> set[str]:
        """Memories whose valid time differs between readers, by rows on branches or successors of a narrower scope."""
        rows = self._rows

        def is_plain(stamp: Stamp) -> bool:
            return lineage.branch_of(stamp) is None and (not lineage.has_dated_merges or lineage.since(stamp) is None)

        gone = {row.change for row in rows.revocations if row.move is None and is_plain(row.stamp)}
        stray = {row.change for row in rows.revocations if not is_plain(row.stamp)}
        apart = {key for key, row in rows.memories.items() if not is_plain(row.stamp)}
        for row in _own(rows):
            if row.stamp.seq in stray or not is_plain(row.stamp):
                apart.add(row.memory)
        for edge in rows.edges:
            if edge.stamp.seq in gone:
                continue
            key, basis = _dependence(edge)
            self.dependents[basis].add(key)
            is_shared = _is_wider(rows.memories[basis].memory.scope, rows.memories[key].memory.scope)
            if edge.stamp.seq in stray or not is_plain(edge.stamp) or not is_shared:
                apart.add(key)
        return apart

    def _spread(self, keys: set[str]) -> set[str]:
        """The memories and all their direct and indirect dependents."""
        todo = list(keys)
        while todo:
            fresh = self.dependents[todo.pop()] - keys
            keys |= fresh
            todo += fresh
        return keys


def _touched(before: Rows, appended: Rows) -> list[str]:
    """Memories that gain or lose moves, edges or retractions."""
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
    """(dependent, basis): an old memory depends on its successor, an amendment on its base."""
    return (edge.old, edge.new) if edge.is_full else (edge.new, edge.old)


def _homes(rows: Rows) -> set[Scope]:
    return {_home(row.memory.scope) for row in rows.memories.values()}


def _home(scope: Scope) -> Scope:
    return scope if scope.branch is None and not scope.related_repos else replace(scope, branch=None, related_repos=())


def _is_wider(scope: Scope, than: Scope) -> bool:
    """Return True if `scope` is as wide as `than` or wider, so that readers of `than` also read `scope`."""
    pairs = ((scope.repo, than.repo), (scope.user, than.user), (scope.environment, than.environment))
    return all(level in (None, narrower) for level, narrower in pairs)

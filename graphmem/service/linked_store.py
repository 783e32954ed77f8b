"""A store as it answers a reader into whose repository others are linked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from graphmem.deferred_dataclass import replace
from graphmem.model import AnchorKind, Memory, Scope
from graphmem.repository.path_patterns import path_pattern
from graphmem.rows import CachedRows, Rows
from graphmem.service.repository_routes import Route
from graphmem.store import Filter, Matches, Nearby, Probe, Rivals, Store
from graphmem.temporal.carriage import carried

_CHUNK = 500


def linked_store(store: Store, routes: Sequence[Route], reader: Scope) -> Store:
    """Return a store for reading: its answers have the memories of linked repositories that count for the reader.

    Args:
        store: The store.
        routes: The links into the reader's repository, not empty.
        reader: The reader, before `linked_reader`.
    """
    return cast("Store", _LinkedStore(store, routes, reader))


def linked_reader(reader: Scope, routes: Sequence[Route]) -> Scope:
    """Return the reader's scope with the linked repositories among the related ones."""
    repos = (*reader.related_repos, *(route.carriage.repo for route in routes))
    return replace(reader, related_repos=tuple(dict.fromkeys(repos)))


class _LinkedStore:
    """Reads without the caches of a store, which hold for readers of a memory's home; other methods are its own."""

    def __init__(self, store: Store, routes: Sequence[Route], reader: Scope) -> None:
        self._store = store
        self._routes = routes
        self._plain = reader
        self._carriages = [route.carriage for route in routes]
        self._is_limited = any(carriage.is_limited for carriage in self._carriages)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of a store
        return getattr(self._store, name)

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        """See `graphmem.store.Store.rows`."""
        rows = self._store.rows(reader, ids, is_alone=is_alone and not self._is_limited)
        return carried(rows, self._carriages, self._plain.related_repos)

    def rows_with_rivals(self, reader: Scope, ids: Sequence[str], rivals: Rivals) -> CachedRows:
        """See `graphmem.store.Store.rows_with_rivals`."""
        where = Filter(subjects=rivals.subjects, include_history=True)
        rival_ids = self.select(reader, where, at=None, before=rivals.at.seq + 1, limit=rivals.limit)
        return CachedRows(self.rows(reader, list(dict.fromkeys([*ids, *rival_ids]))))

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """See `graphmem.store.Store.select`."""
        del at
        own_ids = self._store.select(self._plain, where, at=None, before=before, limit=limit)
        rows = self._store.rows(reader, own_ids, is_alone=True).memories
        places = {memory_id: rows[memory_id].stamp.seq for memory_id in own_ids if memory_id in rows}
        for route in self._routes:
            places |= dict(self._selected(route, where, before, limit))
        return sorted(places, key=lambda memory_id: -places[memory_id])[:limit]

    def _selected(self, route: Route, where: Filter, before: int, limit: int) -> Iterator[tuple[str, int]]:
        """Yield the last recorded memories of a linked repository that pass a filter, with their positions."""
        translated, count = route.filter(where), 0
        while count < limit:
            ids = self._store.select(route.reader, translated, at=None, before=before, limit=_CHUNK)
            if not ids:
                return
            rows = self._store.rows(route.reader, ids)
            for memory_id in self._passing(route, where, rows, ids)[: limit - count]:
                count += 1
                yield memory_id, rows.memories[memory_id].stamp.seq
            before = rows.memories[ids[-1]].stamp.seq

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """See `graphmem.store.Store.match`."""
        del at
        matches = self._store.match(self._plain, probe, where, seq=seq)
        for route in self._routes:
            for translated in route.filters(where):
                theirs = self._store.match(
                    route.reader, replace(probe, limit=probe.limit * 2), translated, seq=matches.seq
                )
                rows = self._store.rows(route.reader, theirs.ids)
                matches = _merged(matches, theirs, set(self._passing(route, where, rows, theirs.ids)), probe.limit)
        return replace(matches, rows=CachedRows(self.rows(reader, matches.ids)))

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """See `graphmem.store.Store.neighbours`."""
        nearby = self._store.neighbours(reader, ids, seq=seq, limit=limit)
        rows = self.rows(reader, [step.memory for step in nearby.steps])
        steps = tuple(step for step in nearby.steps if step.memory in rows.memories)
        return Nearby(steps) if at is None else Nearby(steps, CachedRows(rows))

    def _passing(self, route: Route, where: Filter, rows: Rows, ids: Sequence[str]) -> list[str]:
        """Return the memories of a linked repository that count, and whose files match the paths of a filter."""
        counting = carried(rows, [route.carriage]).memories
        return [
            memory_id
            for memory_id in ids
            if memory_id in counting
            and rows.memories[memory_id].memory.scope.repo == route.carriage.repo
            and _is_on(where, rows.memories[memory_id].memory, counting[memory_id].memory)
        ]


def _merged(first: Matches, more: Matches, passing: set[str], limit: int) -> Matches:
    """Matches with those of another reader that pass."""
    lexical = {**dict(pair for pair in more.lexical if pair[0] in passing), **dict(first.lexical)}
    vector = {**dict(pair for pair in more.vector if pair[0] in passing), **dict(first.vector)}
    named = {
        name: tuple(sorted({*first.named.get(name, ()), *(key for key in more.named.get(name, ()) if key in passing)}))
        for name in {**first.named, **more.named}
    }
    return replace(
        first,
        lexical=_best(lexical, limit),
        vector=_best(vector, limit),
        named={name: ids for name, ids in named.items() if ids},
        evidence={**{key: value for key, value in more.evidence.items() if key in passing}, **first.evidence},
    )


def _best(scores: dict[str, float], limit: int) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit])


def _is_on(where: Filter, written: Memory, moved: Memory) -> bool:
    """Whether a file of a memory, under its own path or that in the reader's repository, matches a path of a filter.

    A memory without files matched by its source; one about a symbol may match because the symbol was moved.
    """
    paths, anchors = where.paths, written.statement.anchors if written.statement is not None else ()
    if any(anchor.kind is AnchorKind.SYMBOL and anchor.name in where.reach.symbols for anchor in anchors):
        return True
    names = {
        path
        for memory in (written, moved)
        if memory.statement is not None
        for anchor in memory.statement.anchors
        if (path := anchor.file) is not None
    }
    if not paths or not names:
        return True
    pattern = path_pattern(paths)
    test = None if pattern is None else re.compile(pattern)
    folders = tuple(path for path in paths if path.endswith("/"))
    return any(name in paths or name.startswith(folders) or (test and test.fullmatch(name)) for name in names)

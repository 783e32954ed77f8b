"""A store as it answers at a commit off the mainline: rows of the mainline after the fork are left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from graphmem.deferred_dataclass import replace
from graphmem.model import Scope
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.retrieval.mainlines import Mainlines
from graphmem.rows import CachedRows, Rows
from graphmem.store import Filter, Matches, Nearby, Probe, Rivals, Store
from graphmem.temporal.cut import Cut


def cut_store(store: Store, cut: Cut) -> Store:
    """Return a store for reading: every answer has only the rows that count at a cut."""
    return cast("Store", _CutStore(store, cut))


class _CutStore:
    """Reads without the caches of a store, which hold for the uncut mainline; other methods are the store's own."""

    def __init__(self, store: Store, cut: Cut) -> None:
        self._store = store
        self._cut = cut

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of a store
        return getattr(self._store, name)

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        """See `graphmem.store.Store.rows`."""
        return self._cut.applied(self._store.rows(reader, ids, is_alone=is_alone))

    def rows_with_rivals(self, reader: Scope, ids: Sequence[str], rivals: Rivals) -> CachedRows:
        """See `graphmem.store.Store.rows_with_rivals`."""
        where = Filter(subjects=rivals.subjects, include_history=True)
        rival_ids = self._store.select(reader, where, at=None, before=rivals.at.seq + 1, limit=rivals.limit)
        return CachedRows(self.rows(reader, list(dict.fromkeys([*ids, *rival_ids]))))

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """See `graphmem.store.Store.select`."""
        del at
        return self._store.select(reader, where, at=None, before=before, limit=limit)

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """See `graphmem.store.Store.match`."""
        del at
        matches = self._store.match(reader, probe, where, seq=seq)
        return replace(matches, rows=CachedRows(self._cut.applied(matches.rows.chained)))

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """See `graphmem.store.Store.neighbours`."""
        nearby = self._store.neighbours(reader, ids, seq=seq, limit=limit)
        if at is None:
            return nearby
        return replace(nearby, rows=CachedRows(self.rows(reader, [step.memory for step in nearby.steps])))


class CutMainlines(Mainlines):
    """Histories of repositories, with one history cut at a fork.

    Args:
        store: The store that has the readings.
        repo: The repository whose history is cut.
        position: Position of the fork on its mainline; -1 if the commit's line shares no commit with it.
    """

    def __init__(self, store: Store, repo: str | None, position: int) -> None:
        super().__init__(store)
        self._repo = repo
        self._position = position
        self._until: dict[int, MainlineHistory] = {}

    def at(self, reader: Scope, repo: str | None, seq: int) -> MainlineHistory:
        """See `Mainlines.at`."""
        history = super().at(reader, repo, seq)
        if repo != self._repo:
            return history
        if history.seq not in self._until:
            self._until[history.seq] = history.until(self._position)
        return self._until[history.seq]

"""Histories of repositories at ledger positions, put together from their readings and kept in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput
from graphmem.model import Change, ReadMainline, RecordRelocations, RecordVerdicts, Scope
from graphmem.repository.authors import AuthorRows, unpacked_authors
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, unpacked
from graphmem.repository.repository_link import LinkRepository, RepositoryLink, UnlinkRepository
from graphmem.store import Store

_MOST_LATEST = 64
_MOST_EARLIER = 8


@dataclass(frozen=True, slots=True)
class _LatestHistory:
    """A history, and the ledger position up to which the readings of its repository were looked for."""

    history: MainlineHistory
    checked: int


class Mainlines:
    """Histories of the repositories of a store. Safe to use from several threads.

    Args:
        store: The store that has the readings.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._latest: OrderedDict[tuple[str, str | None], _LatestHistory] = OrderedDict()
        #: For each tenant, a ledger position and that of its last entry about code by then.
        self._hints: dict[str, tuple[int, int]] = {}
        #: The last ledger position of each tenant that an answer had.
        self._read: dict[str, int] = {}
        self._earlier: OrderedDict[tuple[str, str | None, int], MainlineHistory] = OrderedDict()

    def at(self, reader: Scope, repo: str | None, seq: int) -> MainlineHistory:
        """Return the history of a repository as of a ledger position; the caller must not change it.

        Args:
            reader: Without access to the repository the history is empty.
            repo: The repository; None for readings that no repository is named for.
            seq: The ledger position.
        """
        if not reader.admits(Scope(reader.tenant, repo)):
            return MainlineHistory()
        with self._lock:
            latest = self._latest_history(reader, repo, seq)
            if latest.history.last <= seq:
                return latest.history
            return self._past(reader, repo, seq)

    def links(self, reader: Scope, seq: int) -> list[RepositoryLink]:
        """Return the links into the reader's repository that are in effect at a ledger position, in ledger order."""
        return [link for link in self.at(reader, reader.repo, seq).links.values() if link.is_in_effect(seq)]

    def ever_linked(self, reader: Scope, *, looks: bool = False) -> bool:
        """Return whether a link into the reader's repository was ever recorded.

        Args:
            reader: The reader; only its tenant and repository count.
            looks: Look into the store if entries about code may have been recorded since the last look; without it,
                what is in memory decides.
        """
        with self._lock:
            latest = self._latest.get((reader.tenant, reader.repo))
            if not looks:
                return latest is not None and bool(latest.history.links)
        seq = self._read.get(reader.tenant) or self._store.position(reader).seq
        with self._lock:
            return bool(self._latest_history(reader, reader.repo, seq).history.links)

    def note(self, reader: Scope, seq: int, last_reading: int | None) -> None:
        """Note the last entry about code as of a ledger position, which an answer of the store had with it.

        Args:
            reader: Its tenant.
            seq: The ledger position.
            last_reading: None if the store did not say.
        """
        self._read[reader.tenant] = max(seq, self._read.get(reader.tenant, 0))
        if last_reading is not None:
            with self._lock:
                self._hints[reader.tenant] = max((seq, last_reading), self._hints.get(reader.tenant, (0, 0)))

    def _latest_history(self, reader: Scope, repo: str | None, seq: int) -> _LatestHistory:
        key = (reader.tenant, repo)
        latest = self._latest.get(key, _LatestHistory(MainlineHistory(), 0))
        hint_seq, last_reading = self._hints.get(reader.tenant, (0, 0))
        if latest.checked < seq <= hint_seq and last_reading <= latest.checked:
            latest = _LatestHistory(latest.history, hint_seq)
            self._latest[key] = latest
        if latest.checked < seq:
            readings = self._store.readings(reader, repo, after=latest.history.last)
            last = max([seq, *(change.seq for change in readings)])
            latest = _LatestHistory(folded(latest.history, readings), last)
            self._latest[key] = latest
        if key in self._latest:
            self._latest.move_to_end(key)
        while len(self._latest) > _MOST_LATEST:
            self._latest.popitem(last=False)
        return latest

    def _past(self, reader: Scope, repo: str | None, seq: int) -> MainlineHistory:
        readings = [change for change in self._store.readings(reader, repo) if change.seq <= seq]
        key = (reader.tenant, repo, readings[-1].seq if readings else 0)
        if key not in self._earlier:
            self._earlier[key] = folded(MainlineHistory(), readings)
        self._earlier.move_to_end(key)
        while len(self._earlier) > _MOST_EARLIER:
            self._earlier.popitem(last=False)
        return self._earlier[key]


def folded(history: MainlineHistory, readings: Iterable[Change]) -> MainlineHistory:
    """Return a history with further readings; of several with one predecessor the first counts.

    A reading whose content does not fit to those before it counts for nothing: no reader wrote it.
    """
    made = history
    for change in readings:
        operation = change.operation
        if not isinstance(operation, ReadMainline):
            made = made.copy() if made is history else made
            _take_code_entry(made, change)
            continue
        rows = rows_that_count(made, change)
        if rows is not None:
            made = made.copy() if made is history else made
            take_reading(made, change, rows)
    return made


def _take_code_entry(history: MainlineHistory, change: Change) -> None:
    """Add an entry about code that is no reading to a history: verdicts, relocations, or a link of repositories."""
    operation = change.operation
    history.last = change.seq
    if isinstance(operation, RecordVerdicts):
        history.verdicts.update((verdict.memory, verdict) for verdict in operation.verdicts)
    elif isinstance(operation, RecordRelocations):
        history.relocate(operation.relocations)
    elif isinstance(operation, LinkRepository):
        link = RepositoryLink(change.seq, operation.old, operation.folder, operation.at)
        history.links[change.seq] = link
    elif isinstance(operation, UnlinkRepository) and operation.link in history.links:
        link = history.links[operation.link]
        if link.undone is None:
            history.links[operation.link] = replace(link, undone=change.seq)


def rows_that_count(history: MainlineHistory, change: Change) -> MainlineRows | None:
    """Return the rows of a reading that continues a history; None if it has another predecessor or does not fit."""
    operation = change.operation
    if not isinstance(operation, ReadMainline) or operation.previous != history.seq:
        return None
    try:
        rows = unpacked(operation.content)
    except InvalidInput:
        return None
    return rows if history.takes(rows) else None


def _authors(reading: ReadMainline) -> AuthorRows | None:
    """Return the authors of a reading; None if it has none, or if they cannot be read: no reader wrote them."""
    try:
        return unpacked_authors(reading.authors) if reading.authors else None
    except InvalidInput:
        return None


def take_reading(history: MainlineHistory, change: Change, rows: MainlineRows) -> None:
    """Add the rows of a reading to a history."""
    assert isinstance(change.operation, ReadMainline), "only readings have rows"  # noqa: S101
    history.add(change.seq, rows, change.operation.ref, _authors(change.operation))
    history.last = change.seq

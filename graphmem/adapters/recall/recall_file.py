"""The recall ledger in a SQLite file: counts by memory, event and day, folded from a spool.

The store itself is not touched: hooks keep their cached answers, and no reader waits for a writer of memories.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.adapters.recall.recall_lines import recall_of, recorded_line
from graphmem.adapters.recall.recall_tables import SCHEMA, VERSION, RecallTables
from graphmem.errors import CorruptStore, StoreUnavailable
from graphmem.model import Scope
from graphmem.recall_spool import LEDGER_SUFFIX, MAX_BYTES, SPOOL_SUFFIX, TAKEN_SUFFIX, append_recall, take_spool
from graphmem.recalls import Recall, RecallCounts, RecallExcerpt

if TYPE_CHECKING:
    import apsw

#: A spool of this size is folded by a command that ends, or by a write.
_LARGE_BYTES = 16_384
_BUSY_MS = 2_000
_MOST_UNWRITTEN, _MOST_ATTEMPTS = 1_000, 20
#: Recalls of a process after which it looks at the size of the spool.
_FOLD_AFTER = 500
#: Each read of the counts folds, often a single recall: bounds may be passed by so many folds of a few bytes.
_FOLDS_A_COMPACTION, _FEW_BYTES = 64, 2_048


class RecallFile:
    """The recall ledger of a store.

    Args:
        stem: The path of the files, without the ends of their names; the folder may not exist yet.
    """

    is_on = True

    def __init__(self, stem: Path) -> None:
        self._spool = Path(f"{stem}{SPOOL_SUFFIX}")
        self._path = Path(f"{stem}{LEDGER_SUFFIX}")
        self._folder, self._name = stem.parent, stem.name
        self._noted = 0
        self._folds = 0
        #: Lines that await the end of a rename of the spool, with the number of attempts; too many are lost.
        self._unwritten: deque[tuple[dict[str, object], int]] = deque(maxlen=_MOST_UNWRITTEN)
        #: Locks of the two connections, for counting and for reading; a thread at a time uses each.
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._writer: apsw.Connection | None = None
        self._reader: apsw.Connection | None = None

    def note(self, recall: Recall) -> None:
        """See `graphmem.recalls.RecallLedger.note`."""
        if recall.is_empty:
            return
        self._unwritten.append((recorded_line(recall), 0))
        is_written = self._append()
        if not is_written and not self._folder.is_dir():
            with contextlib.suppress(OSError):
                self._folder.mkdir(parents=True, mode=0o700)
            is_written = self._append()
        self._noted += 1
        if not is_written or self._noted % _FOLD_AFTER == 0:
            # A long-lived process that only reads counts too, and its readers do not wait for that.
            threading.Thread(target=self.fold, kwargs={"is_due": False}, daemon=True).start()

    def _append(self) -> bool:
        """Append the lines that are not in the spool yet; return False if some stay, as the spool is being renamed."""
        with contextlib.suppress(IndexError):  # other threads append too
            while self._unwritten:
                line, attempts = self._unwritten.popleft()
                if not append_recall(str(self._spool), line):
                    if attempts < _MOST_ATTEMPTS and not self._is_full():
                        self._unwritten.appendleft((line, attempts + 1))
                    return False
        return True

    def _is_full(self) -> bool:
        try:
            return self._spool.stat().st_size > MAX_BYTES
        except OSError:
            return False

    def fold(self, *, is_due: bool = True) -> None:
        """See `graphmem.recalls.RecallLedger.fold`."""
        import apsw

        self._append()
        with contextlib.suppress(OSError, apsw.Error):
            size = self._spool.stat().st_size if self._spool.exists() else 0
            if size >= _LARGE_BYTES or (is_due and (size or self._taken())):
                with self._writing:
                    self._fold()

    def _fold(self) -> None:
        from secrets import token_hex

        database = self._for_writing()
        with _transaction(database):
            tables = RecallTables(database)
            take_spool(str(self._spool), f"{self._spool}.{token_hex(8)}{TAKEN_SUFFIX}")
            counted, names = tables.folded(), self._taken()
            tables.forget_files(counted - set(names))
            for name in names:
                if name not in counted:
                    tables.add(_recalls_in(self._folder / name), name)
            if self._folds % _FOLDS_A_COMPACTION == 0 or self._size_of(names) > _FEW_BYTES:
                tables.compact()
        self._folds += 1
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (self._folder / name).unlink()

    def _size_of(self, names: Sequence[str]) -> int:
        """Return the size of renamed spools in bytes; another process may have removed some."""
        size = 0
        for name in names:
            with contextlib.suppress(OSError):
                size += (self._folder / name).stat().st_size
        return size

    def _taken(self) -> list[str]:
        """Return the names of renamed spools, sorted; those of a process that was killed are among them."""
        start = f"{self._name}{SPOOL_SUFFIX}."
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.startswith(start) and name.endswith(TAKEN_SUFFIX))

    def position(self, reader: Scope) -> int:
        """See `graphmem.recalls.RecallLedger.position`."""
        with _quiet(), self._tables() as tables:
            return 0 if tables is None else tables.position(reader.tenant)
        return 0

    def counts(self, reader: Scope, memories: Sequence[str]) -> dict[str, RecallCounts]:
        """See `graphmem.recalls.RecallLedger.counts`."""
        with _quiet(), self._tables() as tables:
            return {} if tables is None or not memories else tables.counts(reader, memories)
        return {}

    def excerpt(self, reader: Scope, since: str = "") -> RecallExcerpt:
        """See `graphmem.recalls.RecallLedger.excerpt`."""
        with self._translated(), self._tables() as tables:
            return RecallExcerpt() if tables is None else tables.excerpt(reader, since)

    def forget(self, reader: Scope, memories: Sequence[str]) -> None:
        """See `graphmem.recalls.RecallLedger.forget`."""
        self.fold()
        if self._path.exists():
            with self._translated(), self._writing:
                database = self._for_writing()
                with _transaction(database):
                    RecallTables(database).forget(reader.tenant, memories)
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """See `graphmem.recalls.RecallLedger.close`."""
        self.fold(is_due=False)
        with self._writing, self._reading:
            for database in (self._writer, self._reader):
                if database is not None:
                    database.close()
            self._writer = self._reader = None

    # ---- the database

    @contextlib.contextmanager
    def _tables(self) -> Iterator[RecallTables | None]:
        """Yield the tables for reading; None if nothing was counted yet."""
        with self._reading:
            if self._reader is None and self._path.exists():
                self._reader = _opened(self._path)
            yield None if self._reader is None else RecallTables(self._reader)

    def _for_writing(self) -> apsw.Connection:
        """Return the database for writing; it is created if it does not exist."""
        if self._writer is None:
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
            self._writer = _opened(self._path)
        return self._writer

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise errors of SQLite and the file system as graphmem's errors."""
        import apsw

        fix = f"remove {str(self._path)!r} to start anew: it has counts alone, no memories"
        try:
            yield
        except (apsw.CorruptError, apsw.NotADBError) as exc:
            raise CorruptStore(f"the recall ledger is damaged ({exc}); {fix}") from exc
        except (apsw.Error, OSError) as exc:
            raise StoreUnavailable(f"the recall ledger cannot be used ({exc}); try again, or {fix}") from exc


def _opened(path: Path) -> apsw.Connection:
    """Return the database of a file, with its tables.

    Raises:
        apsw.Error: The file is damaged, in use for long, or of a newer graphmem.
    """
    import apsw

    database = apsw.Connection(str(path))
    database.set_busy_timeout(_BUSY_MS)
    version = next(database.execute("PRAGMA user_version"))[0]
    if version > VERSION:
        database.close()
        raise apsw.SchemaChangeError(f"version {version} is of a newer graphmem")
    database.execute("PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL")
    if version < VERSION:
        database.execute("PRAGMA journal_mode = WAL")
        with _transaction(database):
            database.execute(SCHEMA)
    return database


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress errors of SQLite and the file system."""
    import apsw

    with contextlib.suppress(apsw.Error, OSError):
        yield


@contextlib.contextmanager
def _transaction(database: apsw.Connection) -> Iterator[None]:
    """Run the block in a transaction that other processes wait for."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _recalls_in(path: Path) -> Iterator[Recall]:
    """Yield the recalls in the lines of a spool; lines that are broken off or of another form are left out."""
    with path.open("rb") as stream:
        for line in stream:
            recall = recall_of(line)
            if recall is not None:
                yield recall

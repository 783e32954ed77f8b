"""`SQLiteStore`: the embedded implementation of the store port."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import apsw

from graphmem.adapters import sqlite
from graphmem.adapters.sqlite import (
    chains,
    filter_selection,
    guard_terms,
    guiding_memories,
    meta_table,
    migrations,
    neighbours,
    source_keys,
)
from graphmem.adapters.sqlite.caches import StoreCaches
from graphmem.adapters.sqlite.connection import Connections, translated
from graphmem.adapters.sqlite.log_cleaner import LogCleaner
from graphmem.adapters.sqlite.number_tables import NumberCache
from graphmem.adapters.sqlite.probe_search import Search
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import rowid_range
from graphmem.adapters.sqlite.write_lock import LockFile, WriteLock, lock_of, release_file
from graphmem.adapters.vector_bytes import blob, refuse_model_conflict
from graphmem.drafts import remove_dead_drafts
from graphmem.errors import CorruptStore, InvalidInput, StoreUnavailable
from graphmem.instants import to_micros
from graphmem.model import Change, Point, Request, Scope
from graphmem.rows import CachedRows, Rows, SourceRow
from graphmem.store import (
    Clock,
    Filter,
    Finding,
    Matches,
    ModelCard,
    Nearby,
    Position,
    Probe,
    Progress,
    Rivals,
    StoreInfo,
    silent,
)

if TYPE_CHECKING:
    from graphmem.adapters.export_lines import Exported, VerifiedExport
    from graphmem.store import Vector

_DROP_VECTORS = "DELETE FROM vector"
_VECTORS_DROPPED = "UPDATE tenant SET vectors = 0, epoch = epoch + 1"
_HAS_CONTENT = "SELECT number FROM memory WHERE id = ? AND tenant = ? AND statement IS NOT NULL"
_SET_VECTOR = "INSERT OR REPLACE INTO vector (memory, data) VALUES (?, ?)"
_COUNT_VECTORS = (
    "UPDATE tenant SET epoch = epoch + 1, vectors = (SELECT count(*) FROM vector WHERE memory > ?2 AND memory < ?3)"
    " WHERE number = ?1"
)
_TENANTS = "SELECT name FROM tenant WHERE seq > 0"
_WITHOUT_VECTOR = """
    SELECT id FROM memory WHERE number > ?1 AND number < ?2 AND statement IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM vector WHERE vector.memory = memory.number) ORDER BY number LIMIT ?3
"""
_WRITES = "SELECT coalesce(sum(seq), 0) FROM tenant"

_LOCK_TIMEOUT_S = 30.0
_CLOSING_TIMEOUT_S = 2.0
#: How long an erase waits for readers before it returns with the content still in the log.
_ERASING_TIMEOUT_S = 1.0


class SQLiteStore:
    """An open SQLite file. Threads and processes may share the file; readers never wait.

    Use `SQLiteStore.open`; close the store, or use it in a `with`.
    """

    def __init__(self, path: Path, lock: LockFile | None, *, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> None:
        self._path = path
        self._lock = lock
        self._lock_timeout_s = lock_timeout_s
        self._connections = Connections(path)
        self._caches = StoreCaches()
        self._numbers = NumberCache()
        self._cleaner = LogCleaner(self._connections, lock)
        self._is_closed = False

    @classmethod
    def open(cls, path: str | Path, *, create: bool, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> Self:
        """Open the store in a file.

        Args:
            path: The file; its log and lock file are in the same folder.
            create: Create the file if it does not exist.
            lock_timeout_s: How long a write waits for the write lock.

        Raises:
            NotFound: The file does not exist, and `create` is false.
            InvalidInput: The file is another program's database.
            CorruptStore: The file is damaged, or not a database.
            Unsupported: A newer release wrote the file, it is on a network file system, or it has a second name.
            StoreUnavailable: The file or its folder cannot be used.
        """
        # Behind a symbolic link, the log and the lock file belong next to the target.
        file = Path(os.path.realpath(path))
        remove_dead_drafts(file.parent)
        with translated(file):
            migrations.refuse_second_name(file)
            store = cls(file, lock_of(file), lock_timeout_s=lock_timeout_s)
            try:
                store._prepare(create=create)
            except BaseException:
                store.close()
                raise
        return store

    # ---- writing

    def apply(
        self,
        requests: Sequence[Request],
        *,
        clock: Clock,
        vectors: Mapping[str, Vector] | None = None,
        model: ModelCard | None = None,
    ) -> list[Change]:
        """See `graphmem.store.Store.apply`."""
        if not requests:
            raise InvalidInput("nothing to apply: give at least one request")
        if len({request.writer.tenant for request in requests}) > 1:
            raise InvalidInput("requests of several tenants cannot be applied together: make a call for each tenant")
        with self._writing() as (connection, write_lock):
            meta_table.refuse_restoring(connection, requests[0].writer.tenant)
            stored_vectors = vectors if vectors and meta_table.takes_model(connection, model) else {}
            sqlite.vectors.refuse_mixed_dimensions(connection, stored_vectors)
            changes, batch = sqlite.write_batch.carry_out(connection, requests, clock, stored_vectors, self._numbers)
            if batch.erased:
                meta_table.note_erased_in_log(Snapshot(connection, batch.tenant), batch.erased)
                write_lock.file.set_holds_erased(holds_erased=True)
            write_lock.mark = _writes(connection)
        batch.numbers.give_back(self._numbers)
        if batch.erased:
            self._forget_erased(_ERASING_TIMEOUT_S)
        return changes

    def restore(
        self, lines: Iterable[str], *, tenant: str, progress: Progress = silent, clock: Clock | None = None
    ) -> int:
        """See `graphmem.store.Store.restore`."""
        from graphmem.adapters.export_lines import verified

        with verified(lines, tenant, clock=clock) as export:
            with self._writing() as (connection, _):
                done = sqlite.ledger_export.begin(connection, export)
            progress(done, export.header.entries)
            for part in export.parts(done):
                self._restore_part(export, part)
                progress(part[-1].entry.seq, export.header.entries)
            with self._writing() as (connection, _):
                return sqlite.ledger_export.finish(connection, export)

    def _restore_part(self, export: VerifiedExport, part: Sequence[Exported]) -> None:
        with self._writing() as (connection, write_lock):
            batch = sqlite.ledger_export.write(connection, export, part, self._numbers)
            write_lock.file.set_holds_erased(holds_erased=batch.erased > 0 or write_lock.file.holds_erased)
            write_lock.mark = _writes(connection)
        batch.numbers.give_back(self._numbers)
        if batch.erased:
            self._forget_erased(_ERASING_TIMEOUT_S)

    def save_vectors(self, reader: Scope, vectors: Mapping[str, Vector], *, model: ModelCard | None = None) -> None:
        """See `graphmem.store.Store.save_vectors`."""
        with self._writing() as (connection, _):
            meta_table.refuse_restoring(connection, reader.tenant)
            if vectors and not meta_table.takes_model(connection, model):
                refuse_model_conflict(model, meta_table.model_of(connection))
            sqlite.vectors.refuse_mixed_dimensions(connection, vectors)
            tenant = Snapshot.of(connection, reader.tenant).tenant
            for memory_id, vector in vectors.items():
                number = connection.execute(_HAS_CONTENT, (memory_id, tenant.number)).get
                if number is not None:
                    connection.execute(_SET_VECTOR, (number, blob(vector)))
            connection.execute(_COUNT_VECTORS, (tenant.number, *rowid_range(tenant)))

    def adopt_model(self, card: ModelCard, reader: Scope | None = None) -> None:
        """See `graphmem.store.Store.adopt_model`."""
        del reader
        with self._writing() as (connection, _):
            if meta_table.model_of(connection) == card:
                return
            meta_table.set_model(connection, card)
            connection.execute(_DROP_VECTORS)
            connection.execute(_VECTORS_DROPPED)

    # ---- reading

    def tenants(self) -> list[str]:
        """See `graphmem.store.Store.tenants`."""
        with self._connections.reading() as connection:
            return sorted(name for (name,) in connection.execute(_TENANTS))

    def model(self, reader: Scope | None = None) -> ModelCard | None:
        """See `graphmem.store.Store.model`."""
        del reader
        with self._connections.reading() as connection:
            return meta_table.model_of(connection)

    def secret(self, reader: Scope) -> str:
        """See `graphmem.store.Store.secret`."""
        with self._reading(reader) as snapshot:
            return snapshot.tenant.key

    def position(self, reader: Scope, moment: datetime | None = None) -> Position:
        """See `graphmem.store.Store.position`."""
        with self._reading(reader) as snapshot:
            return snapshot.position(moment)

    def pin(self, reader: Scope, moment: datetime) -> Position:
        """See `graphmem.store.Store.pin`."""
        micros = to_micros(moment)
        with self._reading(reader) as snapshot:
            tenant = snapshot.tenant
            if micros <= max(tenant.recorded_at or micros - 1, tenant.answered_to or micros - 1):
                return snapshot.position(moment)
        with self._writing() as (connection, _):
            meta_table.refuse_restoring(connection, reader.tenant)
            snapshot = sqlite.write_batch.open_tenant(connection, reader.tenant)
            meta_table.note_answered(snapshot, micros)
            return snapshot.position(moment)

    def changes(self, reader: Scope, *, after: int = 0, limit: int = 1000) -> list[Change]:
        """See `graphmem.store.Store.changes`."""
        with self._reading(reader) as snapshot:
            return snapshot.changes(after, limit)

    def change_by_op_id(self, reader: Scope, op_id: str) -> Change | None:
        """See `graphmem.store.Store.change_by_op_id`."""
        with self._reading(reader) as snapshot:
            return snapshot.change_by_op_id(op_id)

    def changes_of(self, reader: Scope, memory: str) -> list[Change]:
        """See `graphmem.store.Store.changes_of`."""
        with self._reading(reader) as snapshot:
            numbers = snapshot.numbers((memory,))
            return snapshot.changes_of(numbers[0]) if numbers else []

    def readings(self, reader: Scope, repo: str | None, *, after: int = 0) -> list[Change]:
        """See `graphmem.store.Store.readings`."""
        with self._reading(reader) as snapshot:
            return snapshot.readings(repo, after)

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        """See `graphmem.store.Store.rows`."""
        with self._reading(reader) as snapshot:
            seeds = chains.numbers(snapshot, ids)
            return (chains.alone if is_alone else chains.component)(snapshot, seeds)

    def rows_with_rivals(self, reader: Scope, ids: Sequence[str], rivals: Rivals) -> CachedRows:
        """See `graphmem.store.Store.rows_with_rivals`."""
        with self._reading(reader) as snapshot:
            seeds = chains.numbers(snapshot, ids)
            seeds += filter_selection.rivals(snapshot, reader, rivals)
            return chains.with_caches(snapshot, seeds, rivals.at.seq)

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """See `graphmem.store.Store.select`."""
        with self._reading(reader) as snapshot:
            compiled = filter_selection.compile_filter(snapshot, reader, where)
            if compiled is None:
                return []
            return [
                memory_id
                for _, memory_id in islice(
                    filter_selection.latest(snapshot, compiled, self._caches.texts, at, before), limit
                )
            ]

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """See `graphmem.store.Store.match`."""
        with self._reading(reader) as snapshot:
            seq = snapshot.tenant.seq if seq is None else seq
            return Search(snapshot, reader, self._caches, seq, at).matches(probe, where)

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """See `graphmem.store.Store.neighbours`."""
        with self._reading(reader) as snapshot:
            steps = neighbours.neighbours(snapshot, reader, ids, neighbours.Reach(seq, limit))
            if at is None:
                return Nearby(tuple(step.neighbour for step in steps))
            linked = {step.number for step in steps if step.is_link}
            rows = chains.rows_at_point(snapshot, [step.number for step in steps], Point(at, seq), with_chains=linked)
            return Nearby(tuple(step.neighbour for step in steps), rows)

    def contested_subjects(self, reader: Scope) -> dict[str, tuple[str, ...]]:
        """See `graphmem.store.Store.contested_subjects`."""
        with self._reading(reader) as snapshot:
            return neighbours.contested_subjects(snapshot, reader)

    def forked(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.forked`."""
        with self._reading(reader) as snapshot:
            return neighbours.forked(snapshot, reader)

    def declared_conflicts(self, reader: Scope) -> list[tuple[str, str]]:
        """See `graphmem.store.Store.declared_conflicts`."""
        with self._reading(reader) as snapshot:
            return neighbours.declared_conflicts(snapshot, reader)

    def ids_beginning(self, reader: Scope, prefix: str, *, limit: int) -> list[str]:
        """See `graphmem.store.Store.ids_beginning`."""
        with self._reading(reader) as snapshot:
            return sqlite.id_prefixes.ids_beginning(snapshot, reader, prefix, limit)

    def guarding(self, reader: Scope, terms: Sequence[str], *, limit: int) -> list[str]:
        """See `graphmem.store.Store.guarding`."""
        with self._reading(reader) as snapshot:
            return guard_terms.guarding(snapshot, reader, terms, limit)

    def guard_terms(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.guard_terms`."""
        with self._reading(reader) as snapshot:
            return guard_terms.every_term(snapshot)

    def guiding(self, reader: Scope, names: Sequence[str]) -> list[str]:
        """See `graphmem.store.Store.guiding`."""
        with self._reading(reader) as snapshot:
            return guiding_memories.guiding(snapshot, reader, names)

    def repositories(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.repositories`."""
        with self._reading(reader) as snapshot:
            return sqlite.id_prefixes.repositories(snapshot, reader)

    def sources(self, reader: Scope, *, keys: Sequence[str] = (), memories: Sequence[str] = ()) -> list[SourceRow]:
        """See `graphmem.store.Store.sources`."""
        with self._reading(reader) as snapshot:
            homes = snapshot.admitted(reader)
            numbers = snapshot.numbers(memories)
            return source_keys.sources(snapshot, homes, keys, numbers)

    def without_vector(self, reader: Scope, limit: int) -> list[str]:
        """See `graphmem.store.Store.without_vector`."""
        with self._reading(reader) as snapshot:
            rows = snapshot.connection.execute(_WITHOUT_VECTOR, (*rowid_range(snapshot.tenant), limit))
            return [memory_id for (memory_id,) in rows]

    # ---- keeping

    def export(self, reader: Scope) -> Iterator[str]:
        """See `graphmem.store.Store.export`."""
        with self._reading(reader) as snapshot:
            yield from sqlite.ledger_export.export(snapshot)

    def backup(self, target: Path) -> None:
        """See `graphmem.store.Store.backup`."""
        with self._apart() as connection:
            sqlite.backup.backup(connection, self._path, Path(target).absolute())

    def check(self) -> list[Finding]:
        """See `graphmem.store.Store.check`."""
        with self._apart() as connection:
            return sqlite.file_check.check(connection, sqlite.vectors.dimension_of(connection))

    def info(self, reader: Scope) -> StoreInfo:
        """See `graphmem.store.Store.info`."""
        with self._reading(reader) as snapshot:
            return sqlite.store_totals.store_info(snapshot, self._path, self._files())

    def try_write(self) -> None:
        """Take the write lock and release it; see `graphmem.schema.Schema.try_write`."""
        with self._writing():
            pass

    def close(self) -> None:
        """See `graphmem.store.Store.close`."""
        if self._is_closed:
            return
        self._is_closed = True
        self._caches.forget()
        self._cleaner.close()
        try:
            self._close_connections()
        finally:
            if self._lock is not None:
                release_file(self._lock.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- inside

    def _prepare(self, *, create: bool) -> None:
        is_missing = not self._path.exists() or not self._path.stat().st_size
        if create and is_missing:
            with self._write_lock():
                if not self._path.exists() or not self._path.stat().st_size:
                    self._refuse_lost_log(0, self._mark)
                    migrations.make(self._path)
        migrations.refuse_foreign_file(self._path)
        with self._connections.reading() as connection:
            version = migrations.version_of(connection)
        if version != migrations.SCHEMA_VERSION:
            with self._write_lock(), translated(self._path):
                migrations.migrate(self._connections.writer())
        # Read the mark first: other processes may write while this store opens.
        mark = self._mark
        with self._connections.reading() as connection:
            self._refuse_lost_log(_writes(connection), mark)
            holds_erased = meta_table.holds_erased(connection)
        if holds_erased and self._lock is not None:
            self._forget_erased(0)

    @property
    def _mark(self) -> int:
        return 0 if self._lock is None else self._lock.mark

    def _refuse_lost_log(self, writes: int, mark: int) -> None:
        if self._lock is not None and writes < mark:
            raise CorruptStore(
                f"{str(self._path)!r} has {writes} changes of {mark} that were written: its log was damaged or lost."
                f" Restore it from a backup; if an older copy was put back on purpose, remove {str(self._lock.path)!r}"
            )

    def _write_lock(self, timeout_s: float | None = None) -> WriteLock:
        if self._lock is None:
            raise StoreUnavailable(f"{str(self._path)!r} cannot be written: make its folder writable for this user")
        return WriteLock(self._lock, self._lock_timeout_s if timeout_s is None else timeout_s)

    @contextmanager
    def _writing(self) -> Iterator[tuple[apsw.Connection, WriteLock]]:
        self._connections.refuse_closed()
        with self._write_lock() as write_lock, self._connections.writing() as connection:
            yield connection, write_lock

    @contextmanager
    def _reading(self, reader: Scope) -> Iterator[Snapshot]:
        try:
            with self._connections.reading() as connection:
                yield Snapshot.of(connection, reader.tenant, self._caches.rows_cache)
        finally:
            self._cleaner.finish_after_read()

    @contextmanager
    def _apart(self) -> Iterator[apsw.Connection]:
        try:
            with self._connections.apart() as connection:
                yield connection
        finally:
            self._cleaner.finish_after_read()

    def _forget_erased(self, timeout_s: float) -> None:
        """Remove erased content from the caches and the log; from the log later if a reader needs it for longer."""
        self._caches.forget()
        self._cleaner.clear(timeout_s)

    def _close_connections(self) -> None:
        try:
            with self._write_lock(_CLOSING_TIMEOUT_S) as write_lock:
                self._cleaner.clear_within(write_lock)
                self._connections.close(checkpoint=True)
        except StoreUnavailable:
            self._connections.close(checkpoint=False)

    def _files(self) -> tuple[Path, ...]:
        return (self._path, Path(f"{self._path}-wal"), Path(f"{self._path}-shm"))


def _writes(connection: apsw.Connection) -> int:
    return int(str(connection.execute(_WRITES).get))

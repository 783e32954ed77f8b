"""Connections to one database file, and what SQLite's errors mean."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import apsw.sqlite_extra

from graphmem.adapters.sqlite.segments import DamagedSegment
from graphmem.adapters.sqlite.values import DamagedRow
from graphmem.deadline import deadline
from graphmem.errors import CorruptStore, GraphMemError, InvalidInput, StoreUnavailable, Unsupported

#: Marks a file as ours: "grmm".
APPLICATION_ID = 0x67726D6D
SET_APPLICATION = "PRAGMA application_id = 1735552365"
#: Bytes at the end of each page that hold its checksum.
CHECKSUM_BYTES = 8

_CHECKSUMS = "cksumvfs"
VFS = "cksmvfs"
BUSY_MS = 5_000
#: So many steps of a statement, some 50 ms, go by between two looks at the clock.
_STEPS = 500_000
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "lustre"})

_SETTINGS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA wal_autocheckpoint = 2000",
)
#: Of a new file: a page holds five vectors of 384 dimensions, where one of 4 KiB holds two.
_NEW_PAGES = "PRAGMA page_size = 8192"
#: The first thing that reads the file: what is wrong with it shows here.
_LOOK = "PRAGMA schema_version"
_LOG = "PRAGMA journal_mode = WAL"
_READ_ONLY = "PRAGMA query_only = ON"
_READER_CACHE = "PRAGMA cache_size = -16384"
_WRITER_CACHE = "PRAGMA cache_size = -65536"

_guard = threading.Lock()
_is_loaded = False


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system raise into graphmem's errors."""
    try:
        yield
    except apsw.Error as exc:
        raise _error(path, exc) from exc
    except UnicodeEncodeError as exc:
        raise InvalidInput(f"{exc.object[:80]!r} holds half of a surrogate pair, which is no text") from exc
    except OverflowError as exc:
        raise InvalidInput(f"a number is too large to store ({exc}); use less than 2^63") from exc
    except (json.JSONDecodeError, DamagedRow, DamagedSegment) as exc:
        raise CorruptStore(f"{str(path)!r} is damaged ({exc}): restore it from a backup or an export") from exc
    except OSError as exc:
        raise StoreUnavailable(f"{str(path)!r} cannot be used: {exc.strerror or exc}") from exc


def _error(path: Path, exc: apsw.Error) -> GraphMemError:
    name = str(path)
    if isinstance(exc, apsw.CorruptError | apsw.NotADBError) or _is_bad_checksum(exc):
        return CorruptStore(f"{name!r} is damaged ({exc}): restore it from a backup or an export")
    if isinstance(exc, apsw.BusyError | apsw.LockedError):
        return StoreUnavailable(f"{name!r} is in use by a program that does not let go ({exc}); try again")
    if isinstance(exc, apsw.InterruptError):
        return late(path)
    if isinstance(exc, apsw.FullError):
        return StoreUnavailable(f"{name!r} cannot be written: the disk is full; free some space, then try again")
    if isinstance(exc, apsw.ReadOnlyError | apsw.PermissionsError):
        return StoreUnavailable(f"{name!r} cannot be written: make the file and its folder writable for this user")
    if isinstance(exc, apsw.CantOpenError | apsw.IOError):
        return StoreUnavailable(f"{name!r} cannot be opened, read or written ({exc}): look at the disk and permissions")
    if isinstance(exc, apsw.SQLError):
        return CorruptStore(f"{name!r} does not have its own schema ({exc}): restore it from a backup or an export")
    return StoreUnavailable(f"{name!r} failed ({exc})")


def late(path: Path) -> StoreUnavailable:
    """What is raised when nobody waits for an answer any more."""
    return StoreUnavailable(f"{str(path)!r} was not read to the end in time; try again later, or ask for less")


def _is_bad_checksum(exc: apsw.Error) -> bool:
    return getattr(exc, "extendedresult", 0) in (apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_CORRUPTFS)


def load_checksums() -> None:
    """Make the VFS known that checks each page as it is read.

    Raises:
        Unsupported: The installed APSW comes without it.
    """
    global _is_loaded  # noqa: PLW0603 - a VFS is registered once per process
    with _guard:
        if _is_loaded:
            return
        if apsw.sqlite_extra.has(_CHECKSUMS) is None:
            raise Unsupported(
                "this build of apsw lacks 'cksumvfs'; install the wheel: pip install --force-reinstall apsw"
            )
        default = apsw.vfs_names()[0]
        memory = apsw.Connection(":memory:")
        apsw.sqlite_extra.load(memory, _CHECKSUMS)
        memory.close()
        # Loading made it the default of the whole process, which is not ours to change.
        apsw.set_default_vfs(default)
        _is_loaded = True


def refuse_network_file_system(path: Path) -> None:
    """A log shared over a network loses writes.

    Raises:
        Unsupported: The path is on one.
    """
    kind = file_system(path)
    if kind in _NETWORK:
        raise Unsupported(f"{str(path)!r} is on a network file system ({kind}): keep the store on a local disk")


def file_system(path: Path) -> str | None:
    """The kind of file system that a path is on, as Linux names it; None where that is not known."""
    return mount_of(path)[1] or None


def mount_of(path: Path) -> tuple[str, str]:
    """The mount point that a path is on or under, and its kind of file system; two empty texts where not known."""
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return "", ""
    target, best = os.path.realpath(path), ("", "")
    for line in mounts:
        _, point, kind, *_ = line.split(" ")
        point = point.encode().decode("unicode_escape") if "\\" in point else point
        if (target + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind)
    return best


def connect(path: Path, *, is_writer: bool, create: bool = False) -> apsw.Connection:
    """A connection that checks every page it reads; a new file gets checksums from its first page on."""
    load_checksums()
    connection = _opened(path, is_writer=is_writer, create=create)
    for pragma in (*_SETTINGS, *((_LOG, _WRITER_CACHE) if is_writer else (_READER_CACHE, _READ_ONLY))):
        connection.execute(pragma).fetchall()
    return connection


def _opened(path: Path, *, is_writer: bool, create: bool) -> apsw.Connection:
    if create:
        connection = _configured(str(path), apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        connection.execute(_NEW_PAGES)
        connection.reserve_bytes(reserve=CHECKSUM_BYTES)
        return connection
    try:
        connection = _configured(str(path), apsw.SQLITE_OPEN_READWRITE)
        connection.execute(_LOOK).fetchall()
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        if is_writer or not is_at_rest(path):
            raise
        # In a folder where no log can be made, a file without one can still be read as it lies there.
        return _configured(f"{path.as_uri()}?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    return connection


def _configured(name: str, flags: int) -> apsw.Connection:
    connection = apsw.Connection(name, flags=flags, vfs=VFS, statementcachesize=200)
    connection.set_busy_timeout(BUSY_MS)
    # Only `close` checkpoints, under the lock: a connection that goes away for another reason leaves the log alone.
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    return connection


def is_at_rest(path: Path) -> bool:
    """Whether all that was written is in the file itself."""
    log = Path(f"{path}-wal")
    return path.exists() and (not log.exists() or not log.stat().st_size)


class Connections:
    """Open connections of one store: one writer, and a reader for each thread that reads at the moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pid = os.getpid()
        self._idle: list[apsw.Connection] = []
        self._all: list[apsw.Connection] = []
        self._writer: apsw.Connection | None = None
        self._is_closed = False

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection in a read transaction: everything read from it is of one moment."""
        until = deadline()
        if time.monotonic() >= until:
            raise late(self.path)
        with translated(self.path):
            connection = self._borrow()
            try:
                if until < math.inf:
                    connection.set_progress_handler(lambda: time.monotonic() >= until, _STEPS)
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.set_progress_handler(None)
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """The writer in a write transaction, committed at the end unless something is raised; needs the turn."""
        with translated(self.path):
            connection = self.writer()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def apart(self) -> Iterator[apsw.Connection]:
        """A fresh connection in a read transaction of its own, closed afterwards.

        What takes long keeps no connection from others, and sees nothing that another one has cached.
        """
        with translated(self.path):
            self.refuse_closed()
            connection = connect(self.path, is_writer=False)
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.close()

    def writer(self) -> apsw.Connection:
        """The connection that writes; only for who holds the turn."""
        self.refuse_closed()
        if self._writer is None:
            self._writer = connect(self.path, is_writer=True)
            self._all.append(self._writer)
        return self._writer

    def close(self, *, checkpoint: bool) -> None:
        """Close all; with a checkpoint, only for who holds the turn."""
        self._is_closed = True
        if self._pid != os.getpid():
            return  # A forked child must not touch its parent's files.
        with translated(self.path):
            for connection in self._all:
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0 if checkpoint else 1)
                connection.close()
        self._all.clear()

    def _borrow(self) -> apsw.Connection:
        self.refuse_closed()
        try:
            return self._idle.pop()
        except IndexError:
            connection = connect(self.path, is_writer=False)
            self._all.append(connection)
            return connection

    @property
    def is_ours(self) -> bool:
        """Whether this process opened them, and not one that it was forked from."""
        return self._pid == os.getpid()

    def refuse_closed(self) -> None:
        """Raise unless the store is open in this process."""
        if self._pid != os.getpid():
            raise StoreUnavailable(f"{str(self.path)!r} was opened before this process was forked; open it again")
        if self._is_closed:
            raise StoreUnavailable(f"{str(self.path)!r} was closed; open it again")

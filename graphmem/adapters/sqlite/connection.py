"""Connections to a database file, and the translation of SQLite's errors."""

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

from graphmem.adapters.sqlite.packed_segment import DamagedSegment
from graphmem.adapters.sqlite.values import DamagedRow
from graphmem.deadline import deadline
from graphmem.errors import CorruptStore, GraphMemError, InvalidInput, StoreUnavailable, Unsupported

#: Identifies a graphmem file: "grmm".
APPLICATION_ID = 0x67726D6D
SET_APPLICATION = "PRAGMA application_id = 1735552365"
#: Size of the checksum at the end of each page.
CHECKSUM_BYTES = 8

_CHECKSUMS = "cksumvfs"
VFS = "cksmvfs"
_EXTRAS, _ENDINGS = Path(apsw.__file__).parent / "sqlite_extra_binaries", (".so", ".dylib", ".dll")
BUSY_MS = 5_000
#: Virtual machine steps between two checks of the deadline: some 50 ms.
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
#: For new files: an 8 KiB page holds five vectors of 384 dimensions, a 4 KiB page two.
_NEW_PAGES = "PRAGMA page_size = 8192"
#: The first read of the file: SQLite reports a damaged or foreign file here.
_LOOK = "PRAGMA schema_version"
_LOG = "PRAGMA journal_mode = WAL"
_READ_ONLY = "PRAGMA query_only = ON"
_READER_CACHE = "PRAGMA cache_size = -16384"
_WRITER_CACHE = "PRAGMA cache_size = -65536"

_guard = threading.Lock()
_is_loaded = False


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise errors of SQLite and the file system as graphmem's errors."""
    try:
        yield
    except apsw.Error as exc:
        raise _error(path, exc) from exc
    except UnicodeEncodeError as exc:
        raise InvalidInput(
            f"{exc.object[:80]!r} is not valid UTF-8 text: it has an unpaired surrogate; decode the input again"
        ) from exc
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
    """Return the error for a read that passed its deadline."""
    return StoreUnavailable(f"{str(path)!r}: the read did not finish in time; try again later, or request less")


def _is_bad_checksum(exc: apsw.Error) -> bool:
    return getattr(exc, "extendedresult", 0) in (apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_CORRUPTFS)


def load_checksums() -> None:
    """Register the VFS that verifies the checksum of each page as it is read.

    Raises:
        Unsupported: The installed APSW was built without it.
    """
    global _is_loaded  # noqa: PLW0603 - a VFS is registered once per process
    with _guard:
        if _is_loaded:
            return
        # `apsw.sqlite_extra` finds it too, and imports half of `importlib` to do so.
        file = next(
            (_EXTRAS / f"{_CHECKSUMS}{end}" for end in _ENDINGS if (_EXTRAS / f"{_CHECKSUMS}{end}").is_file()), None
        )
        if file is None:
            raise Unsupported(
                "this build of apsw lacks 'cksumvfs'; install the wheel: pip install --force-reinstall apsw"
            )
        default = apsw.vfs_names()[0]
        memory = apsw.Connection(":memory:")
        memory.config(apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1)
        memory.load_extension(str(file))
        memory.close()
        # Loading makes it the default of the whole process; restore the previous default.
        apsw.set_default_vfs(default)
        _is_loaded = True


def refuse_network_file_system(path: Path) -> None:
    """Refuse a path on a network file system: SQLite's log loses writes there.

    Raises:
        Unsupported: The path is on a network file system.
    """
    kind = file_system(path)
    if kind in _NETWORK:
        raise Unsupported(f"{str(path)!r} is on a network file system ({kind}): keep the store on a local disk")


def file_system(path: Path) -> str | None:
    """Return the file system type of a path as Linux names it; None where `/proc/mounts` cannot be read."""
    return mount_of(path)[1] or None


def mount_of(path: Path) -> tuple[str, str]:
    """Return the mount point of a path and its file system type; two empty strings where that is unknown."""
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
    """Open a connection that verifies the checksum of each page it reads; a new file gets checksums from page 1 on."""
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
        # The folder is read-only, so no log can be created; a file without a log can be read as immutable.
        return _configured(f"{path.as_uri()}?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    return connection


def _configured(name: str, flags: int) -> apsw.Connection:
    connection = apsw.Connection(name, flags=flags, vfs=VFS, statementcachesize=200)
    connection.set_busy_timeout(BUSY_MS)
    # Only `close` checkpoints, under the write lock; any other closing connection leaves the log as it is.
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    return connection


def is_at_rest(path: Path) -> bool:
    """Return whether the file exists and its log is empty, so that the file alone holds every commit."""
    log = Path(f"{path}-wal")
    return path.exists() and (not log.exists() or not log.stat().st_size)


class Connections:
    """Open connections of a store: a writer, and a reader for each thread that is reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pid = os.getpid()
        self._idle: list[apsw.Connection] = []
        self._all: list[apsw.Connection] = []
        self._writer: apsw.Connection | None = None
        self._is_closed = False

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Yield a connection in a read transaction: all reads see the same snapshot."""
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
        """Yield the writer in a transaction, committed unless the body raises; the caller holds the write lock."""
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
        """Yield a new connection in its own read transaction, closed afterwards.

        Long reads use it: they keep no connection from other threads, and read pages from the file instead of a warm
        cache.
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
        """Return the connection that writes; the caller holds the write lock."""
        self.refuse_closed()
        if self._writer is None:
            self._writer = connect(self.path, is_writer=True)
            self._all.append(self._writer)
        return self._writer

    def close(self, *, checkpoint: bool) -> None:
        """Close all connections; a checkpoint needs the write lock."""
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
        """True if this process opened the connections, and not the parent that it was forked from."""
        return self._pid == os.getpid()

    def refuse_closed(self) -> None:
        """Raise StoreUnavailable unless the store is open in this process."""
        if self._pid != os.getpid():
            raise StoreUnavailable(f"{str(self.path)!r} was opened before this process was forked; open it again")
        if self._is_closed:
            raise StoreUnavailable(f"{str(self.path)!r} was closed; open it again")

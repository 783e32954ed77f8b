"""Online backup: a consistent copy of a whole file, checked before it is renamed to its final name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from graphmem.adapters.sqlite.connection import CHECKSUM_BYTES, SET_APPLICATION, VFS, translated
from graphmem.drafts import drafted
from graphmem.errors import CorruptStore, InvalidInput

# No other process opens a draft, and the target's file system may support neither locks nor shared memory.
_ALONE, _AT_REST = "nolock=1", "immutable=1"
_PAGES_A_STEP = 4_096
_TOUCH = "SELECT count(*) FROM meta"
# A draft is discarded if any step fails, and synced before it is renamed.
_UNSAFE = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF")
_IS_SOUND_PAGE = "SELECT verify_checksum(?)"
_PAGE_SIZE = "PRAGMA page_size"
#: Files of earlier releases have 4 KiB pages.
_SET_PAGE_SIZE = {4_096: "PRAGMA page_size = 4096", 8_192: "PRAGMA page_size = 8192"}
_STRUCTURE = "PRAGMA integrity_check(3)"
_CONTENT = (
    "SELECT key, value FROM meta ORDER BY key",
    "SELECT number, name, seq, head, documents, tokens, vectors FROM tenant ORDER BY number",
    "SELECT count(*), max(place) FROM entry",
    "SELECT count(*), max(number) FROM memory",
)
#: Extended result codes of failed writes: the fault is in the copy, not in the store.
_WRITE_FAULTS = frozenset(
    {apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_TRUNCATE, apsw.SQLITE_IOERR_CLOSE}
)


def backup(connection: apsw.Connection, source: Path, target: Path) -> None:
    """Copy the snapshot of a read transaction to a new private file; on any error the target does not exist.

    Raises:
        InvalidInput: The target exists.
        StoreUnavailable: The target cannot be written.
        CorruptStore: The copy failed its check and was removed.
    """
    connection.execute(_TOUCH).fetchall()  # Pins the snapshot that is copied.
    try:
        if os.path.lexists(target):
            raise FileExistsError  # noqa: TRY301 - handled as when the file appears during the copy
        with translated(target), drafted(target, replaces=False, noted_in=source.parent) as draft:
            with translated(source), _writes_of(target):
                _copy(connection, draft)
            _check(connection, draft, source)
    except FileExistsError as exc:
        raise InvalidInput(f"{str(target)!r} exists; name a file that does not") from exc


def _copy(connection: apsw.Connection, draft: Path) -> None:
    with closing(_opened(draft, _ALONE, apsw.SQLITE_OPEN_READWRITE)) as copy:
        copy.execute(_SET_PAGE_SIZE[int(str(connection.execute(_PAGE_SIZE).get))])
        copy.reserve_bytes(reserve=CHECKSUM_BYTES)
        for pragma in _UNSAFE:
            copy.execute(pragma).fetchall()
        # The VFS writes checksums only after it has seen a first page that declares them, and SQLite writes that page
        # of a copy last: without this write, a copy with more pages than the cache holds would have pages without
        # checksums.
        copy.execute(SET_APPLICATION)
        with copy.backup("main", connection, "main") as running:
            while not running.done:
                running.step(_PAGES_A_STEP)


def _opened(draft: Path, mode: str, flags: int) -> apsw.Connection:
    return apsw.Connection(f"{draft.as_uri()}?{mode}", flags=flags | apsw.SQLITE_OPEN_URI, vfs=VFS)


def _check(connection: apsw.Connection, draft: Path, source: Path) -> None:
    """Verify every page of the copy, and compare its totals with the store's."""
    try:
        fault = next(_faults(connection, draft), None)
    except CorruptStore as exc:
        fault = str(exc)
    if fault is not None:
        raise CorruptStore(
            f"the copy of {str(source)!r} failed its check ({fault}) and was removed; check the disks, and run"
            " `graphmem check` on the store"
        )


def _faults(connection: apsw.Connection, draft: Path) -> Iterator[str]:
    with translated(draft), closing(_opened(draft, _AT_REST, apsw.SQLITE_OPEN_READONLY)) as copy:
        for number in _bad_pages(copy, draft):
            yield f"page {number} has a wrong checksum"
        for (message,) in copy.execute(_STRUCTURE):
            if message != "ok":
                yield str(message)
        for query in _CONTENT:
            if copy.execute(query).fetchall() != connection.execute(query).fetchall():
                yield "its row counts differ from the store's"


def _bad_pages(copy: apsw.Connection, draft: Path) -> Iterator[int]:
    """Yield the numbers of pages whose checksum is wrong, free pages included: no query reads those."""
    size, number = int(str(copy.execute(_PAGE_SIZE).get)), 0
    with draft.open("rb") as file:
        while page := file.read(size):
            number += 1
            if copy.execute(_IS_SOUND_PAGE, (page,)).get != 1:
                yield number


@contextmanager
def _writes_of(target: Path) -> Iterator[None]:
    """Report failed writes as errors of the target."""
    try:
        yield
    except apsw.Error as exc:
        if isinstance(exc, apsw.FullError) or getattr(exc, "extendedresult", 0) in _WRITE_FAULTS:
            with translated(target):
                raise
        raise

"""A consistent copy of a whole file, opened and checked before it takes its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from graphmem.adapters.sqlite.connection import CHECKSUM_BYTES, SET_APPLICATION, VFS, translated
from graphmem.drafts import drafted
from graphmem.errors import CorruptStore, InvalidInput

# Nobody else opens a draft, and where a backup is put there need not be locks or shared memory.
_ALONE, _AT_REST = "nolock=1", "immutable=1"
_PAGES_A_STEP = 4_096
_TOUCH = "SELECT count(*) FROM meta"
# A draft is thrown away whole if anything fails, and synced before it takes its name.
_UNSAFE = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF")
_IS_SOUND_PAGE = "SELECT verify_checksum(?)"
_PAGE_SIZE = "PRAGMA page_size"
#: Files of earlier releases have pages of 4 KiB.
_SET_PAGE_SIZE = {4_096: "PRAGMA page_size = 4096", 8_192: "PRAGMA page_size = 8192"}
_STRUCTURE = "PRAGMA integrity_check(3)"
_CONTENT = (
    "SELECT key, value FROM meta ORDER BY key",
    "SELECT number, name, seq, head, documents, tokens, vectors FROM tenant ORDER BY number",
    "SELECT count(*), max(place) FROM entry",
    "SELECT count(*), max(number) FROM memory",
)
#: Results of writing, as told from those of reading: they are of the copy, not of the store.
_WRITE_FAULTS = frozenset(
    {apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_TRUNCATE, apsw.SQLITE_IOERR_CLOSE}
)


def backup(connection: apsw.Connection, source: Path, target: Path) -> None:
    """Copy what a read transaction sees to a new private file: whole and checked, or not there at all.

    Raises:
        InvalidInput: The target exists.
        StoreUnavailable: The target cannot be written.
        CorruptStore: The copy is not sound; it is not kept.
    """
    connection.execute(_TOUCH).fetchall()  # Pins the state that is copied.
    try:
        if os.path.lexists(target):
            raise FileExistsError  # noqa: TRY301 - as if it had come to be meanwhile
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
        # The VFS writes checksums from the moment on when it has seen the first page say that there are any, and SQLite
        # writes that page of a copy last: a copy of more pages than the cache holds would have others without.
        copy.execute(SET_APPLICATION)
        with copy.backup("main", connection, "main") as running:
            while not running.done:
                running.step(_PAGES_A_STEP)


def _opened(draft: Path, how: str, flags: int) -> apsw.Connection:
    return apsw.Connection(f"{draft.as_uri()}?{how}", flags=flags | apsw.SQLITE_OPEN_URI, vfs=VFS)


def _check(connection: apsw.Connection, draft: Path, source: Path) -> None:
    """Read every page of the copy, and compare what both say of themselves."""
    try:
        fault = next(_faults(connection, draft), None)
    except CorruptStore as exc:
        fault = str(exc)
    if fault is not None:
        raise CorruptStore(
            f"the copy of {str(source)!r} is not sound ({fault}) and was not kept; look at the disks, and run"
            " `graphmem check` on the store"
        )


def _faults(connection: apsw.Connection, draft: Path) -> Iterator[str]:
    with translated(draft), closing(_opened(draft, _AT_REST, apsw.SQLITE_OPEN_READONLY)) as copy:
        for number in _bad_pages(copy, draft):
            yield f"page {number} has a wrong checksum"
        for (told,) in copy.execute(_STRUCTURE):
            if told != "ok":
                yield str(told)
        for question in _CONTENT:
            if copy.execute(question).fetchall() != connection.execute(question).fetchall():
                yield "it does not hold what the store does"


def _bad_pages(copy: apsw.Connection, draft: Path) -> Iterator[int]:
    """Numbers of pages whose checksum is wrong; free ones count too, which no query would read."""
    size, number = int(str(copy.execute(_PAGE_SIZE).get)), 0
    with draft.open("rb") as file:
        while page := file.read(size):
            number += 1
            if copy.execute(_IS_SOUND_PAGE, (page,)).get != 1:
                yield number


@contextmanager
def _writes_of(target: Path) -> Iterator[None]:
    """Faults of writing are those of the target."""
    try:
        yield
    except apsw.Error as exc:
        if isinstance(exc, apsw.FullError) or getattr(exc, "extendedresult", 0) in _WRITE_FAULTS:
            with translated(target):
                raise
        raise

"""A consistent copy of a whole file."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import apsw

from graphmem.adapters.sqlite.connection import CHECKSUM_BYTES, VFS
from graphmem.errors import InvalidInput

_PAGES_A_STEP = 4_096
_TOUCH = "SELECT count(*) FROM meta"


def backup(connection: apsw.Connection, target: Path) -> None:
    """Copy what a read transaction sees to a new file: whole, or not there at all."""
    if target.exists():
        raise InvalidInput(f"{str(target)!r} exists; name a file that does not")
    draft = target.with_name(f"{target.name}.{uuid4().hex}.new")
    connection.execute(_TOUCH).fetchall()  # Pins the state that is copied.
    try:
        copy = apsw.Connection(str(draft), vfs=VFS)
        copy.reserve_bytes(reserve=CHECKSUM_BYTES)
        with copy.backup("main", connection, "main") as running:
            while not running.done:
                running.step(_PAGES_A_STEP)
        copy.close()
        draft.replace(target)
    finally:
        for left in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm"), Path(f"{draft}-journal")):
            left.unlink(missing_ok=True)

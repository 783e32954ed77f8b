"""An empty store, made by migration once for each process and copied for each test; the file is the same each time."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path


def place_empty_store(path: Path) -> Path:
    """Put an empty store at a path where none exists.

    Returns:
        The path.
    """
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_template())
    return path


@cache
def _template() -> bytes:
    from graphmem.adapters.sqlite import SQLiteStore

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graphmem.db")
        SQLiteStore.open(path, create=True).close()
        assert not any(one.stat().st_size for one in path.parent.glob("*-wal")), "all is in the file"
        return path.read_bytes()

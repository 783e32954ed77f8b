"""The embedded store: one SQLite file, any number of threads and processes."""

from graphmem.adapters.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]

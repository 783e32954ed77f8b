"""The embedded store: one SQLite file, any number of threads and processes."""

from importlib import import_module

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from graphmem.adapters.sqlite import (
        backup,
        file_check,
        id_prefixes,
        ledger_export,
        store_totals,
        vectors,
        write_batch,
    )
    from graphmem.adapters.sqlite.store import SQLiteStore

__all__ = [
    "SQLiteStore",
    "backup",
    "file_check",
    "id_prefixes",
    "ledger_export",
    "store_totals",
    "vectors",
    "write_batch",
]


def __getattr__(name: str) -> object:
    """The store, and the modules that a process which only reads seldom uses, each imported when it is first used."""
    if name == "SQLiteStore":
        return import_module("graphmem.adapters.sqlite.store").SQLiteStore
    if name in __all__:
        return import_module(f"graphmem.adapters.sqlite.{name}")
    raise AttributeError(f"module 'graphmem.adapters.sqlite' has no attribute {name!r}")

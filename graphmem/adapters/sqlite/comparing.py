"""How far a file's schema is, and how it differs from what the migrations make."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import apsw

from graphmem.adapters.schema_files import schema_text
from graphmem.adapters.sqlite.connection import Connections, translated
from graphmem.adapters.sqlite.schema import (
    MIGRATIONS,
    SCHEMA_VERSION,
    add_functions,
    refuse_foreign_file,
    version_of,
)
from graphmem.adapters.sqlite.store import SQLiteStore
from graphmem.schema import Drift, SchemaDifference, SchemaState

# A table, an index; what SQLite makes for itself has no text of its own.
_RULES = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"


class SQLiteSchema:
    """The schema of one file; see `graphmem.schema.Schema`."""

    makes_missing = False

    def __init__(self, path: str | Path, *, lock_timeout_s: float = 30.0) -> None:
        self._path = Path(os.path.realpath(path))
        self._lock_timeout_s = lock_timeout_s
        with translated(self._path):
            refuse_foreign_file(self._path)
        self._connections = Connections(self._path)

    def close(self) -> None:
        """Let go of the file."""
        self._connections.close(checkpoint=False)

    def status(self) -> SchemaState:
        """See `graphmem.schema.Schema.status`."""
        with self._connections.reading() as connection:
            version = version_of(connection)
        return SchemaState(version, SCHEMA_VERSION, MIGRATIONS[version:])

    def apply(self) -> SchemaState:
        """See `graphmem.schema.Schema.apply`; opening a store does the same."""
        SQLiteStore.open(self._path, create=False).close()
        return self.status()

    def try_write(self) -> None:
        """See `graphmem.schema.Schema.try_write`."""
        with SQLiteStore.open(self._path, create=False, lock_timeout_s=self._lock_timeout_s) as store:
            store.try_write()

    def diff(self) -> list[SchemaDifference]:
        """See `graphmem.schema.Schema.diff`."""
        with self._connections.reading() as connection:
            found, version = _rules(connection), version_of(connection)
        return [*_versions(version), *_compared(found, _wanted())]


def _versions(version: int) -> Iterator[SchemaDifference]:
    for name in MIGRATIONS[version:]:
        yield SchemaDifference(Drift.PENDING, name, "not applied yet")
    if version > SCHEMA_VERSION:
        what = f"the file has version {version}, this release knows {SCHEMA_VERSION}"
        yield SchemaDifference(Drift.NEWER, str(version), what)


def _compared(found: dict[str, str], wanted: dict[str, str]) -> Iterator[SchemaDifference]:
    for name, text in wanted.items():
        if name not in found:
            yield SchemaDifference(Drift.MISSING, name, text)
        elif found[name] != text:
            yield SchemaDifference(Drift.ALTERED, name, f"{found[name]}, not {text}")
    for name in found.keys() - wanted.keys():
        yield SchemaDifference(Drift.EXTRA, name, found[name])


def _wanted() -> dict[str, str]:
    connection = apsw.Connection(":memory:")
    try:
        add_functions(connection)
        for name in MIGRATIONS:
            connection.execute(schema_text(name)).fetchall()
        return _rules(connection)
    finally:
        connection.close()


def _rules(connection: apsw.Connection) -> dict[str, str]:
    return {str(name): " ".join(str(text).split()) for name, text in connection.execute(_RULES)}

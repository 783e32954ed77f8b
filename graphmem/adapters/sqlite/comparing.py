"""Compares the schema of a file with the one that the migrations create."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
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
from graphmem.errors import Unsupported
from graphmem.schema import Drift, SchemaDifference, SchemaState, VectorIndex
from graphmem.store import Progress, silent

# Tables and indexes; those that SQLite creates itself have no SQL.
_RULES = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"


class SQLiteSchema:
    """The schema of a file; see `graphmem.schema.Schema`."""

    def __init__(self, path: str | Path, *, lock_timeout_s: float = 30.0) -> None:
        self._path = Path(os.path.realpath(path))
        self._lock_timeout_s = lock_timeout_s
        with translated(self._path):
            refuse_foreign_file(self._path)
        self._connections = Connections(self._path)

    def close(self) -> None:
        """Close the file."""
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

    def index_vectors(self, progress: Progress = silent) -> Mapping[str, VectorIndex]:
        """Raises Unsupported: the embedded store compares vectors exactly at every size."""
        del progress
        raise Unsupported(f"{str(self._path)!r}: the embedded store compares vectors exactly at every size")

    def drop_vector_index(self) -> None:
        """Does nothing: the embedded store has no vector index."""

    def vector_indexes(self) -> Mapping[str, VectorIndex | None]:
        """Returns an empty mapping: the embedded store has no vector index."""
        return {}

    def try_write(self) -> None:
        """See `graphmem.schema.Schema.try_write`."""
        with SQLiteStore.open(self._path, create=False, lock_timeout_s=self._lock_timeout_s) as store:
            store.try_write()

    def diff(self) -> list[SchemaDifference]:
        """See `graphmem.schema.Schema.diff`."""
        with self._connections.reading() as connection:
            actual, version = _rules(connection), version_of(connection)
        return [*_versions(version), *_compared(actual, _expected_rules())]


def _versions(version: int) -> Iterator[SchemaDifference]:
    for name in MIGRATIONS[version:]:
        yield SchemaDifference(Drift.PENDING, name, "not applied yet")
    if version > SCHEMA_VERSION:
        detail = f"the file has version {version}, newer than {SCHEMA_VERSION} of this release"
        yield SchemaDifference(Drift.NEWER, str(version), detail)


def _compared(actual: dict[str, str], expected: dict[str, str]) -> Iterator[SchemaDifference]:
    for name, text in expected.items():
        if name not in actual:
            yield SchemaDifference(Drift.MISSING, name, text)
        elif actual[name] != text:
            yield SchemaDifference(Drift.ALTERED, name, f"{actual[name]}, not {text}")
    for name in actual.keys() - expected.keys():
        yield SchemaDifference(Drift.EXTRA, name, actual[name])


def _expected_rules() -> dict[str, str]:
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

"""The schemas of several databases as one: at the oldest version, with everything pending or differing anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from graphmem.adapters.neo4j.connecting import Login
from graphmem.adapters.neo4j.schema import Neo4jSchema, open_neo4j_schema
from graphmem.adapters.neo4j.sharding import Shards
from graphmem.schema import SchemaDifference, SchemaState, VectorIndex
from graphmem.store import Progress, silent


def open_routed_schema(path: Path, logins: Callable[[str], Login], *, patience_s: float) -> RoutedSchema:
    """The schema of all shards that a file names, each on a connection of its own.

    Raises:
        NotFound: No such file.
        InvalidInput: It is no rule of shards.
    """
    places = Shards.read(path).addresses
    return RoutedSchema(
        {name: open_neo4j_schema(place.url, logins(name), patience_s=patience_s) for name, place in places.items()}
    )


class RoutedSchema:
    """See `graphmem.schema.Schema`; what is pending or differs carries its shard's name.

    Args:
        schemas: By the name of their shard.
    """

    makes_missing = True

    def __init__(self, schemas: Mapping[str, Neo4jSchema]) -> None:
        self._schemas = schemas

    def close(self) -> None:
        """End every connection."""
        for schema in self._schemas.values():
            schema.close()

    def status(self) -> SchemaState:
        """See `graphmem.schema.Schema.status`."""
        states = {name: schema.status() for name, schema in self._schemas.items()}
        oldest = min(states.values(), key=lambda state: state.version)
        pending = tuple(f"{name}: {step}" for name, state in states.items() for step in state.pending)
        return replace(oldest, pending=pending)

    def apply(self) -> SchemaState:
        """See `graphmem.schema.Schema.apply`."""
        for schema in self._schemas.values():
            schema.apply()
        return self.status()

    def index_vectors(self, progress: Progress = silent) -> Mapping[str, VectorIndex]:
        """See `graphmem.schema.IndexedSchema.index_vectors`; progress is told of one shard after the other."""
        return {name: one for name, schema in self._schemas.items() for one in schema.index_vectors(progress).values()}

    def drop_vector_index(self) -> None:
        """See `graphmem.schema.IndexedSchema.drop_vector_index`."""
        for schema in self._schemas.values():
            schema.drop_vector_index()

    def vector_indexes(self) -> Mapping[str, VectorIndex | None]:
        """See `graphmem.schema.IndexedSchema.vector_indexes`."""
        return {name: one for name, schema in self._schemas.items() for one in schema.vector_indexes().values()}

    def try_write(self) -> None:
        """See `graphmem.schema.Schema.try_write`; on every shard."""
        for schema in self._schemas.values():
            schema.try_write()

    def diff(self) -> list[SchemaDifference]:
        """See `graphmem.schema.Schema.diff`."""
        return [
            replace(one, name=f"{name}: {one.name}") for name, schema in self._schemas.items() for one in schema.diff()
        ]

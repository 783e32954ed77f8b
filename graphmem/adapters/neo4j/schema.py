"""Applies numbered migrations of constraints and indexes, and compares the result with the database."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j import content_hashes, guard_terms, search_texts, source_keys, symbol_files, vector_index
from graphmem.adapters.neo4j.compiled_filter import VECTOR_INDEX
from graphmem.adapters.neo4j.graphiti_projection import RULES as PROJECTION_RULES
from graphmem.adapters.schema_files import schema_text
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import CorruptStore, StoreUnavailable, Unsupported
from graphmem.schema import Drift, SchemaDifference, SchemaState, VectorIndex
from graphmem.store import Progress, silent

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.database import Database, Login

MIGRATIONS = (
    "neo4j/0001_initial.cypher",
    "neo4j/0002_state_labels.cypher",
    "neo4j/0003_injective_content.cypher",
    "neo4j/0004_private_counts.cypher",
    "neo4j/0005_terms.cypher",
    "neo4j/0006_source_keys.cypher",
    "neo4j/0007_readings.cypher",
    "neo4j/0008_guard_terms.cypher",
    "neo4j/0009_symbol_files.cypher",
)
SCHEMA_VERSION = len(MIGRATIONS)

_APPLIED = "MATCH (s:GraphmemSchema) RETURN s.version AS version, s.checksum AS checksum ORDER BY version"
_RECORD = """
MERGE (s:GraphmemSchema {version: $p.version})
ON CREATE SET s.name = $p.name, s.checksum = $p.checksum, s.applied_at = datetime()
"""
#: Run in a transaction that is rolled back.
_TRIAL = "CREATE (s:GraphmemSchema)"
_AWAIT = "CALL db.awaitIndexes(600)"
_CONSTRAINTS = "SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties"
_INDEXES = """
SHOW INDEXES YIELD name, type, state, labelsOrTypes, properties, options, owningConstraint
WHERE owningConstraint IS NULL AND type <> 'LOOKUP'
"""

_OURS = "graphmem_"
#: Created only on request: neither missing nor extra.
OPTIONAL = frozenset({VECTOR_INDEX, *PROJECTION_RULES})
_TRIES = 6
#: How long the first attempt of a statement may take.
_LIMIT_S = 45.0
_PAUSE_S = 0.2
_ANALYZER = "fulltext.analyzer"
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_DROP = re.compile(r"DROP (?:CONSTRAINT|INDEX) (\w+)")
_CREATE = re.compile(
    r"CREATE (?P<kind>CONSTRAINT|INDEX|FULLTEXT INDEX) (?P<name>\w+) IF NOT EXISTS FOR \(\w+:(?P<label>\w+)\) "
    r"(?:REQUIRE|ON EACH|ON) (?P<properties>\([^)]*\)|\[[^]]*\]|[\w.]+)(?P<rest>.*)"
)
_PROPERTY = re.compile(r"\w+\.(\w+)")
_ANALYZED = re.compile(r"`fulltext\.analyzer`: '([^']*)'")


@dataclass(frozen=True, slots=True)
class SchemaRule:
    """A constraint or index, in a form comparable between a migration and a server."""

    kind: str
    label: str
    properties: tuple[str, ...]
    analyzer: str | None = None

    def __str__(self) -> str:
        analyzed = f", analyzer {self.analyzer}" if self.analyzer else ""
        return f"{self.kind} on {self.label}({', '.join(self.properties)}){analyzed}"


def statements(text: str) -> list[str]:
    """Return the statements of a migration, each on a single line, without comments."""
    return [" ".join(part.split()) for part in _COMMENT.sub("", text).split(";") if part.strip()]


@cache
def expected_rules() -> Mapping[str, SchemaRule]:
    """Return every constraint and index after all migrations, by name."""
    rules: dict[str, SchemaRule] = {}
    for migration in MIGRATIONS:
        for statement in statements(schema_text(migration)):
            if dropped := _DROP.match(statement):
                rules.pop(dropped[1], None)
            elif created := _CREATE.fullmatch(statement):
                analyzed = _ANALYZED.search(created["rest"])
                properties = tuple(_PROPERTY.findall(created["properties"]))
                kind = _KINDS[created["kind"]]
                rules[created["name"]] = SchemaRule(
                    kind, created["label"], properties, analyzed[1] if analyzed else None
                )
    return rules


_KINDS = {"CONSTRAINT": "uniqueness", "INDEX": "range index", "FULLTEXT INDEX": "fulltext index"}


def open_neo4j_schema(url: str, login: Login, *, patience_s: float) -> Neo4jSchema:
    """Open the schema of the database at a URL on its own connection.

    Raises:
        InvalidInput: The URL names no server, or contains a password.
        StoreUnavailable: The server cannot be reached, or refuses the login.
    """
    from graphmem.adapters.neo4j.database import Address, Database

    database = Database(Address.read(url), login, patience_s=patience_s)
    return Neo4jSchema(database, close=database.close)


class Neo4jSchema:
    """The schema of one database; see `graphmem.schema.Schema`.

    Args:
        database: The database, open.
        close: Closes the connection, if this object owns it.
    """

    makes_missing = True

    def __init__(self, database: Database, close: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._close = close

    def close(self) -> None:
        """Close the connection, if this object owns it."""
        self._close()

    def status(self) -> SchemaState:
        """See `graphmem.schema.Schema.status`."""
        applied = self._applied()
        version = max(applied, default=0)
        pending = tuple(name for number, name in enumerate(MIGRATIONS, 1) if number not in applied)
        return SchemaState(version, SCHEMA_VERSION, pending)

    def ensure(self, *, create: bool) -> int:
        """Return the schema version after bringing the database to this release; a current schema takes one statement.

        Args:
            create: Apply pending migrations instead of raising.

        Raises:
            Unsupported: The schema is newer, was applied from another text, or has pending migrations.
        """
        state = self._checked()
        if state.pending and not create:
            raise Unsupported(
                f"the database has schema {state.version}, this release needs {SCHEMA_VERSION};"
                " run: graphmem schema apply"
            )
        return self.apply().version if state.pending else state.version

    def apply(self) -> SchemaState:
        """See `graphmem.schema.Schema.apply`."""
        state = self._checked()
        is_damaged = any(difference.drift is Drift.MISSING for difference in self._compared())
        for number, name in enumerate(MIGRATIONS, 1):
            if is_damaged or name in state.pending:
                self._migrate(number, name)
        differences = [difference for difference in self._compared() if difference.drift is not Drift.EXTRA]
        if differences:
            rules = "; ".join(f"{rule.name} is {rule.drift.value}: {rule.what}" for rule in differences)
            raise CorruptStore(
                f"the schema cannot be completed: {rules}. Drop the objects in the way, then apply again"
            )
        return self.status()

    def diff(self) -> list[SchemaDifference]:
        """See `graphmem.schema.Schema.diff`."""
        return [*self._migration_differences(), *self._compared()]

    def index_vectors(self, progress: Progress = silent) -> Mapping[str, VectorIndex]:
        """See `graphmem.schema.IndexedSchema.index_vectors`."""
        self._checked()
        return {"": vector_index.switch_on(self._database.for_long_reads(), progress)}

    def drop_vector_index(self) -> None:
        """See `graphmem.schema.IndexedSchema.drop_vector_index`."""
        vector_index.switch_off(self._database.for_long_reads())

    def vector_indexes(self) -> Mapping[str, VectorIndex | None]:
        """See `graphmem.schema.IndexedSchema.vector_indexes`."""
        online = [row["state"] for row in self._database.run_alone(_INDEXES) if row["name"] == VECTOR_INDEX]
        return vector_index.usable(self._database) if online == ["ONLINE"] else {}

    def try_write(self) -> None:
        """See `graphmem.schema.Schema.try_write`."""
        with suppress(_RolledBack):
            self._database.write(_write_and_roll_back)

    def _migrate(self, number: int, name: str) -> None:
        text = schema_text(name)
        for statement in statements(text):
            self._run_with_retries(statement)
        self._run_with_retries(_AWAIT)
        if name.endswith("_injective_content.cypher"):
            content_hashes.recompute(self._database)
        if name.endswith("_terms.cypher"):
            search_texts.recompute(self._database)
        if name.endswith("_source_keys.cypher") and source_keys.extract(self._database):
            search_texts.recompute(self._database)
        if name.endswith("_guard_terms.cypher"):
            guard_terms.write_first_terms(self._database)
        if name.endswith("_symbol_files.cypher"):
            symbol_files.add_file_facets(self._database)
        self._run_with_retries(_RECORD, {"version": number, "name": name, "checksum": _checksum(text)})

    def _run_with_retries(self, statement: str, parameters: dict[str, Any] | None = None) -> None:
        """Run a statement with retries: concurrent migrations can deadlock, and every statement is safe to repeat.

        The server does not notice each deadlock, so an attempt has a time limit, twice that of the last one; the final
        attempt has none.
        """
        for attempt in range(1, _TRIES + 1):
            limit_s = None if attempt == _TRIES else _LIMIT_S * 2 ** (attempt - 1)
            try:
                self._database.run_alone(statement, parameters, limit_s=limit_s)
            except StoreUnavailable:
                if attempt == _TRIES:
                    raise
                time.sleep(_PAUSE_S * attempt)
            else:
                return

    def _applied(self) -> dict[int, str]:
        return {int(row["version"]): str(row["checksum"]) for row in self._database.run_alone(_APPLIED)}

    def _checked(self) -> SchemaState:
        for difference in self._migration_differences():
            if difference.drift is Drift.NEWER:
                raise Unsupported(f"the database's schema is newer: {difference.what}; update graphmem to use it")
            if difference.drift is Drift.ALTERED:
                raise Unsupported(f"{difference.name}: {difference.what}; use the release that applied it")
        return self.status()

    def _migration_differences(self) -> Iterator[SchemaDifference]:
        applied = self._applied()
        for number, name in enumerate(MIGRATIONS, 1):
            if number not in applied:
                yield SchemaDifference(Drift.PENDING, name, "not applied yet")
            elif applied[number] != _checksum(schema_text(name)):
                yield SchemaDifference(Drift.ALTERED, name, "was applied from another text than this release's")
        for number in applied:
            if number > SCHEMA_VERSION:
                text = f"migration {number} was applied, the last of this release is {SCHEMA_VERSION}"
                yield SchemaDifference(Drift.NEWER, str(number), text)

    def _compared(self) -> Iterator[SchemaDifference]:
        actual, rules = dict(self._rules()), expected_rules()
        labels = {rule.label for rule in rules.values()}
        for name, rule in rules.items():
            existing = actual.get(name)
            if existing is None:
                yield SchemaDifference(Drift.MISSING, name, str(rule))
            elif existing != rule:
                yield SchemaDifference(Drift.ALTERED, name, f"{existing}, not {rule}")
        for name, existing in actual.items():
            is_ours = name.startswith(_OURS) or existing.label in labels
            if is_ours and name not in rules and name not in OPTIONAL:
                yield SchemaDifference(Drift.EXTRA, name, str(existing))

    def _rules(self) -> Iterator[tuple[str, SchemaRule]]:
        for row in self._database.run_alone(_CONSTRAINTS):
            is_unique = str(row["type"]).endswith("UNIQUENESS")
            yield str(row["name"]), _rule(row, "uniqueness" if is_unique else str(row["type"]).lower())
        for row in self._database.run_alone(_INDEXES):
            unready = "" if row["state"] == "ONLINE" else f" ({str(row['state']).lower()})"
            analyzer = row["options"].get("indexConfig", {}).get(_ANALYZER)
            yield str(row["name"]), _rule(row, f"{str(row['type']).lower()} index{unready}", analyzer)


class _RolledBack(Exception):
    """Rolls a transaction back."""


def _write_and_roll_back(tx: ManagedTransaction) -> None:
    tx.run(_TRIAL).consume()
    raise _RolledBack


def _rule(row: Mapping[str, Any], kind: str, analyzer: str | None = None) -> SchemaRule:
    return SchemaRule(kind, ", ".join(row["labelsOrTypes"] or ()), tuple(row["properties"] or ()), analyzer)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

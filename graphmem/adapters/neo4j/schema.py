"""The database's constraints and indexes: applying numbered migrations, and comparing them with what is there."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j import approximate, content_hashes, source_keys, texts
from graphmem.adapters.neo4j.projecting import RULES as PROJECTION_RULES
from graphmem.adapters.neo4j.selecting import VECTOR_INDEX
from graphmem.adapters.schema_files import schema_text
from graphmem.errors import CorruptStore, StoreUnavailable, Unsupported
from graphmem.schema import Drift, SchemaDifference, SchemaState, VectorIndex
from graphmem.store import Progress, silent

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.adapters.neo4j.connecting import Link, Login

MIGRATIONS = (
    "neo4j/0001_initial.cypher",
    "neo4j/0002_state_labels.cypher",
    "neo4j/0003_injective_content.cypher",
    "neo4j/0004_private_counts.cypher",
    "neo4j/0005_terms.cypher",
    "neo4j/0006_source_keys.cypher",
)
SCHEMA_VERSION = len(MIGRATIONS)

_APPLIED = "MATCH (s:GraphmemSchema) RETURN s.version AS version, s.checksum AS checksum ORDER BY version"
_RECORD = """
MERGE (s:GraphmemSchema {version: $p.version})
ON CREATE SET s.name = $p.name, s.checksum = $p.checksum, s.applied_at = datetime()
"""
#: Never committed.
_TRIAL = "CREATE (s:GraphmemSchema)"
_AWAIT = "CALL db.awaitIndexes(600)"
_CONSTRAINTS = "SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties"
_INDEXES = """
SHOW INDEXES YIELD name, type, state, labelsOrTypes, properties, options, owningConstraint
WHERE owningConstraint IS NULL AND type <> 'LOOKUP'
"""

_OURS = "graphmem_"
#: What is made when it is asked for, and so is neither missing nor too much.
OPTIONAL = frozenset({VECTOR_INDEX, *PROJECTION_RULES})
_TRIES = 6
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
class Rule:
    """A constraint or index, as both a migration and a server describe it."""

    kind: str
    label: str
    properties: tuple[str, ...]
    analyzer: str | None = None

    def __str__(self) -> str:
        analyzed = f", analyzer {self.analyzer}" if self.analyzer else ""
        return f"{self.kind} on {self.label}({', '.join(self.properties)}){analyzed}"


def statements(text: str) -> list[str]:
    """The statements of a migration, each on one line, without comments."""
    return [" ".join(part.split()) for part in _COMMENT.sub("", text).split(";") if part.strip()]


@cache
def wanted() -> Mapping[str, Rule]:
    """Every constraint and index that the migrations lead to, by its name."""
    rules: dict[str, Rule] = {}
    for migration in MIGRATIONS:
        for statement in statements(schema_text(migration)):
            if dropped := _DROP.match(statement):
                rules.pop(dropped[1], None)
            elif made := _CREATE.fullmatch(statement):
                analyzed = _ANALYZED.search(made["rest"])
                properties = tuple(_PROPERTY.findall(made["properties"]))
                kind = _KINDS[made["kind"]]
                rules[made["name"]] = Rule(kind, made["label"], properties, analyzed[1] if analyzed else None)
    return rules


_KINDS = {"CONSTRAINT": "uniqueness", "INDEX": "range index", "FULLTEXT INDEX": "fulltext index"}


def open_neo4j_schema(url: str, login: Login, *, patience_s: float) -> Neo4jSchema:
    """The schema of the database at a URL, on a connection of its own.

    Raises:
        InvalidInput: The URL names no server, or carries a password.
        StoreUnavailable: The server cannot be reached, or refuses the login.
    """
    from graphmem.adapters.neo4j.connecting import Address, Link

    link = Link(Address.read(url), login, patience_s=patience_s)
    return Neo4jSchema(link, close=link.close)


class Neo4jSchema:
    """The schema of one database; see `graphmem.schema.Schema`.

    Args:
        link: A connection to it.
        close: Ends the connection, if it was made for this alone.
    """

    makes_missing = True

    def __init__(self, link: Link, close: Callable[[], None] = lambda: None) -> None:
        self._link = link
        self._close = close

    def close(self) -> None:
        """End the connection, if it was made for this alone."""
        self._close()

    def status(self) -> SchemaState:
        """See `graphmem.schema.Schema.status`."""
        applied = self._applied()
        version = max(applied, default=0)
        pending = tuple(name for number, name in enumerate(MIGRATIONS, 1) if number not in applied)
        return SchemaState(version, SCHEMA_VERSION, pending)

    def ensure(self, *, create: bool) -> int:
        """The version of a database that this release can use: one statement if it is already there.

        Args:
            create: Apply what is pending instead of refusing.

        Raises:
            Unsupported: It is newer, was applied from another text, or pending and not to be created.
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
        is_damaged = any(one.drift is Drift.MISSING for one in self._compared())
        for number, name in enumerate(MIGRATIONS, 1):
            if is_damaged or name in state.pending:
                self._migrate(number, name)
        if differences := [one for one in self._compared() if one.drift in (Drift.MISSING, Drift.ALTERED)]:
            told = "; ".join(f"{one.name} is {one.drift.value}: {one.what}" for one in differences)
            raise CorruptStore(f"the schema cannot be completed: {told}. Drop what is in the way, then apply again")
        return self.status()

    def diff(self) -> list[SchemaDifference]:
        """See `graphmem.schema.Schema.diff`."""
        return [*self._recorded_otherwise(), *self._compared()]

    def index_vectors(self, progress: Progress = silent) -> Mapping[str, VectorIndex]:
        """See `graphmem.schema.IndexedSchema.index_vectors`."""
        self._checked()
        return {"": approximate.switch_on(self._link.unhurried(), progress)}

    def drop_vector_index(self) -> None:
        """See `graphmem.schema.IndexedSchema.drop_vector_index`."""
        approximate.switch_off(self._link.unhurried())

    def vector_indexes(self) -> Mapping[str, VectorIndex | None]:
        """See `graphmem.schema.IndexedSchema.vector_indexes`."""
        online = [row["state"] for row in self._link.run_alone(_INDEXES) if row["name"] == VECTOR_INDEX]
        return approximate.usable(self._link) if online == ["ONLINE"] else {}

    def try_write(self) -> None:
        """See `graphmem.schema.Schema.try_write`."""
        with suppress(_GivenUp):
            self._link.write(_begin_and_give_up)

    def _migrate(self, number: int, name: str) -> None:
        text = schema_text(name)
        for statement in statements(text):
            self._run_patiently(statement)
        self._run_patiently(_AWAIT)
        if name.endswith("_injective_content.cypher"):
            content_hashes.recompute(self._link)
        if name.endswith("_terms.cypher"):
            texts.recompute(self._link)
        if name.endswith("_source_keys.cypher") and source_keys.extract(self._link):
            texts.recompute(self._link)
        self._run_patiently(_RECORD, {"version": number, "name": name, "checksum": _checksum(text)})

    def _run_patiently(self, statement: str, parameters: dict[str, Any] | None = None) -> None:
        """Processes that apply at once deadlock or stumble over each other; as all is repeatable, try again."""
        for attempt in range(1, _TRIES + 1):
            try:
                list(self._link.run_alone(statement, parameters))
            except StoreUnavailable:
                if attempt == _TRIES:
                    raise
                time.sleep(_PAUSE_S * attempt)
            else:
                return

    def _applied(self) -> dict[int, str]:
        return {int(row["version"]): str(row["checksum"]) for row in self._link.run_alone(_APPLIED)}

    def _checked(self) -> SchemaState:
        for one in self._recorded_otherwise():
            if one.drift is Drift.NEWER:
                raise Unsupported(f"the database's schema is newer: {one.what}; update graphmem to use it")
            if one.drift is Drift.ALTERED:
                raise Unsupported(f"{one.name}: {one.what}; use the release that applied it")
        return self.status()

    def _recorded_otherwise(self) -> Iterator[SchemaDifference]:
        applied = self._applied()
        for number, name in enumerate(MIGRATIONS, 1):
            if number not in applied:
                yield SchemaDifference(Drift.PENDING, name, "not applied yet")
            elif applied[number] != _checksum(schema_text(name)):
                yield SchemaDifference(Drift.ALTERED, name, "was applied from another text than this release's")
        for number in applied:
            if number > SCHEMA_VERSION:
                what = f"migration {number} was applied, this release knows {SCHEMA_VERSION}"
                yield SchemaDifference(Drift.NEWER, str(number), what)

    def _compared(self) -> Iterator[SchemaDifference]:
        found, rules = dict(self._found()), wanted()
        labels = {rule.label for rule in rules.values()}
        for name, rule in rules.items():
            there = found.get(name)
            if there is None:
                yield SchemaDifference(Drift.MISSING, name, str(rule))
            elif there != rule:
                yield SchemaDifference(Drift.ALTERED, name, f"{there}, not {rule}")
        for name, there in found.items():
            is_near = name.startswith(_OURS) or there.label in labels
            if is_near and name not in rules and name not in OPTIONAL:
                yield SchemaDifference(Drift.EXTRA, name, str(there))

    def _found(self) -> Iterator[tuple[str, Rule]]:
        for row in self._link.run_alone(_CONSTRAINTS):
            is_unique = str(row["type"]).endswith("UNIQUENESS")
            yield str(row["name"]), _rule(row, "uniqueness" if is_unique else str(row["type"]).lower())
        for row in self._link.run_alone(_INDEXES):
            unready = "" if row["state"] == "ONLINE" else f" ({str(row['state']).lower()})"
            analyzer = row["options"].get("indexConfig", {}).get(_ANALYZER)
            yield str(row["name"]), _rule(row, f"{str(row['type']).lower()} index{unready}", analyzer)


class _GivenUp(Exception):
    """Rolls a transaction back."""


def _begin_and_give_up(tx: ManagedTransaction) -> None:
    tx.run(_TRIAL).consume()
    raise _GivenUp


def _rule(row: Mapping[str, Any], kind: str, analyzer: str | None = None) -> Rule:
    return Rule(kind, ", ".join(row["labelsOrTypes"] or ()), tuple(row["properties"] or ()), analyzer)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

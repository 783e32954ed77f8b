"""Constraints and indexes on a real server: applied once, by any number of processes, and compared by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from graphmem.adapters.neo4j.compiled_filter import VECTOR_INDEX
from graphmem.adapters.neo4j.database import Address, Database
from graphmem.adapters.neo4j.schema import SCHEMA_VERSION, Neo4jSchema, expected_rules
from graphmem.adapters.schema_files import schema_text
from graphmem.errors import CorruptStore, StoreUnavailable, Unsupported
from graphmem.schema import Drift
from tests.servers import Access

FILES = Path(__file__).parents[3] / "schema" / "neo4j"
COMPLETE = (SCHEMA_VERSION, SCHEMA_VERSION, ())


@pytest.fixture
def server(bare_neo4j: Access) -> Iterator[Database]:
    """A database without any schema, as the shared server is given back."""
    bare_neo4j.wipe_schema()
    with closing(Database(Address.read(bare_neo4j.url), bare_neo4j.login, patience_s=30)) as link:
        yield link
    bare_neo4j.wipe_schema()


@pytest.fixture
def applied(server: Database) -> Database:
    Neo4jSchema(server).apply()
    return server


def drifts(server: Database) -> list[tuple[Drift, str]]:
    return [(one.drift, one.name) for one in Neo4jSchema(server).diff()]


def test_an_empty_database_has_everything_pending(server: Database) -> None:
    state = Neo4jSchema(server).status()
    assert (state.version, state.latest) == (0, SCHEMA_VERSION)
    assert state.pending[0] == "neo4j/0001_initial.cypher"
    assert {drift for drift, _ in drifts(server)} == {Drift.PENDING, Drift.MISSING}


def test_applying_twice_is_applying_once(server: Database) -> None:
    for _ in range(2):
        state = Neo4jSchema(server).apply()
        assert (state.version, state.latest, state.pending) == COMPLETE
    assert drifts(server) == []


def test_several_may_apply_at_once(server: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: Neo4jSchema(server).apply(), range(4)))
    assert [(one.version, one.latest, one.pending) for one in done] == [COMPLETE] * 4
    assert len(server.run_alone("MATCH (s:GraphmemSchema) RETURN s.version")) == SCHEMA_VERSION


def test_a_statement_that_the_server_does_not_end_is_ended_by_its_limit(server: Database) -> None:
    with pytest.raises(StoreUnavailable):
        server.run_alone("UNWIND range(1, 1000000000000) AS number RETURN count(number)", limit_s=1.0)


def test_what_was_dropped_by_hand_is_missing_until_it_is_applied_again(applied: Database) -> None:
    applied.run_alone("DROP CONSTRAINT graphmem_memory_id")
    assert drifts(applied) == [(Drift.MISSING, "graphmem_memory_id")]
    Neo4jSchema(applied).apply()
    assert drifts(applied) == []


def test_what_was_made_otherwise_is_altered_and_not_overwritten(server: Database) -> None:
    server.run_alone("CREATE INDEX graphmem_memory_subject FOR (m:Memory) ON (m.subject)")
    with pytest.raises(
        CorruptStore, match=r"graphmem_memory_subject is altered: range index on Memory\(subject\), not"
    ):
        Neo4jSchema(server).apply()
    server.run_alone("DROP INDEX graphmem_memory_subject")
    Neo4jSchema(server).apply()
    assert drifts(server) == []


def test_another_analyzer_is_altered(applied: Database) -> None:
    applied.run_alone("DROP INDEX graphmem_memory_text")
    applied.run_alone("CREATE FULLTEXT INDEX graphmem_memory_text FOR (m:Memory) ON EACH [m.search_text, m.facets]")
    assert drifts(applied) == [(Drift.ALTERED, "graphmem_memory_text")]


def test_indexes_of_others_on_our_labels_are_extra_but_never_dropped(applied: Database) -> None:
    applied.run_alone("CREATE INDEX by_title FOR (m:Memory) ON (m.title)")
    applied.run_alone("CREATE INDEX elsewhere FOR (x:Unrelated) ON (x.title)")
    Neo4jSchema(applied).apply()
    assert drifts(applied) == [(Drift.EXTRA, "by_title")]


def test_the_vector_index_of_the_approximate_mode_belongs(applied: Database) -> None:
    applied.run_alone(f"CREATE VECTOR INDEX {VECTOR_INDEX} FOR (m:Memory) ON (m.embedding)")
    assert drifts(applied) == []


def test_a_newer_schema_is_refused_by_name(applied: Database) -> None:
    applied.run_alone("CREATE (:GraphmemSchema {version: 99, checksum: 'x'})")
    assert drifts(applied) == [(Drift.NEWER, "99")]
    for use in (Neo4jSchema(applied).apply, lambda: Neo4jSchema(applied).ensure(create=True)):
        with pytest.raises(Unsupported, match=r"migration 99 .* update graphmem"):
            use()


def test_a_migration_of_another_text_is_refused(applied: Database) -> None:
    applied.run_alone("MATCH (s:GraphmemSchema {version: 1}) SET s.checksum = 'other'")
    assert drifts(applied) == [(Drift.ALTERED, "neo4j/0001_initial.cypher")]
    with pytest.raises(Unsupported, match="another text"):
        Neo4jSchema(applied).apply()


def test_a_store_that_is_not_to_be_made_is_not_made(server: Database) -> None:
    with pytest.raises(Unsupported, match="graphmem schema apply"):
        Neo4jSchema(server).ensure(create=False)
    assert Neo4jSchema(server).ensure(create=True) == SCHEMA_VERSION
    assert Neo4jSchema(server).ensure(create=False) == SCHEMA_VERSION


def test_a_server_that_keeps_failing_is_told(server: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.adapters.neo4j.schema._PAUSE_S", 0.0)
    server.run_alone("UNWIND [1, 2] AS i CREATE (:Ledger {tenant: 'twice'})")
    with pytest.raises(StoreUnavailable, match="graphmem_ledger"):
        Neo4jSchema(server).apply()


def test_every_statement_can_be_repeated_and_compared() -> None:
    made = re.findall(r"^CREATE (?:CONSTRAINT|\w* ?INDEX) (\w+)( IF NOT EXISTS)?", _all_text(), re.MULTILINE)
    assert [name for name, is_repeatable in made if not is_repeatable] == []
    assert [name for name, _ in made] == list(expected_rules())


def test_every_rule_is_in_the_dictionary() -> None:
    dictionary = (FILES / "README.md").read_text(encoding="utf-8")
    assert [name for name in expected_rules() if f"| `{name}` |" not in dictionary] == []
    assert set(re.findall(r"^\| `(graphmem_\w+)` \|", dictionary, re.MULTILINE)) == set(expected_rules())


def test_every_file_is_a_migration() -> None:
    from graphmem.adapters.neo4j.schema import MIGRATIONS

    assert [f"neo4j/{path.name}" for path in sorted(FILES.glob("*.cypher"))] == list(MIGRATIONS)


def _all_text() -> str:
    return "".join(schema_text(f"neo4j/{path.name}") for path in sorted(FILES.glob("*.cypher")))

"""Constraints and indexes on a real server: applied once, by any number of processes, and compared by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from graphmem.adapters.neo4j.schema import SCHEMA_VERSION, VECTOR_INDEX, Neo4jSchema, wanted
from graphmem.adapters.schema_files import schema_text
from graphmem.errors import CorruptStore, StoreUnavailable, Unsupported
from graphmem.store import Drift
from tests.servers import neo4j_server

if TYPE_CHECKING:
    from neo4j import Driver

FILES = Path(__file__).parents[3] / "schema" / "neo4j"
COMPLETE = (SCHEMA_VERSION, SCHEMA_VERSION, ())


class Direct:
    """Statements straight to the server, its errors named as an adapter names them."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    def run_alone(self, query: str, parameters: dict[str, Any] | None = None) -> list[Mapping[str, Any]]:
        from neo4j.exceptions import Neo4jError

        try:
            with self.driver.session() as session:
                return [dict(row) for row in session.run(query, p=parameters or {})]
        except Neo4jError as exc:
            raise StoreUnavailable(str(exc)) from exc


@pytest.fixture
def server() -> Iterator[Direct]:
    """A database without any schema, as the session's server is given back."""
    place = neo4j_server()
    place.wipe_schema()
    with place.driver() as driver:
        yield Direct(driver)
    place.wipe_schema()


@pytest.fixture
def applied(server: Direct) -> Direct:
    Neo4jSchema(server).apply()
    return server


def drifts(server: Direct) -> list[tuple[Drift, str]]:
    return [(one.drift, one.name) for one in Neo4jSchema(server).diff()]


def test_an_empty_database_has_everything_pending(server: Direct) -> None:
    state = Neo4jSchema(server).status()
    assert (state.version, state.latest) == (0, SCHEMA_VERSION)
    assert state.pending[0] == "neo4j/0001_initial.cypher"
    assert {drift for drift, _ in drifts(server)} == {Drift.PENDING, Drift.MISSING}


def test_applying_twice_is_applying_once(server: Direct) -> None:
    for _ in range(2):
        state = Neo4jSchema(server).apply()
        assert (state.version, state.latest, state.pending) == COMPLETE
    assert drifts(server) == []


def test_several_may_apply_at_once(server: Direct) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: Neo4jSchema(server).apply(), range(4)))
    assert [(one.version, one.latest, one.pending) for one in done] == [COMPLETE] * 4
    assert len(server.run_alone("MATCH (s:GraphmemSchema) RETURN s.version")) == SCHEMA_VERSION


def test_what_was_dropped_by_hand_is_missing_until_it_is_applied_again(applied: Direct) -> None:
    applied.run_alone("DROP CONSTRAINT graphmem_memory_id")
    assert drifts(applied) == [(Drift.MISSING, "graphmem_memory_id")]
    Neo4jSchema(applied).apply()
    assert drifts(applied) == []


def test_what_was_made_otherwise_is_altered_and_not_overwritten(server: Direct) -> None:
    server.run_alone("CREATE INDEX graphmem_memory_subject FOR (m:Memory) ON (m.subject)")
    with pytest.raises(
        CorruptStore, match=r"graphmem_memory_subject is altered: range index on Memory\(subject\), not"
    ):
        Neo4jSchema(server).apply()
    server.run_alone("DROP INDEX graphmem_memory_subject")
    Neo4jSchema(server).apply()
    assert drifts(server) == []


def test_another_analyzer_is_altered(applied: Direct) -> None:
    applied.run_alone("DROP INDEX graphmem_memory_text")
    applied.run_alone("CREATE FULLTEXT INDEX graphmem_memory_text FOR (m:Memory) ON EACH [m.search_text, m.facets]")
    assert drifts(applied) == [(Drift.ALTERED, "graphmem_memory_text")]


def test_indexes_of_others_on_our_labels_are_extra_but_never_dropped(applied: Direct) -> None:
    applied.run_alone("CREATE INDEX by_title FOR (m:Memory) ON (m.title)")
    applied.run_alone("CREATE INDEX elsewhere FOR (x:Unrelated) ON (x.title)")
    Neo4jSchema(applied).apply()
    assert drifts(applied) == [(Drift.EXTRA, "by_title")]


def test_the_vector_index_of_the_approximate_mode_belongs(applied: Direct) -> None:
    applied.run_alone(f"CREATE VECTOR INDEX {VECTOR_INDEX} FOR (m:Memory) ON (m.embedding)")
    assert drifts(applied) == []


def test_a_newer_schema_is_refused_by_name(applied: Direct) -> None:
    applied.run_alone("CREATE (:GraphmemSchema {version: 99, checksum: 'x'})")
    assert drifts(applied) == [(Drift.NEWER, "99")]
    for use in (Neo4jSchema(applied).apply, lambda: Neo4jSchema(applied).ensure(create=True)):
        with pytest.raises(Unsupported, match=r"migration 99 .* update graphmem"):
            use()


def test_a_migration_of_another_text_is_refused(applied: Direct) -> None:
    applied.run_alone("MATCH (s:GraphmemSchema {version: 1}) SET s.checksum = 'other'")
    assert drifts(applied) == [(Drift.ALTERED, "neo4j/0001_initial.cypher")]
    with pytest.raises(Unsupported, match="another text"):
        Neo4jSchema(applied).apply()


def test_a_store_that_is_not_to_be_made_is_not_made(server: Direct) -> None:
    with pytest.raises(Unsupported, match="graphmem schema apply"):
        Neo4jSchema(server).ensure(create=False)
    assert Neo4jSchema(server).ensure(create=True) == SCHEMA_VERSION
    assert Neo4jSchema(server).ensure(create=False) == SCHEMA_VERSION


def test_a_server_that_keeps_failing_is_told(server: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.adapters.neo4j.schema._PAUSE_S", 0.0)
    server.run_alone("UNWIND [1, 2] AS i CREATE (:Ledger {tenant: 'twice'})")
    with pytest.raises(StoreUnavailable, match="twice"):
        Neo4jSchema(server).apply()


def test_every_statement_can_be_repeated_and_compared() -> None:
    made = re.findall(r"^CREATE (?:CONSTRAINT|\w* ?INDEX) (\w+)( IF NOT EXISTS)?", _all_text(), re.MULTILINE)
    assert [name for name, is_repeatable in made if not is_repeatable] == []
    assert [name for name, _ in made] == list(wanted())


def test_every_rule_is_in_the_dictionary() -> None:
    dictionary = (FILES / "README.md").read_text(encoding="utf-8")
    assert [name for name in wanted() if f"| `{name}` |" not in dictionary] == []
    assert set(re.findall(r"^\| `(graphmem_\w+)` \|", dictionary, re.MULTILINE)) == set(wanted())


def test_every_file_is_a_migration() -> None:
    from graphmem.adapters.neo4j.schema import MIGRATIONS

    assert [f"neo4j/{path.name}" for path in sorted(FILES.glob("*.cypher"))] == list(MIGRATIONS)


def _all_text() -> str:
    return "".join(schema_text(f"neo4j/{path.name}") for path in sorted(FILES.glob("*.cypher")))

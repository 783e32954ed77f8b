"""A database that the release before wrote, brought to this one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.adapters.neo4j import Neo4jStore, content_hashes, ledger_queries
from graphmem.adapters.neo4j.schema import SCHEMA_VERSION
from graphmem.adapters.neo4j.text_entries import path_facets
from graphmem.errors import Unsupported
from graphmem.model import (
    Add,
    Alternative,
    Anchor,
    AnchorKind,
    Memory,
    Move,
    Outcome,
    Request,
    Scope,
    Statement,
    Status,
)
from graphmem.statement_json import decode_statement
from graphmem.store import Filter
from tests.servers import Access

EXPORT = Path(__file__).parents[2] / "contract" / "data" / "format1.jsonl"
R = Scope(repo="r")
_READ = "MATCH (m:Memory) WHERE m.statement IS NOT NULL RETURN m.id AS id, m.statement AS statement"
_SET = "MATCH (m:Memory {id: $id}) SET m.content_hash = $hash"
_UNDO = "MATCH (s:GraphmemSchema) WHERE s.version >= 3 DELETE s"
_OLD_TEXTS = (
    "MATCH (m:Memory) WHERE m.statement IS NOT NULL SET m.words = ' old ', m.search_text = 'x_old', m.length = 1"
)
_OLD_TERMS = "MATCH (t:Term) SET t.memories = 7"


def hash_of_old(said: Statement) -> str:
    """The content hash as the release before computed it."""
    parts = [said.kind, said.subject or "", said.title, said.body, said.rationale, said.language or ""]
    parts += [str(said.is_mandatory), *sorted(said.aliases), "\x1e", *sorted(said.labels), "\x1e"]
    parts += [f"{one.kind}\x1d{one.repo or ''}\x1d{one.name}\x1d{one.role}" for one in said.anchors]
    parts += ["\x1d".join((one.name, one.outcome, one.reason, *one.keys)) for one in said.alternatives]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@pytest.fixture
def old(neo4j: Access) -> Iterator[Access]:
    """A server that holds the content hashes, and the record of migrations, of the release before."""
    neo4j.wipe()
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        store.restore(EXPORT.read_text(encoding="utf-8").splitlines(), tenant="default")
    with neo4j.driver() as driver:
        for one in driver.execute_query(_READ).records:
            driver.execute_query(_SET, id=one["id"], hash=hash_of_old(decode_statement(one["statement"])))
        for statement in (_OLD_TEXTS, _OLD_TERMS, _UNDO):
            driver.execute_query(statement)
    yield neo4j
    Neo4jStore.open(neo4j.url, create=True, login=neo4j.login).close()


def test_an_old_database_is_brought_forward_whole(old: Access) -> None:
    with pytest.raises(Unsupported, match="schema apply"):
        Neo4jStore.open(old.url, create=False, login=old.login)
    with Neo4jStore.open(old.url, create=True, login=old.login) as store:
        assert store.info(R).schema_version == SCHEMA_VERSION
        assert store.check() == []


def test_a_migration_that_was_broken_off_is_done_again(old: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = iter(range(2))

    class Broken(BaseException):
        """Ends a process."""

    def read(text: str) -> Statement:
        if next(pages, None) is None:
            raise Broken
        return decode_statement(text)

    with monkeypatch.context() as patch:
        patch.setattr(ledger_queries, "_PAGE", 1)
        patch.setattr(content_hashes, "readable_statement", read)
        with pytest.raises(Broken):
            Neo4jStore.open(old.url, create=True, login=old.login)
    with pytest.raises(Unsupported, match="schema apply"):
        Neo4jStore.open(old.url, create=False, login=old.login)
    with Neo4jStore.open(old.url, create=True, login=old.login) as store:
        assert store.check() == []


SOURCES_EXPORT = EXPORT.parent / "recorded_in.jsonl"
_TO_OLD_FORM = """
MATCH (m:Memory)-[r:READ_FROM]->(s:SourceKey)
MERGE (a:Anchor {id: 'old ' + s.tenant + s.key})
ON CREATE SET a:File, a.tenant = s.tenant, a.name = s.key, a.kind = 'file'
CREATE (m)-[:ABOUT {role: 'recorded in', ordinal: 0}]->(a)
WITH m, s, r, $before + s.key + $behind AS own
SET m.statement = CASE
  WHEN m.statement CONTAINS '"anchors":[' THEN replace(m.statement, '"anchors":[', '"anchors":[' + own + ',')
  ELSE '{"anchors":[' + own + '],' + substring(m.statement, 1) END,
  m.content_hash = 'old', m.facets = m.facets + ['old'], m.words = ' old ', m.search_text = 'x_old', m.length = 1
DELETE r
"""


def test_files_that_memories_were_recorded_in_become_source_keys(neo4j: Access) -> None:
    neo4j.wipe()
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        store.restore(SOURCES_EXPORT.read_text(encoding="utf-8").splitlines(), tenant="default")
        expected = store.sources(R, keys=("",))
    with neo4j.driver() as driver:
        before, behind = '{"kind":"file","name":"', '","repo":"r","role":"recorded in"}'
        driver.execute_query(_TO_OLD_FORM, before=before, behind=behind)
        driver.execute_query("MATCH (s:SourceKey) DELETE s")
        driver.execute_query("MATCH (s:GraphmemSchema) WHERE s.version >= 6 DELETE s")
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        assert store.check() == []
        assert store.sources(R, keys=("",)) == expected
        assert expected != []
    with neo4j.driver() as driver:
        assert driver.execute_query("MATCH (a:Anchor) RETURN collect(a.name) AS names").records[0]["names"] != []
        assert driver.execute_query("MATCH (a:Anchor) WHERE a.id STARTS WITH 'old' RETURN a").records == []


def test_an_older_database_gets_the_terms_of_guard(neo4j: Access) -> None:
    neo4j.wipe()
    pytz = Alternative("pytz", Outcome.REJECTED, "", ("pkg:pypi/pytz",))
    said = Statement(title="Zones come from zoneinfo", alternatives=(pytz,))
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        move = Move(Status.ACTIVE, datetime(2024, 1, 1, tzinfo=UTC))
        request = Request("add a", Add(Memory("a", R, said), (move,)), R)
        store.apply([request], clock=lambda: datetime(2024, 1, 2, tzinfo=UTC))
    with neo4j.driver() as driver:
        driver.execute_query("MATCH (g:GuardTerm) DETACH DELETE g")
        driver.execute_query("MATCH (s:GraphmemSchema) WHERE s.version >= 8 DELETE s")
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        assert store.guarding(R, ["pkg:pypi/pytz"], limit=9) == ["a"]
        assert store.check() == []


def test_an_older_database_finds_symbols_by_their_files(neo4j: Access) -> None:
    neo4j.wipe()
    said = Statement(title="Waits for a free one", anchors=(Anchor(AnchorKind.SYMBOL, "src/pool.py#Pool"),))
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        move = Move(Status.ACTIVE, datetime(2024, 1, 1, tzinfo=UTC))
        request = Request("add a", Add(Memory("a", R, said), (move,), source_key="notes/pool.md"), R)
        store.apply([request], clock=lambda: datetime(2024, 1, 2, tzinfo=UTC))
    with neo4j.driver() as driver:
        tokens = path_facets("src/pool.py")
        driver.execute_query("MATCH (m:Memory) SET m.facets = [f IN m.facets WHERE NOT f IN $tokens]", tokens=tokens)
        driver.execute_query("MATCH (s:GraphmemSchema) WHERE s.version >= 9 DELETE s")
    with Neo4jStore.open(neo4j.url, create=True, login=neo4j.login) as store:
        assert store.select(R, Filter(paths=("src/pool.py",)), at=None, before=9, limit=9) == ["a"]
        assert store.check() == []

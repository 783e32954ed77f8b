"""What a search of a warm process foresees is what a cold one finds, whoever wrote meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from graphmem.adapters.neo4j import Neo4jStore, match_query
from graphmem.adapters.neo4j.database import Database, Parameters
from graphmem.model import Erase, Request, Scope
from graphmem.store import Filter, Matches, Probe
from tests.contract.scenario import NOON, fill, requests, vector
from tests.laws.world import ANN, R
from tests.servers import Access, neo4j_server

PROBE = Probe(terms=("storage", "use", "quotes"), vector=vector("q"), limit=3)
WARM_UP = Probe(terms=("nothing",), vector=vector("A"), limit=2)


def opened(vector_cache_bytes: int = 2**20) -> Neo4jStore:
    access = neo4j_server()
    return Neo4jStore.open(access.url, create=True, login=access.login, vector_cache_bytes=vector_cache_bytes)


@pytest.fixture
def store(neo4j: Access) -> Iterator[Neo4jStore]:
    """Empty."""
    neo4j.wipe()
    with opened() as store:
        yield store


def told(found: Matches) -> tuple[object, ...]:
    known = {key: found.rows.holding.get(key) for key in found.ids}
    return found.lexical, found.vector, found.named, found.seq, known, found.rows.settled.keys() & set(found.ids)


@pytest.mark.parametrize("reader", [R, ANN], ids=repr)
def test_a_warm_search_equals_a_cold_one_after_every_write_of_another(store: Neo4jStore, reader: Scope) -> None:
    with opened(vector_cache_bytes=0) as cold:
        for request in [*requests(), Request("erase", Erase("D"), R)]:
            fill(cold, [request])
            for seq, at in ((None, NOON), (3, NOON), (None, NOON - timedelta(days=3650))):
                found = [told(one.match(reader, PROBE, Filter(), seq=seq, at=at)) for one in (store, cold)]
                assert found[0] == found[1], request


def test_a_warm_search_asks_the_server_once(store: Neo4jStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    store.match(R, WARM_UP, Filter(), at=NOON)
    sent, records = [], Database.records

    def noted(database: Database, query: str, parameters: Parameters) -> object:
        sent.append(query)
        return records(database, query, parameters)

    monkeypatch.setattr(Database, "records", noted)
    found = store.match(R, PROBE, Filter(), at=NOON)
    assert len(found.ids) > 2
    assert found.rows.ids >= set(found.ids)
    assert len(sent) == 1


def test_more_candidates_are_asked_for_where_the_index_ranks_otherwise(
    store: Neo4jStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    monkeypatch.setattr(match_query, "_CANDIDATES_PER_MATCH", 1)
    one = Probe(terms=("storage", "use", "quotes"), limit=1)
    assert store.match(R, one, Filter(), at=NOON).lexical == store.match(R, PROBE, Filter(), at=NOON).lexical[:1]

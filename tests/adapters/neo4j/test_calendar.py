"""The calendar release answers as the oracle does: every kind of question at every point of one small project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.neo4j.schema import open_neo4j_schema
from graphmem.service.store_comparison import differences, samples
from graphmem.service.store_copy import copy
from graphmem.store import Filter, ModelCard, Probe
from tests.contract.scenario import DIMENSION, VECTORS, fill
from tests.laws.world import R
from tests.oracle.planned import PlannedStore
from tests.servers import Access

pytestmark = pytest.mark.timeout(400)

CARD = ModelCard("one", DIMENSION, "a")


@pytest.fixture
def store(calendar: Access) -> Iterator[Neo4jStore]:
    calendar.wipe()
    with Neo4jStore.open(calendar.url, create=True, login=calendar.login, is_approximate=True) as store:
        store.adopt_model(CARD)
        yield store


@pytest.fixture
def oracle() -> PlannedStore:
    found = PlannedStore()
    found.adopt_model(CARD)
    fill(found)
    return found


def test_what_is_written_there_is_answered_alike(store: Neo4jStore, oracle: PlannedStore) -> None:
    fill(store)
    for tenant in ("default", "other"):
        assert differences(oracle, store, samples(oracle, tenant, 30)) == []
    assert store.check() == []


def test_what_is_copied_there_is_proven(store: Neo4jStore, oracle: PlannedStore) -> None:
    for one in copy(oracle, store, ("default", "other")):
        assert one.findings == ()
    assert store.check() == []


def test_the_approximate_index_answers_and_is_measured(store: Neo4jStore, calendar: Access) -> None:
    fill(store)
    with closing(open_neo4j_schema(calendar.url, calendar.login, patience_s=30)) as schema:
        assert schema.diff() == []
        (index,) = schema.index_vectors().values()
        assert index.recall == 1.0
        assert schema.diff() == []
        vector = next(iter(VECTORS.values()))
        found = store.match(R, Probe((), (), vector, CARD, 5), Filter())
        assert found.note is not None
        assert "100%" in found.note
        schema.drop_vector_index()
        assert store.match(R, Probe((), (), vector, CARD, 5), Filter()).vector == found.vector
    assert store.check() == []

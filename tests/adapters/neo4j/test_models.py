"""Another embedding model on a server: it is adopted in steps, between which others write and processes die."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.neo4j import store as stores
from graphmem.errors import Conflict
from graphmem.model import Request
from graphmem.store import Filter, ModelCard, Probe
from tests.adapters.neo4j.opening import opened
from tests.laws.world import CLOCK, R, add
from tests.servers import Access

pytestmark = pytest.mark.timeout(400)

ONE, OTHER = ModelCard("one", 2, "1"), ModelCard("other", 2, "2")
VECTOR = np.array([1.0, 0.0], np.float32)


@pytest.fixture
def store(place: Access) -> Iterator[Neo4jStore]:
    with opened(place) as store:
        yield store


def _add(store: Neo4jStore, key: str, model: ModelCard) -> None:
    store.apply([Request(key, add(key), R)], clock=lambda: CLOCK, vectors={key: VECTOR}, model=model)


def _nearest(store: Neo4jStore, model: ModelCard) -> list[str]:
    return [key for key, _ in store.match(R, Probe(vector=VECTOR, model=model), Filter()).vector]


def test_while_vectors_are_being_dropped_none_is_kept_or_compared(
    store: Neo4jStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    _add(store, "A", ONE)
    with monkeypatch.context() as patch:
        patch.setattr(stores, "_DROP_VECTORS", "RETURN 1 / 0 AS dropped")
        with pytest.raises(Exception, match="zero"):
            store.adopt_model(OTHER)
    assert (store.info(R).model, store.info(R).vectors) == (OTHER, 0)
    _add(store, "B", OTHER)
    _add(store, "C", ONE)
    assert _nearest(store, OTHER) == []
    with pytest.raises(Conflict, match="model"):
        store.save_vectors(R, {"A": VECTOR}, model=OTHER)
    store.adopt_model(OTHER)
    assert store.without_vector(R, 9) == ["A", "B", "C"]
    store.save_vectors(R, dict.fromkeys("ABC", VECTOR), model=OTHER)
    assert _nearest(store, OTHER) == ["A", "B", "C"]
    assert store.check() == []


def test_an_adoption_that_is_repeated_keeps_the_vectors(store: Neo4jStore) -> None:
    _add(store, "A", ONE)
    store.adopt_model(ONE)
    assert store.info(R).vectors == 1


def test_an_export_has_no_vectors_of_a_model_adopted_meanwhile(store: Neo4jStore) -> None:
    _add(store, "A", ONE)
    lines = store.export(R)
    header = next(lines)
    store.adopt_model(OTHER)
    store.save_vectors(R, {"A": VECTOR}, model=OTHER)
    assert json.loads(header)["model"]["name"] == "one"
    assert json.loads(next(lines)).get("vector") is None

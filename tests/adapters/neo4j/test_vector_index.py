"""The approximate mode on a real server: what it finds, what it says of itself, and that it stays complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.neo4j.schema import Neo4jSchema, open_neo4j_schema
from graphmem.adapters.sqlite.schema_diff import SQLiteSchema
from graphmem.adapters.sqlite.store import SQLiteStore
from graphmem.errors import Unsupported
from graphmem.model import Add, Erase, Kind, Memory, Move, Provenance, Request, Scope, Statement, Status
from graphmem.schema import IndexedSchema
from graphmem.store import Filter, Matches, ModelCard, Probe
from tests.contract.scenario import NOON
from tests.servers import Access, neo4j_server

if TYPE_CHECKING:
    from graphmem.store import Vector

DIMENSION = 16
CARD = ModelCard("drawn", DIMENSION, "hash")
OURS, THEIRS = Scope("ours"), Scope("theirs", repo="r")
RANDOM = np.random.default_rng(7)


def drawn(count: int) -> list[Vector]:
    rows = RANDOM.normal(size=(count, DIMENSION)).astype(np.float32)
    return list(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def opened(*, is_approximate: bool) -> Neo4jStore:
    access = neo4j_server()
    return Neo4jStore.open(access.url, create=True, login=access.login, is_approximate=is_approximate)


@pytest.fixture
def store(neo4j: Access) -> Iterator[Neo4jStore]:
    """An empty database whose vectors are compared approximately where they are indexed."""
    neo4j.wipe()
    with opened(is_approximate=True) as store:
        yield store


@pytest.fixture
def schema(bare_neo4j: Access) -> Iterator[Neo4jSchema]:
    with closing(open_neo4j_schema(bare_neo4j.url, bare_neo4j.login, patience_s=30)) as schema:
        yield schema
        schema.drop_vector_index()


def write(store: Neo4jStore, writer: Scope, vectors: dict[str, Vector]) -> None:
    requests = [
        Request(
            f"add {key}", Add(Memory(key, writer, Statement(title=f"about {key}", kind=Kind.FACT)), BORN), writer, BY
        )
        for key in vectors
    ]
    store.apply(requests, clock=lambda: NOON, vectors=vectors)


BY = Provenance(actor="tests")
BORN = (Move(Status.ACTIVE, NOON),)


def filled(store: Neo4jStore, writer: Scope, count: int) -> dict[str, Vector]:
    vectors = {f"{writer.tenant}{number:04}": one for number, one in enumerate(drawn(count))}
    write(store, writer, vectors)
    return vectors


def near(store: Neo4jStore, reader: Scope, vector: Vector, limit: int = 10) -> Matches:
    return store.match(reader, Probe((), (), vector, CARD, limit), Filter())


def test_without_an_index_it_compares_exactly_and_says_how_to_make_one(store: Neo4jStore) -> None:
    store.adopt_model(CARD)
    vectors = filled(store, OURS, 30)
    found = near(store, OURS, vectors["ours0003"])
    assert found.vector[0][0] == "ours0003"
    assert found.note is not None
    assert "graphmem schema vectors on" in found.note


def test_scores_are_exact_and_the_recall_is_told(store: Neo4jStore, schema: Neo4jSchema) -> None:
    store.adopt_model(CARD)
    vectors = filled(store, OURS, 300)
    (index,) = schema.index_vectors().values()
    assert index.sample == 100
    assert index.neighbours == 35
    assert 0.5 < index.recall <= 1.0
    (query,) = drawn(1)
    found = near(store, OURS, query)
    assert found.note is not None
    assert f"{index.recall:.0%}" in found.note
    with opened(is_approximate=False) as exact:
        truly = dict(near(exact, OURS, query, limit=len(vectors)).vector)
        assert near(exact, OURS, query).note is None
    assert len(found.vector) == 10
    assert all(score == truly[key] for key, score in found.vector)
    assert schema.diff() == []


def test_who_writes_later_fills_the_index_and_who_erases_empties_it(store: Neo4jStore, schema: Neo4jSchema) -> None:
    store.adopt_model(CARD)
    filled(store, OURS, 20)
    schema.index_vectors()
    first, second = drawn(2)
    write(store, OURS, {"later": first})
    store.save_vectors(OURS, {"ours0001": second})
    assert near(store, OURS, first).vector[0][0] == "later"
    assert near(store, OURS, second).vector[0][0] == "ours0001"
    store.apply([Request("erase", Erase("later"), OURS, BY)], clock=lambda: NOON)
    assert "later" not in dict(near(store, OURS, first).vector)
    assert store.check() == []


def test_it_can_be_interrupted_and_repeated(store: Neo4jStore, schema: Neo4jSchema) -> None:
    store.adopt_model(CARD)
    filled(store, OURS, 40)
    filled(store, THEIRS, 40)
    told = list[tuple[int, int]]()

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        schema.index_vectors(stop)
    assert told == [(0, 80), (40, 80)]
    schema.index_vectors(lambda *one: told.append(one))
    assert told[2] == (0, 40)
    assert told[-1] == (40, 40)


def test_a_small_tenant_among_a_large_one_gets_all_its_neighbours(store: Neo4jStore, schema: Neo4jSchema) -> None:
    store.adopt_model(CARD)
    filled(store, THEIRS, 1_500)
    vectors = filled(store, OURS, 12)
    schema.index_vectors()
    found = near(store, OURS, vectors["ours0005"])
    assert {key for key, _ in found.vector} <= vectors.keys()
    assert len(found.vector) == 10


def test_another_model_is_indexed_anew(store: Neo4jStore, schema: Neo4jSchema) -> None:
    store.adopt_model(CARD)
    filled(store, OURS, 20)
    schema.index_vectors()
    other = ModelCard("wider", 2, "hash")
    store.adopt_model(other)
    store.save_vectors(OURS, {"ours0001": np.array([0.0, 1.0], np.float32)})
    found = store.match(OURS, Probe((), (), np.array([0.0, 1.0], np.float32), other, 5), Filter())
    assert found.vector == (("ours0001", 1.0),)


def test_switched_off_it_compares_exactly(store: Neo4jStore, schema: Neo4jSchema) -> None:
    store.adopt_model(CARD)
    filled(store, OURS, 20)
    schema.index_vectors()
    schema.drop_vector_index()
    found = near(store, OURS, drawn(1)[0])
    assert len(found.vector) == 10
    assert found.note is not None
    assert "exactly" in found.note


def test_a_database_without_vectors_has_nothing_to_index(store: Neo4jStore, schema: Neo4jSchema) -> None:
    assert near(store, OURS, drawn(1)[0]).vector == ()
    with pytest.raises(Unsupported, match="graphmem reindex"):
        schema.index_vectors()
    assert store.model() is None


def test_the_embedded_store_needs_none(tmp_path: Path) -> None:
    SQLiteStore.open(tmp_path / "a.db", create=True).close()
    with closing(SQLiteSchema(tmp_path / "a.db")) as embedded:
        assert not isinstance(embedded, IndexedSchema)

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from graphmem.adapters.sqlite import SQLiteStore, text_index, text_writer, vectors
from graphmem.adapters.sqlite.caches import StoreCaches
from graphmem.model import Add, Erase, Request, Scope
from graphmem.ranking import Corpus, bm25
from graphmem.store import Filter, Probe
from graphmem.terms import statement_terms
from tests.adapters.sqlite.given import MAIN, add, clock, send
from tests.adapters.sqlite.given import chance as seeded

WORDS = [f"w{number}" for number in range(60)]
FREQUENT_FIRST = [1 / (rank + 1) for rank in range(len(WORDS))]


def _corpus(chance: random.Random, count: int, scope: Scope) -> list[Request]:
    return [
        add(
            f"{scope.tenant}-{number:03}",
            " ".join(chance.choices(WORDS, FREQUENT_FIRST, k=chance.randint(1, 6))),
            body=" ".join(chance.choices(WORDS, FREQUENT_FIRST, k=chance.randint(0, 60))) + f" only{number}",
            scope=scope,
        )
        for number in range(count)
    ]


def _by_hand(requests: list[Request], terms: tuple[str, ...], limit: int) -> list[tuple[str, float]]:
    """Lucene's BM25 over every document, one by one."""
    documents = {
        one.operation.memory.id: statement_terms(one.operation.memory.statement)
        for one in requests
        if isinstance(one.operation, Add) and one.operation.memory.statement is not None
    }
    held = {term: sum(term in tokens for tokens in documents.values()) for term in terms}
    corpus = Corpus(len(documents), sum(map(len, documents.values())) / len(documents), held)
    scores = [(key, bm25(corpus, terms, Counter(tokens), len(tokens))) for key, tokens in documents.items()]
    return sorted(((key, score) for key, score in scores if score), key=lambda one: (-one[1], one[0]))[:limit]


@pytest.mark.heavy
@pytest.mark.parametrize("at_once", [1, 7, 200])
@pytest.mark.parametrize("few", [1, 50, 1_000])
def test_scores_are_lucenes_of_the_tenant_alone(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, at_once: int, few: int
) -> None:
    monkeypatch.setattr(text_index, "_FEW", few)
    monkeypatch.setattr(text_writer, "_SMALL", 50)
    monkeypatch.setattr(text_writer, "_MOST_LOOSE", 20)
    chance = seeded(3)
    mine, theirs = _corpus(chance, 200, MAIN), _corpus(chance, 120, Scope("other"))
    store.apply(theirs, clock=clock)
    for start in range(0, len(mine), at_once):
        store.apply(mine[start : start + at_once], clock=clock)
    for _ in range(30):
        terms = tuple(dict.fromkeys(chance.choices(WORDS, FREQUENT_FIRST, k=chance.randint(1, 6))))
        limit = chance.choice([1, 10, 300])
        found = store.match(MAIN, Probe(terms=terms, limit=limit), Filter(), seq=999).lexical
        expected = _by_hand(mine, terms, limit)
        assert [key for key, _ in found] == [key for key, _ in expected], terms
        assert [score for _, score in found] == pytest.approx([score for _, score in expected])


def test_scores_follow_later_writes_and_erasures(store: SQLiteStore) -> None:
    chance = seeded(4)
    requests = _corpus(chance, 60, MAIN)
    probe = Probe(terms=("w0", "w3", "only7"), limit=100)
    for end in (20, 40, 60):
        store.apply(requests[end - 20 : end], clock=clock)
        found = store.match(MAIN, probe, Filter(), seq=999).lexical
        assert dict(found) == pytest.approx(dict(_by_hand(requests[:end], probe.terms, 100)))
    send(store, Erase("acme-007"))
    left = [one for one in requests if one.op_id != "add acme-007"]
    found = store.match(MAIN, probe, Filter(), seq=999).lexical
    assert dict(found) == pytest.approx(dict(_by_hand(left, probe.terms, 100)))


def test_no_memory_is_passed_over_for_its_frequent_words(store: SQLiteStore) -> None:
    """Short texts with many frequent words, and few wanted: the order of terms must not show."""
    chance = seeded(11)
    mine = [
        add(f"m{number:03}", f"{' '.join(chance.choices(WORDS, FREQUENT_FIRST, k=chance.randint(1, 4)))} only{number}")
        for number in range(500)
    ]
    store.apply(mine, clock=clock)
    for _ in range(150):
        terms = tuple(dict.fromkeys(chance.choices(WORDS, k=chance.randint(3, 10))))
        limit = chance.randint(1, 6)
        found = store.match(MAIN, Probe(terms=terms, limit=limit), Filter()).lexical
        assert found == tuple(_by_hand(mine, terms, limit)), (terms, limit)


def test_a_filter_that_no_term_can_make_leaves_the_best_of_what_fits(store: SQLiteStore) -> None:
    sure = [add(f"sure{number}", f"common word {number}", body="padding " * 40, confidence=0.9) for number in range(3)]
    unsure = [add(f"unsure{number}", f"common word {number}", confidence=0.1) for number in range(60)]
    store.apply([*unsure, *sure], clock=clock)
    found = store.match(MAIN, Probe(terms=("common",), limit=2), Filter(min_confidence=0.5), seq=999).lexical
    assert [key for key, _ in found] == ["sure0", "sure1"]


def _unit(
    chance: np.random.Generator, count: int, dimension: int = 8
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rows = chance.standard_normal((count, dimension)).astype(np.float32)
    unit: np.ndarray[tuple[int, int], np.dtype[np.float32]] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _nearest(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]], keys: list[str], query: object) -> list[str]:
    scores = rows.astype(np.float64) @ np.asarray(query, dtype=np.float64)
    return [key for _, key in sorted(zip(-scores, keys, strict=True))]


@pytest.mark.parametrize(("space", "block", "homely"), [(0, 16, 256), (10**9, 16, 256), (10**9, 8, 4), (10**9, 8, 1)])
def test_vectors_are_exact_with_and_without_room_for_them(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, space: int, block: int, homely: int
) -> None:
    monkeypatch.setattr(vectors, "_BLOCK_ROWS", block)
    monkeypatch.setattr(vectors, "_SHARED_ROWS", homely)
    store._caches = StoreCaches(vectors=vectors.VectorCache(space))  # noqa: SLF001 - to see both ways
    chance = np.random.default_rng(1)
    rows, query = _unit(chance, 100), _unit(chance, 1)[0]
    requests = [add(f"m{number:03}", scope=Scope("acme", repo=f"r{number % 5}")) for number in range(100)]
    keys = [f"m{number:03}" for number in range(100)]
    for end in (30, 70, 100):
        given = (
            dict(zip(keys[end - 40 : end], rows[end - 40 : end], strict=False))
            if end > 30
            else dict(zip(keys, rows[:30], strict=False))
        )
        for request in requests[max(end - 40, 0) : end]:
            store.apply([request], clock=clock, vectors=given)
        reader = Scope("acme", repo="r0", related_repos=("r1", "r2", "r3", "r4"))
        found = store.match(reader, Probe(vector=query, limit=end), Filter(), seq=999).vector
        assert [key for key, _ in found] == _nearest(rows[:end], keys[:end], query)
    one = store.match(Scope("acme", repo="r2"), Probe(vector=query, limit=5), Filter(), seq=60).vector
    mine = [number for number in range(60) if number % 5 == 2]
    assert [key for key, _ in one] == _nearest(rows[mine], [keys[number] for number in mine], query)[:5]


def test_equal_vectors_come_in_the_order_of_their_ids(store: SQLiteStore) -> None:
    same = np.array([0.6, 0.8, 0.0], np.float32)
    keys = [f"m{number}" for number in (5, 3, 9, 1)]
    store.apply([add(key) for key in keys], clock=clock, vectors=dict.fromkeys(keys, same))
    found = store.match(MAIN, Probe(vector=same, limit=3), Filter(), seq=99).vector
    assert [key for key, _ in found] == ["m1", "m3", "m5"]


def test_vectors_saved_elsewhere_and_erased_are_noticed(store: SQLiteStore) -> None:
    one, two = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    store.apply([add("a"), add("b")], clock=clock, vectors={"a": one})
    probe = Probe(vector=two, limit=9)
    assert [key for key, _ in store.match(MAIN, probe, Filter(), seq=99).vector] == ["a"]
    with SQLiteStore.open(store.info(MAIN).url.removeprefix("sqlite:///"), create=False) as other:
        other.save_vectors(MAIN, {"b": two})
        assert [key for key, _ in store.match(MAIN, probe, Filter(), seq=99).vector] == ["b", "a"]
        send(other, Erase("b"))
    assert [key for key, _ in store.match(MAIN, probe, Filter(), seq=99).vector] == ["a"]

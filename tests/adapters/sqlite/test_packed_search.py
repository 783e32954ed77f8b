"""A search without NumPy finds what a search with it finds, to the last digit of each score."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from graphmem.adapters.sqlite import SQLiteStore, packed_search, text_index
from graphmem.adapters.sqlite.packed_segment import DamagedSegment, PackedSegment
from graphmem.model import Erase, Kind, Request, Scope
from graphmem.store import Filter, Matches, Probe
from graphmem.terms import question_terms
from tests.adapters.sqlite.given import MAIN, add, chance, clock
from tests.adapters.sqlite.test_segments import Text, _numbered, _packed, _texts

WORDS = "cache queue table index page router ledger token user team rule test build deploy keep keep keep".split()  # noqa: SIM905
HOMES = (MAIN, Scope("acme"), Scope("acme", repo="other"), Scope("acme", user="ana"), Scope("acme", user="bob"))
KINDS = (Kind.DECISION, Kind.CONVENTION, Kind.TASK)


def filled(path: Path, pick: random.Random) -> SQLiteStore:
    store = SQLiteStore.open(path, create=True)
    number, first = 0, pick.choice(HOMES)
    for _ in range(pick.randint(1, 4)):
        requests = []
        for _ in range(pick.randint(1, 90)):
            title = " ".join(pick.choices(WORDS, k=pick.randint(1, 9)))
            body = " ".join(pick.choices(WORDS, k=pick.choice((0, 5, 40, 700))))
            requests.append(
                add(
                    f"m{number:04}",
                    title,
                    scope=pick.choice(HOMES) if number else first,
                    body=body,
                    kind=pick.choice(KINDS),
                )
            )
            number += 1
        store.apply(requests, clock=clock)
    if pick.random() < 0.5:
        store.apply([Request("erase", Erase("m0000"), first)], clock=clock)
    return store


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=some.integers(0, 2**32))
def test_both_searches_are_the_same(
    seed: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick = chance(seed)
    # In a large store most terms are neither rare nor widespread.
    monkeypatch.setattr(packed_search, "_MOST_RARE", pick.choice((0, 5, 100)))
    monkeypatch.setattr(packed_search, "_WIDESPREAD", pick.choice((0.0, 0.25, 0.5, 1.0)))
    with filled(tmp_path_factory.mktemp("store") / "m.db", pick) as store:
        for _ in range(8):
            search, listing = question(store, pick), newest(pick)
            both = []
            for is_imported in (True, False):
                monkeypatch.setattr(text_index, "has_numpy", lambda has=is_imported: has)
                both.append((told(search(store)), listing(store)))
            assert both[0] == both[1]


def question(store: SQLiteStore, pick: random.Random) -> Callable[[SQLiteStore], Matches]:
    terms = question_terms(" ".join(pick.sample(WORDS, pick.randint(1, 7))) + pick.choice(("", " unheld")))
    names = (" ".join(pick.choices(WORDS, k=2)), "cache", "keep keep")
    probe = Probe(terms, names, limit=pick.choice((1, 3, 35, 200)), is_weighed=pick.random() < 0.8)
    where = Filter(kinds=tuple(pick.sample(KINDS, pick.randint(0, 2))))
    reader = pick.choice((MAIN, Scope("acme", user="ana"), Scope("acme", repo="shop", user="bob"), Scope("nobody")))
    seq = pick.choice((None, pick.randint(0, store.position(MAIN).seq)))
    return lambda each: each.match(reader, probe, where, seq=seq)


def newest(pick: random.Random) -> Callable[[SQLiteStore], list[str]]:
    where, before = Filter(kinds=tuple(pick.sample(KINDS, pick.randint(0, 2)))), pick.choice((3, 10_000))
    reader = pick.choice((MAIN, Scope("acme", user="ana")))
    return lambda each: each.select(reader, where, at=None, before=before, limit=7)


def told(matches: Matches) -> tuple[object, ...]:
    evidence = {key: each.words for key, each in matches.evidence.items()}
    return matches.lexical, dict(matches.named), matches.seq, matches.weights, evidence, sorted(matches.unheld)


@given(_texts)
def test_a_segment_read_in_place_says_what_was_added(rows: list[tuple[int, int, int, dict[int, int]]]) -> None:
    texts: list[Text] = _numbered(rows)
    segment = PackedSegment(texts[0][0], _packed(texts))
    assert [segment.first + distance for distance in segment.distances] == [number for number, *_ in texts]
    assert (list(segment.homes), list(segment.lengths)) == ([text[1] for text in texts], [text[2] for text in texts])
    for term in {term for *_, counts in texts for term in counts} | {5}:
        held = [(position, counts[term]) for position, (*_, counts) in enumerate(texts) if term in counts]
        assert list(segment.postings(term)) == held
        assert segment.frequency(term) == len(held)
        assert [segment.count(term, position) for position in range(segment.size)] == [
            dict(held).get(position, 0) for position in range(segment.size)
        ]


@given(_texts, some.integers(0, 10_000))
def test_a_cut_segment_is_refused(rows: list[tuple[int, int, int, dict[int, int]]], cut: int) -> None:
    texts = _numbered(rows)
    data = _packed(texts)
    with pytest.raises(DamagedSegment, match=str(texts[0][0])):
        PackedSegment(texts[0][0], data[: cut % len(data)])

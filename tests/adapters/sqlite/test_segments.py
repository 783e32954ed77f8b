"""Segments say what was added to them, however they were joined, cut down and read."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from graphmem.adapters.sqlite import SQLiteStore, text_index, text_writer
from graphmem.adapters.sqlite.caches import StoreCaches
from graphmem.adapters.sqlite.keyed_hashes import Hashes, names
from graphmem.adapters.sqlite.packed_segment import DamagedSegment
from graphmem.adapters.sqlite.probe_search import Search
from graphmem.adapters.sqlite.segments import SegmentBuilder, joined, pack, unpack, without
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.term_hashes import StatementTerms, facets
from graphmem.model import Anchor, AnchorKind, Erase, Request, Scope, Statement
from graphmem.ranking import name_keys
from graphmem.store import Filter, Probe
from graphmem.terms import statement_terms
from tests.adapters.sqlite.given import MAIN, add, clock, raw
from tests.adapters.sqlite.given import chance as seeded

Text = tuple[int, int, int, dict[int, int]]

_counts = some.dictionaries(some.integers(0, 2**64 - 1), some.integers(1, 300) | some.just(70_000), max_size=6)
_rows = some.tuples(some.integers(1, 50), some.integers(0, 2**20), some.integers(0, 90_000), _counts)
_texts = some.lists(_rows, min_size=1)


def _numbered(rows: list[tuple[int, int, int, dict[int, int]]], first: int = 1 << 40) -> list[Text]:
    texts, number = [], first
    for step, home, length, counts in rows:
        number += step
        texts.append((number, home, length, counts))
    return texts


def _packed(texts: list[Text]) -> bytes:
    draft = SegmentBuilder()
    for one in texts:
        draft.add(*one)
    return draft.pack()


@given(_texts)
def test_a_segment_says_what_was_added(rows: list[tuple[int, int, int, dict[int, int]]]) -> None:
    texts = _numbered(rows)
    segment = unpack(texts[0][0], _packed(texts))
    assert list(segment.texts()) == texts
    assert list(unpack(texts[0][0], pack(segment)).texts()) == texts


@given(some.lists(_texts, min_size=1, max_size=5))
def test_joined_segments_say_what_each_said(parts: list[list[tuple[int, int, int, dict[int, int]]]]) -> None:
    said: list[list[Text]] = []
    for rows in parts:
        said.append(_numbered(rows, said[-1][-1][0] if said else 1 << 40))
    one = joined([unpack(texts[0][0], _packed(texts)) for texts in said])
    assert list(one.texts()) == [text for texts in said for text in texts]
    assert pack(one) == _packed([text for texts in said for text in texts])


@given(_texts, some.randoms(use_true_random=False))
def test_what_is_taken_out_leaves_nothing(
    rows: list[tuple[int, int, int, dict[int, int]]], chance: random.Random
) -> None:
    texts = _numbered(rows)
    out = chance.sample(texts, chance.randint(0, len(texts)))
    rest = without(unpack(texts[0][0], _packed(texts)), [number for number, *_ in out])
    kept = [text for text in texts if text not in out]
    assert list(rest.texts()) == kept
    assert set(rest.terms.tolist()) == {term for *_, counts in kept for term in counts}


@given(_texts, some.data())
def test_a_damaged_segment_is_refused_or_read(
    rows: list[tuple[int, int, int, dict[int, int]]], data: some.DataObject
) -> None:
    blob = _packed(_numbered(rows))
    cut = data.draw(some.integers(0, len(blob) - 1))
    with pytest.raises(DamagedSegment, match="the text segment that begins with memory 7 cannot be read"):
        unpack(7, blob[:cut])


_QUESTIONS = [("river",), ("river", "stone"), ("only3", "river", "stone", "cloud"), ("nobody",)]
_READERS = [MAIN, Scope(MAIN.tenant, user="ana"), Scope(MAIN.tenant, user="bob", repo="r")]


@pytest.mark.heavy
def test_a_process_that_stays_finds_what_a_new_one_finds(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was written since, by whom, and how it was joined."""
    monkeypatch.setattr(text_index, "_FEW", 6)
    monkeypatch.setattr(text_writer, "_MOST_LOOSE", 5)
    monkeypatch.setattr(text_writer, "_SMALL", 9)
    chance, kept = seeded(5), list[tuple[str, Scope]]()
    homes = [MAIN, Scope(MAIN.tenant, user="ana"), Scope(MAIN.tenant, repo="r")]
    words = ["river", "stone", "cloud", "sand", "moss"]
    for step in range(120):
        if kept and chance.random() < 0.1:
            key, home = kept.pop(chance.randrange(len(kept)))
            request = [Request(f"op-{step}", Erase(key), home)]
        else:
            home = chance.choice(homes)
            new = [
                (f"{step}-{each}", " ".join(chance.choices(words, k=3))) for each in range(chance.choice([1, 1, 4, 12]))
            ]
            request = [add(key, f"{said} only{step}", scope=home) for key, said in new]
            kept += [(key, home) for key, _ in new]
        if chance.random() < 0.3:
            with SQLiteStore.open(path, create=False) as another:
                another.apply(request, clock=clock)
        else:
            store.apply(request, clock=clock)
        if chance.random() < 0.5:
            with SQLiteStore.open(path, create=False) as fresh:
                for reader in _READERS:
                    for terms in _QUESTIONS:
                        probe = Probe(terms=terms, limit=chance.choice([2, 50]), is_weighed=True)
                        seq = chance.choice([None, None, step // 2])
                        found, expected = (one.match(reader, probe, Filter(), seq=seq) for one in (store, fresh))
                        assert found.lexical == expected.lexical
                        assert (found.weights, found.evidence) == (expected.weights, expected.evidence)
    assert store.check() == []
    with raw(path) as database:
        sizes = [size for (size,) in database.execute("SELECT size FROM segment ORDER BY first")]
    assert len(sizes) < 20, "small segments are joined"


def test_a_transaction_that_began_before_finds_what_it_saw(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the process has read what was written since."""
    monkeypatch.setattr(text_index, "_FEW", 4)
    chance = seeded(9)

    def written(first: int, count: int) -> None:
        titles = [" ".join(chance.choices(["river", "stone", "cloud"], k=3)) for _ in range(count)]
        store.apply([add(f"m{first + place}", title) for place, title in enumerate(titles)], clock=clock)

    for before, later in ((10, 7), (3, 2), (1, 30)):
        written(1_000 * before, before)
        probes = [Probe(terms=terms, limit=50, is_weighed=True) for terms in _QUESTIONS]
        with store._reading(MAIN) as snapshot:  # noqa: SLF001 - a request that takes long
            connection, tenant = snapshot.connection, snapshot.tenant
            seen = Search(Snapshot(connection, tenant), MAIN, StoreCaches(), tenant.seq, None)
            expected = [seen.matches(probe, Filter()) for probe in probes]
            written(1_000 * before + 500, later)
            store.match(MAIN, probes[0], Filter())
            store.match(MAIN, probes[0], Filter())
            for caches in (store._caches, StoreCaches()):  # noqa: SLF001 - those of a process, and of a new one
                again = Search(Snapshot(connection, tenant, caches.rows_cache), MAIN, caches, tenant.seq, None)
                assert [again.matches(probe, Filter()) for probe in probes] == expected
        store.apply([Request(f"erased-{before}", Erase(f"m{1_000 * before}"), MAIN)], clock=clock)


def test_check_finds_words_that_are_not_what_was_written(store: SQLiteStore, path: Path) -> None:
    store.apply([add("a", "river stone"), add("b", "cloud")], clock=clock)
    with raw(path) as database:
        data = bytearray(database.execute("SELECT data FROM segment").get)
        data[-1] += 1
        database.execute("UPDATE segment SET data = ?", (bytes(data),))
    assert {one.area for one in store.check()} == {"words"}
    with raw(path) as database:
        database.execute("UPDATE segment SET data = substr(data, 1, 40)")
    assert {one.area for one in store.check()} == {"words"}


_words = some.sampled_from(
    ["deploying", "Deployed", "v3.11.4", "HTTPServer", "snake_case", "東京都", "river", "a/b.py", "\ud800"]
)
_said = some.lists(_words, max_size=8).map(" ".join)
_statements = some.builds(
    Statement,
    title=_said.map(lambda text: f"on {text}"),
    body=_said,
    aliases=some.lists(_said, max_size=2).map(tuple),
    labels=some.lists(some.sampled_from(["x", "y"]), max_size=3).map(tuple),
    subject=some.none() | some.just("stack.river"),
    language=some.none() | some.just("python"),
    anchors=some.lists(
        some.builds(Anchor, some.sampled_from([AnchorKind.FILE, AnchorKind.MODULE]), some.just("src/a/b.py")),
        max_size=2,
    ).map(tuple),
)


@given(some.lists(_statements, min_size=1, max_size=4))
def test_a_segment_has_each_token_as_often_as_it_occurs_and_other_terms_once(statements: list[Statement]) -> None:
    made, expected = SegmentBuilder(), SegmentBuilder()
    hashes = Hashes("key")
    for number, statement in enumerate(statements, 1):
        made.add_terms(number, 1, *StatementTerms("key").packed(statement))
        tokens = statement_terms(statement)
        counts = Counter({hashes[term]: count for term, count in Counter(tokens).items()})
        counts |= Counter(dict.fromkeys([*facets(statement, hashes), *names(name_keys(statement), hashes)], 1))
        expected.add(number, 1, len(tokens), counts)
    assert made.pack() == expected.pack()


@pytest.mark.parametrize("low", [1, 7])
def test_hashes_with_equal_upper_halves_are_sorted_too(low: int) -> None:
    texts = [(number, 1, 3, {low: 1, 9: 2, 5 << 40 | low: 1}) for number in range(1, 5)]
    assert list(unpack(1, _packed(texts)).texts()) == texts

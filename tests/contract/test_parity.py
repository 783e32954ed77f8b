"""Every reading method gives the oracle's answer to every reader of one project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import numpy as np
import pytest

from graphmem.model import Erase, Kind, OpenBranch, Origin, Point, Scope, Status
from graphmem.ranking import name_key, tokens
from graphmem.repository.filter_reach import FilterReach
from graphmem.rows import CachedRows, Rows
from graphmem.store import Filter, Matches, Probe, Rivals, Store
from graphmem.temporal import CachedView, View
from tests.contract.scenario import NOON, READERS, VECTORS, fill, requests, sorted_rows, vector
from tests.laws.world import R, attempt, kernel_answers, oracle_answers, send
from tests.oracle import OracleStore
from tests.stores import BACKENDS, opened

IDS = ("A", "B", "C", "P", "D", "X", "E", "O", "again", "A2", "nobody")
FILTERS = (
    Filter(),
    Filter(kinds=(Kind.DECISION, Kind.PREFERENCE)),
    Filter(labels=("storage",)),
    Filter(languages=("de",)),
    Filter(subjects=("stack.database", "lint.quotes")),
    Filter(origins=(Origin.DOCUMENT,), min_confidence=0.5),
    Filter(min_confidence=0.9),
    Filter(components=("store",)),
    Filter(paths=("src/store/sqlite.py",)),
    Filter(paths=("src/store/",)),
    Filter(paths=("src/*/*.py",)),
    Filter(paths=("**/db.py", "src/store/postgre?.py")),
    Filter(paths=("src/",), kinds=(Kind.CONVENTION,)),
    Filter(paths=("docs/",), reach=FilterReach(areas=("store",))),
    Filter(paths=("docs/*.md", "src/store/sqlite.py"), reach=FilterReach(areas=("store", "nowhere"))),
    Filter(paths=("**/db.py",), reach=FilterReach(areas=("store",)), kinds=(Kind.DECISION,)),
    Filter(reach=FilterReach(areas=("store",))),
    Filter(components=("store",), reach=FilterReach(component_paths=("docs/", "src/db.py", "src/store/sqlite.py"))),
    Filter(components=("nowhere",), reach=FilterReach(component_paths=("src/",)), kinds=(Kind.CONVENTION,)),
    Filter(components=("store",), paths=("docs/",), reach=FilterReach(component_paths=("docs/",))),
    Filter(reach=FilterReach(component_paths=("docs/",))),
    Filter(labels=("no such label",)),
)
PROBES = (
    Probe(terms=("storage",)),
    Probe(terms=("sqlite", "storage", "quotes")),
    Probe(terms=tuple(tokens("東京 café"))),
    Probe(terms=("nothing",)),
    Probe(names=(name_key("ADR-1"), name_key("quotes are DOUBLE"), name_key("unknown"))),
    Probe(vector=vector("q"), limit=3),
    Probe(terms=("storage", "use"), names=(name_key("Use SQLite for storage"),), vector=vector("A"), limit=2),
)
every_reader = pytest.mark.parametrize("reader", READERS, ids=repr)


@pytest.fixture(scope="module", params=BACKENDS, ids=lambda backend: backend.name)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, OracleStore]]:
    """A store and the oracle, told the same; `D` was erased in the end. No test here changes what they hold."""
    oracle = OracleStore()
    with opened(request.param, tmp_path_factory.mktemp("pair")) as store:
        assert fill(store) == fill(oracle)
        for one in (store, oracle):
            send(one, "erase", Erase("D"))
        yield store, oracle
        assert store.changes(R) == oracle.changes(R)


@every_reader
def test_positions(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    ticks = product(range(-60, 700, 60), (-1, 0, 1))
    moments = [None, *(NOON + timedelta(seconds=seconds, microseconds=micros) for seconds, micros in ticks)]
    assert [store.position(reader, one) for one in moments] == [oracle.position(reader, one) for one in moments]


@every_reader
def test_changes(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    assert store.changes(reader) == oracle.changes(reader)
    assert store.changes(reader, after=3, limit=4) == oracle.changes(reader, after=3, limit=4)
    assert store.changes(reader, after=999) == []
    for key in IDS:
        assert store.changes_of(reader, key) == oracle.changes_of(reader, key)


@every_reader
def test_rows_of_what_is_chained(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    for asked in (*((key,) for key in IDS), IDS, ()):
        found = {**sorted_rows(store.rows(reader, asked))}
        assert found == sorted_rows(oracle.rows(reader, asked)), asked


@every_reader
def test_the_kernel_over_rows_at_every_position(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    rows, last = store.rows(reader, IDS), store.position(reader).seq
    for seq in range(last + 1):
        assert kernel_answers(rows, reader, seq) == oracle_answers(oracle.view(reader, seq)), seq


@every_reader
def test_selection_by_filter(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    for where in FILTERS:
        for before, limit in ((100, 100), (100, 2), (7, 9), (1, 9), (0, 9)):
            found = store.select(reader, where, at=None, before=before, limit=limit)
            assert found == oracle.select(reader, where, at=None, before=before, limit=limit), where


@every_reader
def test_selection_at_an_instant_leaves_out_only_what_does_not_hold(
    pair: tuple[Store, OracleStore], reader: Scope
) -> None:
    store, oracle = pair
    last = oracle.position(reader).seq
    view = View(store.rows(reader, IDS), reader, last)
    for hours in range(0, 300, 24):
        valid = NOON.replace(year=2020, month=1, day=1, hour=0) + timedelta(hours=hours)
        found = store.select(reader, Filter(), at=valid, before=last + 1, limit=100)
        held = {key for key in IDS if view.holds(key, valid)}
        assert held <= set(found) <= set(oracle.select(reader, Filter(), at=None, before=last + 1, limit=100))


def rounded(found: Matches) -> tuple[object, ...]:
    """Ids in order, with scores to six digits: engines add in their own order."""
    scores = [[(key, round(score, 6)) for key, score in group] for group in (found.lexical, found.vector)]
    return (*scores, {name: keys for name, keys in found.named.items() if keys})


@pytest.mark.heavy
@every_reader
def test_matches(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    for probe, where, seq in product(PROBES, FILTERS, (0, 9, oracle.position(reader).seq)):
        found = rounded(store.match(reader, probe, where, seq=seq))
        assert found == rounded(oracle.match(reader, probe, where, seq=seq)), (probe, where, seq)


@every_reader
def test_rows_come_with_matches(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    for probe, seq in product(PROBES, (None, 0, 5, 9, oracle.position(reader).seq)):
        found = store.match(reader, probe, Filter(), seq=seq)
        assert (found.seq, found.model) == (oracle.position(reader).seq if seq is None else seq, store.model())
        assert sorted_rows(found.rows.chained) == sorted_rows(store.rows(reader, found.ids))
        assert not found.rows.settled


INSTANTS = [NOON.replace(year=2020, month=1, day=1, hour=0) + timedelta(hours=hours) for hours in range(0, 300, 12)]


def assert_settled(everything: Rows, reader: Scope, rows: CachedRows, at: Point) -> None:
    """What is settled holds at the point, by the rows of all; what is not came with all that is its own."""
    whole, view = View(everything, reader, at.seq), CachedView(rows, reader, at.seq)
    assert not rows.settled.keys() & rows.chained.memories.keys()
    for key in rows.ids:
        assert view.holding(key) == whole.holding(key)
        assert view.confirmed_at(key) == whole.confirmed_at(key)
        if not view.is_settled(key):
            assert (view.moves(key), view.edges_out(key)) == (whole.moves(key), whole.edges_out(key))
            assert (view.edges_into(key), view.links(key)) == (whole.edges_into(key), whole.links(key))
        elif key in view.known:
            assert whole.holds(key, at.valid)
            assert (told := whole.status(key, at.valid)) is not None
            assert told.move.status is Status.ACTIVE


@pytest.mark.heavy
@every_reader
def test_what_is_settled_holds(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    probe = Probe(terms=("storage", "use", "quotes", "sqlite"), vector=vector("q"))
    everything = store.rows(reader, IDS)
    for seq, valid in product((*range(oracle.position(reader).seq), None), INSTANTS):
        found = store.match(reader, probe, Filter(), seq=seq, at=valid)
        assert found.rows.ids >= set(found.ids)
        assert_settled(everything, reader, found.rows, Point(valid, found.seq))


@every_reader
def test_rows_come_with_neighbours(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    everything = store.rows(reader, IDS)
    for seq, valid in product(range(oracle.position(reader).seq + 1), INSTANTS[::4]):
        found = store.neighbours(reader, ("A", "C", "P"), seq=seq, limit=100, at=valid)
        assert found.rows.ids >= {one.memory for one in found.steps}
        linked = {one.memory for one in found.steps if ":" not in one.over}
        assert not linked & found.rows.settled.keys()
        assert_settled(everything, reader, found.rows, Point(valid, seq))


@every_reader
def test_rows_of_rivals(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    subjects = ("stack.database", "lint.quotes")
    everything = oracle.rows(reader, IDS)
    for seq in range(oracle.position(reader).seq + 1):
        whole = View(everything, reader, seq)
        same = oracle.select(reader, Filter(subjects=subjects), at=None, before=seq + 1, limit=100)
        at_most = oracle.rows(reader, ("X", *same)).memories.keys()
        for valid in INSTANTS:
            rows = store.rows_with_rivals(reader, ("X",), Rivals(subjects, Point(valid, seq), 100))
            view = CachedView(rows, reader, seq)
            held = {key for key in same if whole.holds(key, valid)}
            assert held <= {key for key in same if view.holds(key, valid)}
            assert rows.chained.memories.keys() <= at_most
            assert not rows.settled


@every_reader
def test_neighbours(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    last = store.position(reader).seq
    for asked in (("A",), ("C",), ("P", "X"), ("nobody",), ()):
        for seq in (last, last // 2, 3):
            found = store.neighbours(reader, asked, seq=seq, limit=100).steps
            assert set(found) == set(oracle.neighbours(reader, asked, seq=seq, limit=100).steps)
            assert len(found) == len(set(found))
        assert len(store.neighbours(reader, asked, seq=last, limit=1).steps) <= 1


@every_reader
def test_subjects_forks_and_missing_vectors(pair: tuple[Store, OracleStore], reader: Scope) -> None:
    store, oracle = pair
    assert store.contested_subjects(reader) == oracle.contested_subjects(reader)
    assert store.forked(reader) == oracle.forked(reader)
    for limit in (0, 2, 100):
        assert store.without_vector(reader, limit) == oracle.without_vector(reader, limit)
    found, expected = store.info(reader), oracle.info(reader)
    assert (found.memories, found.changes, found.vectors) == (expected.memories, expected.changes, expected.vectors)


def test_refusals_are_the_same_and_write_nothing(pair: tuple[Store, OracleStore]) -> None:
    store, oracle = pair
    before = store.position(R)
    for request in requests():
        strange = replace(request, op_id=f"again {request.op_id}", writer=Scope(repo="elsewhere"))
        if not isinstance(request.operation, OpenBranch):
            assert isinstance(attempt(oracle, strange), tuple)
            assert attempt(store, strange) == attempt(oracle, strange)
    assert store.position(R) == before


def test_vectors_are_kept_as_they_came(pair: tuple[Store, OracleStore]) -> None:
    store, _ = pair
    probe = Probe(vector=np.asarray(VECTORS["B"]), limit=1)
    ((key, cosine),) = store.match(R, probe, Filter(), seq=100).vector
    assert key == "B"
    assert abs(cosine - 1.0) < 1e-6

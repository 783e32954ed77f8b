"""Erasing, exporting, restoring, checking, closing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graphmem.errors import Conflict, CorruptStore, GraphMemError, InvalidInput, NotFound, StoreUnavailable, Unsupported
from graphmem.model import Add, Erase, Memory, Move, Provenance, Request, Scope, Statement, Status
from graphmem.store import Filter, ModelCard, Probe, Store
from tests.contract.scenario import READERS, VECTORS, fill, requests, sorted_rows
from tests.contract.test_writing import snapshot
from tests.laws.world import CLOCK, R, add, day, ids_in, kernel_answers, send
from tests.oracle.planned import PlannedStore
from tests.stores import BACKENDS, Backend, opened

HIDDEN = "hunter2"
IDS = ("A", "B", "C", "P", "D", "X", "E", "O")


# ---- erase


def with_hidden(store: Store) -> None:
    fill(store)
    said = Statement(title=f"The password is {HIDDEN}", aliases=(HIDDEN,), subject=HIDDEN, labels=(HIDDEN,))
    words = (Move(Status.ACTIVE, day(0), 0, HIDDEN),)
    by = Provenance("ann", f"https://example.org/{HIDDEN}", HIDDEN)
    request = Request("secret", Add(Memory("S", R, said), words), R, by)
    store.apply([request], clock=lambda: CLOCK, vectors={"S": VECTORS["A"]})
    send(store, "after", add("T"))


def test_an_erased_content_is_nowhere(store: Store) -> None:
    with_hidden(store)
    send(store, "erase", Erase("S"))
    assert HIDDEN not in "".join(store.export(R))
    assert HIDDEN not in repr([store.changes(R), store.changes_of(R, "S"), store.rows(R, ["S"])])
    probe = Probe(terms=(HIDDEN, "password"), names=(HIDDEN,), vector=VECTORS["A"])
    found = store.match(R, probe, Filter(), seq=999)
    assert "S" not in repr([found.lexical, found.vector, found.named])
    assert store.select(R, Filter(subjects=(HIDDEN,)), at=None, before=999, limit=9) == []
    assert "S" not in store.without_vector(R, 99)
    assert store.check() == []


def test_an_erased_memory_leaves_a_tombstone_with_its_moves(store: Store) -> None:
    with_hidden(store)
    send(store, "erase", Erase("S"))
    rows = store.rows(R, ["S"])
    assert rows.memories["S"].memory == Memory("S", R, None)
    assert [row.move for row in rows.moves] == [Move(Status.ACTIVE, day(0))]
    with pytest.raises(NotFound):
        send(store, "again", Erase("S"))


def test_an_erased_id_stays_taken_and_an_old_retry_is_still_answered(store: Store) -> None:
    with_hidden(store)
    send(store, "erase", Erase("S"))
    with pytest.raises(GraphMemError):
        send(store, "new", add("S"))
    assert fill(store)[0].seq == 1


def test_vectors_of_the_erased_are_not_taken_back(store: Store) -> None:
    with_hidden(store)
    send(store, "erase", Erase("S"))
    store.save_vectors(R, {"S": VECTORS["A"], "nobody": VECTORS["A"], "D": VECTORS["B"]})
    found = store.match(R, Probe(vector=VECTORS["A"]), Filter(), seq=999).vector
    assert {key for key, _ in found} == {"A", "B", "C", "D", "X"}


# ---- export and restore


@pytest.fixture(params=BACKENDS, ids=lambda one: f"into {one.name}")
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "target"
    folder.mkdir()
    with opened(request.param, folder) as store:
        yield store


def test_a_restored_ledger_answers_alike_at_every_point(store: Store, target: Store) -> None:
    with_hidden(store)
    send(store, "erase", Erase("S"))
    lines = list(store.export(R))
    assert target.restore(iter(lines), tenant="default") == store.position(R).seq
    assert list(target.changes(R)) == store.changes(R)
    for reader in (one for one in READERS if one.tenant == "default"):
        assert target.position(reader) == store.position(reader)
        assert sorted_rows(target.rows(reader, IDS)) == sorted_rows(store.rows(reader, IDS))
        copied, told = (one.rows(reader, ids_in(one.changes(reader))) for one in (target, store))
        for seq in range(store.position(R).seq + 1):
            assert kernel_answers(copied, reader, seq) == kernel_answers(told, reader, seq)
    assert list(target.export(R))[1:] == lines[1:]
    assert target.check() == []


def test_a_restored_store_goes_on_where_the_other_stopped(store: Store, target: Store) -> None:
    first = [one for one in fill(store) if one.writer.tenant == "default"]
    target.restore(store.export(R), tenant="default")
    again = [one for one in requests() if one.writer.tenant == "default"]
    assert target.apply(again, clock=lambda: CLOCK) == first
    assert send(target, "next", add("next")).seq == len(first) + 1
    found = [one.match(R, Probe(terms=("storage",), vector=VECTORS["A"]), Filter(), seq=20) for one in (store, target)]
    assert [key for key, _ in found[0].lexical] == [key for key, _ in found[1].lexical]
    assert [key for key, _ in found[0].vector] == [key for key, _ in found[1].vector]


def test_a_tenant_that_is_not_empty_is_not_overwritten(store: Store) -> None:
    fill(store)
    lines = list(store.export(R))
    send(store, "more", add("more"))
    before = snapshot(store)
    with pytest.raises(InvalidInput):
        store.restore(lines, tenant="default")
    assert snapshot(store) == before


@pytest.mark.parametrize("line", [0, 1, 5])
def test_an_altered_export_is_refused_as_a_whole(store: Store, target: Store, line: int) -> None:
    fill(store)
    lines = list(store.export(R))
    lines[line] = lines[line][: len(lines[line]) // 2]
    with pytest.raises((InvalidInput, CorruptStore)):
        target.restore(lines, tenant="default")
    assert target.position(R).seq == 0


def test_an_export_with_other_words_is_corrupt(store: Store, target: Store) -> None:
    fill(store)
    lines = [line.replace("Use SQLite", "Use MySQL") for line in store.export(R)]
    with pytest.raises(CorruptStore):
        target.restore(lines, tenant="default")
    assert target.position(R).seq == 0


def test_an_export_that_lost_an_entry_is_corrupt(store: Store, target: Store) -> None:
    fill(store)
    lines = list(store.export(R))
    with pytest.raises((CorruptStore, InvalidInput)):
        target.restore(lines[:4] + lines[5:], tenant="default")


def test_nothing_exported_restores_to_nothing(store: Store, target: Store) -> None:
    assert target.restore(store.export(R), tenant="default") == 0
    assert target.position(R).seq == 0


# ---- vectors and their model


def test_another_model_drops_all_vectors(store: Store) -> None:
    fill(store)
    first, other = ModelCard("one", 4, "a"), ModelCard("two", 4, "b")
    store.adopt_model(first)
    store.save_vectors(R, VECTORS)
    store.adopt_model(first)
    assert store.info(R).vectors == len(VECTORS)
    store.adopt_model(other)
    assert (store.info(R).vectors, store.info(R).model) == (0, other)
    assert "A" in store.without_vector(R, 99)
    assert store.match(R, Probe(vector=VECTORS["A"]), Filter(), seq=99).vector == ()


ONE, OTHER = ModelCard("one", 4, "a"), ModelCard("two", 4, "b")


def _add_with_vector(store: Store, key: str, model: ModelCard | None, *, scope: Scope = R) -> None:
    request = Request(key, add(key, home=scope), scope)
    store.apply([request], clock=lambda: CLOCK, vectors={key: VECTORS["A"]}, model=model)


def test_the_first_vectors_bring_their_model(store: Store) -> None:
    _add_with_vector(store, "A", ONE)
    assert (store.info(R).model, store.info(R).vectors) == (ONE, 1)
    assert store.check() == []


def test_vectors_of_another_model_than_the_stores_are_not_kept(store: Store) -> None:
    _add_with_vector(store, "A", ONE)
    _add_with_vector(store, "B", OTHER)
    _add_with_vector(store, "C", None)
    _add_with_vector(store, "D", OTHER, scope=Scope("another"))
    assert (store.info(R).model, store.without_vector(R, 9)) == (ONE, ["B"])
    assert store.without_vector(Scope("another"), 9) == ["D"]
    assert store.check() == []


def test_a_write_that_was_embedded_before_another_model_was_adopted_comes_without_a_vector(store: Store) -> None:
    for key in "ABC":
        _add_with_vector(store, key, ONE)
    store.adopt_model(OTHER)
    _add_with_vector(store, "D", ONE)
    assert (store.info(R).model, store.info(R).vectors) == (OTHER, 0)
    _add_with_vector(store, "E", OTHER)
    assert store.without_vector(R, 9) == ["A", "B", "C", "D"]
    assert store.check() == []


def test_vectors_made_before_another_model_was_adopted_are_refused(store: Store) -> None:
    _add_with_vector(store, "A", ONE)
    store.adopt_model(OTHER)
    with pytest.raises(Conflict, match="model"):
        store.save_vectors(R, {"A": VECTORS["A"]}, model=ONE)
    assert store.info(R).vectors == 0
    store.save_vectors(R, {"A": VECTORS["A"]}, model=OTHER)
    assert (store.info(R).vectors, store.check()) == (1, [])


# ---- check and close


def test_a_sound_store_has_no_findings(store: Store) -> None:
    assert store.check() == []
    fill(store)
    assert store.check() == []


def test_a_closed_store_says_so(store: Store) -> None:
    fill(store)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable):
        store.position(R)
    with pytest.raises(StoreUnavailable):
        send(store, "late", add("late"))


def test_what_was_written_is_there_after_a_restart(backend: Backend, tmp_path: Path) -> None:
    expected = PlannedStore()
    fill(expected)
    with opened(backend, tmp_path) as store:
        fill(store)
        before = snapshot(store)
    if backend.is_durable:
        with opened(backend, tmp_path) as store:
            assert snapshot(store) == before
            assert fill(store) == fill(expected)
            assert store.check() == []


def test_a_backup_is_a_store_of_its_own(backend: Backend, tmp_path: Path) -> None:
    if not backend.has_backup:
        with opened(backend, tmp_path) as store, pytest.raises(Unsupported, match="export"):
            store.backup(tmp_path / "copy")
        return
    if not backend.is_durable:
        return
    copy = tmp_path / "copy"
    copy.mkdir()
    with opened(backend, tmp_path) as store:
        fill(store)
        before = snapshot(store)
        store.backup(copy / "graphmem.db")
        send(store, "later", add("later"))
        with pytest.raises(GraphMemError):
            store.backup(copy / "graphmem.db")
    with opened(backend, copy) as store:
        assert snapshot(store) == before
        assert store.check() == []


def test_other_tenants_stay_out_of_an_export(store: Store) -> None:
    fill(store)
    assert "Theirs" not in "".join(store.export(R))
    assert "Theirs" in "".join(store.export(Scope(tenant="other")))

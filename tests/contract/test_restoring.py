"""A restore that is broken off: what is there then, who may write, and how it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.adapters.export_lines import entry_line, header_line, verified
from graphmem.errors import Conflict, CorruptStore, InvalidInput
from graphmem.ledger import GENESIS, change_of, seal
from graphmem.model import Erase, Scope
from graphmem.store import Filter, ModelCard, Probe, Store
from tests.contract.scenario import DIMENSION, VECTORS, fill, sorted_rows
from tests.contract.test_keeping import HIDDEN, IDS, with_hidden
from tests.laws.world import ANN, R, X, add, read, send
from tests.oracle import OracleStore
from tests.stores import BACKENDS, Backend, opened

PART = 4


class Broken(BaseException):
    """What breaks a restore off; not an `Exception`, as Ctrl-C is none."""


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.adapters.export_lines.PART", PART)


@pytest.fixture(params=BACKENDS, ids=lambda one: f"into {one.name}")
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "target"
    folder.mkdir()
    with opened(request.param, folder) as store:
        yield store


@pytest.fixture
def source() -> OracleStore:
    """What is restored: the whole project, one memory of it erased, with vectors of a named model."""
    found = OracleStore()
    found.adopt_model(ModelCard("one", DIMENSION, "a"))
    with_hidden(found)
    send(found, "erase", Erase("S"))
    return found


def another() -> OracleStore:
    """A store with another ledger of the same tenant."""
    found = OracleStore()
    for number in range(11):
        send(found, f"other {number}", add(f"m{number}"))
    return found


def break_off(target: Store, lines: Iterable[str], after: int) -> None:
    """Restore as far as the first part that reaches an entry."""

    def stop(done: int, _: int) -> None:
        if done >= after:
            raise Broken

    with pytest.raises(Broken):
        target.restore(lines, tenant="default", progress=stop)


def finding_areas(store: Store) -> list[str]:
    return [one.area for one in store.check()]


def assert_equal(target: Store, source: Store) -> None:
    """All of the one is in the other, derived values included, and nothing is left to do."""
    assert list(target.export(R)) == list(source.export(R))
    for reader in (R, X, ANN):
        assert read(target, reader, None) == read(source, reader, None)
        assert sorted_rows(target.rows(reader, IDS)) == sorted_rows(source.rows(reader, IDS))
        probe = Probe(terms=("storage", "quotes"), vector=VECTORS["A"])
        found = [one.match(reader, probe, Filter(), seq=99) for one in (target, source)]
        assert found[0].ids == found[1].ids
    assert target.check() == []
    info, expected = target.info(R), source.info(R)
    assert (info.head, info.is_restoring, info.model) == (expected.head, False, expected.model)
    assert (info.memories, info.changes, info.vectors) == (expected.memories, expected.changes, expected.vectors)


@pytest.mark.parametrize("after", [0, 1, 9, 20])
def test_it_is_picked_up_by_restoring_again(target: Store, source: OracleStore, after: int) -> None:
    break_off(target, source.export(R), after)
    told: list[tuple[int, int]] = []
    total = source.position(R).seq
    count = target.restore(source.export(R), tenant="default", progress=lambda *at: told.append(at))
    assert (count, told[-1]) == (total, (total, total))
    assert told[0][0] == (after + PART - 1) // PART * PART
    assert_equal(target, source)
    assert send(target, "next", add("next")).seq == total + 1


def test_it_may_be_broken_off_again_and_again(target: Store, source: OracleStore) -> None:
    for after in (0, 3, 3, 8, 17):
        break_off(target, source.export(R), after)
    target.restore(source.export(R), tenant="default")
    assert_equal(target, source)


def test_readers_see_what_was_written_and_check_says_that_it_is_not_all(target: Store, source: OracleStore) -> None:
    break_off(target, source.export(R), 8)
    assert target.position(R).seq == 8
    assert target.changes(R) == source.changes(R, limit=8)
    for reader in (R, X, ANN):
        assert read(target, reader, None) == read(source, reader, 8)
    assert target.info(R).is_restoring
    assert finding_areas(target) == ["restore"]
    assert len(list(target.export(R))) == 9


def test_nobody_else_writes_to_the_tenant_until_it_is_finished(target: Store, source: OracleStore) -> None:
    break_off(target, source.export(R), 8)
    with pytest.raises(Conflict, match="run the same"):
        send(target, "other", add("other"))
    with pytest.raises(Conflict, match="run the same"):
        target.save_vectors(R, {"A": VECTORS["B"]})
    send(target, "theirs", add("T", home=Scope(tenant="theirs")), Scope(tenant="theirs"))
    target.restore(source.export(R), tenant="default")
    assert_equal(target, source)


def test_before_the_first_part_nobody_else_writes_either(target: Store, source: OracleStore) -> None:
    break_off(target, source.export(R), 0)
    with pytest.raises(Conflict):
        send(target, "other", add("other"))
    assert (target.position(R).seq, target.tenants()) == (0, [])


def test_another_export_does_not_go_on_from_it(target: Store, source: OracleStore) -> None:
    break_off(target, source.export(R), 8)
    other = another()
    with pytest.raises(InvalidInput, match="default"):
        target.restore(other.export(R), tenant="default")
    assert target.changes(R) == source.changes(R, limit=8)
    target.restore(source.export(R), tenant="default")
    assert_equal(target, source)


def test_a_shorter_export_of_the_same_ledger_does_not_either(target: Store, source: OracleStore) -> None:
    young = OracleStore()
    young.restore(source.export(R), tenant="default")
    short = list(young.export(R))
    send(young, "more", add("more"))
    break_off(target, young.export(R), source.position(R).seq + 1)
    with pytest.raises(InvalidInput):
        target.restore(short, tenant="default")
    target.restore(young.export(R), tenant="default")
    assert_equal(target, young)


def test_an_altered_export_does_not_and_nothing_is_written(target: Store, source: OracleStore) -> None:
    break_off(target, source.export(R), 8)
    lines = list(source.export(R))
    lines[-2] = lines[-2][:30]
    with pytest.raises((InvalidInput, CorruptStore)):
        target.restore(lines, tenant="default")
    assert target.position(R).seq == 8


def test_a_forged_export_whose_hashes_are_right_cannot_speak_of_another_tenant(
    target: Store, source: OracleStore
) -> None:
    with verified(source.export(R), "default") as export:
        entries, previous = [one for part in export.parts(0) for one in part], GENESIS
        for place, one in enumerate(entries):
            change = change_of(one.entry)
            if place == 3:
                change = replace(change, writer=replace(change.writer, tenant="other"))
            entry = seal(change, salt=f"{place:032x}", digest="00" * 32, previous=previous)
            entries[place], previous = replace(one, entry=entry), entry.hash
        header = header_line(replace(export.header, head=previous))
    with pytest.raises(CorruptStore):
        target.restore([header, *map(entry_line, entries)], tenant="default")
    assert target.position(R).seq == 0


def test_a_ledger_that_went_on_meanwhile_is_finished_too(target: Store, source: OracleStore) -> None:
    break_off(target, source.export(R), 8)
    send(source, "more", add("more"))
    target.restore(source.export(R), tenant="default")
    assert_equal(target, source)


def test_what_was_erased_meanwhile_is_erased_there_too(target: Store) -> None:
    source = OracleStore()
    with_hidden(source)
    break_off(target, source.export(R), source.position(R).seq - 1)
    send(source, "erase", Erase("S"))
    target.restore(source.export(R), tenant="default")
    assert HIDDEN not in "".join(target.export(R))
    assert_equal(target, source)


def test_vectors_of_another_model_stay_out_of_what_is_picked_up(target: Store, source: OracleStore) -> None:
    break_off(target, source.export(R), 8)
    target.adopt_model(ModelCard("two", DIMENSION, "b"))
    target.restore(source.export(R), tenant="default")
    info = target.info(R)
    assert (info.vectors, info.model, info.head) == (0, ModelCard("two", DIMENSION, "b"), source.info(R).head)
    assert target.check() == []


def test_nothing_restored_is_picked_up_too(target: Store) -> None:
    empty = OracleStore()
    break_off(target, empty.export(R), 0)
    assert target.restore(empty.export(R), tenant="default") == 0
    assert send(target, "first", add("first")).seq == 1


def test_another_export_may_take_the_place_of_one_of_which_nothing_was_written(
    target: Store, source: OracleStore
) -> None:
    other = another()
    break_off(target, other.export(R), 0)
    target.restore(source.export(R), tenant="default")
    assert_equal(target, source)


def test_two_restores_of_one_export_at_once_write_it_once(target: Store, source: OracleStore) -> None:
    total, lines = source.position(R).seq, list(source.export(R))

    def other_run(done: int, _: int) -> None:
        if done == 8:
            target.restore(lines, tenant="default")

    assert target.restore(lines, tenant="default", progress=other_run) == total
    assert_equal(target, source)


def test_two_restores_of_different_exports_at_once_do_not_mix(target: Store, source: OracleStore) -> None:
    other = another()
    refused: list[type[Exception]] = []

    def other_run(done: int, _: int) -> None:
        try:
            if done:
                target.restore(other.export(R), tenant="default")
        except (InvalidInput, Conflict) as exc:
            refused.append(type(exc))

    target.restore(source.export(R), tenant="default", progress=other_run)
    assert refused
    assert_equal(target, source)


def test_it_is_picked_up_after_the_store_was_closed(backend: Backend, tmp_path: Path, source: OracleStore) -> None:
    with opened(backend, tmp_path) as target:
        break_off(target, source.export(R), 8)
    if backend.is_durable:
        with opened(backend, tmp_path) as target:
            assert finding_areas(target) == ["restore"]
            with pytest.raises(Conflict):
                send(target, "other", add("other"))
            target.restore(source.export(R), tenant="default")
            assert_equal(target, source)


def test_a_finished_one_is_done_again_with_nothing_written(target: Store, source: OracleStore) -> None:
    target.restore(source.export(R), tenant="default")
    told: list[tuple[int, int]] = []
    total = source.position(R).seq
    count = target.restore(source.export(R), tenant="default", progress=lambda *at: told.append(at))
    assert (count, set(told)) == (total, {(total, total)})
    assert_equal(target, source)


def test_an_export_is_not_restored_over_what_was_written_after_it(target: Store, source: OracleStore) -> None:
    lines = list(source.export(R))
    target.restore(lines, tenant="default")
    send(target, "more", add("more"))
    for other in (lines, list(another().export(R))):
        with pytest.raises(InvalidInput, match="empty"):
            target.restore(other, tenant="default")
    assert target.position(R).seq == source.position(R).seq + 1


def test_a_longer_export_is_not_restored_over_a_finished_one(target: Store, source: OracleStore) -> None:
    target.restore(source.export(R), tenant="default")
    send(source, "more", add("more"))
    with pytest.raises(InvalidInput, match="empty"):
        target.restore(source.export(R), tenant="default")


def test_tenants_are_those_with_entries(store: Store) -> None:
    assert store.tenants() == []
    fill(store)
    names: Sequence[str] = ("ö", "Z", "a b", "\N{MUSICAL SYMBOL G CLEF}", "\ufb01")
    for name in names:
        send(store, "first", add("A", home=Scope(tenant=name)), Scope(tenant=name))
    assert store.tenants() == sorted(("default", "other", *names))


def test_equal_ledgers_have_one_head(store: Store, target: Store) -> None:
    assert store.info(R).head == target.info(R).head
    fill(store)
    before = store.info(R).head
    assert before != target.info(R).head
    target.restore(store.export(R), tenant="default")
    assert target.info(R).head == before
    send(store, "more", add("more"))
    assert store.info(R).head != before

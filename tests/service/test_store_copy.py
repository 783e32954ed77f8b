"""Moving ledgers between stores, and the proof that both answer alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import At, Confirm, Erase, Request, Scope
from graphmem.rows import Rows
from graphmem.service.store_comparison import differences, samples
from graphmem.service.store_copy import copy
from graphmem.store import Filter, Matches, ModelCard, Probe, Store
from tests.contract.scenario import DIMENSION, VECTORS, fill
from tests.laws.world import CLOCK, R, add, send
from tests.oracle import OracleStore
from tests.oracle.planned import PlannedStore

EVERYBODY = ("default", "other")


@pytest.fixture
def source() -> OracleStore:
    found = PlannedStore()
    found.adopt_model(ModelCard("one", DIMENSION, "a"))
    fill(found)
    return found


class Lying(PlannedStore):
    """Answers one question wrongly; of the rest nothing can be seen."""

    lie = ""

    def select(self, reader: Scope, where: Filter, **asked: object) -> list[str]:
        found = super().select(reader, where, **asked)  # type: ignore[arg-type]
        return found[1:] if self.lie == "list" else found

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        found = super().rows(reader, ids, is_alone=is_alone)
        if self.lie != "history":
            return found
        return Rows(found.memories, found.moves, (), (), found.confirmations, found.links, (), found.branches)

    def match(self, reader: Scope, probe: Probe, where: Filter, **asked: object) -> Matches:
        found = super().match(reader, probe, where, **asked)  # type: ignore[arg-type]
        if self.lie != "search":
            return found
        return Matches((), found.vector[:1], {}, found.rows, found.seq, found.model)


def test_every_tenant_is_copied_and_proven(source: OracleStore, store: Store) -> None:
    told: list[tuple[int, int]] = []
    done = copy(source, store, EVERYBODY, progress=lambda *at: told.append(at))
    assert [(one.tenant, one.entries, one.written, one.findings) for one in done] == [
        ("default", 23, 23, ()),
        ("other", 1, 1, ()),
    ]
    assert [one.points for one in done] == [23, 1]
    assert told[-1] == (24, 24)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert store.tenants() == source.tenants()
    assert store.info(R).vectors == len(VECTORS)
    assert store.check() == []


def test_and_back_again(source: OracleStore, store: Store) -> None:
    copy(source, store, ["default"])
    back = PlannedStore()
    (done,) = copy(store, back, ["default"])
    assert not done.findings
    assert list(back.export(R)) == list(source.export(R))


def test_what_is_there_is_not_copied_again_but_compared(source: OracleStore, store: Store) -> None:
    copy(source, store, ["default"])
    first, second = copy(source, store, EVERYBODY)
    assert (first.written, first.entries, first.points) == (0, 23, 23)
    assert second.written == 1


def test_a_copy_that_was_broken_off_goes_on(source: OracleStore, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.adapters.export_lines.PART", 4)

    def stop(done: int, _: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(source, store, EVERYBODY, progress=stop)
    with pytest.raises(Conflict, match="not complete"):
        copy(store, PlannedStore(), ["default"])
    done = copy(source, store, EVERYBODY)
    assert [(one.written, one.findings) for one in done] == [(15, ()), (1, ())]
    assert store.check() == []


def test_a_target_with_another_ledger_is_left_alone(source: OracleStore, store: Store) -> None:
    send(store, "mine", add("mine"))
    with pytest.raises(InvalidInput, match="default"):
        copy(source, store, ["default"])
    assert store.position(R).seq == 1


def test_a_tenant_that_is_not_there_is_named(source: OracleStore, store: Store) -> None:
    with pytest.raises(NotFound, match=r"'nobody'.*default, other"):
        copy(source, store, ["default", "nobody"])
    assert store.tenants() == []


def test_vectors_of_another_model_are_left_out_and_told(source: OracleStore, store: Store) -> None:
    store.adopt_model(ModelCard("two", DIMENSION, "b"))
    (done,) = copy(source, store, ["default"])
    assert (done.vectors, done.has_all_vectors, done.findings) == (0, False, ())


def test_a_source_that_goes_on_is_found_out(source: OracleStore, store: Store) -> None:
    def write(done: int, _: int) -> None:
        if not done:
            send(source, "late", add("late"))

    (done,) = copy(source, store, ["default"], progress=write)
    assert [one.area for one in done.findings] == ["ledger"]
    assert (done.entries, done.points) == (23, 0)


@pytest.mark.parametrize("lie", ["list", "history", "search"])
def test_answers_that_differ_are_found(source: OracleStore, lie: str) -> None:
    target = Lying()
    target.lie = lie
    (done,) = copy(source, target, ["default"])
    assert lie in {one.area for one in done.findings}
    assert all("known at" in one.what for one in done.findings)


def test_a_vector_that_differs_is_found(source: OracleStore) -> None:
    target = PlannedStore()
    target.restore(source.export(R), tenant="default")
    target.save_vectors(R, dict.fromkeys(VECTORS, VECTORS["B"]))
    assert {one.area for one in differences(source, target, samples(source, "default", 50))} == {"search"}


def test_a_lost_vector_is_found(source: OracleStore, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    with SQLiteStore.open(path, create=True) as target:
        target.restore(source.export(R), tenant="default")
        with target._writing() as (connection, _):  # noqa: SLF001 - damage cannot be done from outside
            connection.execute("UPDATE tenant SET vectors = 1")
        (done,) = copy(source, target, ["default"])
    assert [one.area for one in done.findings] == ["vectors"]


def test_samples_stand_on_both_axes_and_are_the_same_each_time(source: OracleStore) -> None:
    asked = list(samples(source, "default", 10))
    assert asked == list(samples(source, "default", 10))
    assert len(asked) == 10
    assert len({one.at for one in asked}) > 5
    assert 23 in {one.at.known_at for one in asked}
    assert len({one.reader for one in asked}) > 1
    assert list(samples(source, "default", 0)) == []
    assert len(list(samples(source, "default", 999))) == 23


def test_ledgers_without_memories_and_with_erased_ones_are_compared(store: Store) -> None:
    source = PlannedStore()
    send(source, "one", add("A"))
    send(source, "two", add("B"))
    send(source, "three", Confirm("A"))
    send(source, "four", Erase("A"))
    (done,) = copy(source, store, ["default"])
    assert (done.points, done.findings) == (4, ())


def test_equal_scores_in_another_order_are_no_difference(store: Store) -> None:
    source = PlannedStore()
    many = [Request(f"op{n}", add(f"m{n:02}", title="the same words", subject=None), R) for n in range(40)]
    source.apply(many, clock=lambda: CLOCK)
    (done,) = copy(source, store, ["default"])
    assert not done.findings


def test_the_extremes_of_time_are_asked_too(store: Store) -> None:
    source = PlannedStore()
    send(source, "one", add("A", ("active", -737_000)))
    (done,) = copy(source, store, ["default"])
    assert not done.findings
    assert isinstance(next(samples(source, "default", 1)).at, At)

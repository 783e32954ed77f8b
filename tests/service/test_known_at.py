"""What was known at a moment: past on the ledger's clock, whatever the clocks of those say who write and ask."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem.errors import Conflict, InvalidInput
from graphmem.model import At, Scope
from graphmem.service import GraphMemory, ServiceContext, Write
from graphmem.store import Store
from tests.fake_embedder import no_embedder
from tests.stores import BACKENDS, Backend, opened

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Clock:
    """Stands still until it is set."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def at_machine(store: Store, clock: Callable[[], datetime], tenant: str = "default") -> GraphMemory:
    scope = Scope(tenant, repo="r")
    return GraphMemory(ServiceContext(store, scope=scope, actor="a", clock=clock, embedder=no_embedder))


def seq_at(memory: GraphMemory, moment: datetime) -> int:
    return memory.list(at=At(known_at=moment)).at.seq


def test_now_is_not_past_yet(store: Store) -> None:
    memory = at_machine(store, Clock())
    memory.add("a rule")
    assert seq_at(memory, NOON) == 1, "what is recorded at that very moment is all there is"
    for moment in (NOON + SECOND, NOON + timedelta(days=999)):
        with pytest.raises(InvalidInput, match="not past yet"):
            seq_at(memory, moment)
    with pytest.raises(InvalidInput, match="not past yet"):
        seq_at(at_machine(store, Clock(), "nobody"), NOON)


def test_a_writer_whose_clock_is_behind_changes_no_answer_that_was_given(store: Store) -> None:
    clock, late = Clock(), Clock(NOON - timedelta(days=1))
    here, there = at_machine(store, clock), at_machine(store, late)
    there.add("a rule")
    assert seq_at(here, NOON - SECOND) == 1
    assert there.add("another rule").change.recorded_at > NOON - SECOND
    assert seq_at(here, NOON - SECOND) == 1
    assert store.check() == []


def test_before_anything_was_recorded_nothing_is_known_ever_after(store: Store) -> None:
    clock, late = Clock(), Clock(NOON - timedelta(days=1))
    assert seq_at(at_machine(store, clock), NOON - SECOND) == 0
    assert at_machine(store, late).add("a rule").change.recorded_at > NOON - SECOND
    assert seq_at(at_machine(store, clock), NOON - SECOND) == 0


def test_a_clock_that_was_set_back_changes_no_answer_either(store: Store) -> None:
    clock = Clock()
    memory = at_machine(store, clock)
    memory.add("a rule")
    clock.now += timedelta(hours=2)
    assert seq_at(memory, NOON + timedelta(hours=1)) == 1
    clock.now = NOON - timedelta(days=1)
    assert memory.add("another rule").change.recorded_at > NOON + timedelta(hours=1)
    with pytest.raises(InvalidInput, match="not past yet"):
        seq_at(memory, NOON + timedelta(hours=3))


def test_who_asks_while_somebody_writes_is_told_of_what_is_being_written(backend: Backend, tmp_path: Path) -> None:
    """A writer reads its clock before it commits: whoever asks in between waits for it."""
    asked: list[int] = []

    def ask() -> None:
        asked.append(seq_at(at_machine(store, Clock(NOON + SECOND)), NOON))

    def reading_of_clock() -> datetime:
        asking.start()
        asking.join(0.1)
        return NOON - SECOND

    with opened(backend, tmp_path) as store:
        at_machine(store, Clock(NOON - timedelta(days=1))).add("a rule")
        writer, asking = at_machine(store, Clock(NOON - SECOND)), threading.Thread(target=ask)
        request = writer._context  # noqa: SLF001 - its clock is read within the write alone
        request.clock = lambda: NOON - timedelta(hours=1)
        begun = writer.end
        ids = [card.id for card in writer.list().cards]
        request.clock = reading_of_clock
        begun(ids[0], at=NOON)
        asking.join()
        last = store.position(Scope(repo="r"))
        assert (asked == [2]) == (last.recorded_at is not None and last.recorded_at <= NOON)


def test_what_was_answered_is_kept_by_an_export(store: Store, tmp_path: Path) -> None:
    late = Clock(NOON - timedelta(days=1))
    memory = at_machine(store, late)
    memory.add("a rule")
    assert seq_at(at_machine(store, Clock()), NOON - SECOND) == 1
    backend = next(one for one in BACKENDS if one.name == "sqlite")
    with opened(backend, tmp_path) as other:
        if other.position(Scope()).seq == 0:
            other.restore(memory.export(), tenant="default")
        copied = at_machine(other, late)
        assert copied.add("another rule").change.recorded_at > NOON - SECOND
        assert other.check() == []


def test_while_a_tenant_is_restored_nobody_knows_what_was_known_later(store: Store) -> None:
    from tests.contract.test_restoring import break_off
    from tests.oracle import OracleStore

    source = OracleStore()
    for number in range(9):
        at_machine(source, Clock()).add(f"rule {number}")
    break_off(store, source.export(Scope()), 1)
    with pytest.raises(Conflict, match="being restored"):
        seq_at(at_machine(store, Clock(NOON + timedelta(days=1))), NOON + SECOND)


@pytest.mark.parametrize("seed", range(3))
def test_law_1_holds_with_the_skewed_clocks_of_two_machines(store: Store, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same plays each time
    clocks = [Clock(), Clock(NOON + timedelta(hours=rng.randint(-30, 30)))]
    machines = [at_machine(store, clock, f"t{seed}") for clock in clocks]
    answered: dict[datetime, int] = {}
    for number in range(40):
        place = rng.randrange(2)
        clocks[place].now += SECOND * rng.choice((-7200, 0, 0, 1, 60, 3600))
        if rng.random() < 0.4:
            machines[place].add(f"rule {number}", write=Write(op_id=f"op {number}"))
            continue
        moment = clocks[rng.randrange(2)].now + SECOND * rng.choice((-90000, -3600, -1, 0, 1, 3600))
        with suppress(InvalidInput):
            assert answered.setdefault(moment, seq_at(machines[place], moment)) == seq_at(machines[place], moment)
    assert len(answered) > 5
    for clock in clocks:
        clock.now = max(one.now for one in clocks) + timedelta(days=9)
    assert {moment: seq_at(machines[0], moment) for moment in answered} == answered
    assert store.check() == []

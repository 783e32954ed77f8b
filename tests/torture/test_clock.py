"""Clocks that jump."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from graphmem import At, GraphMemory
from tests.torture.conftest import Clock

DAY = timedelta(days=1)


@pytest.mark.parametrize("jump", [-DAY, DAY, -365 * DAY], ids=["a day back", "a day ahead", "a year back"])
def test_the_ledger_rises_whatever_the_clock_does(memory: GraphMemory, clock: Clock, jump: timedelta) -> None:
    for number in range(6):
        memory.add(f"Fact {number}", start=clock.now)
        clock.now += jump
    stamps = [(one.seq, one.recorded_at) for one in memory.changes()]
    assert [seq for seq, _ in stamps] == [1, 2, 3, 4, 5, 6]
    assert all(low < high for (_, low), (_, high) in itertools.pairwise(stamps))


def test_what_was_known_can_be_asked_by_its_recorded_time_after_the_clock_fell_back(
    memory: GraphMemory, clock: Clock
) -> None:
    since = clock.now
    first = memory.add("We deploy on Fridays", start=since)
    clock.now -= DAY
    second = memory.supersede(first.ids[0], "We never deploy on Fridays", at=since + timedelta(hours=1))
    later = since + 2 * DAY
    before = memory.search("deploy on fridays", at=At(later, first.change.recorded_at))
    after = memory.search("deploy on fridays", at=At(later, second.change.recorded_at))
    assert [one.card.id for one in before.hits] == [first.ids[0]]
    assert after.hits[0].card.id == second.ids[-1]
    assert (before.at.seq, after.at.seq) == (1, 3)


def test_a_sound_ledger_stays_sound_across_jumps(memory: GraphMemory, clock: Clock) -> None:
    for jump in (-DAY, 3 * DAY, -2 * DAY):
        memory.add(f"Fact before a jump of {jump}")
        clock.now += jump
    assert memory.check() == []

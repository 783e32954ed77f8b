"""Short runs of what `python -m benchmarks.torture` does for hours."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.rows import Row
from benchmarks.torture.__main__ import merged
from benchmarks.torture.damage import damage
from benchmarks.torture.interruptions import interrupt
from benchmarks.torture.killing import kill_writers
from benchmarks.torture.mixed_requests import OPERATIONS
from benchmarks.torture.mixture import mix
from benchmarks.torture.racing import race

pytestmark = pytest.mark.unmeasured


@pytest.mark.timeout(300)
def test_killed_writers_lose_nothing_acknowledged_and_leave_no_halves(tmp_path: Path) -> None:
    deaths = kill_writers(tmp_path, cycles=50, writers=3, seed=3)
    assert (deaths.cycles, deaths.lost, deaths.halves, deaths.doubled, deaths.findings) == (50, [], [], [], [])
    assert deaths.acknowledged >= 150
    assert deaths.unsure, "no writer was cut off within a write: the kills came too late"


@pytest.mark.timeout(300)
def test_of_32_writers_exactly_one_wins_each_round(tmp_path: Path) -> None:
    races = race(tmp_path, racers=32, rounds=20)
    assert (races.wins, races.conflicts, races.faults) == (20, 20 * 31, [])


@pytest.mark.timeout(300)
def test_a_damaged_file_is_refused_or_answers_rightly(tmp_path: Path) -> None:
    damages = damage(tmp_path, variants=500, seed=5, limit_s=30)
    assert damages.faults == []
    assert damages.variants >= 20
    assert damages.met["CorruptStore"]


@pytest.mark.timeout(300)
def test_tasks_that_are_killed_lose_nothing_and_leave_nothing_behind(tmp_path: Path) -> None:
    found = interrupt(tmp_path, kills=7, writers=1, seed=11, memories=100, records=40)
    assert found.faults == []
    assert found.kills.total() == len(found.kills) == 7
    assert found.cut_off, "no task was cut off: the kills came too late"


@pytest.mark.timeout(300)
def test_mixed_operations_tell_nobody_what_is_not_theirs(tmp_path: Path) -> None:
    found = mix(tmp_path, operations=250, seed=13)
    assert (found.leaks, found.oracles, found.faults) == ([], [], [])
    assert found.operations.keys() == OPERATIONS.keys()
    assert found.answers == found.operations.total() + found.compared
    assert found.compared >= 50
    assert found.logged >= found.answers


def test_the_pieces_of_a_run_add_up() -> None:
    before = [Row("seed", 1, "", "lower"), Row("wins", 20, "", "higher", 20), Row("lost", 0, "", "lower", 0)]
    now = [Row("seed", 2, "", "lower"), Row("wins", 9, "", "higher", 10)]
    assert merged(before, now, adds=True) == [now[0], Row("wins", 29, "", "higher", 30), before[2]]
    assert merged(before, now, adds=False) == [*now, before[2]]

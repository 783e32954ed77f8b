"""Short runs of what `python -m benchmarks.torture` does for hours."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.torture.damage import damage
from benchmarks.torture.killing import kill_writers
from benchmarks.torture.racing import race

pytestmark = pytest.mark.usefixtures("unmeasured")


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

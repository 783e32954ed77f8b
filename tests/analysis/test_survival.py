"""How long decisions last: the product-limit estimate, against published figures and against counting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.analysis import Area, Life, half_life, survival
from graphmem.model import At, Kind
from tests.analysis.conftest import Told

# Weeks of remission of 21 patients under 6-mercaptopurine, and of 21 under a placebo, of whom all relapsed.
# Freireich and others 1963; the estimates are those of Kleinbaum and Klein, Survival Analysis, chapter 2.
RELAPSED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
WATCHED = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
PLACEBO = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
SHARES = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482, 35: 0.4482}


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


def test_published_estimates_come_out() -> None:
    lives = [Life(one, is_over=True) for one in RELAPSED] + [Life(one, is_over=False) for one in WATCHED]
    found = {step.days: round(step.share, 4) for step in survival(lives)}
    assert found == {0: 1.0, **SHARES}


def test_without_anyone_still_watched_it_is_a_count() -> None:
    found = {step.days: step.share for step in survival([Life(one, is_over=True) for one in PLACEBO])}
    assert found[8] == pytest.approx(8 / 21)
    assert found[23] == pytest.approx(0)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=40))
def test_shares_only_fall_from_one(lives: list[tuple[int, bool]]) -> None:
    curve = survival(Life(float(days), is_over) for days, is_over in lives)
    assert (curve[0].days, curve[0].share) == (0.0, 1.0) or curve[0].days == 0
    assert [one.share for one in curve] == sorted((one.share for one in curve), reverse=True)
    assert [one.days for one in curve] == sorted(one.days for one in curve)
    assert all(-1e-9 <= one.share <= 1 for one in curve)


def test_what_still_holds_is_not_over_yet(told: Told) -> None:
    told.add("old", day(2020))
    told.add("new", day(2022))
    told.supersede("old", "new", day(2022))
    told.add("never", day(2030))
    told.add("note", day(2020))
    (everything,) = half_life(told.memory.to_networkx(at=At(day(2025))))
    assert (everything.area, everything.memories, everything.over) == ("all", 3, 1)
    # One of three ended after 731 days; the others were watched for longer, one of them for five years.
    assert [(step.days, round(step.share, 3)) for step in everything.curve] == [
        (0.0, 1.0),
        (731.0, 0.667),
        (1827.0, 0.667),
    ]
    assert everything.median_days is None


def test_half_are_over_at_the_half_life(told: Told) -> None:
    for number, years in enumerate((1, 2, 3, 4)):
        key = told.add(f"d{number}", day(2020))
        told.memory.end(key, at=day(2020 + years))
    (everything,) = half_life(told.memory.to_networkx(at=At(day(2025))))
    assert everything.median_days == 731


def test_areas_are_those_of_what_decisions_are_about(told: Told) -> None:
    told.add("one", day(2020), "src/db/pool.py", "src/web/app.py", subject="stack.database", labels=("storage",))
    told.add("two", day(2020), "src/db/rows.py")
    graph = told.memory.to_networkx(at=At(day(2024)))
    assert [(one.area, one.memories) for one in half_life(graph, Area.FOLDER)] == [
        ("all", 2), ("src/db", 2), ("src/web", 1),
    ]  # fmt: skip
    assert [one.area for one in half_life(graph, Area.SUBJECT)] == ["all", "elsewhere", "stack"]
    assert [one.area for one in half_life(graph, Area.REPO)] == ["all", "r"]
    assert [one.area for one in half_life(graph, Area.LABEL)] == ["all", "elsewhere", "storage"]
    assert half_life(graph, kinds=(Kind.INCIDENT,))[0].memories == 0


def test_of_nothing_there_is_no_half_life(told: Told) -> None:
    (everything,) = half_life(told.memory.to_networkx(at=At(day(2024))))
    assert (everything.memories, everything.median_days, len(everything.curve)) == (0, None, 1)

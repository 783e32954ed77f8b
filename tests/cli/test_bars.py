"""Interval bars, drawn by hand and compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from graphmem.answers import Card, Interval, Lane, State, Told
from graphmem.cli.bars import Axis, axis_of, bars
from graphmem.model import Memory, Scope, Statement, Status


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


Told3 = tuple[Status, int, int | None]


def lane(
    title: str,
    *pieces: tuple[int, int | None],
    state: State = State.HOLDS,
    moves: Sequence[Told3] = (),
    leads: Sequence[int] = (),
) -> Lane:
    holding = tuple(Interval(year(low), None if high is None else year(high)) for low, high in pieces)
    card = Card(Memory(title, Scope(), Statement(title=title)), state, holding, None, 1.0, None, 1, year(2000), None)
    told = tuple(
        Told(status, status, year(at), None if end is None else year(end), 1, year(2000)) for status, at, end in moves
    )
    return Lane(card, told, tuple(Interval(year(low), None) for low in leads))


def drawn(*lanes: Lane, asked: int = 2020, width: int = 72) -> list[str]:
    return [one.text.rstrip() for one in bars(lanes, year(asked), width)]


def test_bars_meet_where_one_takes_over_from_the_other() -> None:
    axis, first, second, *_ = drawn(lane("old", (2000, 2010), state=State.SUPERSEDED), lane("new", (2010, None)))
    assert (first[5:].index(" ") + 5, second.index("█")) == (first.rindex("█") + 1, first.rindex("█") + 1)
    assert "2010" in axis
    assert first.endswith("2000-01-01 – 2010-01-01")
    assert second.count("▶") == 1


def test_signs_tell_proposals_and_rejections_apart_and_are_explained() -> None:
    moves: list[Told3] = [(Status.PROPOSED, 2000, 2008), (Status.DEFERRED, 2008, 2015), (Status.REJECTED, 2015, None)]
    _, only, *_, legend = drawn(lane("idea", moves=moves, state=State.REJECTED))
    assert only.index("░") < only.index("╌") < only.index("×")
    assert "█" not in only
    assert only.endswith("never")
    assert legend.strip() == "░ proposed   ╌ deferred   × rejected"


def test_who_leads_a_subject_is_drawn_full() -> None:
    _, behind, ahead, *_ = drawn(lane("html", (2000, None)), lane("json", (2010, None), leads=[2010]))
    assert "▒" in behind
    assert "▒" not in ahead


def test_the_asked_time_is_marked_below_the_axis() -> None:
    *_, mark = drawn(lane("a", (2000, 2020)), asked=2003)
    assert mark.strip() == "▲ asked: 2003-01-01"


def test_the_shortest_interval_is_still_seen() -> None:
    day = Interval(year(2010), year(2010) + timedelta(days=1))
    one = lane("a", (2000, 2020))
    brief = Lane(Card(one.card.memory, State.ENDED, (day,), None, 1.0, None, 1, year(2000), None), ())
    assert drawn(one, brief)[2].count("█") == 1


def test_no_line_is_wider_than_it_may_be() -> None:
    for width in (40, 60, 80, 200):
        lines = drawn(lane("a title " * 20, (2000, 2010), (2012, None)), lane("b", (1990, None)), width=width)
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, 20, tzinfo=UTC), "01 06:00"),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 20, tzinfo=UTC), "01-06"),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC), "2020-07"),
        (datetime(2000, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC), "2010"),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC), "5000"),
    ],
)
def test_ticks_are_round_and_fine_enough(start: datetime, end: datetime, label: str) -> None:
    one = lane("a")
    spanned = Lane(Card(one.card.memory, State.HOLDS, (Interval(start, end),), None, 1.0, None, 1, start, None), ())
    axis, *_ = [row.text for row in bars([spanned], end, 90)]
    assert label in axis


def test_times_at_the_ends_of_the_calendar_have_a_place() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    axis = axis_of([], last, 10)
    assert isinstance(axis, Axis)
    assert axis.cell_of(last) == 9


def test_no_lanes_draw_nothing() -> None:
    assert drawn() == []

"""Commits, tags and branches as points in time, on the mainline and beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.errors import InvalidInput, NotFound
from graphmem.instants import to_micros
from graphmem.model import At, CommitPoint, Scope, Statement
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow, SideCommit
from graphmem.service import GraphMemory, ServiceContext, Write
from graphmem.store import Filter
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock, day
from tests.service.test_mainlines import about, read

FORK, MAIN, SIDE, FIX = "1" * 40, "2" * 40, "3" * 40, "4" * 40
#: The mainline has commits on days 5, 10 and 20; `v1-fix` lies beside it since day 10, its last commit on day 25.
ROWS = MainlineRows(
    shas=("0" * 40, FORK, MAIN),
    times_us=tuple(to_micros(day(number)) for number in (5, 10, 20)),
    segments=(
        SegmentRow(0, 0, "a.py", 0, 2, PathOrigin.ADDED, None, None),
        SegmentRow(1, 0, "b.py", 2, None, PathOrigin.RENAMED, 90, 0),
    ),
    segment_count=2,
    sides=(SideCommit(SIDE, FORK, to_micros(day(12)), (), ()), SideCommit(FIX, SIDE, to_micros(day(25)), (), ())),
    refs=(RefRow("tag", "v1", FORK), RefRow("tag", "v1-fix", FIX), RefRow("branch", "main", MAIN)),
)


@pytest.fixture
def told(memory: GraphMemory, clock: TickingClock) -> GraphMemory:
    """MySQL until day 15, when PostgreSQL supersedes it on the mainline; Redis from day 22."""
    clock.pass_days(60)
    memory.add("We use MySQL", start=day(6), on_similar=None)
    (mysql,) = memory.list().cards
    memory.supersede(mysql.id, "We use PostgreSQL", at=day(15))
    memory.add("We use Redis", start=day(22), on_similar=None)
    memory.add("Everybody writes tests", start=day(22), on_similar=None, write=Write(scope=Scope()))
    about(memory, "The rule of a file", "a.py", day(7))
    return memory


def titles(memory: GraphMemory, as_of: datetime | str) -> set[str]:
    """The titles that every verb agrees on."""
    at = At(as_of=as_of)
    listed = {shown.title for shown in memory.list(at=at).cards}
    found = memory.search("We use the rule tests", at=at, min_relevance=0.0).hits
    assert {hit.card.title for hit in found if hit.holds} <= listed
    assert {shown.title for shown in memory.list(at=at, page=None).cards if memory.get(shown.id, at=at).state} == listed
    return listed


def test_a_commit_of_the_mainline_is_its_instant(told: GraphMemory) -> None:
    read(told, ROWS)
    assert titles(told, "v1") == titles(told, day(10)) == {"We use MySQL", "The rule of a file"}
    assert titles(told, "main") == titles(told, day(20)) == {"We use PostgreSQL", "The rule of a file"}
    assert titles(told, "0000") == set()


def test_beside_the_mainline_what_came_after_the_fork_does_not_count(told: GraphMemory) -> None:
    read(told, ROWS)
    assert titles(told, day(25)) == {
        "We use PostgreSQL",
        "We use Redis",
        "Everybody writes tests",
        "The rule of a file",
    }
    assert titles(told, "v1-fix") == {"We use MySQL", "Everybody writes tests", "The rule of a file"}
    (hit, *_) = told.search("PostgreSQL", at=At(as_of="v1-fix")).hits
    assert hit.card.title == "We use MySQL"
    assert told.history(hit.card.id, at=At(as_of="v1-fix")).successors == ()


def test_the_answer_names_the_commit(told: GraphMemory) -> None:
    read(told, ROWS)
    assert told.list(at=At(as_of="commit:v1")).at.commit == CommitPoint("v1", FORK)
    answer = told.search("MySQL", at=At(as_of="v1-fix"))
    assert (answer.at.commit, answer.at.valid) == (CommitPoint("v1-fix", FIX, FORK), day(25))
    assert told.list(at=At(as_of=day(10))).at.commit is None


def test_files_are_where_they_were_at_the_commit(told: GraphMemory) -> None:
    read(told, ROWS)
    (now,) = told.list(Filter(paths=("b.py",))).cards
    assert now.files[0].now == "b.py"
    assert told.get(now.id, at=At(as_of="v1-fix")).files == ()
    assert told.list(Filter(paths=("b.py",)), at=At(as_of="v1-fix")).cards == ()


def test_a_diff_between_two_tags(told: GraphMemory) -> None:
    read(told, ROWS)
    changed = told.diff(At(as_of="v1"), At(as_of="main"))
    assert {difference.card.title for difference in changed.differences} == {"We use MySQL", "We use PostgreSQL"}
    assert (changed.start.commit, changed.end.commit) == (CommitPoint("v1", FORK), CommitPoint("main", MAIN))
    beside = told.diff(At(as_of="v1"), At(as_of="v1-fix"))
    assert {difference.card.title for difference in beside.differences} == {"Everybody writes tests"}


def test_known_at_a_commit_is_what_was_known_once_it_was_read(told: GraphMemory) -> None:
    first = read(
        told, replace(ROWS, shas=ROWS.shas[:2], times_us=ROWS.times_us[:2], segments=(), segment_count=0, refs=())
    )
    told.add("We use Kafka", start=day(8), on_similar=None)
    last = read(
        told, replace(ROWS, start=2, shas=ROWS.shas[2:], times_us=ROWS.times_us[2:], segments=(), segment_count=0)
    )
    assert told.list(at=At(known_at=FORK)).at.seq == first
    assert told.list(at=At(known_at="main")).at.seq == last
    assert "We use Kafka" not in {shown.title for shown in told.list(at=At(known_at="1111")).cards}


def test_unknown_names_are_errors_that_name_the_way_out(told: GraphMemory) -> None:
    with pytest.raises(InvalidInput, match="is not a time, and no history was read"):
        told.list(at=At(as_of="v1"))
    read(told, ROWS)
    with pytest.raises(NotFound, match=r"graphmem ingest git .*a time is written"):
        told.list(at=At(as_of="yesterday"))
    with pytest.raises(NotFound, match="graphmem ingest git"):
        told.list(at=At(as_of="commit:v9"))
    with pytest.raises(InvalidInput, match="is not a time"):
        told.list(at=At(as_of="v1"), scope=Scope(repo="other"))
    with pytest.raises(InvalidInput, match="give a time, or the name"):
        At(as_of="")


TIMES = st.sampled_from([day(number) for number in (3, 8, 10, 12, 17, 22)])
#: (repository or the whole tenant, start, whether it supersedes the one before it, end)
LIVES = st.lists(st.tuples(st.booleans(), TIMES, st.booleans(), st.none() | TIMES), min_size=1, max_size=6)


def opened() -> GraphMemory:
    clock = TickingClock()
    clock.pass_days(60)
    context = ServiceContext(OracleStore(), scope=REPO, actor="t", clock=clock, embedder=no_embedder)
    return GraphMemory(context)


def play(
    memory: GraphMemory, lives: list[tuple[bool, datetime, bool, datetime | None]], until: datetime | None
) -> None:
    """Record statements, those of the repository only as far as they came before a time."""
    ids: dict[int, str] = {}
    before: dict[bool, tuple[int, datetime]] = {}
    for number, (is_of_repo, start, supersedes, end) in enumerate(lives):
        write = Write(scope=REPO if is_of_repo else Scope())
        earlier = before.get(is_of_repo)
        before[is_of_repo] = (number, start)
        if is_of_repo and until is not None and start > until:
            continue
        statement = Statement(title=f"s{number}")
        if supersedes and earlier is not None and earlier[1] <= start:
            ids[number] = memory.supersede(ids[earlier[0]], statement, at=start, write=write).ids[-1]
        else:
            ids[number] = memory.add(statement, start=start, on_similar=None, write=write).ids[-1]
        if end is not None and end > start and (not is_of_repo or until is None or end <= until):
            memory.end(ids[number], at=end, write=write)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives=LIVES)
def test_a_tag_beside_the_mainline_answers_as_if_the_later_mainline_had_not_been(
    lives: list[tuple[bool, datetime, bool, datetime | None]],
) -> None:
    whole, early = opened(), opened()
    play(whole, lives, None)
    play(early, lives, day(10))
    read(whole, ROWS)
    beside = {shown.title for shown in whole.list(at=At(as_of="v1-fix")).cards}
    assert beside == {shown.title for shown in early.list(at=At(as_of=day(25))).cards}

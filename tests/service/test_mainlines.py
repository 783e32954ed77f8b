"""Paths in filters and answers follow the files of a repository, as far as its mainline was read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from graphmem.errors import Conflict
from graphmem.instants import to_micros
from graphmem.model import Anchor, AnchorKind, At, Scope, Statement
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, SegmentRow
from graphmem.service import GraphMemory, Write
from graphmem.service.mainline_ingestion import ingest_mainline
from graphmem.sources.git.mainline_reading import MainlineBatch
from graphmem.store import Filter
from tests.service.conftest import TickingClock, day

FIRST = MainlineRows(
    shas=tuple(f"{number:040x}" for number in range(4)),
    times_us=tuple(to_micros(day(1) + timedelta(days=5 * number)) for number in range(4)),
    segments=(
        SegmentRow(0, 0, "app/db.py", 0, 1, PathOrigin.ADDED, None, None),
        SegmentRow(1, 0, "src/db.py", 1, 3, PathOrigin.RENAMED, 55, 0),
        SegmentRow(2, 1, "app/db.py", 2, None, PathOrigin.ADDED, None, None),
        SegmentRow(3, 2, "app/web.py", 0, None, PathOrigin.ADDED, None, None),
    ),
    segment_count=4,
)
#: `app/web.py` moves to `src/web.py`.
SECOND = MainlineRows(
    start=4,
    shas=(f"{4:040x}",),
    times_us=(to_micros(day(25)),),
    segments=(
        SegmentRow(3, 2, "app/web.py", 0, 4, PathOrigin.ADDED, None, None),
        SegmentRow(4, 2, "src/web.py", 4, None, PathOrigin.RENAMED, 97, 3),
    ),
    segment_count=5,
)


def read(memory: GraphMemory, *parts: MainlineRows, write: Write | None = None) -> int:
    """Record parts of a mainline; returns the ledger position of the last."""

    def source(history: MainlineHistory) -> Iterator[MainlineBatch]:
        for rows in parts:
            if rows.start >= len(history.shas):
                commits = rows.start + len(rows.shas)
                yield MainlineBatch("HEAD", rows.shas[-1], commits, rows, commits)

    return ingest_mainline(memory, source, write=write).change


def about(memory: GraphMemory, title: str, path: str, start: datetime) -> str:
    anchors = (Anchor(AnchorKind.FILE, path),)
    return memory.add(Statement(title=title, anchors=anchors), start=start, on_similar=None).ids[-1]


def titles(memory: GraphMemory, *paths: str, at: At | None = None, scope: Scope | None = None) -> set[str]:
    listed = {shown.title for shown in memory.list(Filter(paths=paths), at=at, scope=scope).cards}
    found = memory.search("the rule", where=Filter(paths=paths), at=at, scope=scope, min_relevance=0.0)
    assert {hit.card.title for hit in found.hits} == listed
    return listed


@pytest.fixture
def told(memory: GraphMemory, clock: TickingClock) -> GraphMemory:
    """A memory with three statements about paths, two of them about `app/db.py`."""
    clock.pass_days(60)
    about(memory, "the rule of the first file", "app/db.py", day(2))
    about(memory, "the rule of the second file", "app/db.py", day(12))
    about(memory, "the rule of the web", "app/web.py", day(2))
    return memory


def test_before_a_reading_a_path_is_only_a_text(told: GraphMemory) -> None:
    assert titles(told, "src/db.py") == set()
    assert all(not shown.files for shown in told.list().cards)


def test_a_path_finds_the_file_under_every_path_that_it_had(told: GraphMemory) -> None:
    read(told, FIRST)
    assert titles(told, "src/db.py") == {"the rule of the first file"}
    assert titles(told, "./src/db.py") == {"the rule of the first file"}
    assert titles(told, "app/db.py") == {"the rule of the first file", "the rule of the second file"}


def test_folders_and_globs_follow_too(told: GraphMemory) -> None:
    read(told, FIRST)
    assert titles(told, "src/") == titles(told, "src/**") == titles(told, "**/sr*") | {"the rule of the first file"}
    assert titles(told, "src/*.py", "app/web.py") == {"the rule of the first file", "the rule of the web"}


def test_a_past_ledger_position_knows_no_later_reading(told: GraphMemory) -> None:
    first = read(told, FIRST)
    read(told, SECOND)
    assert titles(told, "src/web.py") == {"the rule of the web"}
    assert titles(told, "src/web.py", at=At(known_at=first)) == set()
    assert titles(told, "src/db.py", at=At(known_at=first)) == {"the rule of the first file"}
    assert titles(told, "src/db.py", at=At(known_at=first - 1)) == set()


def test_an_answer_says_where_a_file_is_by_now(told: GraphMemory) -> None:
    read(told, FIRST, SECOND)
    (hit,) = told.search("rule of the web").hits[:1]
    (place,) = hit.card.files
    assert (place.path, place.now, place.deleted_at) == ("app/web.py", "src/web.py", None)
    (rename,) = place.renames
    assert (rename.old, rename.new, rename.at, rename.commit) == ("app/web.py", "src/web.py", day(25), f"{4:040x}")
    assert place.sentence == "app/web.py is src/web.py since 2026-01-25 (commit 0000000000)"
    assert told.get(hit.card.id).files == told.history(hit.card.id).card.files == hit.card.files
    assert told.get(hit.card.id, at=At(as_of=day(24))).files == ()


def test_an_answer_says_that_a_file_is_gone(told: GraphMemory) -> None:
    read(told, FIRST)
    (shown,) = told.list(Filter(paths=("src/db.py",))).cards
    (place,) = shown.files
    assert (place.now, place.deleted_at, place.deleted_in) == (None, day(16), f"{3:040x}")
    assert place.sentence == "app/db.py (by then src/db.py) was deleted on 2026-01-16 (commit 0000000000)"
    (before,) = told.list(Filter(paths=("src/db.py",)), at=At(as_of=day(7))).cards
    assert before.files[0].sentence == "app/db.py is src/db.py since 2026-01-06 (commit 0000000000, 55 % alike)"


def test_timeline_and_diff_follow_files(told: GraphMemory) -> None:
    read(told, FIRST)
    (lane,) = told.timeline(path="src/db.py").lanes
    assert (lane.card.title, lane.card.files[0].now) == ("the rule of the first file", None)
    changed = told.diff(At(as_of=day(1)), At(as_of=day(28)), where=Filter(paths=("src/db.py",)))
    assert [difference.card.title for difference in changed.differences] == ["the rule of the first file"]


def test_another_repository_has_its_own_files(told: GraphMemory) -> None:
    read(told, FIRST, write=Write(scope=Scope(repo="other")))
    assert titles(told, "src/db.py") == set()
    read(told, FIRST)
    related = Scope(repo="other", related_repos=(told.scope.repo or "",))
    assert titles(told, "src/db.py", scope=related) == {"the rule of the first file"}
    assert titles(told, "src/db.py", scope=Scope(repo="stranger")) == set()


def test_of_two_readings_with_one_predecessor_the_first_counts(told: GraphMemory) -> None:
    read(told, FIRST)

    def late(history: MainlineHistory) -> Iterator[MainlineBatch]:
        if len(history.shas) == 4:
            read(told, SECOND)
            yield MainlineBatch(
                "HEAD", f"{9:040x}", 5, MainlineRows(start=4, shas=(f"{9:040x}",), times_us=(1 << 60,)), 5
            )

    report = ingest_mainline(told, late)
    assert (report.commits, report.renamed) == (5, 2)
    assert titles(told, "src/web.py") == {"the rule of the web"}


def test_a_repository_that_others_read_again_and_again_is_a_conflict(told: GraphMemory) -> None:
    def raced(history: MainlineHistory) -> Iterator[MainlineBatch]:
        count = len(history.shas)
        rows = MainlineRows(start=count, shas=(f"{count:040x}",), times_us=(count,))
        read(told, rows)
        yield MainlineBatch(
            "HEAD", "f" * 40, count + 1, MainlineRows(start=count, shas=("f" * 40,), times_us=(count,)), 1
        )

    with pytest.raises(Conflict, match="being read by other writers"):
        ingest_mainline(told, raced)


def test_entries_are_listed_without_their_rows(told: GraphMemory) -> None:
    seq = read(told, FIRST)
    (change,) = told.changes(after=seq - 1)
    assert getattr(change.operation, "content", None) == ""
    assert told.check() == []


def test_a_claim_follows_a_file_that_is_renamed(told: GraphMemory) -> None:
    told.claim("Tidy up the pages", ["app/web.py"], write=Write(actor="ana"))
    assert told.claims("src/web.py").claims == ()
    read(told, FIRST)
    read(told, SECOND)
    assert [claim.actor for claim in told.claims("src/web.py").claims] == ["ana"]
    assert "claimed by ana" in told.context("", ["src/web.py"]).markdown
    assert [finding.path for finding in told.guard(paths=["src/web.py"]).findings] == ["src/web.py"]
    assert told.claim("Other pages", ["src/web.py"]).overlapping[0].actor == "ana"
    assert told.claims("src/db.py").claims == ()

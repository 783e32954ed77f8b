"""A history of facts and of a shop's decision records, with conflicts, undoing, and what is private or gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from graphmem import GraphMemory, Kind, Move, Scope, Statement, Status, SupersessionKind, Write
from graphmem.demo.facts import ReplayClock, last_day, load_facts, replay
from graphmem.instants import to_micros
from graphmem.model import Anchor, AnchorKind, LinkKind, ReadMainline
from graphmem.opening import open_memory
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow, packed
from graphmem.sources.decisions import read_decisions
from graphmem.store import Clock
from tests.fake_embedder import no_embedder
from tests.web.story import tell

#: Where readers stand: they see what belongs to this repository or to none.
REPO = "example.org/shop"
#: The shop, of which there are only decision records.
SHOP = Path(__file__).parent / "shop"
GONE = "src/gone.py"
BRANCH = Write(scope=Scope(repo=REPO, branch="rewrite"))
PRIVATE = Write(scope=Scope(repo=REPO, user="ada"), reason="only for one")


def on(year: int, month: int = 1, day: int = 1) -> datetime:
    """A day."""
    return datetime(year, month, day, tzinfo=UTC)


#: Two files that were renamed, of which one had three paths.
MAINLINE = MainlineRows(
    shas=("1" * 40, "2" * 40, "3" * 40),
    times_us=tuple(to_micros(on(year)) for year in (2020, 2022, 2024)),
    segments=(
        SegmentRow(0, 0, "app/stock.py", 0, 1, PathOrigin.ADDED, None, None),
        SegmentRow(1, 1, "tests/schedule_test.py", 0, 1, PathOrigin.ADDED, None, None),
        SegmentRow(2, 0, "lib/stock.py", 1, 2, PathOrigin.RENAMED, 80, 0),
        SegmentRow(3, 1, "tests/test_schedule.py", 1, None, PathOrigin.RENAMED, 100, 1),
        SegmentRow(4, 2, "app/stock.py", 1, None, PathOrigin.ADDED, None, None),
        SegmentRow(5, 0, "lib/counted.py", 2, None, PathOrigin.RENAMED, 55, 2),
    ),
    segment_count=6,
    refs=(RefRow("tag", "v1", "1" * 40), RefRow("tag", "v2", "2" * 40)),
)


def told(folder: Path) -> GraphMemory:
    """The history in a file."""
    clock, facts = ReplayClock(), load_facts()
    with _opened(folder, Scope(), clock) as shared:
        replay(facts, shared, clock)
        clock.now = max(clock.now, last_day(facts)) + timedelta(days=1)
        shared.ingest(read_decisions([SHOP / "docs" / "decisions"], root=SHOP, read_at=clock.now))
    memory = _opened(folder, Scope(repo=REPO), clock)
    tell(memory)
    _trouble(memory)
    return memory


def _opened(folder: Path, scope: Scope, clock: Clock) -> GraphMemory:
    return open_memory(
        str(folder / "world.db"), scope=scope, actor="packaging", clock=clock, embedder=no_embedder, create=True
    )


def _trouble(memory: GraphMemory) -> None:
    review = Write(actor="reviews", source="docs/review.md")
    one = memory.add(_fact("Deploys run on any day", "deploy.day"), start=on(2023), write=review).ids[0]
    memory.add(_fact("Deploys never run on Fridays", "deploy.day"), start=on(2024), write=review)
    other = memory.add(_fact("Nobody deploys by hand"), start=on(2024, 2), write=review).ids[0]
    memory.link(one, other, LinkKind.CONFLICTS_WITH)
    undone = memory.supersede(other, "Everybody deploys by hand", at=on(2024, 5))
    memory.revoke(undone.change.seq)
    memory.retract(memory.add(_fact("The moon is a build server"), start=on(2022)).ids[0])
    wrong = memory.add(_fact("Backups are encrypted"), start=on(2022, 3)).ids[0]
    memory.supersede(wrong, "Backups were never encrypted", at=None, kind=SupersessionKind.CORRECTION)
    memory.supersede(other, "For the migration, one person deploys by hand", at=on(2025), until=on(2025, 2))
    gone = Statement(title="The old parser stays as it is", anchors=(Anchor(AnchorKind.FILE, GONE),))
    memory.add(gone, start=on(2023))
    memory.add(gone, start=on(2023), write=PRIVATE)
    waiting = Statement(title="Deploys move to another service", kind=Kind.DECISION)
    memory.add(waiting, moves=(Move(Status.DEFERRED, on(2025, 3)),))
    memory.open_branch("rewrite")
    memory.add(_fact("On the branch all is new"), start=on(2025), write=BRANCH)
    _replaced_for_one(memory)
    _undone_on_a_branch(memory)
    _erased(memory)
    _renamed(memory)


def _replaced_for_one(memory: GraphMemory) -> None:
    first = memory.add(_fact("Releases are tagged by hand", "release.tag"), start=on(2022)).ids[0]
    shared = memory.add(_fact("Releases are tagged by a script", "release.tag"), start=on(2023)).ids[0]
    memory.supersede(first, shared, at=on(2023))
    before = memory.add(_fact("Mine are not tagged", "release.tag"), start=on(2022), write=PRIVATE).ids[0]
    memory.supersede(before, shared, at=on(2023), write=PRIVATE)
    after = memory.add(_fact("Mine are tagged twice", "release.tag"), start=on(2024), write=PRIVATE).ids[0]
    memory.supersede(shared, after, at=on(2024), write=PRIVATE)


def _undone_on_a_branch(memory: GraphMemory) -> None:
    files = memory.add(_fact("Logs go to files"), start=on(2022)).ids[0]
    stream = memory.add(_fact("Logs go to a stream"), start=on(2024)).ids[0]
    alerts = memory.add(_fact("Alerts read the log files"), start=on(2023)).ids[0]
    for done in (
        memory.supersede(files, stream, at=on(2024)),
        memory.link(alerts, files, LinkKind.DEPENDS_ON),
        memory.link(alerts, stream, LinkKind.CONFLICTS_WITH),
    ):
        memory.revoke(done.change.seq, write=BRANCH)


def _erased(memory: GraphMemory) -> None:
    old = memory.add(_fact("Staging has no password"), start=on(2022)).ids[0]
    middle = memory.add(_fact("Staging has a short password", "staging.password"), start=on(2023)).ids[0]
    secret = memory.add(_fact("Staging has a long password", "staging.password"), start=on(2024)).ids[0]
    memory.supersede(old, middle, at=on(2023))
    memory.supersede(middle, secret, at=on(2024))
    tests = memory.add(_fact("Tests log in to staging"), start=on(2023)).ids[0]
    memory.link(tests, middle, LinkKind.DEPENDS_ON)
    memory.link(tests, secret, LinkKind.CONFLICTS_WITH)
    waiting = memory.add(
        Statement(title="Staging gets another password"), moves=(Move(Status.PROPOSED, on(2025)),)
    ).ids[0]
    for one in (middle, secret, waiting):
        memory.erase(one)


def _renamed(memory: GraphMemory) -> None:
    memory.record_reading(ReadMainline("HEAD", "3" * 40, 3, 0, packed(MAINLINE)))
    before, after = Anchor(AnchorKind.FILE, "app/stock.py"), Anchor(AnchorKind.FILE, "lib/stock.py", REPO)
    memory.add(Statement(title="Stock is counted in one file", anchors=(before,)), start=on(2021, 1, 5))
    memory.add(Statement(title="Mine is counted twice", anchors=(before,)), start=on(2021, 1, 6), write=PRIVATE)
    memory.add(Statement(title="Stock is never below zero", anchors=(after,)), start=on(2022))
    elsewhere = Write(scope=Scope(repo="example.org/other"))
    memory.add(Statement(title="Theirs has the same path", anchors=(before,)), start=on(2022), write=elsewhere)


def _fact(title: str, subject: str | None = None) -> Statement:
    return Statement(title=title, kind=Kind.CONVENTION, subject=subject)

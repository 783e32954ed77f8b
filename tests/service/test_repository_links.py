"""Links between repositories: what readers of the new one see, since when, and as known when; alike on every store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.instants import to_micros
from graphmem.model import Anchor, AnchorKind, At, Origin, Scope, Statement
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow
from graphmem.repository.repository_link import LinkRepository, MovedFolder
from graphmem.service import GraphMemory, ServiceContext, Write
from graphmem.store import Filter, Page
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock, day
from tests.service.test_mainlines import read

OLD, NEW = REPO, Scope(repo="new")
ANN = Scope(repo="r", user="ann")
PACKAGE = "packages/parser:src"


def rule(memory: GraphMemory, title: str, *paths: str, scope: Scope = OLD, start: datetime | None = None) -> str:
    said = Statement(title=title, anchors=tuple(Anchor(AnchorKind.FILE, path) for path in paths))
    added = memory.add(said, start=start or day(2), on_similar=None, write=Write(scope=scope))
    return added.ids[-1]


def titles(memory: GraphMemory, *paths: str, at: At | None = None, scope: Scope = NEW) -> set[str]:
    """The titles on which list and search agree."""
    where = Filter(paths=paths)
    listed = {shown.title for shown in memory.list(where, at=at, scope=scope).cards}
    found = memory.search("the rule", where=where, at=at, scope=scope, min_relevance=0.0)
    assert {hit.card.title for hit in found.hits if hit.holds} == listed
    return listed


@pytest.fixture
def told(memory: GraphMemory, clock: TickingClock) -> GraphMemory:
    clock.pass_days(60)
    rule(memory, "the rule of the grammar", "packages/parser/grammar.py")
    rule(memory, "the rule of the shop", "shop/cart.py")
    rule(memory, "the rule of everybody", scope=Scope())
    rule(memory, "the private rule of Ann", "packages/parser/grammar.py", scope=ANN)
    rule(memory, "the rule of the new repository", "src/cli.py", scope=NEW)
    return memory


OWN = {"the rule of everybody", "the rule of the new repository"}
CARRIED = {"the rule of the grammar", "the rule of the shop"}


def test_without_a_link_nothing_is_carried(told: GraphMemory) -> None:
    assert titles(told) == OWN


def test_a_renamed_repository_is_read_under_its_new_name(told: GraphMemory) -> None:
    told.link_repository("r", "new")
    assert titles(told) == OWN | CARRIED
    assert titles(told, "shop/") == {"the rule of the shop"}
    assert titles(told, scope=OLD) == CARRIED | {"the rule of everybody"}


def test_nobody_reads_the_private_memories_of_others(told: GraphMemory) -> None:
    told.link_repository("r", "new")
    for user in (None, "bob", "ann"):
        assert titles(told, scope=replace(NEW, user=user)) == OWN | CARRIED
    assert "the private rule of Ann" in titles(told, scope=ANN)


def test_a_package_is_found_under_its_new_path(told: GraphMemory) -> None:
    told.link_repository("r", "new", path=PACKAGE)
    assert titles(told) == OWN | {"the rule of the grammar"}
    assert titles(told, "src/grammar.py") == titles(told, "src/gram*") == {"the rule of the grammar"}
    assert titles(told, "src/") == {"the rule of the grammar", "the rule of the new repository"}
    assert titles(told, "src/other.py") == titles(told, "lib/") == set()
    (card,) = told.list(Filter(paths=("src/grammar.py",)), scope=NEW).cards
    assert card.statement.anchors == (Anchor(AnchorKind.FILE, "src/grammar.py", "new"),)
    assert card.memory.scope == OLD
    assert told.get(card.id, scope=OLD).statement.anchors == (Anchor(AnchorKind.FILE, "packages/parser/grammar.py"),)


def test_a_package_becomes_a_whole_repository(told: GraphMemory) -> None:
    told.link_repository("r", "new", path="packages/parser:")
    assert titles(told, "grammar.py") == titles(told, "*.py") == {"the rule of the grammar"}
    assert titles(told) == OWN | {"the rule of the grammar"}


def test_a_repository_becomes_a_folder_of_another(told: GraphMemory) -> None:
    told.link_repository("r", "new", path=":vendor/r")
    assert titles(told, "vendor/") == CARRIED
    assert titles(told, "vendor/r/shop/cart.py") == {"the rule of the shop"}


def test_memories_count_from_the_time_of_the_move(told: GraphMemory) -> None:
    told.link_repository("r", "new", path=PACKAGE, since=day(10))
    assert titles(told, at=At(as_of=day(9))) == OWN
    assert titles(told, at=At(as_of=day(10))) == OWN | {"the rule of the grammar"}
    (card,) = told.list(Filter(paths=("src/grammar.py",)), scope=NEW).cards
    assert [interval.start for interval in card.holding] == [day(10)]


def test_before_the_link_was_recorded_nothing_changed(told: GraphMemory) -> None:
    before = told.list(scope=NEW)
    link = told.link_repository("r", "new").change.seq
    assert told.list(scope=NEW, at=At(before.at.valid, before.at.seq)) == before
    assert titles(told, at=At(known_at=link - 1)) == OWN
    assert titles(told, at=At(known_at=link)) == OWN | CARRIED
    appeared = told.diff(At(known_at=link - 1), At(known_at=link), scope=NEW).differences
    assert {one.card.title for one in appeared} == CARRIED


def test_a_link_is_undone_and_may_be_made_again(told: GraphMemory) -> None:
    link = told.link_repository("r", "new").change.seq
    with pytest.raises(Conflict, match="linked to 'new' already"):
        told.link_repository("r", "new")
    undone = told.revoke(link, write=Write(scope=NEW)).change.seq
    assert titles(told) == OWN
    assert titles(told, at=At(known_at=undone - 1)) == OWN | CARRIED
    with pytest.raises(Conflict, match="already revoked"):
        told.revoke(link, write=Write(scope=NEW))
    told.link_repository("r", "new")
    assert titles(told) == OWN | CARRIED
    assert titles(told, at=At(known_at=undone)) == OWN


def test_what_supersedes_a_carried_memory_is_carried_too(told: GraphMemory) -> None:
    told.link_repository("r", "new", path=PACKAGE, since=day(10))
    (grammar,) = told.list(Filter(paths=("packages/parser/",)), scope=OLD).cards
    later = told.supersede(grammar.id, "the rule without a file", at=day(12)).ids[-1]
    assert titles(told) == OWN | {"the rule without a file"}
    assert titles(told, at=At(as_of=day(11))) == OWN | {"the rule of the grammar"}
    history = told.history(grammar.id, scope=NEW)
    assert [step.memory.id for step in history.successors] == [later]
    assert told.explain(later, scope=NEW).card.id == later
    told.erase(later)
    assert titles(told) == OWN


def test_an_open_branch_is_not_carried_and_its_merge_is(told: GraphMemory) -> None:
    branch = replace(OLD, branch="fix")
    told.link_repository("r", "new")
    rule(told, "the rule of the branch", scope=branch)
    assert "the rule of the branch" not in titles(told) | titles(told, scope=replace(NEW, branch="fix"))
    told.merge_branch("fix", write=Write(scope=OLD))
    assert "the rule of the branch" in titles(told)


def test_links_lead_over_several_repositories_and_in_circles(told: GraphMemory) -> None:
    told.link_repository("r", "new", path=PACKAGE)
    told.link_repository("new", "newest", path="src:lib/parser")
    told.link_repository("newest", "r")
    newest = Scope(repo="newest")
    assert titles(told, scope=newest) == {
        "the rule of everybody",
        "the rule of the grammar",
        "the rule of the new repository",
    }
    assert titles(told, "lib/parser/grammar.py", scope=newest) == {"the rule of the grammar"}
    assert titles(told, scope=OLD) == CARRIED | OWN


def test_a_file_is_followed_through_its_renames_on_both_sides(told: GraphMemory) -> None:
    """`packages/parser/a.py` was renamed on day 5 and moved on day 10, and renamed again on day 20."""
    added, renamed = PathOrigin.ADDED, PathOrigin.RENAMED
    read(
        told,
        MainlineRows(
            shas=("1" * 40, "2" * 40, "3" * 40),
            times_us=tuple(to_micros(day(number)) for number in (1, 5, 10)),
            segments=(
                SegmentRow(0, 0, "packages/parser/a.py", 0, 1, added, None, None),
                SegmentRow(1, 0, "packages/parser/grammar.py", 1, 2, renamed, 90, 0),
            ),
            segment_count=2,
        ),
        write=Write(scope=OLD),
    )
    read(
        told,
        MainlineRows(
            shas=("a" * 40, "b" * 40),
            times_us=(to_micros(day(10)), to_micros(day(20))),
            segments=(
                SegmentRow(0, 0, "src/grammar.py", 0, 1, added, None, None),
                SegmentRow(1, 0, "src/syntax.py", 1, None, renamed, 80, 0),
            ),
            segment_count=2,
            refs=(RefRow("tag", "v1", "a" * 40),),
        ),
        write=Write(scope=NEW),
    )
    (life,) = told.file_life("./packages/parser/a.py", scope=OLD, at=At(as_of=day(7))).lives
    assert ([path.path for path in life.paths], life.now) == (
        ["packages/parser/a.py", "packages/parser/grammar.py"],
        "packages/parser/grammar.py",
    )
    rule(told, "the rule of the first name", "packages/parser/a.py")
    link = told.link_repository("r", "new", path=PACKAGE, at="v1")
    assert link.change.operation == LinkRepository("r", MovedFolder("packages/parser", "src"), day(10), "a" * 40)
    both = {"the rule of the first name", "the rule of the grammar"}
    assert titles(told, "src/syntax.py") == titles(told, "src/grammar.py") == both
    (card, *_) = told.list(Filter(paths=("src/syntax.py",)), scope=NEW).cards
    assert [(place.path, place.now) for place in card.files] == [("src/grammar.py", "src/syntax.py")]
    with pytest.raises(NotFound, match="no recorded commit, tag or branch 'v9' of 'new' or 'r'"):
        told.link_repository("r", "new", at="v9")


def test_pages_go_on_across_a_link(told: GraphMemory) -> None:
    first = told.list(scope=NEW, page=Page(1))
    link = told.link_repository("r", "new").change.seq
    second = told.list(scope=NEW, page=Page(5, first.cursor))
    assert {card.title for card in (*first.cards, *second.cards)} == OWN
    assert second.at.seq == link - 1
    pages = told.list(scope=NEW, page=Page(3))
    rest = told.list(scope=NEW, page=Page(3, pages.cursor))
    assert {card.title for card in (*pages.cards, *rest.cards)} == OWN | CARRIED


def test_a_link_is_exported_and_restored(told: GraphMemory) -> None:
    told.link_repository("r", "new", path=PACKAGE, since=day(10))
    store = OracleStore()
    store.restore(list(told.export()), tenant="default")
    assert titles(opened(store)) == titles(told) == OWN | {"the rule of the grammar"}
    assert told.check() == []


def test_what_cannot_be_linked_is_refused_by_name(told: GraphMemory) -> None:
    for path in ("packages/parser", "a:b:c", "../x:src"):
        with pytest.raises(InvalidInput, match=r"OLD:NEW|leads out of"):
            told.link_repository("r", "new", path=path)
    with pytest.raises(InvalidInput):
        told.link_repository("r", "r")
    with pytest.raises(InvalidInput, match="give one of them"):
        told.link_repository("r", "new", at="v1", since=day(1))
    with pytest.raises(Forbidden, match="may not say what a repository contains"):
        told.link_repository("r", "new", write=Write(origin=Origin.EXTERNAL))
    with pytest.raises(NotFound):
        told.revoke(99, write=Write(scope=NEW))
    assert titles(told) == OWN


def test_a_task_in_the_new_repository_is_told_the_carried_rules(told: GraphMemory) -> None:
    task = "change the rule of the grammar"
    assert "the rule of the grammar" not in told.context(task, scope=NEW).markdown
    link = told.link_repository("r", "new", path=PACKAGE).change.seq
    assert "the rule of the grammar" in told.context(task, scope=NEW).markdown
    assert "the rule of the grammar" in told.context(task, ("src/grammar.py",), scope=NEW).markdown
    assert told.guard(paths=("src/grammar.py",), scope=NEW).at.seq == link


def test_a_conflict_between_carried_and_own_memories_shows_all_claims(told: GraphMemory) -> None:
    for title, scope in (("the rule of tabs", OLD), ("the rule of spaces", OLD)):
        told.add(Statement(title=title, subject="indent"), start=day(2), on_similar=None, write=Write(scope=scope))
    assert told.conflicts(scope=NEW).conflicts == ()
    told.link_repository("r", "new")
    (conflict,) = told.conflicts(scope=NEW).conflicts
    assert {card.title for card in conflict.claims} == {"the rule of tabs", "the rule of spaces"}
    (hit, *_) = told.search("indent rule", scope=NEW).hits
    assert hit.contested


# ---- against a reader of the old repository

STEPS = st.sampled_from(["inside", "outside", "private", "branch", "supersede", "end", "link", "unlink"])
PLANS = st.lists(st.tuples(STEPS, st.integers(0, 7)), min_size=2, max_size=9)


def opened(store: OracleStore | None = None) -> GraphMemory:
    clock = TickingClock()
    clock.pass_days(60)
    context = ServiceContext(store or OracleStore(), scope=OLD, actor="t", clock=clock, embedder=no_embedder)
    return GraphMemory(context)


@dataclass(slots=True)
class Played:
    """The story of a ledger, and which memories are joined to one of the package."""

    memory: GraphMemory
    inside: set[str]
    added: list[str]
    link: int | None = None
    undone: int | None = None
    since: datetime | None = None

    def play(self, plan: Iterable[tuple[str, int]], *, is_limited: bool) -> None:
        for number, (step, turn) in enumerate(plan):
            title, start = f"the rule {number}", day(2 + turn)
            match step:
                case "inside" | "outside" | "private" | "branch":
                    scope = {"private": ANN, "branch": replace(OLD, branch="fix")}.get(step, OLD)
                    path = "shop/a.py" if step == "outside" else "packages/parser/a.py"
                    key = rule(self.memory, title, path, scope=scope, start=start)
                    if step in {"inside", "outside"}:
                        self.added.append(key)
                        self.inside |= {key} if step == "inside" or not is_limited else set()
                case "supersede" if self.added:
                    self._supersede(self.added[turn % len(self.added)], title, is_limited=is_limited)
                case "end" if self.added:
                    self._tried(partial(self.memory.end, self.added[turn % len(self.added)], at=day(20)))
                case "link" if self.link is None:
                    self.since = day(2 + turn) if turn % 2 else None
                    folder = PACKAGE if is_limited else None
                    self.link = self.memory.link_repository("r", "new", path=folder, since=self.since).change.seq
                case "unlink" if self.link is not None and self.undone is None:
                    self.undone = self.memory.revoke(self.link, write=Write(scope=NEW)).change.seq

    def _supersede(self, old: str, title: str, *, is_limited: bool) -> None:
        def write() -> None:
            new = self.memory.supersede(old, Statement(title=title), at=day(15)).ids[-1]
            self.added.append(new)
            self.inside |= {new} if old in self.inside or not is_limited else set()

        self._tried(write)

    def _tried(self, write: Callable[[], object]) -> None:
        with suppress(Conflict, InvalidInput):
            write()

    def expected(self, valid: datetime, seq: int) -> set[str]:
        """What a reader of the old repository believes of the package, while the link is in effect."""
        is_linked = self.link is not None and self.link <= seq and (self.undone is None or seq < self.undone)
        if not is_linked or (self.since is not None and valid < self.since):
            return set()
        believed = self.memory.list(at=At(valid, seq), scope=OLD, limit=100).cards
        return {card.id for card in believed if card.id in self.inside}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(plan=PLANS, is_limited=st.booleans())
def test_a_linked_reader_believes_what_the_old_one_does(*, plan: list[tuple[str, int]], is_limited: bool) -> None:
    story = Played(opened(), set(), [])
    answers: dict[tuple[datetime, int], set[str]] = {}
    for turn, step in enumerate(plan):
        story.play([step], is_limited=is_limited)
        seq = story.memory.list(scope=NEW).at.seq
        for valid in (day(4), day(7), day(18), day(25)) if turn % 2 or turn == len(plan) - 1 else ():
            answers[valid, seq] = {card.id for card in story.memory.list(at=At(valid, seq), scope=NEW, limit=100).cards}
            assert answers[valid, seq] == story.expected(valid, seq)
    for (valid, seq), ids in answers.items():
        again = story.memory.list(at=At(valid, seq), scope=NEW, limit=100).cards
        assert {card.id for card in again} == ids

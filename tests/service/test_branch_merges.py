"""Branches of the memory follow the merges of their repository; what is not certain is only proposed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem.model import At, MergeBranch, Origin, Scope, Statement
from graphmem.service import GraphMemory, Write
from graphmem.service.branch_merges import BranchReport, merge_branches
from graphmem.service.branch_verbs import BranchState
from graphmem.service.mainline_ingestion import ingest_mainline
from graphmem.sources.git.mainline_reading import MainlineReader
from tests.service.conftest import TickingClock
from tests.sources.git.repositories import Repository, body
from tests.stores import BACKENDS

#: The search for merges does not depend on the store.
on_one_store = pytest.mark.parametrize("backend", BACKENDS[1:2], indirect=True, ids=[BACKENDS[1].name])

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
FIX = Scope(repo="r", branch="fix")
NOTE = "the cache is cleared at midnight"
#: Commits before the branch is opened in the memory, which the clock of the tests does in January 2026; and after it.
BEFORE_S, AFTER_S = 1_700_000_000, 1_800_000_000


class Life:
    """A repository with a main line and a branch `fix`, and the memory that follows it."""

    def __init__(self, memory: GraphMemory, root: Path) -> None:
        self.memory = memory
        self.git = Repository.made(root)
        self.git.write(a=body("a"), b=body("b"))
        self.git.commit(BEFORE_S)
        self.read()
        self.git.git("checkout", "-q", "-b", "fix")
        for name in ("c", "d"):
            self.commit(name, BEFORE_S + 60)
        self.git.git("checkout", "-q", "main")
        memory.add(NOTE, write=Write(scope=FIX))

    def commit(self, name: str, at_s: int = AFTER_S) -> str:
        self.git.write(**{name: body(name)})
        return self.git.commit(at_s)

    def read(self) -> None:
        ingest_mainline(self.memory, MainlineReader(self.git.root, read_at=READ_AT).batches)

    def follow(self) -> BranchReport:
        self.read()
        return merge_branches(self.memory, self.git.root)

    def squash(self) -> str:
        self.git.git("merge", "-q", "--squash", "fix")
        return self.git.commit(AFTER_S)

    def titles(self) -> set[str]:
        return {card.title for card in self.memory.list(scope=Scope(repo="r")).cards}

    def proposed(self) -> str:
        """The only proposal, after which nothing is visible on the main line."""
        report = self.follow()
        assert not report.merged
        assert self.titles() == set()
        (found,) = report.proposed
        assert found.command == "graphmem branch merge fix"
        return found.reason


@pytest.fixture
def life(memory: GraphMemory, tmp_path: Path) -> Life:
    return Life(memory, tmp_path / "repository")


@on_one_store
def test_a_branch_that_nobody_merged_stays_open(life: Life) -> None:
    life.commit("later")
    assert life.follow() == BranchReport()
    assert life.titles() == set()


def test_a_squash_merges_the_branch_once_and_says_how_it_was_recognised(life: Life) -> None:
    life.read()
    commit = life.squash()
    life.git.git("branch", "-q", "-D", "fix")
    (merged,) = life.follow().merged
    assert (merged.commit, life.titles()) == (commit, {NOTE})
    entry = life.memory.changes(after=merged.change - 1, limit=1)[0]
    assert isinstance(entry.operation, MergeBranch)
    assert (entry.provenance.source, entry.provenance.origin) == (f"commit {commit}", Origin.COMMIT)
    assert entry.provenance.reason == (
        f"merged into main with commit {commit[:10]}: a commit of the mainline makes the same changes"
    )
    assert life.follow() == BranchReport()
    (branch,) = life.memory.branches()
    assert (branch.state, branch.closed) == (BranchState.MERGED, merged.change)
    read = life.memory.list(scope=Scope(repo="r", branch=branch.branch)).cards
    assert [card.title for card in read] == [NOTE]


@on_one_store
def test_a_merge_commit_and_a_rebase_merge_the_branch(life: Life) -> None:
    life.git.git("checkout", "-q", "-b", "other", "fix~1")
    life.commit("e", BEFORE_S + 90)
    life.memory.add("on the other branch", write=Write(scope=Scope(repo="r", branch="other")))
    life.git.git("checkout", "-q", "main")
    life.git.git("cherry-pick", "fix~1", "fix", at_s=AFTER_S)
    rebased = life.git.git("rev-parse", "HEAD")
    life.git.git("merge", "-q", "--no-ff", "--message=merge", "other", at_s=AFTER_S + 60)
    report = life.follow()
    assert {merged.branch.partition(":")[0]: merged.commit for merged in report.merged} == {
        "fix": rebased,
        "other": life.git.git("rev-parse", "HEAD"),
    }
    assert life.titles() == {NOTE, "on the other branch"}


@on_one_store
def test_a_branch_that_was_fast_forwarded_after_it_was_read_is_merged(life: Life) -> None:
    life.git.git("checkout", "-q", "fix")
    life.commit("late")
    life.git.git("checkout", "-q", "main")
    assert life.follow() == BranchReport()
    life.git.git("merge", "-q", "--ff-only", "fix")
    (merged,) = life.follow().merged
    assert merged.commit == life.git.git("rev-parse", "fix")


@on_one_store
def test_an_earlier_branch_of_the_name_is_not_taken_for_the_open_one(life: Life) -> None:
    """The name was merged and deleted; the memory then opens it again, before git has it."""
    life.read()
    life.squash()
    life.follow()
    life.memory.add("a second try", write=Write(scope=FIX))
    life.git.git("branch", "-q", "-D", "fix")
    life.commit("later", AFTER_S + 60)
    life.git.git("branch", "fix")
    assert life.follow() == BranchReport()
    assert life.titles() == {NOTE}


@on_one_store
def test_a_merge_from_before_the_opening_is_only_proposed(life: Life) -> None:
    life.git.git("merge", "-q", "--no-ff", "--message=merge", "fix", at_s=BEFORE_S + 120)
    assert "before it was opened in the memory" in life.proposed()


@on_one_store
def test_a_merge_that_was_reverted_is_only_proposed(life: Life) -> None:
    life.squash()
    life.git.git("revert", "--no-edit", "HEAD", at_s=AFTER_S + 60)
    assert f"which {life.git.git('rev-parse', 'HEAD')[:10]} reverted" in life.proposed()


@on_one_store
def test_a_branch_that_is_gone_without_a_merge_is_only_proposed(life: Life) -> None:
    life.read()
    life.git.git("branch", "-q", "-D", "fix")
    assert life.proposed() == "is gone from the repository, and nothing shows a merge"


@on_one_store
def test_a_branch_of_another_branch_of_the_memory_is_only_proposed(life: Life) -> None:
    life.memory.abandon_branch("fix")
    life.memory.open_branch("epic")
    life.memory.open_branch("fix", parent="epic")
    life.squash()
    assert "was opened under epic:" in life.proposed()


@on_one_store
def test_a_head_that_goes_on_elsewhere_is_only_proposed(life: Life) -> None:
    life.squash()
    life.git.git("update-ref", "refs/remotes/origin/fix", life.git.git("rev-parse", "fix"))
    life.git.git("checkout", "-q", "fix")
    life.commit("more", AFTER_S + 60)
    life.git.git("checkout", "-q", "main")
    assert "another was not" in life.proposed()


@on_one_store
def test_a_rewritten_mainline_merges_no_branch_at_its_former_commits(life: Life) -> None:
    """The mainline is rebased: each of its former commits is on the new one too, and `fix` has no other."""
    life.memory.abandon_branch("fix")
    for name in ("x", "y"):
        life.commit(name)
    life.git.git("branch", "-q", "-f", "fix", "main")
    life.memory.add("of no commit", write=Write(scope=FIX))
    life.read()
    life.git.git("reset", "-q", "--hard", "HEAD~2")
    life.commit("w", AFTER_S + 60)
    life.git.git("cherry-pick", "fix~1", "fix", at_s=AFTER_S + 120)
    assert "commits of the mainline before its rewriting" in life.proposed()


@on_one_store
def test_a_mainline_that_was_rebased_before_it_was_read_merges_no_branch_at_its_former_commits(life: Life) -> None:
    """Only git's log of the branch `main` knows that the commit of `fix` was made there."""
    life.memory.abandon_branch("fix")
    life.commit("x")
    life.git.git("branch", "-q", "-f", "fix", "main")
    life.memory.add("of no commit", write=Write(scope=FIX))
    life.git.git("reset", "-q", "--hard", "HEAD~1")
    life.commit("w", AFTER_S + 60)
    life.git.git("cherry-pick", "fix", at_s=AFTER_S + 120)
    assert "commits of the mainline before its rewriting" in life.proposed()


@on_one_store
def test_a_shallow_clone_merges_nothing(life: Life, tmp_path: Path) -> None:
    life.squash()
    clone = Repository(tmp_path / "clone")
    life.git.git("clone", "-q", "--depth=2", "--no-single-branch", f"file://{life.git.root}", str(clone.root))
    life.git = clone
    assert not life.follow().merged
    assert life.titles() == set()


def test_who_is_not_trusted_only_proposes_a_merge_of_trusted_memories(life: Life) -> None:
    life.squash()
    life.memory.supersede(life.memory.add("old", write=Write()).ids[0], "new", write=Write(scope=FIX))
    life.read()
    report = merge_branches(life.memory, life.git.root, write=Write(origin=Origin.EXTERNAL))
    assert not report.merged
    assert "its origin is not trusted enough" in report.proposed[0].reason


@on_one_store
def test_a_branch_is_examined_again_only_after_a_change(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life.read()
    notes = tmp_path / "notes"
    assert merge_branches(life.memory, life.git.root, notes=notes) == BranchReport()
    with monkeypatch.context() as patched:
        patched.setattr("graphmem.service.branch_merges.MergeFinder", lambda *_: pytest.fail("it was examined"))
        assert merge_branches(life.memory, life.git.root, notes=notes) == BranchReport()
    life.squash()
    life.read()
    assert len(merge_branches(life.memory, life.git.root, notes=notes).merged) == 1


def test_a_merge_counts_from_its_commit_on(memory: GraphMemory, clock: TickingClock, tmp_path: Path) -> None:
    life = Life(memory, tmp_path / "repository")
    early = Statement(title="the cache is in memory")
    memory.add(early, start=clock.now - timedelta(days=90), write=Write(scope=FIX))
    life.read()
    clock.pass_days(2)
    merged_s = int(clock.now.timestamp()) - 3_600
    life.git.git("merge", "-q", "--squash", "fix")
    life.git.commit(merged_s)
    assert life.follow().merged
    main, before = Scope(repo="r"), At(datetime.fromtimestamp(merged_s - 1, UTC))
    assert memory.list(at=before, scope=main).cards == ()
    assert {early.title, NOTE} == {card.title for card in memory.list(scope=main).cards}
    assert early.title in {card.title for card in memory.list(at=before, scope=FIX).cards}
    assert memory.check() == []

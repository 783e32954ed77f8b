"""Random lives of branches: whatever lands, is rewritten, deleted or named again, no branch is merged by mistake."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from graphmem.model import Scope
from graphmem.service import GraphMemory, Write
from graphmem.service.branch_merges import merge_branches
from graphmem.service.mainline_ingestion import ingest_mainline
from graphmem.sources.git.mainline_reading import MainlineReader
from tests.service.conftest import TickingClock
from tests.sources.git.repositories import Repository, body
from tests.stores import BACKENDS

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = ("fix", "wip")
on_one_store = pytest.mark.parametrize("backend", BACKENDS[1:2], indirect=True, ids=[BACKENDS[1].name])


class Lives:
    """A repository and a memory with branches; every commit adds a file of its own.

    Attributes:
        files: The files that were made on the open branch of a name.
        notes: The note that the memory has on the open branch of a name.
        merged: Notes of branches that were merged.
    """

    def __init__(self, memory: GraphMemory, clock: TickingClock, root: Path, seed: int) -> None:
        self.memory, self.clock = memory, clock
        self.git = Repository.made(root)
        self.draw = random.Random(seed)  # noqa: S311 - the same lives in every run
        self.count = 0
        self.files: dict[str, set[str]] = {}
        self.notes: dict[str, str] = {}
        self.merged: set[str] = set()
        for _ in range(3):
            self.commit()

    def moment(self) -> int:
        self.clock.now += timedelta(hours=1)
        return int(self.clock.now.timestamp())

    def commit(self) -> str:
        self.count += 1
        name = f"f{self.count}"
        self.git.write(**{name: body(name, 12)})
        self.git.commit(self.moment())
        return name

    def step(self) -> None:
        name = self.draw.choice(NAMES)
        often = (self.branch, self.work, self.note, self.land, lambda _: self.follow())
        actions = (*often, *often, *often, self.delete, self.rewrite, lambda _: self.commit())
        self.draw.choice(actions)(name)
        self.git.git("checkout", "-q", "main")

    def branch(self, name: str) -> None:
        if not self.exists(name):
            self.git.git("branch", name, f"HEAD~{self.draw.randint(0, 1)}")
            self.files[name] = set()

    def work(self, name: str) -> None:
        if self.exists(name):
            self.git.git("checkout", "-q", name)
            self.files[name].add(self.commit())

    def note(self, name: str) -> None:
        if name not in self.notes:
            self.moment()
            self.notes[name] = f"note {self.count} on {name} at {self.clock.now}"
            self.memory.add(self.notes[name], write=Write(scope=Scope(repo="r", branch=name)))

    def land(self, name: str) -> None:
        if not self.exists(name):
            return
        how = self.draw.choice(("merge", "squash", "rebase", "forward", "part"))
        own = self.git.git("rev-list", "--reverse", f"main..{name}").split()
        if how == "merge":
            self.attempt("merge", "-q", "--no-ff", "--message=merge", name)
        elif how == "forward":
            self.attempt("merge", "-q", "--ff-only", name)
        elif how == "squash" and own:
            self.git.git("merge", "-q", "--squash", name)
            self.git.commit(self.moment())
        else:
            for sha in own[: None if how == "rebase" else -1]:
                self.attempt("cherry-pick", sha)

    def attempt(self, *words: str) -> None:
        try:
            self.git.git(*words, at_s=self.moment())
        except CalledProcessError:
            self.git.git("reset", "-q", "--hard")
            if words[0] != "merge" or (self.git.root / ".git/MERGE_HEAD").exists():
                self.git.git(words[0], "--quit")

    def delete(self, name: str) -> None:
        if self.exists(name):
            self.git.git("branch", "-q", "-D", name)

    def rewrite(self, _: str) -> None:
        back = self.draw.randint(1, 2)
        if int(self.git.git("rev-list", "--first-parent", "--count", "HEAD")) <= back + 1:
            return
        dropped = self.git.git("rev-list", "--reverse", "--first-parent", "--no-merges", f"HEAD~{back}..HEAD").split()
        self.git.git("reset", "-q", "--hard", f"HEAD~{back}")
        self.commit()
        for sha in dropped[: self.draw.randint(0, len(dropped))]:
            self.attempt("cherry-pick", sha)

    def exists(self, name: str) -> bool:
        return name in self.git.git("branch", "--format=%(refname:short)").split()

    def follow(self) -> None:
        """Read the repository and follow its merges; each merged branch has all of its files on the mainline."""
        self.git.git("checkout", "-q", "main")
        ingest_mainline(self.memory, MainlineReader(self.git.root, read_at=READ_AT).batches)
        report = merge_branches(self.memory, self.git.root)
        present = set(self.git.git("ls-tree", "--name-only", "main").split())
        for merged in report.merged:
            name = merged.branch.partition(":")[0]
            assert self.files[name], f"{name} had no commit"
            assert self.files[name] <= present, f"{name} is on the mainline in part"
            self.merged.add(self.notes.pop(name))
        visible = {card.title for card in self.memory.list(scope=Scope(repo="r"), limit=500).cards}
        assert visible == self.merged


@on_one_store
def test_no_branch_is_merged_by_mistake(memory: GraphMemory, clock: TickingClock, tmp_path: Path) -> None:
    lives = Lives(memory, clock, tmp_path / "repository", seed=9)
    for _ in range(60):
        lives.step()
    lives.follow()
    assert len(lives.merged) == 3

"""After missed events a reconciled memory believes what a fresh ingestion of the repository believes."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from graphmem.model import At, Kind, Scope
from graphmem.repository.commit_names import files_of, place_of_commit
from graphmem.service import GraphMemory, ServiceContext, Write
from graphmem.service.code_verification import verify_repository
from graphmem.service.mainline_ingestion import recorded_mainline
from graphmem.service.reconciliation import ReconciliationReport, reconcile_repository
from graphmem.service.repository_ingestion import Start, ingest_repository
from graphmem.sources.git.code_history import read_code_history
from graphmem.sources.observations import Reading
from graphmem.sources.tasks.exports import read_task_export
from graphmem.store import Filter, silent
from tests.fake_embedder import no_embedder
from tests.service.conftest import TickingClock
from tests.sources.git.repositories import Repository, body
from tests.stores import BACKENDS

READ_AT = datetime(2026, 6, 1, tzinfo=UTC)
REPO = Scope(repo="r")
_DAY_S, _START_S = 86_400, 1_700_000_000
on_one_store = pytest.mark.parametrize("backend", BACKENDS[1:2], indirect=True, ids=[BACKENDS[1].name])
RULES = ("Use tabs.", "Use four spaces.", "Write tests for all code.", "Write tests for new code.", "Read `src/a.py`.")
NEEDS = ("httpx>=1", "httpx>=2", "pydantic", "click>=8")
TASKS = ("ann", "bob")


class Life:
    """A random life of a repository."""

    def __init__(self, root: Path, seed: int) -> None:
        self.git = Repository.made(root)
        self.draw = random.Random(seed)  # noqa: S311 - the same life in every run
        self.second = _START_S
        self.git.write(src__a_dot_py=body("a"), src__b_dot_py=body("b"), Makefile="test:\n\tpytest\n")
        self.commit()

    def commit(self) -> None:
        self.second += self.draw.randint(1, 3) * _DAY_S
        self.git.commit(self.second)

    def step(self) -> None:
        """Change rules, requirements, tasks or files."""
        draw = self.draw
        kind = draw.choice(("rules", "rules", "needs", "task", "move", "remove", "flag", "beads"))
        if kind == "rules":
            rules = draw.sample(RULES, draw.randint(1, 4))
            self.git.write(AGENTS_dot_md="# Rules\n\n" + "".join(f"- {rule}\n" for rule in rules))
        elif kind == "needs":
            needs = draw.sample(NEEDS[1:], draw.randint(1, 2)) if draw.random() < 0.7 else [NEEDS[0]]
            listed = ", ".join(f'"{need}"' for need in needs)
            self.git.write(pyproject_dot_toml=f'[project]\nname = "x"\nversion = "1"\ndependencies = [{listed}]\n')
        elif kind == "task":
            owner = draw.choice(TASKS)
            self.git.write(src__t_dot_py=f"# TODO({owner}): close the file\nx = {draw.random()}\n")
        elif kind == "flag":
            state = draw.choice(("true", "false"))
            self.git.write(feature_flags_dot_json=f'{{"dark_mode": {{"enabled": {state}}}}}\n')
        elif kind == "beads":
            state = draw.choice(("open", "closed"))
            issue = {"id": "x-1", "title": draw.choice(("Slow start", "Slow start up")), "status": state}
            issue |= {"created_at": "2023-01-01T00:00:00Z", "updated_at": "2023-01-02T00:00:00Z"}
            self.git.write(_dot_beads__issues_dot_jsonl=json.dumps(issue) + "\n")
        else:
            self.move_or_remove(kind)
        self.commit()

    def move_or_remove(self, kind: str) -> None:
        files = [path for path in self.git.git("ls-files").splitlines() if path.endswith(".py")]
        target = f"lib/{self.draw.randint(0, 3)}.py"
        if not files:
            self.git.write(src__a_dot_py=body("a"))
        elif kind == "remove":
            self.git.git("rm", "-q", self.draw.choice(files))
        elif not (self.git.root / target).exists():
            (self.git.root / "lib").mkdir(exist_ok=True)
            self.git.git("mv", self.draw.choice(files), target)

    def attempt(self, *words: str) -> None:
        """Let git make a commit; nothing changes if it conflicts."""
        self.second += _DAY_S
        try:
            self.git.git(*words, at_s=self.second)
        except CalledProcessError:
            self.git.git("reset", "-q", "--hard")
            self.git.git(words[0], "--quit")

    def mishap(self) -> None:
        """What git runs no hook for, or what hooks that were off miss."""
        count = int(self.git.git("rev-list", "--count", "HEAD"))
        kind = self.draw.choice(("reset", "rewrite", "revert", "tag", "branch"))
        if kind == "reset" and count > 2:
            self.git.git("reset", "-q", "--hard", f"HEAD~{self.draw.randint(1, min(3, count - 1))}")
        elif kind == "rewrite" and count > 2:
            back = self.draw.randint(1, min(3, count - 1))
            picked = self.git.git("rev-list", "--reverse", f"HEAD~{back}..HEAD").split()
            self.git.git("reset", "-q", "--hard", f"HEAD~{back}")
            self.step()
            for sha in picked:
                self.attempt("cherry-pick", "--allow-empty", "-X", "theirs", sha)
        elif kind == "revert":
            self.attempt("revert", "--no-edit", "HEAD")
        elif kind == "tag":
            self.git.git("tag", "-f", f"v{self.draw.randint(1, 2)}")
        else:
            self.git.git("branch", "-f", "side", f"HEAD~{self.draw.randint(0, min(2, count - 1))}")


def empty() -> GraphMemory:
    """An empty memory of the repository `r`."""
    store = BACKENDS[1].open(Path())
    return GraphMemory(ServiceContext(store, scope=REPO, actor="tester", clock=TickingClock(), embedder=no_embedder))


def believed(memory: GraphMemory) -> dict[str, object]:
    """What a memory answers at many times: statements in force, what the code contradicts, files and tags."""
    history = recorded_mainline(memory, REPO)
    moments = [READ_AT, *(datetime.fromtimestamp(_START_S, UTC) + timedelta(days=day) for day in range(0, 90, 3))]
    statements = [
        sorted((card.statement.kind, card.title, card.statement.subject or "", card.statement.body) for card in
               memory.list(Filter(), at=At(as_of=moment), limit=500).cards)
        for moment in moments
    ]  # fmt: skip
    tags = {name: files_of(history, place_of_commit(history, name)) for kind, name in history.refs if kind == "tag"}
    segments = [(row.path, row.start, row.end, row.similarity) for row in history.segments]
    heads = sorted((kind, name, ref.sha) for (kind, name), ref in history.refs.items())
    listed = memory.list(limit=500).cards
    verdicts = sorted(
        (card.title, verdict.status, verdict.reason)
        for card in listed
        if (verdict := history.verdicts.get(card.id)) and verdict.status in {"broken", "moved", "drifted"}
    )
    names = ("statements", "commits", "times", "files", "tags", "heads", "verdicts")
    return dict(zip(names, (statements, history.shas, history.times_us, segments, tags, heads, verdicts), strict=True))


def ingest(memory: GraphMemory, life: Life, notes: Path | None) -> None:
    ingest_repository(memory, life.git.root, read_at=READ_AT, cursors=notes)
    verify_repository(memory, read_code_history(life.git.root, read_at=READ_AT), at=READ_AT)


def reconcile(
    memory: GraphMemory,
    life: Life,
    notes: Path | None = None,
    *,
    is_rehearsal: bool = False,
    start: Start = lambda _: silent,
) -> ReconciliationReport:
    return reconcile_repository(
        memory, life.git.root, fresh=empty(), read_at=READ_AT, notes=notes, is_rehearsal=is_rehearsal, start=start
    )


def lived(root: Path, memory: GraphMemory, seed: int, notes: Path | None = None) -> Life:
    """A life of which the memory missed a part."""
    life = Life(root, seed)
    for _ in range(4):
        for _ in range(3):
            life.step()
        if life.draw.random() < 0.7:
            ingest(memory, life, notes)
        life.mishap()
    return life


def fresh_beliefs(life: Life) -> dict[str, object]:
    fresh = empty()
    ingest(fresh, life, None)
    return believed(fresh)


def believes_what_a_fresh_ingestion_believes(memory: GraphMemory, tmp_path: Path, seed: int) -> None:
    notes = tmp_path / "notes"
    life = lived(tmp_path / "repository", memory, seed, notes)
    before = memory.changes(limit=1000)[-1].seq
    known = memory.list(at=At(READ_AT, before), limit=500).cards
    report = reconcile(memory, life, notes)
    assert (report.kept, bool(report.planned)) == ((), True)
    assert report.sources is not None
    assert report.sources.problems == []
    assert believed(memory) == fresh_beliefs(life)
    assert [card.id for card in memory.list(at=At(READ_AT, before), limit=500).cards] == [card.id for card in known]
    last = memory.changes(after=before, limit=1000)[-1].seq
    assert reconcile(memory, life, notes).planned == {}
    ingest(memory, life, notes)
    assert not memory.changes(after=last)


@pytest.mark.heavy
def test_it_believes_what_a_fresh_ingestion_believes(memory: GraphMemory, tmp_path: Path) -> None:
    believes_what_a_fresh_ingestion_believes(memory, tmp_path, 13)


@on_one_store
@pytest.mark.parametrize("seed", [2, 25])
def test_other_lives_are_reconciled_too(memory: GraphMemory, tmp_path: Path, seed: int) -> None:
    believes_what_a_fresh_ingestion_believes(memory, tmp_path, seed)


@on_one_store
def test_a_killed_reconciliation_is_completed_by_the_next(
    memory: GraphMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = lived(tmp_path / "repository", memory, 13)
    monkeypatch.setattr("graphmem.service.ingestion.BATCH", 2)

    def killed(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reconcile(memory, life, start=lambda name: killed if name == "reconcile" else silent)
    assert reconcile(memory, life).planned
    assert believed(memory) == fresh_beliefs(life)


@on_one_store
def test_a_rehearsal_plans_and_writes_nothing(memory: GraphMemory, tmp_path: Path) -> None:
    life = lived(tmp_path / "repository", memory, 13)
    last = memory.changes(limit=1000)[-1].seq
    report = reconcile(memory, life, is_rehearsal=True)
    assert report.planned
    assert report.sources is None
    assert not memory.changes(after=last)


@on_one_store
def test_what_people_recorded_stays_and_what_they_changed_is_listed(memory: GraphMemory, tmp_path: Path) -> None:
    """The commit of two rules is dropped; somebody had confirmed one of them."""
    life = Life(tmp_path / "repository", 0)
    life.git.write(AGENTS_dot_md="- Use tabs in Go files.\n- Name tests after behaviour.\n")
    life.commit()
    ingest(memory, life, None)
    memory.add("The office is closed on Fridays.")
    (confirmed,) = [card.id for card in memory.list().cards if card.title == "Use tabs in Go files."]
    memory.confirm(confirmed)
    life.git.git("reset", "-q", "--hard", "HEAD~1")
    report = reconcile(memory, life)
    assert report.kept == (confirmed,)
    titles = {card.title for card in memory.list().cards}
    assert titles >= {"The office is closed on Fridays.", "Use tabs in Go files."}
    assert "Name tests after behaviour." not in titles
    revoked = memory.history(confirmed).card
    assert revoked.id == confirmed


@on_one_store
def test_a_commit_of_the_future_keeps_the_time_of_its_first_reading(memory: GraphMemory, tmp_path: Path) -> None:
    life = Life(tmp_path / "repository", 0)
    for rules in ("- Use tabs in Go files.\n", "- Use spaces in Go files.\n"):
        life.git.write(AGENTS_dot_md=rules)
        life.git.commit(4_000_000_000)
    ingest(memory, life, None)
    last = memory.changes(limit=1000)[-1].seq
    later = READ_AT + timedelta(days=1)
    report = reconcile_repository(memory, life.git.root, fresh=empty(), read_at=later)
    assert (report.planned, report.kept) == ({}, ())
    assert not memory.changes(after=last)


@on_one_store
def test_tasks_that_were_imported_from_elsewhere_stay(memory: GraphMemory, tmp_path: Path) -> None:
    life = Life(tmp_path / "repository", 0)
    reading = read_beads(tmp_path, "an issue of another tracker")
    memory.ingest(reading, write=Write(source="beads"))
    reconcile(memory, life)
    assert [card.title for card in memory.list(Filter(kinds=(Kind.TASK,))).cards] == ["an issue of another tracker"]


def read_beads(folder: Path, title: str) -> Reading:
    issue = {"id": "y-1", "title": title, "status": "open", "created_at": "2023-01-01T00:00:00Z"}
    file = folder / "issues.jsonl"
    file.write_text(json.dumps(issue) + "\n", encoding="utf-8")
    return read_task_export(file, read_at=READ_AT)

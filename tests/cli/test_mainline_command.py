"""`graphmem ingest git`: a repository's history, then memories that follow its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git import mainline_reading
from tests.cli.conftest import Tool
from tests.sources.git.repositories import Repository, body


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(app__db_dot_py=body("db"), app__web_dot_py=body("web"))
    made.commit()
    made.git("tag", "v1")
    made.write(other="x")
    made.commit()
    return made


def move(repository: Repository) -> str:
    (repository.root / "src").mkdir()
    repository.git("mv", "app/db.py", "src/store.py")
    return repository.commit()


def test_a_history_is_read_and_then_only_what_is_new(tool: Tool, repository: Repository) -> None:
    root = str(repository.root)
    assert tool.out("ingest", "git", root).splitlines() == [
        "2 commits (2 new) · 3 files, 0 of them renamed",
        "1 tags · 1 branches · change 1",
    ]
    move(repository)
    assert tool.out("ingest", "git", root).startswith("3 commits (1 new) · 3 files, 1 of them renamed")
    assert tool.out("ingest", "git", root).endswith("change 2\n")
    repository.git("reset", "--quiet", "--hard", "v1")
    assert tool.out("ingest", "git", root).startswith("1 commits (0 new, 2 replaced)")


def test_a_decision_is_found_where_its_file_went(tool: Tool, repository: Repository) -> None:
    key = tool.add("We keep the database in one file", "--path", "app/db.py", "--start", "2023-11-16")
    commit = move(repository)
    assert key not in tool.out("list", "--path", "src/store.py")
    tool.out("ingest", "git", str(repository.root))
    assert key in tool.out("list", "--path", "src/")
    (hit,) = tool.json("search", "database", "--path", "src/store.py")["hits"]
    (place,) = hit["card"]["files"]
    assert (place["path"], place["now"], place["renames"][0]["commit"]) == ("app/db.py", "src/store.py", commit)
    said = f"file: app/db.py is src/store.py since 2023-11-17 (commit {commit[:10]})"
    assert said in tool.out("search", "database", "--path", "src/store.py")
    assert said in tool.out("show", key)


def test_a_history_may_begin_with_a_commit(tool: Tool, repository: Repository) -> None:
    move(repository)
    report = tool.json("ingest", "git", str(repository.root), "--since", "HEAD~1")
    assert (report["commits"], report["files"], report["renamed"]) == (2, 3, 1)
    assert tool.run("ingest", "git", str(repository.root), "--since", "nope").exit_code == 1


def test_a_folder_without_commits_and_an_unknown_ref_are_errors(
    tool: Tool, repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for words in ((str(tmp_path / "empty"),), (str(repository.root), "--ref", "nope")):
        done = tool.run("ingest", "git", *words)
        assert (done.exit_code, "name a git repository with at least one commit" in done.stderr) == (1, True)
    assert tool.run("ingest", "git", str(tmp_path / "nowhere")).exit_code == 2


def test_unread_commits_and_a_shallow_clone_are_reported(tool: Tool, repository: Repository, tmp_path: Path) -> None:
    repository.commit(4_102_444_800)
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth", "2", f"file://{repository.root}", str(clone))
    shown = tool.out("ingest", "git", str(clone))
    assert "shallow clone: its history begins at its boundary" in shown
    assert "dated in the future" in shown


def test_after_ctrl_c_the_same_command_continues(
    tool: Tool, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(repository)
    monkeypatch.setattr(mainline_reading, "BATCH", 1)
    batches = mainline_reading.MainlineReader.batches

    def interrupted(*given: object) -> object:
        for number, batch in enumerate(batches(*given)):  # type: ignore[arg-type]
            if number == 2:
                raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patch:
        patch.setattr(mainline_reading.MainlineReader, "batches", interrupted)
        done = tool.run("ingest", "git", str(repository.root))
    assert (done.exit_code, "2 commits are recorded" in done.stderr) == (130, True)
    assert tool.out("ingest", "git", str(repository.root)).startswith("3 commits (1 new)")


@pytest.fixture
def branched(tool: Tool, repository: Repository) -> Repository:
    """The repository with a recorded mainline `main` and a branch `other`, which left it at the first commit."""
    tool.out("ingest", "git", str(repository.root))
    repository.git("checkout", "--quiet", "-b", "other", "v1")
    move(repository)
    return repository


def test_another_branch_does_not_become_the_mainline_without_a_word(tool: Tool, branched: Repository) -> None:
    words = ("ingest", "git", str(branched.root), "--ref", "other")
    done = tool.run(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    for said in (
        "'other'",
        "'main'",
        "1 of its 2 commits",
        "--switch-mainline",
        "graphmem ingest repository --ref other",
    ):
        assert said in done.stderr
    assert tool.out("ingest", "git", str(branched.root)).startswith("2 commits (0 new)")
    assert tool.out(*words, "--switch-mainline").startswith("2 commits (1 new, 1 replaced)")
    move_on = branched.git("rev-parse", "other")
    assert tool.json("ingest", "git", str(branched.root))["branch"] == "refs/heads/other"
    assert tool.run("ingest", "git", str(branched.root), "--ref", "main").exit_code == 2
    assert branched.git("rev-parse", "other") == move_on


@pytest.mark.parametrize("ref", ["v1", "main~1", "other", "other~0"])
@pytest.mark.parametrize("source", ["git", "rules"])
def test_no_ref_takes_commits_from_the_mainline_without_a_word(
    tool: Tool, branched: Repository, ref: str, source: str
) -> None:
    done = tool.run("ingest", source, str(branched.root), "--ref", ref)
    assert done.exit_code == 2
    assert tool.json("ingest", "git", str(branched.root))["replaced"] == 0


def test_a_branch_that_goes_on_from_the_mainline_does_not_become_it_either(tool: Tool, repository: Repository) -> None:
    tool.out("ingest", "git", str(repository.root))
    repository.git("checkout", "--quiet", "-b", "other")
    commit = move(repository)
    assert "'other'" in tool.run("ingest", "git", str(repository.root), "--ref", "other").stderr
    repository.git("branch", "--force", "main", commit)
    repository.git("update-ref", "refs/remotes/origin/main", commit)
    assert tool.out("ingest", "git", str(repository.root), "--ref", "origin/main").startswith("3 commits (1 new)")
    repository.git("checkout", "--quiet", "main")
    repository.write(more="x")
    assert tool.out("ingest", "git", str(repository.root), "--ref", repository.commit()).startswith("4 commits (1 new)")


def test_a_memory_dated_by_a_commit_names_its_author_as_the_clone_does(
    tool: Tool, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.write(AGENTS_dot_md="- Always run the linter before a commit\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=rule", "--author=Ann <ann@example.org>", at_s=1_700_500_000)
    commit = repository.git("rev-parse", "HEAD")[:10]
    tool.out("ingest", "rules", str(repository.root))
    (key,) = (card["id"] for card in tool.json("list")["cards"])
    dated_by = tool.json("explain", key)["dated_by"]
    assert dated_by["sha"].startswith(commit)
    monkeypatch.chdir(tmp_path)
    for words in (("show", key), ("explain", key), ("history", key)):
        assert f"dated by commit {commit}, author {dated_by['author'][:8]}\n" in tool.out(*words)
    monkeypatch.chdir(repository.root)
    for words in (("show", key), ("explain", key), ("history", key)):
        assert f"dated by commit {commit}, Ann\n" in tool.out(*words)

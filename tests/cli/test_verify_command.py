"""`graphmem verify`: memories against the code of a repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tool
from tests.sources.git.repositories import Repository, body


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(app__db_dot_py=body("db"), app__web_dot_py=body("web"))
    made.commit()
    return made


@pytest.fixture
def told(tool: Tool) -> dict[str, str]:
    """Memories by a word of their titles, recorded while all of their files were there."""
    start = ("--start", "2023-11-16")
    return {
        "orders": tool.add("Orders are written in `app/db.py` alone", *start),
        "pages": tool.add("Pages stay short", "--path", "app/web.py", *start),
        "coffee": tool.add("Coffee is at ten", *start),
        "never": tool.add("Exports go to `app/export.py`", *start),
    }


def position(tool: Tool) -> int:
    """The position of the last ledger entry."""
    with tool.memory() as memory:
        return memory.status().changes


def remove(repository: Repository) -> str:
    (repository.root / "app" / "db.py").unlink()
    return repository.commit()


def statuses(tool: Tool, repository: Repository, *words: str) -> dict[str, str]:
    done = tool.run("verify", str(repository.root), "--json", "--fail-on", "nothing", *words)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    return {found["card"]["id"]: found["verdict"]["status"] for found in report["checked"]}


def test_a_path_that_was_there_and_is_gone_is_broken(tool: Tool, repository: Repository, told: dict[str, str]) -> None:
    before = statuses(tool, repository)
    assert before == {
        told["orders"]: "verified", told["pages"]: "verified", told["coffee"]: "undecided", told["never"]: "undecided",
    }  # fmt: skip
    commit = remove(repository)
    done = tool.run("verify", str(repository.root))
    assert done.exit_code == 3
    assert "broken   Orders are written in `app/db.py` alone" in done.stdout
    assert f"app/db.py (commit {commit[:10]})" in done.stdout
    assert "1 broken · 2 undecided · 1 verified" in done.stdout


def test_a_verdict_shows_in_answers_orders_them_and_is_recorded_once(
    tool: Tool, repository: Repository, told: dict[str, str]
) -> None:
    assert tool.run("verify", str(repository.root)).exit_code == 0
    before = position(tool)
    remove(repository)
    tool.run("verify", str(repository.root))
    tool.run("verify", str(repository.root))
    assert position(tool) == before + 1
    assert "code: broken: " in tool.out("show", told["orders"])
    assert "code: broken: " in tool.out("search", "where are orders written")
    assert "code: " not in tool.out("show", told["orders"], "--known-at", str(before))
    assert [entry["operation"]["operation"] for entry in tool.json("history", told["orders"])["changes"]] == [
        "add", "record_verdicts",
    ]  # fmt: skip
    (repository.root / "app" / "db.py").write_text(body("db"), encoding="utf-8")
    repository.commit()
    assert statuses(tool, repository)[told["orders"]] == "verified"
    assert "code: " not in tool.out("show", told["orders"])


@pytest.mark.usefixtures("told")
def test_a_file_that_moved_is_named(tool: Tool, repository: Repository) -> None:
    repository.git("mv", "app/web.py", "pages.py")
    repository.commit()
    done = tool.run("verify", str(repository.root))
    assert done.exit_code == 0
    assert "moved    Pages stay short" in done.stdout
    assert "pages.py" in done.stdout


def test_the_work_tree_is_checked_if_asked(tool: Tool, repository: Repository, told: dict[str, str]) -> None:
    (repository.root / "app" / "db.py").unlink()
    assert statuses(tool, repository)[told["orders"]] == "verified"
    assert statuses(tool, repository, "--work-tree")[told["orders"]] == "broken"


def test_a_dry_run_and_again_record_nothing_new(tool: Tool, repository: Repository, told: dict[str, str]) -> None:
    remove(repository)
    before = position(tool)
    assert statuses(tool, repository, "--dry-run")[told["orders"]] == "broken"
    assert position(tool) == before
    (repository.root / ".git" / "graphmem" / "verdicts.json").write_text("{", encoding="utf-8")
    assert statuses(tool, repository)[told["orders"]] == "broken"
    assert statuses(tool, repository, "--again")[told["orders"]] == "broken"
    assert position(tool) == before + 1


def test_a_folder_without_a_repository_is_an_error(tool: Tool, tmp_path: Path) -> None:
    done = tool.run("verify", str(tmp_path))
    assert (done.exit_code, "name a git repository" in done.stderr) == (1, True)


def test_fixes_are_carried_out_and_the_rest_needs_a_person(
    tool: Tool, repository: Repository, told: dict[str, str]
) -> None:
    repository.git("mv", "app/db.py", "app/store.py")
    repository.git("mv", "app/web.py", "app/pages.py")
    commit = repository.commit()
    tool.out("ingest", "git", str(repository.root))
    before = position(tool)
    done = tool.run("verify", str(repository.root), "--fix", "--dry-run")
    assert (done.exit_code, position(tool)) == (0, before)
    assert "would be" in done.stdout
    report = tool.json("verify", str(repository.root), "--fix")
    (fixed,) = report["fixes"]["fixed"]
    assert (fixed["memory"], fixed["commit"]) == (told["orders"], commit)
    assert report["fixes"]["rebound"] == [told["pages"]]
    assert "Orders are written in `app/store.py` alone" in tool.out("show", fixed["successor"])
    (repository.root / "app" / "store.py").unlink()
    repository.commit()
    done = tool.run("ci", str(repository.root), "--fix")
    assert done.exit_code == 3
    assert "app/store.py was removed; supersede or end it" in done.stdout
    assert tool.run("verify", str(repository.root), "--fix", "--fail-on", "nothing").exit_code == 0
    assert tool.run("verify", str(repository.root), "--fix", "--work-tree").exit_code == 2

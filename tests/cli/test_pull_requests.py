"""What the files of a pull request say is external and stays on its branch until it is merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.cli.repository_options import running_pull_request
from graphmem.model import Origin, Scope
from graphmem.store import Filter
from tests.cli.conftest import Tool
from tests.client.conftest import serving
from tests.sources.git.repositories import Repository, body

HERE = ("--repo", "r")
RULE = "Open files in `app/db.py` alone."
OTHER = "Send every request over plain HTTP."
RECORD = "# 1. Use SQLite\n\nDate: 2023-11-20\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use SQLite for storage.\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(app__db_dot_py=body("db"))
    (made.root / "AGENTS.md").write_text(f"- {RULE}\n", encoding="utf-8")
    made.commit()
    return made


def change(repository: Repository) -> None:
    """Give a branch `fix` a rule and a decision record."""
    repository.git("checkout", "-q", "-b", "fix")
    (repository.root / "AGENTS.md").write_text(f"- {RULE}\n- {OTHER}\n", encoding="utf-8")
    (repository.root / "docs/adr").mkdir(parents=True)
    (repository.root / "docs/adr/0001-use-sqlite.md").write_text(RECORD, encoding="utf-8")
    repository.commit()


def origins(tool: Tool, branch: str | None = None) -> dict[str, Origin]:
    """The origins of what is in force on the main line or on a branch, by title."""
    with tool.memory() as memory:
        cards = memory.list(Filter(), scope=Scope("default", "r", branch=branch)).cards
        return {card.title: card.statement.origin for card in cards}


@pytest.mark.parametrize("named", ["--ref", "--pull-request", "environment"])
def test_a_pull_request_is_external_until_it_is_merged(
    tool: Tool, repository: Repository, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    root = str(repository.root)
    assert tool.run("ingest", "repository", root, *HERE).exit_code == 0
    change(repository)
    if named == "environment":
        monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
        monkeypatch.setenv("GITHUB_HEAD_REF", "fix")
        monkeypatch.setenv("GITHUB_BASE_REF", "main")
    words = () if named == "environment" else (named, "fix")
    for _ in range(2):
        done = tool.run("ci", root, *words, *HERE)
        assert done.exit_code == 0, done.output
    assert OTHER not in origins(tool)
    on_branch = origins(tool, "fix")
    assert on_branch[OTHER] is Origin.EXTERNAL
    assert on_branch["Use SQLite"] is Origin.EXTERNAL
    assert on_branch[RULE] is not Origin.EXTERNAL
    monkeypatch.undo()
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "--message=merge", "fix", at_s=1_700_000_000 + 20 * 86_400)
    repository.days += 20
    assert tool.run("ingest", "repository", root, *HERE).exit_code == 0
    after = origins(tool)
    assert after[OTHER] is not Origin.EXTERNAL
    assert Origin.EXTERNAL not in after.values()


def test_the_pipeline_of_a_request_reads_the_mainline_that_it_has(
    tool: Tool, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(repository)
    repository.git("checkout", "-q", "main")
    clone = Repository(tmp_path / "clone")
    repository.git("clone", "-q", str(repository.root), str(clone.root))
    clone.git("checkout", "-q", "--detach", "origin/fix")
    for name, value in (("EVENT_NAME", "pull_request"), ("HEAD_REF", "fix"), ("BASE_REF", "main")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    done = tool.run("ci", str(clone.root), *HERE)
    assert done.exit_code == 0, done.output
    assert OTHER not in origins(tool)
    assert origins(tool, "fix")[OTHER] is Origin.EXTERNAL
    assert origins(tool)[RULE] is not Origin.EXTERNAL


def test_what_a_pull_request_says_no_more_ends_on_its_branch(tool: Tool, repository: Repository) -> None:
    root = str(repository.root)
    tool.run("ingest", "repository", root, *HERE)
    change(repository)
    tool.run("ci", root, "--pull-request", "fix", *HERE)
    (repository.root / "AGENTS.md").write_text(f"- {RULE}\n", encoding="utf-8")
    repository.commit()
    tool.run("ci", root, "--pull-request", "fix", *HERE)
    assert OTHER not in origins(tool, "fix")
    assert origins(tool)[RULE] is not Origin.EXTERNAL


def test_a_pull_request_of_an_unread_repository_is_refused(tool: Tool, repository: Repository) -> None:
    done = tool.run("ci", str(repository.root), "--pull-request", "fix", *HERE)
    assert done.exit_code != 0
    assert "graphmem ingest repository" in done.output


def test_a_server_gets_what_a_pull_request_says(tool: Tool, repository: Repository) -> None:
    with tool.memory() as memory, serving(memory) as url:
        tool.run("ingest", "repository", str(repository.root), *HERE, "--url", url)
        change(repository)
        done = tool.run("ci", str(repository.root), *HERE, "--url", url, "--ref", "fix")
        assert done.exit_code == 0, done.output
        assert "rules on fix" in done.stdout
        cards = memory.list(scope=Scope("default", "r", branch="fix")).cards
        assert [card.statement.origin for card in cards if card.title == OTHER] == [Origin.EXTERNAL]


def test_a_pull_request_needs_the_name_of_its_repository(tool: Tool, repository: Repository) -> None:
    tool.run("ingest", "repository", str(repository.root))
    done = tool.run("ci", str(repository.root), "--pull-request", "fix")
    assert done.exit_code != 0
    assert "--repo" in done.output


@pytest.mark.parametrize(
    ("environment", "branch"),
    [
        ({}, None),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_HEAD_REF": ""}, None),
        ({"GITHUB_EVENT_NAME": "pull_request", "GITHUB_HEAD_REF": "fix", "GITHUB_BASE_REF": "main"}, "fix"),
        (
            {
                "GITHUB_EVENT_NAME": "pull_request_target",
                "GITHUB_HEAD_REF": "main",
                "GITHUB_BASE_REF": "main",
                "GITHUB_REF": "refs/pull/7/merge",
            },
            "pull/7",
        ),
        ({"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}, "fix"),
    ],
)
def test_the_branch_of_a_request_is_known_from_its_pipeline(environment: dict[str, str], branch: str | None) -> None:
    assert running_pull_request(environment) == branch

"""Reading a repository: everything, one source, at `init`, and only what is new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput
from graphmem.service import repository_ingestion
from tests.cli.conftest import Tool
from tests.sources.git.repositories import Repository

RULES = "# Rules\n\n- Always write a test before the code.\n- Never commit to main directly.\n"
PROJECT = '[project]\nname = "shop"\nrequires-python = ">=3.11"\ndependencies = ["httpx>=0.27"]\n'
RECORD = "# 1. Use SQLite\n\nDate: 2023-11-15\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use SQLite.\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    (made.root / "AGENTS.md").write_text(RULES, encoding="utf-8")
    (made.root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (made.root / "app.py").write_text("# TODO(ana): split this file\n", encoding="utf-8")
    (made.root / "docs" / "adr").mkdir(parents=True)
    (made.root / "docs" / "adr" / "0001-use-sqlite.md").write_text(RECORD, encoding="utf-8")
    made.commit()
    return made


def titles(tool: Tool, *words: str) -> set[str]:
    return {card["title"] for card in tool.json("list", *words)["cards"]}


def test_everything_is_read_and_then_only_what_is_new(tool: Tool, repository: Repository) -> None:
    shown = tool.out("ingest", "repository", str(repository.root))
    assert "1 commits (1 new)" in shown
    assert {"Always write a test before the code.", "TODO(ana): split this file"} <= titles(tool)
    assert any("SQLite" in title for title in titles(tool, "--kind", "decision"))
    assert any("3.11" in title for title in titles(tool, "--kind", "structure"))
    assert "Always write a test before the code." in shown
    again = tool.json("ingest", "repository", str(repository.root))
    assert (again["mainline"]["read"], list(again["sources"]), again["failed"]) == (0, ["decisions"], {})
    assert again["sources"]["decisions"]["unchanged"] == 1


def test_a_new_commit_supersedes_what_it_changed(tool: Tool, repository: Repository) -> None:
    tool.out("ingest", "repository", str(repository.root))
    (repository.root / "pyproject.toml").write_text(PROJECT.replace("3.11", "3.12"), encoding="utf-8")
    repository.commit()
    report = tool.json("ingest", "repository", str(repository.root))
    assert set(report["sources"]) == {"structure", "decisions"}
    assert any("3.12" in title for title in titles(tool, "--kind", "structure"))
    assert any("3.11" in title for title in titles(tool, "--kind", "structure", "--as-of", "2023-11-16"))


@pytest.mark.parametrize(
    ("source", "title"),
    [("rules", "Always write a test before the code."), ("tasks", "TODO(ana): split this file")],
)
def test_one_source_is_read_alone(tool: Tool, repository: Repository, source: str, title: str) -> None:
    tool.out("ingest", source, str(repository.root))
    found = titles(tool)
    assert title in found
    assert not any("httpx" in other for other in found)


def test_a_lost_or_foreign_cursor_costs_a_full_reading_and_changes_nothing(tool: Tool, repository: Repository) -> None:
    root = str(repository.root)
    tool.out("ingest", "rules", root)
    cursors = repository.root / ".git" / "graphmem" / "cursors.json"
    assert set(json.loads(cursors.read_text(encoding="utf-8"))["cursors"]) == {"rules"}
    for text in ("{", "[]", json.dumps({"ledger": "another", "cursors": {"rules": "f" * 40}})):
        cursors.write_text(text, encoding="utf-8")
        report = tool.json("ingest", "rules", root)["sources"]["rules"]
        assert (report["added"], report["unchanged"]) == ([], 2)
    assert tool.json("ingest", "rules", root)["sources"] == {}
    assert tool.json("ingest", "rules", root, "--again")["sources"]["rules"]["unchanged"] == 2


def test_a_source_that_fails_does_not_stop_the_next(
    tool: Tool, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {**repository_ingestion.FILE_SOURCES, "rules": ("tests.cli.test_repository_commands", "refusing")}
    monkeypatch.setattr(repository_ingestion, "FILE_SOURCES", sources)
    done = tool.run("ingest", "repository", str(repository.root))
    assert done.exit_code == 1
    assert "rules failed: no such rules" in done.stdout
    assert "TODO(ana): split this file" in titles(tool)


def refusing(*_: object, **__: object) -> None:
    raise InvalidInput("no such rules")


def test_init_reads_the_repository_if_it_is_asked_to(tool: Tool, repository: Repository) -> None:
    root = str(repository.root)
    assert "commits" not in tool.out("init", root)
    shown = tool.out("init", root, "--read")
    assert "exists already, unchanged" in shown
    assert "Always write a test before the code." in shown


def test_a_folder_without_a_repository_is_an_error(tool: Tool, tmp_path: Path) -> None:
    for command in ("repository", "rules"):
        done = tool.run("ingest", command, str(tmp_path))
        assert (done.exit_code, "name a git repository" in done.stderr) == (1, True)

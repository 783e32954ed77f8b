"""`graphmem ci`: one command that reads, checks and says the outcome by its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem import Scope
from tests.cli.conftest import Tool
from tests.client.conftest import serving
from tests.sources.git.repositories import Repository, body

JUNIT = """<testsuite name="s"><testcase classname="tests.test_db" name="test_open" file="tests/test_db.py">
<failure message="no file">trace</failure></testcase></testsuite>"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(app__db_dot_py=body("db"))
    (made.root / "AGENTS.md").write_text("- Open files in `app/db.py` alone.\n", encoding="utf-8")
    made.commit()
    return made


def test_it_reads_checks_and_fails_when_a_memory_is_broken(tool: Tool, repository: Repository) -> None:
    done = tool.run("ci", str(repository.root))
    assert done.exit_code == 0, done.output
    assert "rules" in done.stdout
    assert "1 verified" in done.stdout
    (repository.root / "app" / "db.py").unlink()
    repository.commit()
    done = tool.run("ci", str(repository.root))
    assert done.exit_code == 3
    assert "broken   Open files in `app/db.py` alone." in done.stdout
    assert tool.run("ci", str(repository.root), "--fail-on", "nothing").exit_code == 0


def test_failed_tests_become_incidents(tool: Tool, repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(JUNIT, encoding="utf-8")
    report = tool.json("ci", str(repository.root), "--junit", str(tmp_path / "junit.xml"))
    assert len(report["tests"]["added"]) == 1
    assert any("test_open" in card["title"] for card in tool.json("list", "--kind", "incident", "--history")["cards"])


def test_a_server_gets_what_was_read(tool: Tool, repository: Repository) -> None:
    with tool.memory() as memory, serving(memory) as url:
        done = tool.run("ci", str(repository.root), "--url", url)
        assert done.exit_code == 0, done.output
        again = tool.run("ci", str(repository.root), "--url", url)
        assert "(0 new)" in again.stdout
        titles = {card.title for card in memory.list(scope=Scope()).cards}
    assert "Open files in `app/db.py` alone." in titles

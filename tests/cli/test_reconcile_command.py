"""`graphmem reconcile`: after missed events the memory is that of a fresh ingestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Tool
from tests.client.conftest import serving
from tests.sources.git.repositories import Repository, body


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository whose last commit, of a second rule, is read and then dropped by a reset."""
    made = Repository.made(tmp_path / "repository")
    made.write(app__db_dot_py=body("db"), AGENTS_dot_md="- Open files in `app/db.py` alone.\n")
    made.commit()
    return made


def test_a_commit_that_was_reset_leaves_no_rule_behind(tool: Tool, repository: Repository) -> None:
    repository.write(AGENTS_dot_md="- Open files in `app/db.py` alone.\n- Never write to the tables of others.\n")
    repository.commit()
    tool.out("ingest", "repository", str(repository.root))
    repository.git("reset", "-q", "--hard", "HEAD~1")
    planned = tool.json("reconcile", str(repository.root), "--dry-run")
    assert (planned["planned"], planned["mainline"]) == ({"retracted": 1}, None)
    shown = tool.out("reconcile", str(repository.root))
    assert "1 commits (0 new, 1 replaced)" in shown
    assert "1 retracted" in shown
    assert "1 verified" in shown
    rules = [card["title"] for card in tool.json("list", "--kind", "convention", "--as-of", "2024-01-01")["cards"]]
    assert rules == ["Open files in `app/db.py` alone."]
    assert "the memories are those of a fresh ingestion" in tool.out("reconcile", str(repository.root))


def test_a_server_is_reconciled_where_its_store_is(tool: Tool, repository: Repository) -> None:
    with tool.memory() as memory, serving(memory) as url:
        done = tool.run("reconcile", str(repository.root), "--url", url)
    assert done.exit_code == 1
    assert "run it on the machine that has the store" in done.stderr

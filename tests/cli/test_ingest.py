"""Reading decision records in from the command line, with dates from git."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.cli.first_seen import first_commits, work_tree
from graphmem.cli.ingest import dates_below, root_of
from tests.cli.conftest import Tool

OLD = "# 1. Use MySQL\n\nDate: 2020-01-01\n\n## Status\n\nSuperseded by [2. Use PostgreSQL](0002-use-postgresql.md)\n"
NEW = (
    "# 2. Use PostgreSQL\n\nDate: 2021-01-01\n\n## Status\n\nAccepted\n\nSupersedes [1. Use MySQL](0001-use-mysql.md)\n"
)
UNDATED = "# 3. Use Redis\n\n## Status\n\nAccepted\n\n## Context\n\nA cache.\n\n## Decision\n\nRedis.\n"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "doc" / "adr"
    folder.mkdir(parents=True)
    (folder / "0001-use-mysql.md").write_text(OLD, encoding="utf-8")
    (folder / "0002-use-postgresql.md").write_text(NEW, encoding="utf-8")
    return folder


def git(folder: Path, *words: str, day: str = "2019-05-01") -> None:
    moment = f"{day}T00:00:00+0000"
    environment = {**os.environ, "GIT_COMMITTER_DATE": moment, "GIT_AUTHOR_DATE": moment, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *words], cwd=folder, env=environment, check=True, capture_output=True)


def commit(folder: Path, day: str) -> None:
    git(folder, "add", "--all", day=day)
    git(folder, "commit", "--quiet", "--message", "x", day=day)


def test_records_are_read_once(tool: Tool, records: Path) -> None:
    assert tool.out("ingest", "decisions", str(records)).splitlines()[0] == "2 added · 1 linked"
    assert tool.out("ingest", "decisions", str(records)) == "2 unchanged\n"
    hit = tool.json("search", "use mysql")["hits"][0]
    assert hit["card"]["title"].endswith("Use PostgreSQL")


def test_the_report_for_a_pipe_names_every_record(tool: Tool, records: Path) -> None:
    report = tool.json("ingest", "decisions", str(records))
    assert sorted(report["ids"]) == ["0001-use-mysql.md", "0002-use-postgresql.md"]
    assert (len(report["added"]), len(report["linked"]), report["problems"]) == (2, 1, [])


def test_a_file_that_is_no_record_is_a_problem_with_its_line(tool: Tool, records: Path) -> None:
    (records / "notes.md").write_bytes(b"\xff\xfe nothing here")
    shown = tool.out("ingest", "decisions", str(records), str(records / "notes.md"))
    assert "2 added" in shown
    assert "problem notes.md:1" in shown


def test_a_path_that_is_not_there_fails(tool: Tool, tmp_path: Path) -> None:
    assert tool.run("ingest", "decisions", str(tmp_path / "none")).exit_code == 1


def test_in_a_repository_files_are_known_by_their_path_below_its_root(tool: Tool, records: Path) -> None:
    git(records.parents[1], "init", "--quiet")
    assert root_of([records]) == records.parents[1].resolve()
    assert "doc/adr/0001-use-mysql.md" in tool.json("ingest", "decisions", str(records))["ids"]
    assert tool.out("ingest", "decisions", str(records.parent)) == "2 unchanged\n"


def test_a_record_without_a_date_gets_that_of_its_first_commit(tool: Tool, records: Path) -> None:
    root = records.parents[1]
    git(root, "init", "--quiet")
    (records / "redis.md").write_text(UNDATED, encoding="utf-8")
    commit(root, "2019-05-01")
    git(root, "mv", "doc/adr/redis.md", "doc/adr/0003-use-redis.md")
    commit(root, "2019-08-01")
    key = tool.json("ingest", "decisions", str(records))["ids"]["doc/adr/0003-use-redis.md"]
    assert tool.json("show", key)["card"]["holding"][0]["start"] == "2019-05-01T00:00:00Z"


def test_a_commit_counts_as_no_earlier_than_the_one_before_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    for name, day in (("a.md", "2020-02-02"), ("b ü\n.md", "1999-01-01")):
        (tmp_path / name).write_text(name, encoding="utf-8")
        commit(tmp_path, day)
    moment = datetime(2020, 2, 2, tzinfo=UTC)
    assert first_commits(tmp_path) == {"a.md": moment, "b ü\n.md": moment}


def test_nothing_of_the_repository_runs(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.md").write_text("a", encoding="utf-8")
    commit(tmp_path, "2020-02-02")
    marker = tmp_path / "marker"
    for name in ("core.fsmonitor", "diff.external", "gpg.program", "core.pager"):
        git(tmp_path, "config", name, f"touch {marker}")
    git(tmp_path, "config", "log.showSignature", "true")
    assert list(first_commits(tmp_path)) == ["a.md"]
    assert not marker.exists()


def test_without_commits_or_repository_there_are_no_dates(tmp_path: Path) -> None:
    assert dates_below(None) == {}
    assert work_tree(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    assert first_commits(tmp_path) == {}
    assert dates_below(tmp_path) == {}

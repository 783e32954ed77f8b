"""Reading decision records in from the command line, with dates from git."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.cli.ingest_commands import _Steps, dates_below, root_of
from graphmem.service.ingestion import _Ingestion
from graphmem.sources.decisions import read_decisions
from graphmem.sources.git.first_commits import FirstCommits, first_commits
from graphmem.sources.git.work_tree import work_tree
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
    assert first_commits(tmp_path).dates == {"a.md": moment, "b ü\n.md": moment}


def test_nothing_of_the_repository_runs(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.md").write_text("a", encoding="utf-8")
    commit(tmp_path, "2020-02-02")
    marker = tmp_path / "marker"
    for name in ("core.fsmonitor", "diff.external", "gpg.program", "core.pager"):
        git(tmp_path, "config", name, f"touch {marker}")
    git(tmp_path, "config", "log.showSignature", "true")
    assert list(first_commits(tmp_path).dates) == ["a.md"]
    assert not marker.exists()


def test_without_commits_or_repository_there_are_no_dates(tmp_path: Path) -> None:
    assert dates_below(None) == FirstCommits()
    assert work_tree(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    assert first_commits(tmp_path) == FirstCommits()
    assert dates_below(tmp_path) == FirstCommits()


def test_a_missing_blob_ends_the_log_and_the_dates_go_on_behind_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "gc.auto", "0")
    old, new = tmp_path / "a.md", tmp_path / "b.md"
    old.write_text("one line of text\n" * 40, encoding="utf-8")
    commit(tmp_path, "2020-02-02")
    blob = subprocess.run(["git", "rev-parse", "HEAD:a.md"], cwd=tmp_path, check=True, capture_output=True, text=True)
    old.rename(new)
    new.write_text("one line of text\n" * 40 + "and another\n", encoding="utf-8")
    commit(tmp_path, "2020-03-03")
    (tmp_path / "c.md").write_text("c", encoding="utf-8")
    commit(tmp_path, "2020-04-04")
    name = blob.stdout.strip()
    (tmp_path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    found = first_commits(tmp_path)
    assert {path: at.date().isoformat() for path, at in found.dates.items()} == {
        "a.md": "2020-02-02",
        "b.md": "2020-03-03",
        "c.md": "2020-04-04",
    }
    assert [gap[:20] for gap in found.gaps] == ["1 commits lack blobs"]


def test_a_shallow_clone_tells_no_date_of_what_it_begins_with(tool: Tool, records: Path, tmp_path: Path) -> None:
    root, clone = records.parents[1], tmp_path / "clone"
    git(root, "init", "--quiet")
    (records / "0003-use-redis.md").write_text(UNDATED, encoding="utf-8")
    commit(root, "2019-05-01")
    (records / "0004-use-kafka.md").write_text(UNDATED.replace("Redis", "Kafka"), encoding="utf-8")
    commit(root, "2019-06-01")
    (records / "0005-use-nats.md").write_text(UNDATED.replace("Redis", "NATS"), encoding="utf-8")
    commit(root, "2019-07-01")
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{root}", str(clone))
    found = dates_below(clone)
    assert list(found.dates) == ["doc/adr/0005-use-nats.md"]
    assert "shallow" in found.gaps[0]
    refused = tool.run("ingest", "decisions", str(clone))
    assert refused.exit_code == 1
    assert "2 records have no date" in refused.stderr
    assert "5 added" in tool.out("ingest", "decisions", str(clone), "--no-dates")


def test_a_folder_in_which_nothing_is_understood_exits_3_and_says_what_was_looked_for(
    tool: Tool, tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("Nothing.\n", encoding="utf-8")
    outcome = tool.run("ingest", "decisions", str(tmp_path))
    assert outcome.exit_code == 3
    assert "looked for" in outcome.stderr


def test_a_dry_run_reports_and_changes_nothing(tool: Tool, records: Path) -> None:
    shown = tool.out("ingest", "decisions", str(records), "--dry-run")
    assert shown.splitlines()[0] == "2 added · 1 linked"
    assert tool.out("ingest", "decisions", str(records)).splitlines()[0] == "2 added · 1 linked"
    assert tool.out("ingest", "decisions", str(records), "--dry-run") == "2 unchanged\n"


def test_what_was_done_before_ctrl_c_is_kept(tool: Tool, records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    supersede = _Ingestion._supersede  # noqa: SLF001

    def interrupt(_self: _Ingestion, _links: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_Ingestion, "_supersede", interrupt)
    stopped = tool.run("ingest", "decisions", str(records), "--op-id", "once")
    assert (stopped.exit_code, "2 of 3 are written" in stopped.stderr) == (130, True)
    monkeypatch.setattr(_Ingestion, "_supersede", supersede)
    assert tool.out("ingest", "decisions", str(records), "--op-id", "once") == "1 linked · 2 unchanged\n"


def test_ctrl_c_while_reading_says_that_nothing_is_written_yet(
    tool: Tool, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graphmem.sources.decisions.reader.understand", interrupt)
    stopped = tool.run("ingest", "decisions", str(records))
    assert (stopped.exit_code, "still reading" in stopped.stderr) == (130, True)
    assert "run the same command to continue" in stopped.stderr
    monkeypatch.undo()
    assert tool.out("ingest", "decisions", str(records)).splitlines()[0] == "2 added · 1 linked"


def test_reading_and_writing_have_one_total(records: Path) -> None:
    told: list[tuple[int, int]] = []
    steps = _Steps(lambda done, total: told.append((done, total)))
    reading = read_decisions([records], read_at=datetime.now(UTC), progress=steps.reading)
    steps.writing(3, len(reading.observations) + len(reading.replacements))
    assert told == [(1, 6), (2, 6), (3, 6), (4, 6), (7, 7)]


def test_a_name_that_is_no_text_is_a_problem_and_the_rest_goes_on(tool: Tool, records: Path) -> None:
    (Path(os.fsdecode(bytes(records) + b"/0009-\xff.md"))).write_text(NEW, encoding="utf-8")
    (records / "0008-\x07.md").write_text(NEW, encoding="utf-8")
    report = tool.json("ingest", "decisions", str(records))
    assert len(report["added"]) == 2
    assert sorted(one["path"] for one in report["problems"]) == ["0008-\\x07.md", "0009-\\udcff.md"]


PEP = "PEP: {0}\nTitle: Thing {0}\nStatus: {1}\nType: Process\nCreated: 01-Mar-2009\n\nAbstract\n========\n\nA.\n"


def test_with_history_a_record_is_in_force_since_the_commit_that_accepted_it(tool: Tool, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    for status, day in (("Draft", "2009-03-01"), ("Accepted", "2020-05-05"), ("Final", "2021-01-01")):
        (tmp_path / "pep-0001.rst").write_text(PEP.format(1, status), encoding="utf-8")
        commit(tmp_path, day)
    key = tool.json("ingest", "decisions", str(tmp_path))["ids"]["pep-0001.rst"]
    assert [step["start"] for step in tool.json("show", key)["card"]["holding"]] == ["2020-05-05T00:00:00Z"]


def test_without_history_the_start_is_said_to_be_then_or_later(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "pep-0001.rst").write_text(PEP.format(1, "Active"), encoding="utf-8")
    key = tool.json("ingest", "decisions", str(tmp_path))["ids"]["pep-0001.rst"]
    assert "2009-03-01 or later –" in tool.out("search", "Thing 1")
    assert "? in force from here or later" in tool.out("history", key)


def test_one_ingest_is_undone_as_a_whole(tool: Tool, records: Path) -> None:
    tool.out("add", "We write tests first")
    tool.out("ingest", "decisions", str(records), "--source", "import of May")
    assert "import of May: 0001-use-mysql.md" in str(tool.json("changes", "--source", "import of May"))
    assert tool.out("changes", "--source", "import of May", "--revoke") == "2 retracted · 1 revoked\n"
    assert [card["title"] for card in tool.json("list")["cards"]] == ["We write tests first"]
    assert tool.run("changes", "--source", "import of May", "--revoke").exit_code == 1
    assert tool.out("ingest", "decisions", str(records), "--source", "import of June").startswith("2 added · 1 linked")


def test_undoing_an_edit_restores_what_it_changed(tool: Tool, records: Path) -> None:
    tool.out("ingest", "decisions", str(records), "--source", "first")
    (records / "0001-use-mysql.md").write_text(OLD + "\n## Decision\n\nMySQL it is.\n", encoding="utf-8")
    tool.out("ingest", "decisions", str(records), "--source", "second")
    tool.out("changes", "--source", "second", "--revoke")
    assert tool.out("ingest", "decisions", str(records), "--dry-run").startswith("1 reworded")
    assert tool.json("search", "use mysql")["hits"][0]["card"]["title"].endswith("Use PostgreSQL")


def test_undoing_what_unlinked_an_amendment_restores_the_part_that_it_names(tool: Tool, records: Path) -> None:
    old, new = records / "0001-use-mysql.md", records / "0002-use-postgresql.md"
    old.write_text(OLD.replace("Superseded by [2. Use PostgreSQL](0002-use-postgresql.md)", "Accepted"), "utf-8")
    told = NEW.replace("Supersedes [1", "Supersedes the backup rules of [1")
    new.write_text(told, encoding="utf-8")
    tool.out("ingest", "decisions", str(records), "--source", "first")
    new.write_text(told.replace("Supersedes the backup rules of", "See"), encoding="utf-8")
    assert "1 unlinked" in tool.out("ingest", "decisions", str(records), "--source", "second")
    tool.out("changes", "--source", "second", "--revoke")
    new.write_text(told, encoding="utf-8")
    assert tool.out("ingest", "decisions", str(records), "--source", "third") == "2 unchanged\n"
    edges = [line for line in tool.out("export").splitlines() if "supersede" in line]
    assert [line.count("the backup rules") for line in edges] == [2, 1]


def test_revoking_needs_a_source(tool: Tool) -> None:
    assert tool.run("changes", "--revoke").exit_code == 2

"""Dates of lines from git."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from graphmem.sources.git.line_dates import line_dates
from tests.cli.test_ingest_commands import commit, git


def test_a_line_is_dated_by_its_last_change(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    file = tmp_path / "b ü.md"
    for text, day in (("one\ntwo\n", "2020-02-02"), ("one\nTWO\n", "2021-03-03")):
        file.write_text(text, encoding="utf-8")
        commit(tmp_path, day)
    file.write_text("one\nTWO\nthree\n", encoding="utf-8")
    first, second = datetime(2020, 2, 2, tzinfo=UTC), datetime(2021, 3, 3, tzinfo=UTC)
    assert line_dates(file) == [first, second, None]


def test_without_a_repository_or_a_commit_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("a", encoding="utf-8")
    assert line_dates(tmp_path / "a.md") == []
    git(tmp_path, "init", "--quiet")
    assert line_dates(tmp_path / "a.md") == []


def test_nothing_of_the_repository_runs(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.md").write_text("a\n", encoding="utf-8")
    (tmp_path / ".gitattributes").write_text("*.md diff=evil\n", encoding="utf-8")
    commit(tmp_path, "2020-02-02")
    marker = tmp_path / "marker"
    for name in ("core.fsmonitor", "diff.evil.textconv", "core.pager"):
        git(tmp_path, "config", name, f"touch {marker}; cat")
    assert line_dates(tmp_path / "a.md") == [datetime(2020, 2, 2, tzinfo=UTC)]
    assert not marker.exists()


def test_no_filter_of_the_repository_runs_on_an_edited_file(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.md").write_text("one\ntwo\n", encoding="utf-8")
    commit(tmp_path, "2020-02-02")
    marker = tmp_path / "marker"
    (tmp_path / ".gitattributes").write_text("*.md filter=evil=er\n", encoding="utf-8")
    for name in ("clean", "smudge", "process"):
        git(tmp_path, "config", f"filter.evil=er.{name}", f"touch {marker}; cat")
    (tmp_path / "a.md").write_text("zero\none\n2\n", encoding="utf-8")
    assert line_dates(tmp_path / "a.md") == [None, datetime(2020, 2, 2, tzinfo=UTC), None]
    assert not marker.exists()


def test_line_ends_of_the_work_tree_change_no_date(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.md").write_bytes(b"one\ntwo")
    commit(tmp_path, "2020-02-02")
    (tmp_path / "a.md").write_bytes(b"one\r\ntwo\r\n")
    assert line_dates(tmp_path / "a.md") == [datetime(2020, 2, 2, tzinfo=UTC)] * 2

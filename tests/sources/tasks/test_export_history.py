"""Versions of exports: which lines are read, and what their absence says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphmem.sources.git.file_versions import FileVersion
from graphmem.sources.git.raw_log import FileChange
from graphmem.sources.tasks import export_history as module
from graphmem.sources.tasks.beads_lines import beads_record
from graphmem.sources.tasks.export_history import ExportHistory, is_beads_export
from graphmem.sources.tasks.json_values import Unreadable
from graphmem.sources.tasks.records import TaskRecord

PATH, OTHER = ".beads/issues.jsonl", ".beads/beads.jsonl"
FIRST, SECOND = (f'{{"id": "bd-{number}", "title": "Task {number}", "status": "open"}}' for number in (1, 2))


def version(position: int, path: str = PATH, status: str = "M", mode: str = "100644") -> FileVersion:
    at = datetime(2024, 1, position + 1, tzinfo=UTC)
    return FileVersion(position, f"sha{position}", at, FileChange(status, path, path, "0", "1", mode))


def read(*contents: str | None) -> ExportHistory:
    history = ExportHistory()
    for position, content in enumerate(contents):
        history.take([(version(position), None if content is None else content.encode())])
    return history


def words(history: ExportHistory, key: str) -> list[tuple[str | None, int]]:
    return [(move.source_word, move.at.day) for move in history.histories.lives[key].moves]


def test_an_issue_that_left_the_export_has_ended() -> None:
    history = read(f"{FIRST}\n{SECOND}\n", f"{SECOND}\n")
    assert words(history, "bd-1") == [("open", 1), ("removed", 2)]
    assert words(history, "bd-2") == [("open", 1)]


def test_only_new_lines_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    real = beads_record

    def counted(line: bytes) -> TaskRecord:
        parsed.append(line)
        return real(line)

    monkeypatch.setattr(module, "beads_record", counted)
    read(f"{FIRST}\n", f"{FIRST}\n{SECOND}\n", f"{SECOND}\n{FIRST}\n")
    assert parsed == [FIRST.encode(), SECOND.encode()]


def test_the_last_good_reading_holds_while_lines_cannot_be_read() -> None:
    history = read(f"{FIRST}\n{SECOND}\n", f"<<<<<<< HEAD\n{SECOND}\n", f"{SECOND}\n")
    assert words(history, "bd-1") == [("open", 1), ("removed", 3)]
    assert [(at, problem.path, problem.line, problem.reason) for at, problem in history.problems] == [
        (1, PATH, 1, "no JSON")
    ]


def test_an_export_that_cannot_be_read_changes_nothing() -> None:
    history = read(f"{FIRST}\n", None)
    assert words(history, "bd-1") == [("open", 1)]
    assert [problem.path for _, problem in history.problems] == [PATH]


def test_an_issue_in_another_export_has_not_ended() -> None:
    history = read(f"{FIRST}\n")
    history.take([(version(1, OTHER), f"{FIRST}\n".encode()), (version(1, status="D"), None)])
    assert words(history, "bd-1") == [("open", 1)]
    history.take([(version(2, OTHER, mode="120000"), None)])
    assert words(history, "bd-1") == [("open", 1), ("removed", 3)]


def test_an_export_has_one_of_three_names() -> None:
    assert is_beads_export(".beads/issues.jsonl")
    assert not is_beads_export(".beads/deletions.jsonl")
    assert not is_beads_export("x/.beads/issues.jsonl")


def test_a_fault_is_an_unreadable_line() -> None:
    assert issubclass(Unreadable, ValueError)

"""Exports that are given by path, ingested one after the other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput, NotFound
from graphmem.service import GraphMemory
from graphmem.sources.tasks import exports as module
from graphmem.sources.tasks import read_task_export
from tests.sources.stored_memories import opened

CREATED = "2024-01-01T00:00:00Z"


def day(number: int) -> datetime:
    return datetime(2024, 3, number, tzinfo=UTC)


def issue(**more: object) -> dict[str, object]:
    url = "https://github.com/ana/tea/issues/12"
    return {"number": 12, "title": "Parse empty files", "state": "open", "url": url, "createdAt": CREATED, **more}


def ingest(memory: GraphMemory, folder: Path, number: int, *issues: object) -> None:
    path = folder / "issues.json"
    path.write_text(json.dumps(list(issues)), encoding="utf-8")
    assert memory.ingest(read_task_export(path, read_at=day(number))).problems == []


def moves(memory: GraphMemory, title: str = "Parse empty files") -> list[tuple[str, str]]:
    card = memory.search(title).hits[0].card
    return [(told.word, told.at.date().isoformat()) for told in memory.history(card.id).moves]


def test_later_exports_close_and_open_a_task(tmp_path: Path) -> None:
    with opened(tmp_path / "store.db") as memory:
        ingest(memory, tmp_path, 1, issue())
        ingest(memory, tmp_path, 2, issue(state="closed", closedAt="2024-03-01T12:00:00Z"))
        ingest(memory, tmp_path, 3, issue(stateReason="reopened"))
        ingest(memory, tmp_path, 4, issue(state="closed", closedAt="2024-03-03T12:00:00Z"))
        assert moves(memory) == [
            ("open", "2024-01-01"), ("closed", "2024-03-01"), ("open", "2024-03-03"), ("closed", "2024-03-03"),
        ]  # fmt: skip


def test_the_same_export_changes_nothing(tmp_path: Path) -> None:
    issues = (issue(), issue(number=13, url="https://github.com/ana/tea/issues/13", state="closed", closedAt=CREATED))
    with opened(tmp_path / "store.db") as memory:
        ingest(memory, tmp_path, 1, *issues)
        before = memory.status().changes
        ingest(memory, tmp_path, 2, *issues)
        assert memory.status().changes == before


def test_another_title_supersedes_from_the_time_of_reading(tmp_path: Path) -> None:
    with opened(tmp_path / "store.db") as memory:
        ingest(memory, tmp_path, 1, issue())
        ingest(memory, tmp_path, 2, issue(title="Parse all empty files"))
        ingest(memory, tmp_path, 3, issue(title="Parse all empty files"))
        assert [card.title for card in memory.list().cards] == ["Parse all empty files"]
        assert moves(memory, "Parse all empty files") == [("open", "2024-03-02")]


def test_pull_requests_are_left_out_and_faults_are_problems(tmp_path: Path) -> None:
    path = tmp_path / "issues.json"
    path.write_text(json.dumps([issue(pull_request={}), issue(createdAt=""), issue()]), encoding="utf-8")
    reading = read_task_export(path, read_at=day(1))
    assert {item.key for item in reading.observations} == {"github:ana/tea#12"}
    assert [(problem.path, problem.line) for problem in reading.problems] == [("issues.json", 2)]


def test_lines_of_github_are_read(tmp_path: Path) -> None:
    path = tmp_path / "issues.jsonl"
    path.write_text("\n".join(json.dumps(issue(number=number)) for number in (1, 2)), encoding="utf-8")
    assert len(read_task_export(path, read_at=day(1)).observations) == 4  # a life and a state of each


def test_an_export_of_beads_uses_the_dates_of_its_issues(tmp_path: Path) -> None:
    path = tmp_path / "issues.jsonl"
    fields = {
        "id": "bd-1",
        "title": "Parse",
        "status": "closed",
        "created_at": CREATED,
        "closed_at": "2024-02-01T00:00:00Z",
    }
    path.write_text(json.dumps(fields) + "\nnonsense\n", encoding="utf-8")
    reading = read_task_export(path, read_at=day(1))
    (observation,) = reading.observations
    assert [(move.source_word, move.at.date().isoformat()) for move in observation.moves] == [
        ("open", "2024-01-01"), ("closed", "2024-02-01")
    ]  # fmt: skip
    assert [problem.line for problem in reading.problems] == [2]


def test_no_task_begins_after_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "issues.json"
    path.write_text(json.dumps([issue(createdAt="2099-01-01T00:00:00Z")]), encoding="utf-8")
    assert read_task_export(path, read_at=day(1)).observations[0].moves[0].at == day(1)


def test_another_file_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing\n", encoding="utf-8")
    assert read_task_export(path, read_at=day(1)).passed_over == ("notes.txt",)


def test_a_missing_or_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        read_task_export(tmp_path / "none", read_at=day(1))
    monkeypatch.setattr(module, "MAX_EXPORT_BYTES", 10)
    (tmp_path / "large").write_text("x" * 11, encoding="utf-8")
    with pytest.raises(InvalidInput, match="in parts"):
        read_task_export(tmp_path / "large", read_at=day(1))


def test_an_open_issue_of_beads_is_active_since_its_creation(tmp_path: Path) -> None:
    path = tmp_path / "issues.jsonl"
    path.write_text('{"id": "bd-1", "title": "Parse", "status": "in_progress"}\n', encoding="utf-8")
    life, state = read_task_export(path, read_at=day(1)).observations
    assert [(move.source_word, move.at) for move in life.moves] == [("in_progress", day(1))]
    assert state.is_state

"""The scores of pack T, on a small pack of the same form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.truth import task_lives as module
from benchmarks.truth.packs import read_questions
from benchmarks.truth.task_lives import export_reading, judged, looked_at, pack_reading
from tests.sources.git.repositories import Repository
from tests.sources.stored_memories import opened

_STATUS = 'What was the status of the task "Parse all files" on {}?'


def pack(folder: Path) -> Path:
    tasks = [
        {
            "id": "bd-1", "title": "Parse all files", "description": "", "created_at": "2024-01-01",
            "status_intervals": [
                {"status": "open", "from": "2024-01-01T00:00:00+00:00"},
                {"status": "closed", "from": "2024-01-05T00:00:00+00:00"},
            ],
            "title_changes": [{"date": "2024-01-03T00:00:00+00:00", "old": "Parse files", "new": "Parse all files"}],
            "dependencies": [{"on": "bd-2", "type": "blocks", "first_seen": "2024-01-02T00:00:00+00:00"}],
        },
        {
            "id": "bd-2", "title": "Draw a picture", "description": None, "created_at": "2024-01-01",
            "status_intervals": [{"status": "open", "from": "2024-01-01T00:00:00+00:00"}],
            "title_changes": [], "dependencies": [],
        },
    ]  # fmt: skip
    asked = [
        ("status_as_of", _STATUS.format("2024-01-04"), "2024-01-04", ["bd-1"], "open"),
        ("status_as_of", _STATUS.format("2024-01-06"), "2024-01-06", ["bd-1"], "closed"),
        ("blocked_by", 'Which tasks block "Parse all files"?', None, ["bd-2"], None),
        ("blocked_by", 'Which tasks block "Draw a picture"?', None, ["bd-1"], None),
    ]  # fmt: skip
    names = ("type", "question", "as_of", "gold", "answer")
    questions = [dict(zip(names, one, strict=True)) | {"qid": f"T-{at}", "not": []} for at, one in enumerate(asked)]
    (folder / "tasks").mkdir()
    for name, rows in (("beads_issues", tasks), ("questions", questions)):
        path = folder / "tasks" / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_words_at_a_date_and_blockers_are_judged(tmp_path: Path) -> None:
    folder = pack(tmp_path) / "tasks"
    with opened(tmp_path / "store.db") as memory:
        memory.ingest(pack_reading(folder))
        answers = [judged(memory, question) for question in read_questions(folder / "questions.jsonl")]
    assert [answer.is_right for answer in answers] == [True, True, True, False]
    assert len(looked_at(answers)) == 2


def test_a_single_export_of_a_repository_is_read(tmp_path: Path) -> None:
    repository = Repository.made(tmp_path / "repository")
    line = '{"id": "bd-1", "title": "Parse", "status": "open"}'
    repository.write(_dot_beads__issues_dot_jsonl=line, _dot_beads__bd_dot_jsonl=line.replace("bd-1", "bd-2"))
    repository.commit()
    assert [item.key for item in export_reading(repository.root, ".beads/issues.jsonl").observations] == ["beads:bd-1"]


def test_the_command_writes_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(module, "write", lambda name, _rows: written.append(name))
    assert module.main(["--data", str(pack(tmp_path))]) in {0, 1}
    assert module.main(["--data", str(tmp_path / "none")]) == 2
    assert written == ["tasks-records"]

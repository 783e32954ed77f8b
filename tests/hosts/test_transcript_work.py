"""Queued transcripts are captured by the next command that is no hook, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphmem.hosts import transcript_work
from graphmem.hosts.hook.capture_queue import Waiting, queue_transcript
from graphmem.hosts.transcript_work import work_if_due


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[list[str], Path]]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    calls: list[tuple[list[str], Path]] = []
    monkeypatch.setattr(transcript_work, "start_command", lambda words, folder: calls.append((words, folder)))
    return calls


def queue(folder: Path) -> None:
    path = folder / "session.jsonl"
    path.write_text(json.dumps({"role": "user", "content": "Never commit builds."}) + "\n", encoding="utf-8")
    queue_transcript(Waiting("claude-code", "s1", str(folder), str(path), 0, 1))


def project(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_a_queued_transcript_is_worked_on_once_a_minute(tmp_path: Path, started: list[tuple[list[str], Path]]) -> None:
    folder = project(tmp_path, "shop")
    assert not work_if_due(folder)
    queue(folder)
    assert work_if_due(folder)
    assert not work_if_due(folder)
    assert started == [(["capture", "--waiting"], folder)]


def test_transcripts_of_another_project_start_nothing(tmp_path: Path, started: list[tuple[list[str], Path]]) -> None:
    queue(project(tmp_path, "shop"))
    assert not work_if_due(project(tmp_path, "other"))
    assert started == []


def test_a_folder_that_cannot_be_written_starts_nothing(
    tmp_path: Path, started: list[tuple[list[str], Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path, "shop")
    queue(folder)

    def refuse(_: Path) -> None:
        raise PermissionError(13, "no", "started")

    monkeypatch.setattr(Path, "touch", refuse)
    assert not work_if_due(folder)
    assert started == []

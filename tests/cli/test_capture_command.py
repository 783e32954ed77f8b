"""`graphmem capture`, `proposals` and `review`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from graphmem.hosts.hook.capture_queue import Waiting, queue_transcript
from tests.cli.conftest import Tool

LINE = json.dumps(
    {"type": "user", "sessionId": "s1", "message": {"role": "user", "content": "Never commit builds. Hm."}}
)


@pytest.fixture
def transcript(tmp_path: Path) -> str:
    path = tmp_path / "session.jsonl"
    path.write_text(LINE + "\nnot json\n", encoding="utf-8")
    return str(path)


def test_a_transcript_is_captured_and_reviewed(tool: Tool, transcript: str) -> None:
    done = tool.run("capture", transcript)
    assert done.stdout.splitlines()[0].startswith("+ Never commit builds  convention · user, turn 1")
    assert "1 proposed of 1 turns" in done.stdout
    assert "1 lines of the transcript are of no known form" in done.stderr
    key = tool.json("proposals")["cards"][0]["id"]
    tool.out("review", key, "accept", "--reason", "as we agreed")
    assert tool.json("proposals")["cards"] == []
    assert tool.json("search", "builds")["hits"][0]["card"]["origin"] == "human"


def test_people_see_proposals_with_the_words_they_came_from_and_how_to_review_them(tool: Tool, transcript: str) -> None:
    assert "No proposals wait for a review." in tool.out("proposals")
    tool.run("capture", transcript)
    shown = tool.out("proposals").splitlines()
    assert "Never commit builds  convention" in shown[0]
    assert [row.strip() for row in shown if "> Never commit builds" in row]
    assert "review: graphmem review ID accept|edit|reject --reason …" in shown
    key = tool.json("proposals")["cards"][0]["id"]
    assert f"{key} rejected in review" in tool.out("review", key, "reject", "--reason", "a joke")


def test_a_dry_run_says_that_it_is_one(tool: Tool, transcript: str) -> None:
    done = tool.run("capture", transcript, "--dry-run")
    assert "dry run: 1 statements in 1 turns; nothing was recorded, nor compared with what is" in done.stderr


def test_a_dry_run_writes_nothing(tool: Tool, transcript: str) -> None:
    assert tool.json("capture", transcript, "--dry-run")["statements"][0]["title"] == "Never commit builds"
    assert tool.json("proposals")["cards"] == []


def test_what_a_tracked_file_says_is_left_out(
    tool: Tool, transcript: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "AGENTS.md").write_text("- **Never** commit builds!\n", encoding="utf-8")
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "rules"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    monkeypatch.chdir(project)
    done = tool.run("capture", transcript)
    assert "1 statements stand in files that git tracks" in done.stderr
    assert "0 proposed" in done.stdout


def test_standard_input_is_read(tool: Tool) -> None:
    shown = tool.json("capture", "-", text=json.dumps([{"role": "user", "content": "Always run the linter first."}]))
    assert [one["title"] for one in shown["captured"]] == ["Always run the linter first"]


def test_a_missing_transcript_is_named(tool: Tool) -> None:
    done = tool.run("capture", "nowhere.jsonl")
    assert (done.exit_code, "no file at 'nowhere.jsonl'" in done.stderr) == (1, True)


def test_transcripts_that_hooks_queued_here_are_captured_once(
    tool: Tool, transcript: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for session, path in (("a", transcript), ("a", transcript), ("b", str(tmp_path / "gone.jsonl"))):
        queue_transcript(Waiting("claude-code", session, str(tmp_path), path, 0, 9))
    done = tool.run("capture", "--waiting", "--json")
    assert [Path(one["path"]).name for one in json.loads(done.stdout)["transcripts"]] == ["session.jsonl"]
    assert "gone.jsonl is gone" in done.stderr
    assert len(tool.json("proposals")["cards"]) == 1
    assert tool.json("capture", "--waiting") == {"transcripts": []}
    assert "no transcripts of this project wait" in tool.run("capture", "--waiting").stderr


@pytest.mark.parametrize("words", [(), ("a.jsonl", "--waiting"), ("--waiting", "--dry-run")])
def test_a_transcript_or_those_that_wait_are_captured(tool: Tool, words: tuple[str, ...]) -> None:
    assert tool.run("capture", *words).exit_code == 2

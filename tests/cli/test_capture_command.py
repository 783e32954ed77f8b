"""`graphmem capture`, `proposals` and `review`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphmem.hosts.hook.capture_queue import Waiting, queue_transcript, waiting_transcripts
from tests.cli.conftest import Tool
from tests.extraction.endpoint_stub import EndpointStub, endpoint, item

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


def test_a_marked_decision_keeps_its_topic_on_the_way_to_the_memory(tool: Tool, tmp_path: Path) -> None:
    content = "Never commit builds.\n## Mail\n### Decisions\n- Use seven green workers\n- Ada to write the patch"
    path = tmp_path / "minutes.json"
    path.write_text(json.dumps([{"role": "user", "content": content}]), encoding="utf-8")
    assert "2 proposed of 1 turns" in tool.out("capture", str(path))
    assert {card["title"] for card in tool.json("proposals")["cards"]} == {
        "Never commit builds",
        "Mail: Use seven green workers",
    }


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


# ---- a language model

TALK = "Fine, httpx it is, for every service. Never commit builds. <private>Zyxwa</private>"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[EndpointStub]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    with endpoint() as running:
        monkeypatch.setenv("GRAPHMEM_LLM_URL", running.url)
        monkeypatch.setenv("GRAPHMEM_LLM_MODEL", "stub")
        running.answers(item("httpx it is, for every service"))
        yield running


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.jsonl"
    lines = [{"type": "user", "sessionId": "s1", "message": {"role": "user", "content": TALK}}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_language_model_reads_the_transcript_too(tool: Tool, talk: Path, stub: EndpointStub) -> None:
    shown = tool.run("capture", str(talk)).stdout
    assert "+ Never commit builds  convention · user, turn 1  " in shown
    assert "+ Use httpx in all services  decision · user, turn 1, read by a model" in shown
    assert ("httpx it is" in stub.sent, "Zyxwa" in stub.sent) == (True, False)
    again = tool.json("capture", str(talk))
    assert (again["captured"], again["unchanged"]) == ([], 2)


def test_a_dry_run_sends_nothing(tool: Tool, talk: Path, stub: EndpointStub) -> None:
    tool.run("capture", str(talk), "--dry-run")
    assert stub.requests == []


def test_a_transcript_that_the_model_cannot_read_waits_and_is_read_later(
    tool: Tool, talk: Path, stub: EndpointStub
) -> None:
    stub.fails(500)
    done = tool.run("capture", str(talk))
    assert "did not read it (HTTP status 500): statements by rule alone; it is tried again" in done.stderr
    assert "1 proposed" in done.stdout
    (part,) = waiting_transcripts()
    assert (part.path, part.start, part.tries, part.is_due) == (str(talk), 0, 1, False)
    assert tool.json("capture", "--waiting") == {"transcripts": []}
    assert len(waiting_transcripts()) == 1
    queue_transcript(Waiting("", "", str(talk.parent), str(talk), 0, 9, tries=1))
    stub.answers(item("httpx it is, for every service"))
    (read,) = tool.json("capture", "--waiting")["transcripts"]
    assert [one["title"] for one in read["report"]["captured"]] == ["Use httpx in all services"]


def test_a_part_that_fails_again_waits_on(tool: Tool, talk: Path, stub: EndpointStub) -> None:
    stub.says("no JSON")
    queue_transcript(Waiting("claude-code", "s1", str(talk.parent), str(talk), 0, 9))
    (read,) = tool.json("capture", "--waiting")["transcripts"]
    assert read["report"]["unread"] == "the answer is not of the schema"
    assert [one["title"] for one in read["report"]["captured"]] == ["Never commit builds"]
    assert [(part.host, part.tries, part.is_due) for part in waiting_transcripts()] == [("claude-code", 1, False)]


def test_only_the_part_that_no_model_read_is_sent(tool: Tool, talk: Path, stub: EndpointStub) -> None:
    size = talk.stat().st_size
    with talk.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"role": "user", "content": "And a further word."}) + '\n{"role": "user", "con')
    queue_transcript(Waiting("claude-code", "s1", str(talk.parent), str(talk), size, size + 9))
    (read,) = tool.json("capture", "--waiting")["transcripts"]
    assert ("further word" in stub.sent, "httpx it is" in stub.sent) == (True, False)
    assert (read["skipped"], read["is_unfinished"], read["report"]["dropped"]) == (0, True, {"no such turn": 1})


def test_standard_input_is_not_kept_for_later(tool: Tool, talk: Path, stub: EndpointStub) -> None:
    stub.fails(429)
    done = tool.run("capture", "-", text=talk.read_text(encoding="utf-8"))
    assert "standard input is not kept: give the transcript again" in done.stderr
    assert waiting_transcripts() == []


def test_a_policy_that_is_more_open_than_the_projects_is_refused(tool: Tool, transcript: str) -> None:
    done = tool.run("capture", transcript, "--policy", "accept")
    assert (done.exit_code, "more than this project allows" in done.stderr) == (1, True)
    assert "0 proposed of 1 turns · 0 recorded before · 1 refused by the policy" in tool.out(
        "capture", transcript, "--policy", "refuse"
    )

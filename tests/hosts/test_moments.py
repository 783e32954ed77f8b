"""What is said at each moment, in the form of each host, and when nothing is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graphmem.hosts.hook.capture_queue import finish_transcripts, take_transcripts, waiting_transcripts
from graphmem.hosts.hook.entry import answered, misuse
from graphmem.hosts.hook.event_table import EVENTS
from graphmem.hosts.hook.hook_log import last_failures
from graphmem.hosts.hook.moments import can_write, is_package_command, is_talk
from graphmem.hosts.hook.output import Output
from graphmem.hosts.hook.told import Guarded
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.user_state.trusted_folders import trust
from tests.hosts.fake_memory import POSTGRES, REDIS, FakeMemory

if TYPE_CHECKING:
    from graphmem.hosts.hook.moments import HookMemory

TEXT = "<graphmem>\nMemories in force.\n## Decided\n- We use PostgreSQL [a1, 2026-01-01, words]\n</graphmem>"
WARNING = "<graphmem>\npytz was rejected\n</graphmem>"


@pytest.fixture
def store(project: Path) -> Path:
    """A project with a store that is trusted; nobody opens it."""
    folder = project / ".graphmem"
    folder.mkdir()
    (folder / "memory.db").write_bytes(b"")
    trust(str(folder))
    return project


class Host:
    """A host that runs a hook in a project."""

    def __init__(self, folder: Path, memory: Callable[[], HookMemory]) -> None:
        self.folder = folder
        self.memory = memory

    def __call__(self, host: str, event: str, **changed: object) -> Output:
        fields = sample_payload(host, event, str(self.folder)) | changed
        return answered(host, event, json.dumps(fields).encode(), self.memory)

    def said(self, host: str, event: str, **changed: object) -> str:
        return self(host, event, **changed).stdout


def later(monkeypatch: pytest.MonkeyPatch, seconds: float = 60.0) -> None:
    """Let time pass, so that an event is none of a second registration."""
    import time

    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + seconds)


# ---- forms


@pytest.mark.parametrize(
    ("host", "event", "expected"),
    [
        (
            "claude-code",
            "SessionStart",
            {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": TEXT}},
        ),
        ("codex", "SessionStart", {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": TEXT}}),
        (
            "vscode",
            "SessionStart",
            {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": TEXT}},
        ),
        (
            "gemini",
            "SessionStart",
            {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": TEXT}},
        ),
        ("cursor", "sessionStart", {"additional_context": TEXT}),
        ("opencode", "session.start", {"context": TEXT}),
        (
            "claude-code",
            "UserPromptSubmit",
            {"hookSpecificOutput": {"hookEventName": "UserPromptSubmit", "additionalContext": TEXT}},
        ),
        (
            "codex",
            "UserPromptSubmit",
            {"hookSpecificOutput": {"hookEventName": "UserPromptSubmit", "additionalContext": TEXT}},
        ),
        ("gemini", "BeforeAgent", {"hookSpecificOutput": {"hookEventName": "BeforeAgent", "additionalContext": TEXT}}),
        ("opencode", "chat.message", {"context": TEXT}),
        (
            "claude-code",
            "PostToolUse",
            {"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": TEXT}},
        ),
        ("gemini", "AfterTool", {"hookSpecificOutput": {"hookEventName": "AfterTool", "additionalContext": TEXT}}),
        ("cursor", "afterFileEdit", {"additional_context": TEXT}),
    ],
)
def test_a_block_is_given_in_the_form_of_the_host(store: Path, host: str, event: str, expected: object) -> None:
    assert json.loads(Host(store, FakeMemory(POSTGRES)).said(host, event)) == expected


@pytest.mark.parametrize(
    ("host", "event", "expected"),
    [
        (
            "claude-code",
            "PreToolUse",
            {
                "hookSpecificOutput": {
                    "hookEventName": "PreToolUse",
                    "permissionDecision": "deny",
                    "permissionDecisionReason": "no pytz",
                }
            },
        ),
        (
            "codex",
            "PreToolUse",
            {
                "hookSpecificOutput": {
                    "hookEventName": "PreToolUse",
                    "permissionDecision": "deny",
                    "permissionDecisionReason": "no pytz",
                }
            },
        ),
        ("cursor", "preToolUse", {"permission": "deny", "user_message": "no pytz", "agent_message": "no pytz"}),
        (
            "cursor",
            "beforeShellExecution",
            {"permission": "deny", "user_message": "no pytz", "agent_message": "no pytz"},
        ),
        ("gemini", "BeforeTool", {"decision": "deny", "reason": "no pytz"}),
        ("opencode", "tool.execute.before", {"deny": "no pytz"}),
    ],
)
def test_a_refusal_is_given_in_the_form_of_the_host(store: Path, host: str, event: str, expected: object) -> None:
    memory = FakeMemory(guarded=Guarded("deny", "no pytz"))
    assert json.loads(Host(store, memory).said(host, event)) == expected


def test_windsurf_is_refused_by_its_exit_code(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(store)  # its payloads name no folder
    done = Host(store, FakeMemory(guarded=Guarded("deny", "no pytz")))("windsurf", "pre_run_command")
    assert (done.stdout, done.stderr, done.code) == ("", "no pytz\n", 2)


@pytest.mark.parametrize("host", ["codex", "gemini", "opencode", "windsurf"])
def test_a_host_that_cannot_ask_a_person_goes_on(store: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.chdir(store)
    event = next(name for name, moment in EVENTS[host].items() if moment == "before a tool")
    done = Host(store, FakeMemory(guarded=Guarded("ask", "no pytz")))(host, event)
    assert (done.stdout, done.code) == ("{}" if host == "gemini" else "", 0)


def test_a_refusal_is_repeated_for_an_agent_that_tries_again(store: Path) -> None:
    host = Host(store, FakeMemory(guarded=Guarded("deny", "no pytz")))
    assert host.said("claude-code", "PreToolUse") == host.said("claude-code", "PreToolUse") != ""


@pytest.mark.parametrize(("host", "event"), [(host, event) for host, events in EVENTS.items() for event in events])
def test_nothing_to_say_is_silence_in_the_form_of_the_host(store: Path, host: str, event: str) -> None:
    done = Host(store, FakeMemory())(host, event)
    assert (done.stdout, done.stderr, done.code) == ("{}" if host == "gemini" else "", "", 0)
    assert last_failures(0) == []


@pytest.mark.parametrize(
    ("host", "event"),
    [
        ("cursor", "beforeSubmitPrompt"),
        ("vscode", "UserPromptSubmit"),
        ("gemini", "BeforeTool"),
        ("windsurf", "pre_write_code"),
        ("claude-code", "PreCompact"),
        ("claude-code", "SessionEnd"),
        ("claude-code", "Stop"),
    ],
)
def test_a_moment_that_takes_no_text_gets_none(store: Path, host: str, event: str) -> None:
    memory = FakeMemory(POSTGRES, guarded=Guarded(warnings=[("k", "pytz was rejected")]))
    assert Host(store, memory).said(host, event) in {"", "{}"}


def test_text_is_cut_at_what_hosts_show(store: Path) -> None:
    memory = FakeMemory(("a1", "## Decided", "- " + "x" * 20_000))
    said = json.loads(Host(store, memory).said("claude-code", "SessionStart"))
    assert len(said["hookSpecificOutput"]["additionalContext"]) == 9_000


# ---- once


def test_two_registrations_of_an_event_deliver_once(store: Path) -> None:
    host = Host(store, FakeMemory(POSTGRES))
    assert [bool(host.said("claude-code", "SessionStart")) for _ in range(2)] == [True, False]
    edit = {"file_path": str(store / "a.py")}
    said = [bool(host.said("claude-code", "PostToolUse", tool_name="Read", tool_input=edit)) for _ in range(2)]
    assert said == [False, False]  # the block had the same line


def test_a_prompt_gives_only_lines_that_the_session_was_not_told(store: Path) -> None:
    memory = FakeMemory(POSTGRES)
    host = Host(store, memory)
    host("claude-code", "SessionStart")
    assert host.said("claude-code", "UserPromptSubmit") == ""
    memory.lines.append(REDIS)
    said = host.said("claude-code", "UserPromptSubmit", prompt="and redis?")
    assert ("Redis is contested" in said, "PostgreSQL" in said) == (True, False)


def test_a_memory_that_is_worded_anew_is_told_again(store: Path) -> None:
    memory = FakeMemory(POSTGRES)
    host = Host(store, memory)
    host("claude-code", "SessionStart")
    memory.lines = [(*POSTGRES[:2], "- We use PostgreSQL [a1, until 2026-12-31, words]")]
    assert "until 2026-12-31" in host.said("claude-code", "UserPromptSubmit")


@pytest.mark.parametrize(
    ("source", "is_told"), [("resume", False), ("fork", False), ("compact", True), ("startup", True)]
)
def test_the_block_comes_again_when_it_is_no_longer_shown(
    store: Path, monkeypatch: pytest.MonkeyPatch, source: str, *, is_told: bool
) -> None:
    host = Host(store, FakeMemory(POSTGRES))
    host("claude-code", "SessionStart")
    later(monkeypatch)
    assert bool(host.said("claude-code", "SessionStart", source=source)) is is_told


def test_a_changed_block_comes_on_resume(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = FakeMemory(POSTGRES)
    host = Host(store, memory)
    host("claude-code", "SessionStart")
    later(monkeypatch, 4_000)  # no answer is kept that long
    memory.lines.append(REDIS)
    assert "Redis" in host.said("claude-code", "SessionStart", source="resume")


def test_a_warning_is_given_once_for_a_memory_and_a_path(store: Path) -> None:
    memory = FakeMemory(guarded=Guarded(warnings=[("a1 main.py", "pytz was rejected")]))
    host = Host(store, memory)
    first = json.loads(host.said("claude-code", "PreToolUse"))
    assert first["hookSpecificOutput"]["additionalContext"] == WARNING
    assert host.said("claude-code", "PreToolUse", tool_use_id="2") == ""
    memory.guarded = Guarded(warnings=[("a1 other.py", "pytz was rejected")])
    assert host.said("claude-code", "PreToolUse", tool_use_id="3") != ""


def test_a_host_that_takes_no_text_before_a_tool_is_warned_after_it(store: Path) -> None:
    memory = FakeMemory(guarded=Guarded(warnings=[("a1 main.py", "pytz was rejected")]))
    host = Host(store, memory)
    assert host.said("gemini", "BeforeTool") == "{}"
    assert json.loads(host.said("gemini", "AfterTool"))["hookSpecificOutput"]["additionalContext"] == WARNING


# ---- asked only if it must be


@pytest.mark.parametrize("prompt", ["", "yes", "OK, go ahead!", "/compact", "let's continue", "thanks"])
def test_talk_asks_nothing(store: Path, prompt: str) -> None:
    memory = FakeMemory(POSTGRES)
    assert Host(store, memory).said("claude-code", "UserPromptSubmit", prompt=prompt) == ""
    assert (memory.asked, is_talk(prompt)) == ([], True)


@pytest.mark.parametrize("prompt", ["use Redis", "/review the cache", "why MySQL?", "そのデータベース"])
def test_a_prompt_with_content_asks(prompt: str) -> None:
    assert not is_talk(prompt)


@pytest.mark.parametrize(
    ("command", "adds", "writes"),
    [
        ("pip install pytz", True, True),
        ("cd x && /usr/bin/npm i moment", True, True),
        ("python3 -m pip install pytz", True, True),
        ("ls -la", False, False),
        ("pytest -q 2>&1 >/dev/null", False, False),
        ("echo 'import pytz' >> a.py", False, True),
        ("cat <<EOF > a.py", False, True),
        ("sed -i s/a/b/ x.py", False, True),
        ("git status", False, True),
    ],
)
def test_commands_that_matter_are_told_by_their_words(command: str, *, adds: bool, writes: bool) -> None:
    assert (is_package_command(command), can_write(command)) == (adds, writes)


def test_a_command_that_adds_no_package_is_not_asked_about(store: Path) -> None:
    memory = FakeMemory(guarded=Guarded("deny", "no"))
    done = Host(store, memory)("claude-code", "PreToolUse", tool_name="Bash", tool_input={"command": "ls"})
    assert (done.stdout, memory.asked) == ("", ["index"])


def test_a_command_that_a_key_names_is_asked_about(store: Path) -> None:
    host = Host(store, FakeMemory(guarded=Guarded("deny", "no")))
    assert "deny" in host.said("claude-code", "PreToolUse", tool_name="Bash", tool_input={"command": "terraform apply"})


def test_a_patch_in_a_command_of_a_shell_is_an_edit(store: Path) -> None:
    patch = ["apply_patch", "*** Begin Patch\n*** Add File: a.py\n+import pytz\n*** End Patch\n"]
    memory = FakeMemory(guarded=Guarded("deny", "no"))
    said = Host(store, memory).said("codex", "PreToolUse", tool_name="shell", tool_input={"command": patch})
    assert ("deny" in said, memory.asked) == (True, [("guard", ["a.py"])])


def test_a_change_elsewhere_in_the_store_repeats_no_block(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = FakeMemory(POSTGRES)
    host = Host(store, memory)
    host("claude-code", "SessionStart")
    later(monkeypatch, 4_000)
    memory.foot = "Nothing left out. Position 8."
    assert host.said("claude-code", "SessionStart", source="resume") == ""


def test_a_block_that_is_still_right_is_not_asked_for_again(store: Path) -> None:
    memory = FakeMemory(POSTGRES)
    (store / ".graphmem/memory.db").write_bytes(b"x")
    host = Host(store, memory)
    import os

    os.utime(store / ".graphmem/memory.db", (1e9, 1e9))
    texts = {host.said("claude-code", "SessionStart", session_id=name) for name in "abc"}
    assert (len(texts), len(memory.asked)) == (1, 1)
    (store / ".graphmem/memory.db").write_bytes(b"xy")
    host("claude-code", "SessionStart", session_id="d")
    assert len(memory.asked) == 2


@pytest.mark.parametrize("change", ["store", "log", "settings", "environment", "branch", "hour", "end", "just written"])
def test_a_kept_block_is_thrown_away_when_anything_it_depends_on_differs(
    store: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    import os

    memory, host = FakeMemory(POSTGRES), None
    (store / ".git").mkdir()
    if change != "just written":
        os.utime(store / ".graphmem/memory.db", (1e9, 1e9))
    memory.ends_at = time.time() + 300 if change == "end" else None
    host = Host(store, memory)
    host("claude-code", "SessionStart", session_id="a")
    if change == "store":
        os.utime(store / ".graphmem/memory.db", (1e9 + 1, 1e9 + 1))
    elif change == "log":
        (store / ".graphmem/memory.db-wal").write_bytes(b"x")
    elif change == "settings":
        (store / ".graphmem/config.toml").write_text('repo = "x"\n', encoding="utf-8")
    elif change == "environment":
        monkeypatch.setenv("GRAPHMEM_USER", "ana")
    elif change == "branch":
        (store / ".git/HEAD").write_text("ref: refs/heads/feature\n", encoding="utf-8")
    elif change == "hour":
        later(monkeypatch, 3_601)
    elif change == "end":
        later(monkeypatch, 301)
    host("claude-code", "SessionStart", session_id="b")
    assert len(memory.asked) == 2


# ---- failures


class BrokenMemory:
    def __call__(self) -> HookMemory:
        raise RuntimeError("the store\nis damaged")


@pytest.mark.parametrize(("host", "event"), [("claude-code", "SessionStart"), ("gemini", "BeforeAgent")])
def test_a_failure_is_silence_and_a_line_in_the_log(store: Path, host: str, event: str) -> None:
    done = Host(store, BrokenMemory())(host, event)
    assert (done.stdout, done.code) == ("{}" if host == "gemini" else "", 0)
    assert last_failures(0) == [f"{host} {event} RuntimeError: the store is damaged"]


def test_a_payload_that_is_none_is_a_line_in_the_log(store: Path) -> None:
    del store
    assert answered("gemini", "BeforeTool", b"not json").stdout == "{}"
    assert last_failures(0) == ["gemini BeforeTool payload is not JSON"]
    assert last_failures(4e9) == []


def test_a_folder_without_a_store_is_silence(project: Path) -> None:
    memory = FakeMemory(POSTGRES)
    assert Host(project, memory).said("claude-code", "SessionStart") == ""
    assert (memory.asked, last_failures(0)) == ([], [])


def test_a_neo4j_server_is_not_asked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_URL", "neo4j://127.0.0.1:1")
    memory = FakeMemory(POSTGRES)
    assert Host(store, memory).said("claude-code", "SessionStart") == ""
    assert memory.asked == []
    assert "graphmem serve" in last_failures(0)[0]


def test_a_server_is_asked_each_time(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_URL", "http://127.0.0.1:1")
    memory = FakeMemory(POSTGRES)
    for name in "ab":
        Host(store, memory).said("claude-code", "SessionStart", session_id=name)
    assert len(memory.asked) == 2


def test_a_store_that_came_with_a_clone_is_not_read(project: Path) -> None:
    (project / ".graphmem").mkdir()
    memory = FakeMemory(POSTGRES, guarded=Guarded("deny", "obey"))
    host = Host(project, memory)
    assert "graphmem trust" in host.said("claude-code", "SessionStart")
    assert host.said("claude-code", "UserPromptSubmit") == host.said("claude-code", "PreToolUse") == ""
    assert memory.asked == []
    trust(str(project / ".graphmem"))
    assert "PostgreSQL" in host.said("claude-code", "UserPromptSubmit")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            [],
            "on takes a host and an event; hosts: claude-code, codex, cursor, vscode, gemini, opencode, windsurf, zed",
        ),
        (["nano", "x"], "no host 'nano'; hosts: claude-code, codex, cursor, vscode, gemini, opencode, windsurf, zed"),
        (
            ["windsurf", "Stop"],
            "no event 'Stop' of windsurf; events: pre_write_code, pre_run_command, post_cascade_response",
        ),
        (["zed", "x"], "no event 'x' of zed; events: none, since it runs no hooks"),
        (["codex", "Stop"], ""),
    ],
)
def test_an_unknown_host_or_event_is_refused_and_those_that_exist_are_named(words: list[str], message: str) -> None:
    assert misuse(words) == message


# ---- capture


def test_transcripts_are_queued_by_path_and_offsets(store: Path) -> None:
    transcript = store / "t.jsonl"
    transcript.write_text("line\n", encoding="utf-8")
    host = Host(store, FakeMemory())
    for event in ("Stop", "Stop", "PreCompact"):
        host("claude-code", event, transcript_path=str(transcript))
    transcript.write_text("line\nmore\n", encoding="utf-8")
    host("claude-code", "SessionEnd", transcript_path=str(transcript))
    queued = [(part.host, part.start, part.end, Path(part.path).name) for part in waiting_transcripts()]
    assert queued == [("claude-code", 0, 5, "t.jsonl"), ("claude-code", 5, 10, "t.jsonl")]
    queue = store.parent / "home/state/graphmem/capture/queue"
    assert "line" not in queue.read_text(encoding="utf-8")


def test_parts_that_were_taken_stay_until_they_are_finished(store: Path) -> None:
    transcript = store / "t.jsonl"
    transcript.write_text("line\n", encoding="utf-8")
    host = Host(store, FakeMemory())
    host("claude-code", "Stop", transcript_path=str(transcript))
    assert [part.end for part in take_transcripts(str(store))] == [5]
    transcript.write_text("line\nmore\n", encoding="utf-8")
    host("claude-code", "Stop", transcript_path=str(transcript))
    taken = take_transcripts(str(store))
    assert [part.end for part in taken] == [5]  # those of a process that was killed
    finish_transcripts(taken, [])
    assert [part.end for part in take_transcripts(str(store))] == [10]


def test_parts_of_another_project_wait_on(store: Path) -> None:
    transcript = store / "t.jsonl"
    transcript.write_text("line\n", encoding="utf-8")
    Host(store, FakeMemory())("claude-code", "Stop", transcript_path=str(transcript))
    other = str(store.parent / "other")
    assert take_transcripts(other) == []
    finish_transcripts([], [])
    assert [part.end for part in take_transcripts(str(store))] == [5]


def test_a_part_that_is_to_be_read_again_waits_twice_as_long_each_time_and_is_not_lost(store: Path) -> None:
    transcript = store / "t.jsonl"
    transcript.write_text("line\n", encoding="utf-8")
    Host(store, FakeMemory())("claude-code", "Stop", transcript_path=str(transcript))
    (part,) = taken = take_transcripts(str(store))
    pauses = []
    for _ in range(14):
        before, part = int(time.time()), part.again()
        pauses.append(part.after - before)
    assert [round(pause, -1) for pause in pauses[:3]] == [60, 120, 240]
    assert [round(pause, -2) for pause in pauses[11:]] == [86_400] * 3
    finish_transcripts(taken, [part])
    assert take_transcripts(str(store)) == []
    finish_transcripts([], [])
    assert [(one.tries, one.end) for one in waiting_transcripts()] == [(14, 5)]


def test_a_transcript_that_is_missing_or_relative_is_not_queued(store: Path) -> None:
    host = Host(store, FakeMemory())
    host("claude-code", "Stop")
    host("claude-code", "Stop", transcript_path="t.jsonl")
    assert (waiting_transcripts(), last_failures(0)) == ([], [])

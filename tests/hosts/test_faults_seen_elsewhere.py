"""Faults that users of other memories reported, by their number in the list of the issue.

Faults 2, 3, 17, 22, 26 and 29 concern the server, git hooks, capture and the tools, and are tested with them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphmem.config import find_folder
from graphmem.hosts.hook.capture_queue import waiting_transcripts
from graphmem.hosts.hook.entry import answered
from graphmem.hosts.hook.hook_log import last_failures
from graphmem.hosts.hook.output import Answer, output_of
from graphmem.hosts.hook.project_folder import branch_of, find_project
from graphmem.hosts.hook.session_state import session_state
from graphmem.hosts.hook.told import Guarded
from graphmem.hosts.host_table import HOSTS, ArrayItem, Layer, Member, Purpose, WholeFile
from graphmem.hosts.installation import carry_out, plan_installation, plan_removal
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.opening import initialise
from graphmem.user_state.trusted_folders import trust
from tests.hosts.conftest import PROGRAM
from tests.hosts.fake_memory import POSTGRES, FakeMemory
from tests.sources.git.repositories import Repository


def on(root: Path, event: str, memory: FakeMemory | None = None, **changed: object) -> str:
    fields = sample_payload("claude-code", event, str(root)) | changed
    done = answered("claude-code", event, json.dumps(fields).encode(), memory)
    assert done.code == 0
    return done.stdout


@pytest.fixture
def store(project: Path) -> Path:
    """A project with a trusted store without memories."""
    trust(str(initialise(project).parent))
    return project


def install(name: str, root: Path, layer: Layer = Layer.PROJECT) -> None:
    carry_out(plan_installation(HOSTS[name], layer, root, PROGRAM))


def every_entry() -> Iterator[tuple[str, Purpose, Path, object]]:
    """Host, purpose, file and value of every entry."""
    for host in HOSTS.values():
        for files in host.files.values():
            for file in files:
                for entry in file.entries(PROGRAM):
                    yield host.name, file.purpose, Path(file.names[0]), entry


def test_fault_1_and_24_hooks_need_no_server_and_no_port(store: Path) -> None:
    program = (
        "import json, sys\n"
        "sys.addaudithook(lambda name, _: name.startswith('socket.') and sys.stderr.write(name))\n"
        "from graphmem.hosts.hook.entry import answered\n"
        "for line in sys.stdin.buffer:\n"
        "    answered('claude-code', 'Stop', line)\n"
    )
    events = ("SessionStart", "UserPromptSubmit", "PreToolUse")
    payload = "\n".join(json.dumps(sample_payload("claude-code", event, str(store))) for event in events).encode()
    done = subprocess.run([sys.executable, "-c", program], input=payload, capture_output=True, check=True)
    assert done.stderr == b""
    assert last_failures(0) == []


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"x" * 5_000])
def test_fault_4_a_damaged_store_is_silence_and_a_line_in_the_log(store: Path, content: bytes) -> None:
    for file in (store / ".graphmem").glob("memory.db*"):
        file.unlink()
    (store / ".graphmem/memory.db").write_bytes(content)
    assert on(store, "SessionStart") == ""
    assert len(last_failures(0)) == 1


def test_fault_4_several_sessions_at_once_are_told_once_each(store: Path) -> None:
    payloads = [sample_payload("claude-code", "SessionStart", str(store)) | {"session_id": name} for name in "aabb"]
    program = (
        "import sys\n"
        "from graphmem.hosts.hook.entry import answered\n"
        "from tests.hosts.fake_memory import POSTGRES, FakeMemory\n"
        "print(answered('claude-code', 'SessionStart', sys.stdin.buffer.read(), FakeMemory(POSTGRES)).stdout)\n"
    )
    root = Path(__file__).parent.parent.parent
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        for _ in payloads
    ]
    said = [
        process.communicate(json.dumps(payload).encode())[0] for process, payload in zip(running, payloads, strict=True)
    ]
    assert [sum(b"PostgreSQL" in text for text in pair) for pair in (said[:2], said[2:])] == [1, 1]


def test_fault_5_worktrees_and_folders_of_a_repository_are_one_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    made = Repository.made(tmp_path / "repository")
    made.write(**{"packages/a/x.py": "x\n"})
    made.commit()
    initialise(made.root)
    made.git("worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "tree"))
    for folder in (made.root, made.root / "packages/a", tmp_path / "tree", tmp_path / "tree/packages"):
        found = find_project(str(folder))
        assert found is not None
        assert Path(found.folder) == find_folder(folder) == made.root / ".graphmem"
    assert find_project(str(tmp_path)) is None
    assert (branch_of(str(made.root)), branch_of(str(tmp_path / "tree"))) == ("main", "feature")


def test_fault_6_the_folder_is_that_of_the_payload(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "PostgreSQL" in on(store, "SessionStart", FakeMemory(POSTGRES))


def test_fault_7_other_hooks_of_an_event_stay(project: Path) -> None:
    path = project / ".claude/settings.local.json"
    path.parent.mkdir()
    mine = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}
    path.write_text(json.dumps(mine), encoding="utf-8")
    install("claude-code", project)
    groups = json.loads(path.read_text(encoding="utf-8"))["hooks"]["Stop"]
    assert [group["hooks"][0]["command"] for group in groups] == ["mine", f"'{PROGRAM[0]}' on claude-code Stop"]


def test_fault_8_a_dry_run_shows_a_deletion(project: Path) -> None:
    install("opencode", project)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    plan = plan_removal(HOSTS["opencode"], Layer.PROJECT, project, PROGRAM)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    assert [change.kind for change in plan.changes] == ["delete", "delete"]
    assert all("+++ /dev/null" in change.diff() for change in plan.changes)


def test_fault_9_comments_and_trailing_commas_stay(project: Path) -> None:
    path = project / ".vscode/mcp.json"
    path.parent.mkdir()
    path.write_text('{\n  // mine\n  "servers": {\n    "a": {"command": "x",},\n  },\n}\n', encoding="utf-8")
    install("vscode", project)
    assert path.read_text(encoding="utf-8").startswith(
        '{\n  // mine\n  "servers": {\n    "a": {"command": "x",},\n    "graphmem": {'
    )


def test_fault_10_servers_are_in_the_file_and_under_the_key_that_the_host_reads() -> None:
    found = {
        (name, path.name, entry.path[0])
        for name, purpose, path, entry in every_entry()
        if isinstance(entry, Member) and entry.path[-1] == "graphmem"
    }
    assert found == {
        ("claude-code", ".claude.json", "mcpServers"),
        ("claude-code", ".mcp.json", "mcpServers"),
        ("cursor", "mcp.json", "mcpServers"),
        ("vscode", "mcp.json", "servers"),
        ("gemini", "settings.json", "mcpServers"),
        ("opencode", "opencode.json", "mcp"),
        ("windsurf", "mcp_config.json", "mcpServers"),
        ("zed", "settings.json", "context_servers"),
    }


def test_fault_11_an_uninstallation_never_restores_an_old_file_over_later_edits(project: Path) -> None:
    path = project / ".mcp.json"
    path.write_text('{"mcpServers": {"a": {"command": "x"}}}', encoding="utf-8")
    install("claude-code", project)
    value = json.loads(path.read_text(encoding="utf-8"))
    value["mcpServers"]["b"] = {"command": "y"}
    path.write_text(json.dumps(value), encoding="utf-8")
    carry_out(plan_removal(HOSTS["claude-code"], Layer.PROJECT, project, PROGRAM))
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}
    }


def test_fault_12_plugin_and_settings_deliver_once(store: Path) -> None:
    memory = FakeMemory(POSTGRES)
    assert [bool(on(store, "SessionStart", memory)) for _ in ("settings", "plugin")] == [True, False]


@pytest.mark.parametrize(
    ("host", "event", "key"),
    [("cursor", "sessionStart", "additional_context"), ("vscode", "SessionStart", "hookSpecificOutput")],
)
def test_fault_13_hooks_of_claude_code_that_another_host_runs_answer_in_its_form(
    store: Path, host: str, event: str, key: str
) -> None:
    fields = sample_payload(host, event, str(store))
    done = answered("claude-code", "SessionStart", json.dumps(fields).encode(), FakeMemory(POSTGRES))
    assert list(json.loads(done.stdout)) == [key]


def test_fault_14_codex_gets_no_field_that_it_does_not_know() -> None:
    text = json.loads(output_of("codex", "PostToolUse", "after a tool", Answer("text")).stdout)
    refusal = json.loads(output_of("codex", "PreToolUse", "before a tool", Answer("", "deny", "why")).stdout)
    assert text == {"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "text"}}
    assert refusal["hookSpecificOutput"].keys() == {"hookEventName", "permissionDecision", "permissionDecisionReason"}
    assert refusal.keys() == {"hookSpecificOutput"}


def test_fault_15_every_hook_is_a_command_which_can_block() -> None:
    for name, purpose, _, entry in every_entry():
        if purpose is Purpose.HOOKS and isinstance(entry, ArrayItem):
            handlers = entry.value.get("hooks", [entry.value]) if isinstance(entry.value, dict) else []
            assert all(handler.get("type", "command") == "command" and handler["command"] for handler in handlers), name


def test_fault_16_every_program_is_absolute() -> None:
    for _, _, _, entry in every_entry():
        text = json.dumps(entry.text if isinstance(entry, WholeFile) else getattr(entry, "value", ""))
        assert re.sub(r"/opt/graph mem/bin/graphmem", "", text) != text or "command" not in text


def test_fault_18_what_a_library_prints_is_not_in_the_answer(store: Path) -> None:
    program = (
        "import sys\n"
        "from graphmem.hosts.hook import entry\n"
        "from tests.hosts.fake_memory import POSTGRES, FakeMemory\n"
        "def noisy():\n    print('noise'); return FakeMemory(POSTGRES)\n"
        "entry._open_memory = noisy\n"
        "entry.main(['claude-code', 'SessionStart'])\n"
    )
    root = Path(__file__).parent.parent.parent
    payload = json.dumps(sample_payload("claude-code", "SessionStart", str(store))).encode()
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=payload,
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert "PostgreSQL" in json.loads(done.stdout)["hookSpecificOutput"]["additionalContext"]


@pytest.mark.parametrize("event", ["Stop", "PreCompact", "SessionEnd"])
def test_fault_19_23_and_31_the_end_of_a_turn_opens_nothing_and_says_nothing(store: Path, event: str) -> None:
    transcript = store / "t.jsonl"
    transcript.write_text("{}\n", encoding="utf-8")
    memory = FakeMemory(POSTGRES, guarded=Guarded("deny", "no"))
    assert on(store, event, memory, transcript_path=str(transcript), stop_hook_active=True) == ""
    assert (memory.asked, len(waiting_transcripts())) == ([], 1)


def test_fault_20_what_graphmem_tells_is_marked_as_its_own(store: Path) -> None:
    text = json.loads(on(store, "SessionStart", FakeMemory(POSTGRES)))["hookSpecificOutput"]["additionalContext"]
    assert (text[:10], text[-11:]) == ("<graphmem>", "</graphmem>")


def test_fault_21_and_25_a_session_is_told_unasked_and_once(store: Path) -> None:
    memory = FakeMemory(POSTGRES)
    said = [on(store, "SessionStart", memory)]
    said += [on(store, "UserPromptSubmit", memory, prompt=f"question {number} about databases") for number in range(5)]
    said += [on(store, "SessionStart", memory, source="resume")]
    assert [bool(text) for text in said] == [True, *[False] * 6]


def test_fault_21_the_state_of_a_session_is_bounded(store: Path) -> None:
    del store
    with session_state("claude-code", "s") as state:
        state.untold([f"memory {number}" for number in range(2_000)])
        for number in range(100):
            state.is_repeated(f"event {number}")
            state.offsets[f"/t{number}"] = number
            state.pending.append("x")
    with session_state("claude-code", "s") as state:
        assert [len(state.told), len(state.events), len(state.offsets), len(state.pending)] == [500, 32, 32, 10]


def test_fault_21_sessions_that_are_old_or_many_are_removed(store: Path) -> None:
    folder = store.parent / "home/state/graphmem/sessions"
    for number in range(203):
        with session_state("claude-code", f"session {number}"):
            pass
    assert len(list(folder.iterdir())) == 200
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))
    with session_state("claude-code", "another"):
        pass
    assert len(list(folder.iterdir())) == 1


def test_fault_27_a_hook_and_an_uninstallation_leave_the_plugin_as_its_user_set_it(store: Path, home: Path) -> None:
    path = home / ".claude/settings.json"
    path.parent.mkdir()
    text = '{"enabledPlugins": {"graphmem@graphmem": false}}'
    path.write_text(text, encoding="utf-8")
    on(store, "SessionStart", FakeMemory(POSTGRES))
    carry_out(plan_removal(HOSTS["claude-code"], Layer.USER, home, PROGRAM))
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["windsurf", "zed"])
def test_fault_28_and_30_rules_state_facts_and_give_no_orders(project: Path, name: str) -> None:
    install(name, project)
    file = next(file for file in HOSTS[name].files[Layer.PROJECT] if file.purpose is Purpose.RULES)
    text = (project / file.names[0]).read_text(encoding="utf-8").lower()
    assert (
        re.findall(r"\b(?:must|always|never|do not|don't|ignore|important|before you)\b", text.replace("always_on", ""))
        == []
    )

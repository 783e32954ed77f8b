"""A payload is recognised by its shape, whatever host the hook was registered for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.hosts.hook.event_table import EVENTS
from graphmem.hosts.hook.payload import BadPayload, read_payload
from graphmem.hosts.sample_payloads import sample_payload

EVERY_EVENT = [(host, event) for host, events in EVENTS.items() for event in events]


def read(host: str, event: str, fields: object) -> object:
    return read_payload(host, event, json.dumps(fields).encode())


@pytest.mark.parametrize(("host", "event"), EVERY_EVENT)
def test_every_sample_is_recognised_as_its_host(host: str, event: str) -> None:
    found = read_payload(host, event, json.dumps(sample_payload(host, event, "/project")).encode())
    assert (found.host, found.event, found.moment) == (host, event, EVENTS[host][event])
    assert found.session == "graphmem-sample"
    assert found.folder == ("" if host == "windsurf" else "/project")


@pytest.mark.parametrize(("host", "event"), [pair for pair in EVERY_EVENT if pair[0] in {"cursor", "vscode"}])
def test_a_hook_of_claude_code_that_cursor_or_vs_code_runs_answers_in_their_form(host: str, event: str) -> None:
    found = read_payload("claude-code", "Stop", json.dumps(sample_payload(host, event, "/project")).encode())
    assert (found.host, found.event) == (host, event)


def test_a_byte_order_mark_is_read_over() -> None:
    content = b"\xef\xbb\xbf" + json.dumps(sample_payload("cursor", "stop", "/p")).encode()
    assert read_payload("cursor", "stop", content).folder == "/p"


@pytest.mark.parametrize(
    ("host", "event", "files"),
    [
        ("claude-code", "PreToolUse", ["main.py"]),
        ("cursor", "preToolUse", ["main.py"]),
        ("cursor", "afterFileEdit", ["main.py"]),
        ("vscode", "PreToolUse", ["main.py"]),
        ("gemini", "BeforeTool", ["main.py"]),
        ("opencode", "tool.execute.before", ["main.py"]),
    ],
)
def test_files_of_a_tool_are_relative_to_the_folder(host: str, event: str, files: list[str]) -> None:
    found = read_payload(host, event, json.dumps(sample_payload(host, event, "/project")).encode())
    assert (found.relative_files("/project"), found.is_edit) == (files, True)


def test_files_of_windsurf_have_no_folder() -> None:
    fields = sample_payload("windsurf", "pre_write_code", "/project")
    found = read_payload("windsurf", "pre_write_code", json.dumps(fields).encode())
    assert (found.files(), found.is_edit, found.edits()) == (
        ["/project/main.py"],
        True,
        [("import os\n", "import os\nimport json\n")],
    )


def _tool(name: str, **given: object) -> dict[str, object]:
    return sample_payload("claude-code", "PreToolUse", "/p") | {"tool_name": name, "tool_input": given}


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        (_tool("Bash", command="npm i x"), "npm i x"),
        (_tool("shell", command=["bash", "-lc", "npm i x"]), "npm i x"),
        (_tool("shell", command=["npm", "i", "x"]), "npm i x"),
        (_tool("Edit", command="npm i x"), ""),
        (_tool("Bash", command=7), ""),
        (sample_payload("windsurf", "pre_run_command", "/p"), "pip install requests"),
        (sample_payload("cursor", "beforeShellExecution", "/p"), "pip install requests"),
    ],
)
def test_the_command_of_a_shell(fields: dict[str, object], command: str) -> None:
    assert read_payload("claude-code", "PreToolUse", json.dumps(fields).encode()).command == command


def test_a_patch_of_codex_names_its_files() -> None:
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-x\n+y\n*** Add File: b.py\n+z\n*** End Patch\n"
    for name, command in (("apply_patch", patch), ("shell", ["apply_patch", patch])):
        fields = _tool(name, command=command) | {"turn_id": "1"}
        found = read_payload("codex", "PreToolUse", json.dumps(fields).encode())
        assert (found.patch, found.host) == (patch, "codex")
    assert found.tool == "shell"
    assert read_payload("codex", "PreToolUse", json.dumps(_tool("apply_patch", command=patch)).encode()).files() == [
        "a.py",
        "b.py",
    ]


@pytest.mark.parametrize(
    ("path", "folder", "root", "expected"),
    [
        ("/etc/passwd", "/p", "/p", []),
        ("/p/../etc/x.py", "/p", "/p", []),
        ("../x.py", "/p", "/p", []),
        ("C:\\x.py", "/p", "/p", []),
        ("./a/x.py", "/p", "/p", ["a/x.py"]),
        ("x.py", "/p/sub", "/p", ["sub/x.py"]),
        ("/p/x.py", "/p/sub", "/p", ["x.py"]),
        ("/pp/x.py", "/p", "/p", []),
        ("C:\\p\\src\\x.py", "C:\\p", "C:\\p", ["src/x.py"]),
    ],
)
def test_paths_are_relative_to_the_root_and_others_are_left_out(
    path: str, folder: str, root: str, expected: list[str]
) -> None:
    fields = _tool("Edit", file_path=path, new_string="a") | {"cwd": folder}
    assert read_payload("claude-code", "PreToolUse", json.dumps(fields).encode()).relative_files(root) == expected


def test_a_subagent_is_a_session_of_its_own() -> None:
    fields = sample_payload("claude-code", "Stop", "/p") | {"agent_id": "x"}
    assert read_payload("claude-code", "Stop", json.dumps(fields).encode()).session == "graphmem-sample/x"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "payload is not JSON"),
        (b"[]", "payload is no object"),
        (b"[" * 100_000, "payload is not JSON"),
        (b'{"hook_event_name": "Later"}', "event 'Later' of claude-code is none that graphmem answers"),
        (b" " * ((8 << 20) + 1), "payload of 8388609 bytes, more than 8388608"),
    ],
)
def test_what_is_no_payload_is_named(content: bytes, message: str) -> None:
    with pytest.raises(BadPayload) as refused:
        read_payload("claude-code", "Stop", content)
    assert str(refused.value) == message


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=50)
@given(
    st.sampled_from(EVERY_EVENT), st.dictionaries(st.sampled_from(["tool_input", "cwd", "tool_name", "command"]), _ANY)
)
def test_fields_of_any_type_are_read_or_left_out(pair: tuple[str, str], changed: dict[str, object]) -> None:
    fields = sample_payload(*pair, str(Path("/project"))) | changed
    found = read_payload(*pair, json.dumps(fields).encode())
    assert isinstance(found.command, str)
    assert all(isinstance(path, str) for path in found.relative_files("/project"))
    assert all(isinstance(old, str) and isinstance(new, str) for old, new in found.edits())

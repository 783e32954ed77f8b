"""Entries come into the settings of hosts, and go, and nothing else changes."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.errors import Conflict
from graphmem.hosts.entries import own_hooks
from graphmem.hosts.hook.event_table import EVENTS
from graphmem.hosts.host_table import HOSTS, Host, HostFile, Layer
from graphmem.hosts.installation import ChangeKind, Plan, carry_out, file_of, plan_installation, plan_removal
from graphmem.hosts.json_document import parse
from tests.hosts.conftest import PROGRAM
from tests.hosts.documents import STYLES, Style, objects, written

_JSON = {
    "empty object": b"{}",
    "other settings": b'{\n  "theme": "dark",\n  "env": {"A": "1"}\n}\n',
    "comments": b'// mine\n{\n  "theme": "dark", // taste\n  /* later */\n}\n',
    "trailing commas": b'{\n\t"theme": "dark",\n\t"list": [1, 2,],\n}\n',
    "CRLF": b'{\r\n    "theme": "dark"\r\n}\r\n',
    "byte order mark": b'\xef\xbb\xbf{\n  "theme": "dark"\n}\n',
    "one line": b'{"theme": "dark"}',
    "other hooks": (
        b'{\n  "hooks": {\n    "SessionStart": [\n      {"hooks": [{"type": "command", "command": "mine"}]}\n    ],\n'
        b'    "sessionStart": [{"command": "mine"}],\n    "pre_write_code": [{"command": "mine"}]\n  }\n}\n'
    ),
    "other servers": (
        b'{\n  "mcpServers": {"other": {"command": "x"}},\n  "servers": {},\n  "mcp": {\n  },\n'
        b'  "context_servers": {\n    // none\n  }\n}'
    ),
}
_TOML = {
    "other settings": b'model = "x" # mine\n\n[mcp_servers.other]\ncommand = "y"\n',
    "CRLF": b'model = "x"\r\n',
    "no final newline": b"[tui]\ntheme = 'dark'",
    "byte order mark": b'\xef\xbb\xbfmodel = "x"\n',
}
_RULES = {"a rule": b"# Rules\n\nBe kind.\n", "CRLF": b"# Rules\r\n", "no final newline": b"Be kind."}
_STYLES = {".json": _JSON, ".jsonc": _JSON, ".toml": _TOML, ".md": _RULES}


def _fixtures() -> list[tuple[Host, Layer, HostFile, str, bytes]]:
    """Every file of every host in every style of its format; files of graphmem alone have no styles."""
    return [
        (host, layer, file, style, content)
        for host in HOSTS.values()
        for layer, files in host.files.items()
        for file in files
        if "graphmem" not in file.names[0]
        for style, content in _STYLES[Path(file.names[0]).suffix].items()
    ]


FIXTURES = _fixtures()


def install(name: str, root: Path, layer: Layer = Layer.PROJECT) -> Plan:
    plan = plan_installation(HOSTS[name], layer, root, PROGRAM)
    carry_out(plan)
    return plan


def uninstall(name: str, root: Path, layer: Layer = Layer.PROJECT) -> Plan:
    plan = plan_removal(HOSTS[name], layer, root, PROGRAM)
    carry_out(plan)
    return plan


def tree(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(root)): (path.read_bytes() if path.is_file() else b"", stat.S_IMODE(path.stat().st_mode))
        for path in root.rglob("*")
    }


def test_there_are_more_than_forty_fixtures() -> None:
    assert len(FIXTURES) > 40


@pytest.mark.parametrize(
    ("host", "layer", "file", "style", "content"),
    FIXTURES,
    ids=[f"{host.name}-{layer}-{file.purpose}-{style}" for host, layer, file, style, _ in FIXTURES],
)
def test_uninstall_restores_the_bytes_and_the_mode(
    project: Path, host: Host, layer: Layer, file: HostFile, style: str, content: bytes
) -> None:
    del style
    path = project / file.names[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o640)
    before = tree(project)
    kinds = {change.path: change.kind for change in install(host.name, project, layer).changes}
    assert kinds[path] is ChangeKind.CHANGE
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    again = plan_installation(host, layer, project, PROGRAM)
    assert {change.kind for change in again.changes} == {ChangeKind.NONE}
    uninstall(host.name, project, layer)
    assert tree(project) == before


@pytest.mark.parametrize("name", HOSTS)
def test_files_and_folders_that_were_created_are_removed(project: Path, name: str) -> None:
    for layer in HOSTS[name].files:
        install(name, project, layer)
        assert tree(project)
        uninstall(name, project, layer)
        assert tree(project) == {}


@settings(max_examples=25)
@given(objects, STYLES, st.sampled_from(["claude-code", "cursor", "gemini"]))
def test_random_documents_come_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, object], style: Style, name: str
) -> None:
    root = tmp_path_factory.mktemp("project")
    path = root / HOSTS[name].files[Layer.PROJECT][0].names[0]
    path.parent.mkdir()
    value.pop("version", None)
    content = written(value, style).encode()
    path.write_bytes(content)
    install(name, root)
    after = parse(path.read_text(encoding="utf-8")).value()
    assert isinstance(after, dict)
    assert {key: after[key] for key in value} == value
    (root.parent / "home/state/graphmem/installed.json").unlink(missing_ok=True)  # as on another machine
    uninstall(name, root)
    assert path.read_bytes() == content or HOSTS[name].files[Layer.PROJECT][0].skeleton


def test_edits_after_the_installation_stay_when_it_is_removed(project: Path) -> None:
    path = project / ".claude/settings.local.json"
    path.parent.mkdir()
    path.write_text('{\n  "theme": "dark"\n}\n', encoding="utf-8")
    install("claude-code", project)
    text = path.read_text(encoding="utf-8").replace('"dark"', '"light", // changed later\n  "more": [1]')
    path.write_text(text, encoding="utf-8")
    uninstall("claude-code", project)
    assert path.read_text(encoding="utf-8") == '{\n  "theme": "light", // changed later\n  "more": [1]\n}\n'


def test_a_file_that_graphmem_created_stays_if_others_wrote_to_it(project: Path) -> None:
    install("cursor", project)
    path = project / ".cursor/mcp.json"
    path.write_text(path.read_text().replace('"mcpServers": {', '"mcpServers": {\n    "b": {"command": "x"},'))
    install("cursor", project)
    uninstall("cursor", project)
    assert json.loads(path.read_text()) == {"mcpServers": {"b": {"command": "x"}}}


def test_a_handler_that_somebody_put_into_our_group_stays(project: Path) -> None:
    install("claude-code", project)
    path = project / ".claude/settings.local.json"
    value = json.loads(path.read_text())
    value["hooks"]["Stop"][0]["hooks"].append({"type": "command", "command": "mine"})
    path.write_text(json.dumps(value))
    uninstall("claude-code", project)
    assert json.loads(path.read_text()) == {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}


def test_entries_of_another_installation_are_replaced(project: Path) -> None:
    carry_out(plan_installation(HOSTS["gemini"], Layer.PROJECT, project, ["/old/graphmem"]))
    install("gemini", project)
    text = (project / ".gemini/settings.json").read_text(encoding="utf-8")
    assert ("/old/" in text, text.count('SessionStart"')) == (False, 2)


def test_entries_that_a_user_moved_are_left_where_they_are(project: Path) -> None:
    install("claude-code", project)
    path = project / ".claude/settings.local.json"
    value = json.loads(path.read_text())
    value["hooks"]["Stop"].append({"hooks": [{"type": "command", "command": "mine"}]})
    path.write_text(json.dumps(value))
    assert plan_installation(HOSTS["claude-code"], Layer.PROJECT, project, PROGRAM).changes[0].kind is ChangeKind.NONE


@pytest.mark.parametrize("name", [name for name in EVENTS if name not in {"zed", "opencode"}])
def test_every_hook_that_is_installed_names_an_event_that_is_answered(project: Path, name: str) -> None:
    install(name, project)
    file = next(file for file in HOSTS[name].files[Layer.PROJECT] if file.purpose == "hooks")
    commands = list(own_hooks(parse(file_of(file, project).read_text(encoding="utf-8")).value()))
    assert commands
    prefix = f"'{PROGRAM[0]}' on {name} "
    assert all(command.startswith(prefix) and command.removeprefix(prefix) in EVENTS[name] for command in commands)


def test_gemini_counts_in_milliseconds_and_all_others_in_seconds(project: Path) -> None:
    install("gemini", project)
    hooks = json.loads((project / ".gemini/settings.json").read_text())["hooks"]
    assert hooks["SessionStart"][0]["hooks"][0]["timeout"] == 5_000


def test_the_server_of_codex_is_a_table(project: Path) -> None:
    install("codex", project, Layer.USER)
    servers = tomllib.loads((project / ".codex/config.toml").read_text(encoding="utf-8"))["mcp_servers"]
    assert servers == {"graphmem": {"command": PROGRAM[0], "args": ["mcp"], "startup_timeout_sec": 10}}


def test_an_edited_table_of_codex_is_removed_and_comments_stay(project: Path) -> None:
    path = project / ".codex/config.toml"
    path.parent.mkdir()
    path.write_text('model = "x" # mine\n', encoding="utf-8")
    install("codex", project, Layer.USER)
    path.write_text(path.read_text().replace("10", "20") + "\n[tui]\na = 1 # more\n", encoding="utf-8")
    uninstall("codex", project, Layer.USER)
    assert tomllib.loads(path.read_text()) == {"model": "x", "tui": {"a": 1}}
    assert path.read_text().count("# ") == 2


def test_the_plugin_of_opencode_has_the_command(project: Path) -> None:
    install("opencode", project)
    assert f"[{json.dumps(PROGRAM[0])}]" in (project / ".opencode/plugins/graphmem.ts").read_text(encoding="utf-8")
    assert json.loads((project / "opencode.json").read_text())["mcp"]["graphmem"]["command"] == [*PROGRAM, "mcp"]


def test_an_existing_jsonc_file_is_used(project: Path) -> None:
    (project / "opencode.jsonc").write_text("{\n  // mine\n}\n", encoding="utf-8")
    install("opencode", project)
    assert not (project / "opencode.json").exists()


# ---- left alone


def _by_hand(plan: Plan) -> dict[str, tuple[str | None, str]]:
    return {change.path.name: (change.reason, change.text) for change in plan.by_hand}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1', "is not JSON: line 1, column 8: expected ',' or '}'"),
        (b"\xff\xfe{\x00}\x00", "is not UTF-8 text"),
        (b"[]", "cannot be edited: the root is no object"),
        (b'{"version": 2}', "has format version 2; this release of graphmem knows 1"),
        (b'{"hooks": []}', "cannot be edited: hooks is no object"),
    ],
)
def test_a_file_that_is_not_understood_is_untouched(project: Path, content: bytes, reason: str) -> None:
    path = project / ".cursor/hooks.json"
    path.parent.mkdir()
    path.write_bytes(content)
    plan = install("cursor", project)
    assert path.read_bytes() == content
    assert _by_hand(plan)["hooks.json"][0] == reason
    pasted = json.loads(_by_hand(plan)["hooks.json"][1])
    assert pasted["hooks"]["stop"] == [{"command": f"'{PROGRAM[0]}' on cursor stop", "timeout": 5}]


def test_a_link_out_of_the_project_is_untouched(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("{}", encoding="utf-8")
    (project / ".mcp.json").symlink_to(elsewhere)
    plan = install("claude-code", project)
    assert elsewhere.read_text(encoding="utf-8") == "{}"
    assert _by_hand(plan)[".mcp.json"][0] == f"is a link out of {str(project)!r}, to {str(elsewhere)!r}"


def test_a_link_within_the_project_stays_a_link(project: Path) -> None:
    (project / "real.json").write_text("{}", encoding="utf-8")
    (project / ".mcp.json").symlink_to("real.json")
    install("claude-code", project)
    assert (project / ".mcp.json").is_symlink()
    assert "graphmem" in (project / "real.json").read_text(encoding="utf-8")
    uninstall("claude-code", project)
    assert (project / "real.json").read_text(encoding="utf-8") == "{}"


def test_a_server_of_that_name_that_is_not_ours_is_untouched(project: Path) -> None:
    text = '{"mcpServers": {"graphmem": {"command": "other"}}}'
    (project / ".mcp.json").write_text(text, encoding="utf-8")
    assert _by_hand(install("claude-code", project))[".mcp.json"][0] == (
        "cannot be edited: mcpServers.graphmem exists already"
    )
    uninstall("claude-code", project)
    assert (project / ".mcp.json").read_text(encoding="utf-8") == text


def test_the_entry_of_the_guide_counts_as_ours(project: Path) -> None:
    text = '{"mcpServers": {"graphmem": {"command": "graphmem", "args": ["mcp"]}}}'
    (project / ".mcp.json").write_text(text, encoding="utf-8")
    assert not install("claude-code", project).by_hand
    assert PROGRAM[0] in (project / ".mcp.json").read_text(encoding="utf-8")


def test_a_file_that_a_host_writes_meanwhile_is_not_overwritten(project: Path) -> None:
    path = project / ".mcp.json"
    path.write_text("{}", encoding="utf-8")
    plan = plan_installation(HOSTS["claude-code"], Layer.PROJECT, project, PROGRAM)
    path.write_text('{"new": 1}', encoding="utf-8")
    with pytest.raises(Conflict, match="run the command again"):
        carry_out(plan)
    assert path.read_text(encoding="utf-8") == '{"new": 1}'
    install("claude-code", project)
    assert json.loads(path.read_text(encoding="utf-8"))["new"] == 1


def test_a_plugin_file_of_another_is_untouched(project: Path) -> None:
    path = project / ".opencode/plugins/graphmem.ts"
    path.parent.mkdir(parents=True)
    path.write_text("// mine\n", encoding="utf-8")
    assert _by_hand(install("opencode", project))["graphmem.ts"][0] == "exists and was not written by graphmem"
    uninstall("opencode", project)
    assert path.read_text(encoding="utf-8") == "// mine\n"


def test_hooks_of_codex_are_never_in_two_places_of_a_layer(project: Path) -> None:
    (project / ".codex").mkdir()
    (project / ".codex/config.toml").write_text("[hooks]\n", encoding="utf-8")
    reason, _ = _by_hand(install("codex", project))["hooks.json"]
    assert reason is not None
    assert "second place" in reason

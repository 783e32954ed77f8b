"""The plugin of Claude Code follows the rules that `claude plugin validate` checks; that program was not run."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from graphmem import __version__
from graphmem.hosts.host_table import HOSTS, Layer
from graphmem.hosts.json_document import parse

ROOT = Path(__file__).parent.parent.parent
PLUGIN = ROOT / "plugins/graphmem"
SCRIPT = PLUGIN / "scripts/graphmem.sh"
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MARKETPLACE_FIELDS = {"name", "owner", "plugins", "metadata", "$schema"}
ENTRY_FIELDS = {
    "name",
    "source",
    "description",
    "version",
    "author",
    "homepage",
    "repository",
    "license",
    "keywords",
    "category",
    "tags",
    "strict",
}
PLUGIN_FIELDS = {
    "name",
    "version",
    "description",
    "author",
    "homepage",
    "repository",
    "license",
    "keywords",
    "commands",
    "agents",
    "skills",
    "hooks",
    "mcpServers",
}
EVENTS = {"SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "PreCompact", "SessionEnd"}


def read(path: Path) -> dict[str, object]:
    value = parse(path.read_text(encoding="utf-8")).value()  # refuses a key that occurs twice
    assert isinstance(value, dict)
    json.loads(path.read_text(encoding="utf-8"))  # no comments
    return value


def test_the_marketplace_names_its_owner_and_plugins() -> None:
    market = read(ROOT / ".claude-plugin/marketplace.json")
    assert market.keys() <= MARKETPLACE_FIELDS
    assert KEBAB.fullmatch(str(market["name"]))
    owner, plugins = market["owner"], market["plugins"]
    assert isinstance(owner, dict)
    assert owner["name"]
    assert isinstance(plugins, list)
    names = [entry["name"] for entry in plugins]
    assert len(set(names)) == len(names) == 1
    for entry in plugins:
        assert entry.keys() <= ENTRY_FIELDS
        assert entry["source"].startswith("./")
        assert ".." not in entry["source"]
        assert (ROOT / entry["source"] / ".claude-plugin/plugin.json").is_file()


def test_the_manifest_has_the_name_and_version_of_its_entry() -> None:
    manifest = read(PLUGIN / ".claude-plugin/plugin.json")
    market = json.loads((ROOT / ".claude-plugin/marketplace.json").read_text(encoding="utf-8"))
    assert manifest.keys() <= PLUGIN_FIELDS
    assert KEBAB.fullmatch(str(manifest["name"]))
    assert isinstance(manifest["author"], dict)
    entry = market["plugins"][0]
    assert (manifest["name"], manifest["version"]) == (entry["name"], entry["version"]) == ("graphmem", __version__)


def test_its_hooks_are_those_that_install_writes() -> None:
    hooks = read(PLUGIN / "hooks/hooks.json")["hooks"]
    assert isinstance(hooks, dict)
    assert hooks.keys() == EVENTS
    file = HOSTS["claude-code"].files[Layer.USER][0]
    program = '"${CLAUDE_PLUGIN_ROOT}/scripts/graphmem.sh"'
    written = {entry.path[1]: entry.value for entry in file.entries(["PROGRAM"])}  # type: ignore[union-attr]
    expected = {
        event: [json.loads(json.dumps(group).replace("PROGRAM", json.dumps(program)[1:-1]))]
        for event, group in written.items()
    }
    assert hooks == expected


def test_only_files_that_claude_code_loads_are_in_it() -> None:
    names = {path.relative_to(PLUGIN).as_posix() for path in PLUGIN.rglob("*") if path.is_file()}
    assert names == {
        ".claude-plugin/plugin.json",
        ".mcp.json",
        "hooks/hooks.json",
        "scripts/graphmem.sh",
        "skills/project-memory/SKILL.md",
    }
    assert read(PLUGIN / ".mcp.json").keys() == {"mcpServers"}


def test_a_skill_has_a_name_and_a_description() -> None:
    head = (PLUGIN / "skills/project-memory/SKILL.md").read_text(encoding="utf-8").split("---\n")[1]
    fields = yaml.safe_load(head)
    assert fields.keys() == {"name", "description"}
    assert (fields["name"], len(fields["description"]) <= 1_024) == ("project-memory", True)


@pytest.mark.parametrize(
    ("words", "code", "output"),
    [
        (["on", "claude-code", "SessionStart"], 0, "The graphmem plugin found no program graphmem"),
        (["on", "claude-code", "Stop"], 0, ""),
        (["mcp"], 1, ""),
    ],
)
def test_a_machine_without_the_program_is_told_so_once_a_session(
    home: Path, words: list[str], code: int, output: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT), *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/nowhere", "HOME": str(home)},
    )
    assert (done.returncode, done.stdout[: len(output) or None]) == (code, output)


def test_the_program_of_pipx_and_uv_is_found(home: Path) -> None:
    assert os.access(SCRIPT, os.X_OK)
    program = home / ".local/bin/graphmem"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    env = {"PATH": "/nowhere", "HOME": str(home)}
    done = subprocess.run(
        [str(SCRIPT), "on", "claude-code", "Stop"], capture_output=True, text=True, check=True, env=env
    )
    assert done.stdout == "on claude-code Stop\n"

"""`graphmem install`, `uninstall`, `trust`, `on` and `setup`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import graphmem
from graphmem.cli import main
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.user_state.trusted_folders import is_trusted
from tests.cli.conftest import Tool
from tests.sources.git.repositories import Repository


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, with graphmem's state in it; nothing of git's configuration is read."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, as the current folder."""
    made = Repository.made(tmp_path / "repository")
    made.write(**{"README.md": "# Shop\n"})
    made.commit()
    monkeypatch.chdir(made.root)
    return made.root


def test_entries_are_installed_and_uninstalled(tool: Tool, root: Path) -> None:
    (root / ".mcp.json").write_text("{}\n", encoding="utf-8")
    shown = tool.out("install", "claude-code")
    assert '+    "graphmem": {' in shown
    assert "change  " in shown
    assert tool.json("install", "claude-code")["files"][0]["change"] == "none"
    tool.out("uninstall", "claude-code")
    assert sorted(path.name for path in root.iterdir()) == [".git", ".mcp.json", "README.md"]
    assert (root / ".mcp.json").read_text(encoding="utf-8") == "{}\n"


def test_a_dry_run_prints_the_diff_and_writes_nothing(tool: Tool, root: Path) -> None:
    shown = tool.out("install", "cursor", "--dry-run")
    assert f"+++ {root}/.cursor/hooks.json" in shown
    assert "not written" in shown
    assert not (root / ".cursor").exists()


def test_the_layer_is_the_project_in_a_repository_and_else_the_user(
    tool: Tool, root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tool.json("install", "windsurf", "--dry-run")["files"][0]["path"] == f"{root}/.windsurf/hooks.json"
    user = tool.json("install", "windsurf", "--user", "--dry-run")
    assert [file["path"] for file in user["files"]] == [f"{home}/.codeium/windsurf/mcp_config.json"]
    monkeypatch.chdir(home)
    assert tool.json("install", "codex", "--dry-run")["layer"] == "user"


def test_what_a_host_cannot_do_is_said(tool: Tool, root: Path) -> None:
    del root
    assert "Zed runs no hooks" in tool.out("install", "zed", "--dry-run")


def test_a_file_to_edit_by_hand_is_left_and_its_entries_are_printed(tool: Tool, root: Path) -> None:
    (root / ".mcp.json").write_text("{", encoding="utf-8")
    done = tool.run("install", "claude-code")
    assert done.exit_code == 4
    assert "is not JSON" in done.stderr
    assert '"mcpServers"' in done.stderr
    assert (root / ".mcp.json").read_text(encoding="utf-8") == "{"


def test_an_unknown_host_is_refused_and_those_that_exist_are_named(tool: Tool) -> None:
    for command in ("install", "uninstall"):
        done = tool.run(command, "nano")
        assert (done.exit_code, "hosts: claude-code, codex" in done.stderr) == (2, True)


def test_a_missing_extra_is_named(tool: Tool, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "sentence-transformers")
    monkeypatch.setattr("graphmem.hosts.program.find_spec", lambda _: None)
    done = tool.run("install", "cursor")
    assert (done.exit_code, "pip install 'graphmem[sentence-transformers]'" in done.stderr) == (1, True)
    assert not (root / ".cursor").exists()


def test_a_program_in_a_cache_is_refused(tool: Tool, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del root
    monkeypatch.setattr("sysconfig.get_path", lambda _: "/home/a/.cache/uv/archive-v0/x/bin")
    assert "uv tool install graphmem" in tool.run("install", "cursor").stderr


def test_a_program_without_a_script_is_started_as_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from graphmem.hosts.program import program_words

    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    assert program_words()[1:] == ["-P", "-m", "graphmem.cli"]


def test_a_store_that_init_makes_is_trusted_and_any_other_by_command(tool: Tool, root: Path) -> None:
    (root / ".graphmem").mkdir()
    assert not is_trusted(str(root / ".graphmem"))
    assert tool.json("trust") == {"path": f"{root}/.graphmem", "is_new": True}
    assert "trusted already" in tool.out("trust")
    (root / "other").mkdir()
    tool.out("init", str(root / "other"))
    assert is_trusted(str(root / "other/.graphmem"))


def test_without_a_store_there_is_nothing_to_trust(tool: Tool, root: Path) -> None:
    del root
    assert "graphmem init" in tool.run("trust").stderr


def test_a_hook_is_answered(tool: Tool, root: Path) -> None:
    text = json.dumps(sample_payload("gemini", "BeforeTool", str(root)))
    assert tool.out("on", "gemini", "BeforeTool", text=text) == "{}"
    done = tool.run("on", "gemini", "Later")
    assert (done.exit_code, "events: SessionStart, BeforeAgent" in done.stderr) == (1, True)


def test_a_hook_imports_nothing_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class LeftError(Exception):
        pass

    def leave(words: list[str]) -> None:
        raise LeftError(*words)

    monkeypatch.setattr("sys.argv", ["graphmem", "on", "codex", "Stop"])
    monkeypatch.setattr("graphmem.hosts.hook.entry.main", leave)
    with pytest.raises(LeftError, match="codex"):
        main()


# ---- setup


@pytest.fixture
def quick_doctor(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The doctor is another test's matter: it starts servers."""
    monkeypatch.setattr("graphmem.doctor.examine", lambda _: iter(()))
    return iter(())


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("quick_doctor")
def test_setup_shows_first_and_is_undone_by_one_command(tool: Tool, root: Path, home: Path) -> None:
    (home / ".cursor").mkdir()
    before = tree(root)
    done = tool.run("setup")
    assert done.exit_code == 0
    assert f"{root}/.graphmem is made" in done.stdout
    assert "+++ " in done.stdout
    assert (done.stderr, tree(root)) == ("nothing was done; --yes does it\n", before)
    done = tool.run("setup", "--yes", "--no-read")
    assert done.stderr.splitlines()[-1] == (
        "The memory is set up; Cursor reads it from the next session on. Taken back by: graphmem setup --undo"
    )
    assert (root / ".graphmem/memory.db").exists()
    assert (root / ".cursor/hooks.json").exists()
    assert not (root / ".gemini").exists()
    tool.out("setup", "--undo", "--yes")
    assert tree(root) == before


@pytest.mark.usefixtures("quick_doctor")
def test_setup_reads_the_repository(tool: Tool, root: Path) -> None:
    tool.out("setup", "--yes")
    with tool.open(str(root / ".graphmem/memory.db"), {}) as memory:
        assert memory.readings()


@pytest.mark.usefixtures("quick_doctor")
def test_a_store_that_somebody_wrote_to_stays(tool: Tool, root: Path) -> None:
    tool.out("setup", "--yes", "--no-read")
    with graphmem.open(str(root / ".graphmem/memory.db")) as memory:
        memory.add("Logs are lines of JSON")
    done = tool.run("setup", "--undo", "--yes")
    assert "stays: 1 changes were recorded since setup" in done.stderr
    assert (root / ".graphmem/memory.db").exists()


@pytest.mark.usefixtures("quick_doctor")
def test_a_store_that_setup_did_not_make_stays(tool: Tool, root: Path) -> None:
    tool.out("init", str(root))
    tool.out("setup", "--yes", "--no-read")
    assert "was not made by setup" in tool.out("setup", "--undo", "--yes")
    assert (root / ".graphmem/memory.db").exists()

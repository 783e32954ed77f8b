"""The doctor's lines about coding agents: each broken link is named, with the command that mends it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import cast

import pytest

from graphmem.doctor import LinkHealth
from graphmem.doctor.hosts import LOG, NONE, TRUST, host_checks
from graphmem.doctor.links import CheckContext, CheckResult
from graphmem.hosts.hook.hook_log import note_failure, note_run
from graphmem.hosts.host_table import HOSTS, Layer
from graphmem.hosts.installation import carry_out, plan_installation
from graphmem.user_state.trusted_folders import trust
from tests.sources.git.repositories import Repository

NO_CONTEXT = cast("CheckContext", None)  # these checks need none


@pytest.fixture
def program(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that stands for graphmem, which answers nothing; the current folder is a repository."""
    monkeypatch.setenv("XDG_STATE_HOME", str(project / "state"))
    (project / "home").mkdir()
    monkeypatch.chdir(Repository.made(project / "repository").root)
    script = project / "graphmem"
    answering(script, "exit 0")
    monkeypatch.setattr("graphmem.doctor.hosts.program_words", lambda: [str(script)])
    return script


def answering(script: Path, line: str) -> None:
    script.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    script.chmod(0o755)


def install(name: str, program: Path, layer: Layer = Layer.PROJECT) -> Path:
    root = Path.cwd() if layer is Layer.PROJECT else Path.home()
    plan = plan_installation(HOSTS[name], layer, root, [str(program)])
    carry_out(plan)
    return plan.changes[0].path


def found(name: str) -> CheckResult:
    return next(check for check in host_checks() if check.name == name).look(NO_CONTEXT)


def test_hosts_are_optional_and_those_of_this_machine_are_named(program: Path) -> None:
    del program
    (Path.home() / ".cursor").mkdir()
    assert [check.name for check in host_checks()] == ["hosts"]
    message = NONE.look(NO_CONTEXT).found
    assert "used on this machine: cursor. Add them with: graphmem install HOST" in message


@pytest.mark.parametrize("name", ["claude-code", "cursor", "gemini", "opencode", "windsurf", "vscode"])
def test_an_installed_host_is_fine_and_what_it_cannot_do_is_said(program: Path, name: str) -> None:
    answering(program, "echo '{}'" if name == "gemini" else "exit 0")
    install(name, program)
    result = found(name)
    assert (result.health, result.fix) == (LinkHealth.OK, None)
    assert HOSTS[name].gaps[0] in result.found


def test_each_hook_is_run_with_a_payload_of_its_host(program: Path) -> None:
    log = program.parent / "ran"
    answering(program, f"(echo $3; cat) >> {log}")
    install("claude-code", program)
    assert found("claude-code").health is LinkHealth.OK
    lines = log.read_text(encoding="utf-8")
    assert [event in lines for event in ("SessionStart", '"prompt"', "PreCompact", '"tool_input"')] == [True] * 4


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("echo broken >&2; exit 7", "exits with 7: broken"),
        ("echo Usage", "answers with no JSON object: 'Usage'"),
        ("echo []", "answers with no JSON object: '[]'"),
    ],
)
def test_a_hook_that_does_not_answer_is_named(program: Path, line: str, message: str) -> None:
    answering(program, line)
    path = install("cursor", program)
    result = found("cursor")
    assert (result.health, result.found) == (LinkHealth.WARN, f"sessionStart in {path} {message}")


def test_a_hook_that_fails_into_the_log_is_named(program: Path) -> None:
    log = program.parent / "state/graphmem/hooks.log"
    answering(program, f"mkdir -p {log.parent}; echo $(date +%s) cursor sessionStart it broke >> {log}")
    install("cursor", program)
    assert found("cursor").found.endswith("fails: cursor sessionStart it broke")


def test_a_program_that_is_gone_is_unreachable(program: Path) -> None:
    path = install("claude-code", program)
    program.unlink()
    result = found("claude-code")
    assert result.found == f"{path} starts {str(program)!r}, which is not there"
    assert result.fix == "graphmem install claude-code --project"


def test_another_installation_is_stale(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = install("claude-code", program)
    monkeypatch.setattr("graphmem.doctor.hosts.program_words", lambda: ["/new/graphmem"])
    result = found("claude-code")
    assert result.found == f"{path} starts another installation, {str(program)!r}"
    assert result.fix == "graphmem install claude-code --project"


def test_hooks_of_user_and_project_are_doubled(program: Path) -> None:
    install("claude-code", program)
    install("claude-code", program, Layer.USER)
    result = found("claude-code")
    assert result.found.startswith("SessionStart is registered 2 times, in ")
    assert result.fix == "graphmem uninstall claude-code --project"


def test_plugin_and_settings_that_both_run_are_doubled(program: Path) -> None:
    install("claude-code", program)
    (Path.home() / ".claude").mkdir()
    settings = {"enabledPlugins": {"graphmem@graphmem": True}}
    (Path.home() / ".claude/settings.json").write_text(json.dumps(settings), encoding="utf-8")
    result = found("claude-code")
    assert ("the plugin in" in result.found, result.fix) == (True, "graphmem uninstall claude-code --project")


def test_servers_that_start_different_programs_shadow_each_other(program: Path) -> None:
    install("vscode", program)
    other = program.parent / "graphmem-old"
    answering(other, "exit 0")
    install("vscode", other, Layer.USER)
    result = found("vscode")
    assert ("one shadows the other" in result.found, result.fix) == (True, "graphmem uninstall vscode --project")


def test_hooks_that_are_switched_off_are_named(program: Path) -> None:
    path = install("claude-code", program)
    path.write_text(path.read_text(encoding="utf-8").replace("{", '{\n  "disableAllHooks": true,', 1), encoding="utf-8")
    result = found("claude-code")
    assert result.found == f"{path} switches all hooks off"
    assert str(result.fix).startswith("$EDITOR ")


def test_codex_has_not_run_its_hooks_until_they_are_trusted(program: Path) -> None:
    path = install("codex", program)
    os.utime(path, (1e9, 1e9))
    assert "skips them until they are trusted" in found("codex").found
    note_run("codex", "graphmem-sample")  # none of Codex
    assert "skips them until they are trusted" in found("codex").found
    note_run("codex", "a session")
    assert found("codex").health is LinkHealth.OK
    os.utime(path, (time.time() + 60,) * 2)  # any change asks again
    assert "skips them until they are trusted" in found("codex").found


def test_hooks_of_codex_in_two_places_are_named(program: Path) -> None:
    install("codex", program)
    note_run("codex", "a session")
    (Path.cwd() / ".codex/config.toml").write_text("[hooks]\n", encoding="utf-8")
    assert "has hooks too, and Codex reads one of the two" in found("codex").found


def test_a_store_that_hooks_do_not_read_is_named(program: Path) -> None:
    del program
    assert TRUST.look(NO_CONTEXT).found == "no store here"
    (Path.cwd() / ".graphmem").mkdir()
    assert str(TRUST.look(NO_CONTEXT).fix).startswith("graphmem trust ")
    trust(str(Path.cwd() / ".graphmem"))
    assert TRUST.look(NO_CONTEXT).health is LinkHealth.OK


def test_failures_of_the_last_week_are_named(program: Path) -> None:
    del program
    assert LOG.look(NO_CONTEXT).health is LinkHealth.OK
    note_failure("gemini", "BeforeTool", "store is locked")
    result = LOG.look(NO_CONTEXT)
    assert result.found == "hooks failed 1 times in the last week, lately: gemini BeforeTool store is locked"


def test_a_command_that_came_with_a_clone_is_not_run(program: Path) -> None:
    path = install("cursor", program)
    marker = program.parent / "marker"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(f"{program} on cursor stop", f"{program} on cursor stop && touch {marker}"), encoding="utf-8"
    )
    result = found("cursor")
    assert result.found == f"{path} has a command that graphmem did not write"
    assert not marker.exists()

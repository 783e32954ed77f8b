"""Git on a repository that is not trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphmem.sources.git import runner
from graphmem.sources.git.runner import GitFailure, git_partial_text, git_stream, git_text
from tests.cli.test_ingest_commands import commit, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit of one file."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "a.txt").write_text("first\n", encoding="utf-8")
    commit(root, "2020-02-02")
    return root


def test_output_is_text(repository: Path) -> None:
    assert git_text(repository, ("ls-tree", "--name-only", "HEAD")) == "a.txt\n"


def test_nothing_that_the_configuration_names_is_started(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n", encoding="utf-8")
    script.chmod(0o755)
    names = ("core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "diff.external", "gpg.program")
    for name in (*names, "diff.bad.textconv", "diff.bad.command", "filter.bad.clean", "credential.helper"):
        git(repository, "config", name, str(script))
    git(repository, "config", "log.showSignature", "true")
    git(repository, "config", "alias.log", f"!{script}")
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "attributes").write_text("* diff=bad filter=bad\n", encoding="utf-8")
    patch = git_text(repository, ("log", "-p", "--no-ext-diff", "--no-textconv"))
    blame = git_text(repository, ("blame", "--no-textconv", "HEAD", "--", "a.txt"))
    assert "+first" in patch
    assert "first" in blame
    assert not trap.exists()


def test_variables_of_the_environment_do_not_lead_elsewhere(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git_text(repository, ("rev-list", "--count", "HEAD")) == "1\n"


def test_a_safe_directory_of_the_user_counts(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[safe]\n\tdirectory = /first\n\tdirectory = *\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert {"/first", str(repository)} <= set(runner.safe_directories(repository))
    assert "*" not in runner.safe_directories(repository)


@pytest.mark.parametrize("is_own", [True, False])
@pytest.mark.parametrize("is_bare", [True, False])
def test_safe_directories_are_read_only_for_repositories_of_others(
    repository: Path, monkeypatch: pytest.MonkeyPatch, *, is_own: bool, is_bare: bool
) -> None:
    reads: list[str] = []

    def entries(home: str, _config_home: str) -> tuple[str, ...]:
        reads.append(home)
        return ()

    monkeypatch.setattr(runner, "_trusted_entries", entries)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user if is_own else user + 1)
    git(repository, "clone", "--quiet", "--bare", ".", "copy.git")
    root = repository / "copy.git" if is_bare else repository
    assert git_text(root, ("rev-list", "--count", "HEAD")) == "1\n"
    assert bool(reads) is not is_own


@pytest.mark.parametrize("command", ["status", "diff", "add", "checkout", "archive", "fetch", "--exec-path"])
def test_commands_that_can_run_filters_or_reach_the_network_are_refused(repository: Path, command: str) -> None:
    with pytest.raises(ValueError, match="not in the list of safe commands"):
        git_text(repository, (command,))


def test_a_failure_has_the_last_line_of_the_message(repository: Path) -> None:
    with pytest.raises(GitFailure, match=r"fatal: .*"):
        git_text(repository, ("rev-parse", "--verify", "nowhere"))
    assert git_partial_text(repository, ("rev-parse", "nowhere")) == ("nowhere\n", False)


def test_a_missing_git_is_a_failure(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(GitFailure, match="cannot be started"):
        git_text(repository, ("rev-parse", "HEAD"))


def test_a_command_that_takes_too_long_is_stopped(repository: Path) -> None:
    with pytest.raises(GitFailure, match="took more than 0 seconds"):
        list(git_stream(repository, ("log", "-p"), timeout_s=0))


def test_output_beyond_the_limit_is_a_failure(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_OUTPUT_BYTES", 10)
    with pytest.raises(GitFailure, match="printed more than"):
        git_partial_text(repository, ("log",))


def test_an_iterator_that_is_closed_early_stops_git(repository: Path) -> None:
    chunks = git_stream(repository, ("log", "-p"))
    assert next(chunks)
    chunks.close()  # type: ignore[attr-defined]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, whose `.gitconfig` is the configuration of the user."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.mark.usefixtures("home")
def test_hooks_are_in_the_git_directory_unless_the_repository_names_another_folder(repository: Path) -> None:
    assert runner.hooks_folder(repository) == repository / ".git" / "hooks"
    git(repository, "config", "core.hooksPath", ".husky/_")
    assert runner.hooks_folder(repository) == repository / ".husky" / "_"


def test_the_user_may_name_the_hooks_folder_of_all_repositories(repository: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[core]\n\thooksPath = ~/hooks\n", encoding="utf-8")
    assert runner.hooks_folder(repository) == home / "hooks"


@pytest.mark.usefixtures("home")
def test_asking_for_the_hooks_folder_starts_nothing(repository: Path, tmp_path: Path) -> None:
    trap, script = tmp_path / "trap", tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n", encoding="utf-8")
    script.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "pager.rev-parse", "core.sshCommand", "core.editor"):
        git(repository, "config", name, str(script))
    git(repository, "config", "alias.rev-parse", f"!{script}")
    git(repository, "config", "core.hooksPath", str(tmp_path))
    assert runner.hooks_folder(repository) == tmp_path
    assert not trap.exists()


@pytest.mark.usefixtures("home")
def test_a_folder_without_a_repository_has_no_hooks_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GitFailure, match=r"not a git repository|filesystem boundary"):
        runner.hooks_folder(tmp_path)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(GitFailure, match="cannot be started"):
        runner.hooks_folder(tmp_path)


def test_a_message_of_git_has_no_password_of_a_remote(repository: Path) -> None:
    with pytest.raises(GitFailure, match=r"Not a valid object name https://example.org/x") as caught:
        git_text(repository, ("ls-tree", "https://ann:hunter2@example.org/x"))
    assert "hunter2" not in str(caught.value)

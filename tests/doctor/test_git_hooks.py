"""The doctor's line about git hooks, which are optional."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest

from graphmem.doctor import LinkHealth
from graphmem.doctor.git_hooks import HOOKS
from graphmem.doctor.links import CheckContext, CheckResult
from graphmem.githooks.installation import install_hooks
from tests.sources.git.repositories import Repository


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The current folder is a repository."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    made = Repository.made(project / "repository")
    monkeypatch.chdir(made.root)
    return made


def found() -> CheckResult:
    return HOOKS.look(cast("CheckContext", None))  # the check needs no context


def test_a_folder_without_a_repository_and_one_without_hooks_are_fine(project: Path) -> None:
    assert (found().health, "no git repository" in found().found) == (LinkHealth.OK, True)
    (project / ".git").mkdir()
    assert (found().health, "cannot name" in found().found) == (LinkHealth.OK, True)


def test_hooks_are_optional_and_counted(repository: Repository) -> None:
    assert found().found == "no git hooks of graphmem, which are optional"
    install_hooks(repository.root)
    assert found().found == "all git hooks are installed"


def test_other_lines_are_named(repository: Repository) -> None:
    hook = repository.root / ".git" / "hooks" / "post-merge"
    hook.write_text("#!/bin/sh\necho mine\n", encoding="utf-8")
    hook.chmod(0o755)
    install_hooks(repository.root)
    assert found().found == "all git hooks are installed; post-merge with other lines"


def test_missing_and_stale_hooks_are_installed_by_the_fix(repository: Repository) -> None:
    install_hooks(repository.root)
    hooks = repository.root / ".git" / "hooks"
    (hooks / "post-merge").unlink()
    assert (found().health, found().fix) == (LinkHealth.WARN, "graphmem hooks install")
    assert (
        found().found == "git hooks post-commit, post-checkout, post-rewrite are installed; not installed: post-merge"
    )
    stale = (hooks / "post-commit").read_text(encoding="utf-8").replace("hooks 1 ", "hooks 0 ")
    (hooks / "post-commit").write_text(stale, encoding="utf-8")
    assert found().found == "git hooks of another release: post-commit"


def test_a_foreign_folder_is_named(repository: Repository) -> None:
    repository.git("config", "core.hooksPath", ".husky/_")
    assert found().found.endswith(f"{repository.root}/.husky/_ must be edited by hand")

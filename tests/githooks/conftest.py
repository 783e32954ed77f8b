"""Repositories with hooks, independent of the configuration of the user who runs the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphmem.githooks.event_queue import EventQueue
from tests.sources.git.repositories import Repository


@pytest.fixture(autouse=True)
def _no_user_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one commit and no hook but git's samples."""
    made = Repository.made(tmp_path / "repository")
    made.write(a="first\n")
    made.commit()
    return made


@pytest.fixture
def hooks(repository: Repository) -> Path:
    """The hooks folder of the repository."""
    return repository.root / ".git" / "hooks"


def write_hook(path: Path, content: str | bytes, mode: int = 0o755) -> Path:
    """Write a hook with a mode."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def queue_lines(repository: Repository) -> list[list[str]]:
    """The fields of the lines in the queue."""
    queue = repository.root / ".git" / "graphmem" / "queue"
    return [line.split(" ") for line in queue.read_text(encoding="utf-8").splitlines()] if queue.exists() else []


def no_work(_: EventQueue) -> None:
    """Work that must not be called."""
    raise AssertionError

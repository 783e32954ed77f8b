"""When the work on events is started, and in which process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput, NotFound
from graphmem.githooks.background import PAUSE_S, start_detached, work_if_due
from graphmem.githooks.event_queue import EventQueue, pending
from graphmem.githooks.installation import install_hooks
from graphmem.opening import initialise
from tests.githooks.conftest import no_work
from tests.sources.git.repositories import Repository


@pytest.fixture
def committed(repository: Repository) -> Repository:
    """A repository with hooks and an event."""
    install_hooks(repository.root)
    repository.commit()
    initialise(repository.root)
    return repository


def let_time_pass(repository: Repository, seconds: float) -> None:
    """Set the stamp back, as if time had passed."""
    stamp = repository.root / ".git" / "graphmem" / "started"
    at = stamp.stat().st_mtime - seconds
    os.utime(stamp, (at, at))


def test_a_detached_process_does_the_work_at_low_priority(committed: Repository) -> None:
    process = start_detached(committed.root)
    assert process is not None
    if sys.platform == "linux":
        assert os.getsid(process.pid) == process.pid
        assert os.getpriority(os.PRIO_PROCESS, process.pid) > 0
    assert process.wait(60) == 0
    assert pending(committed.root).is_empty


def test_files_of_the_repository_do_not_replace_modules(committed: Repository) -> None:
    committed.write(click="raise SystemExit(7)\n", graphmem="raise SystemExit(7)\n")
    for name in ("click", "graphmem"):
        shutil.move(committed.root / name, committed.root / f"{name}.py")
    process = start_detached(committed.root)
    assert process is not None
    assert process.wait(60) == 0


def test_work_starts_at_most_once_a_minute(committed: Repository) -> None:
    done: list[EventQueue] = []
    assert work_if_due(committed.root, done.append)
    committed.commit()
    assert not work_if_due(committed.root, done.append)
    assert start_detached(committed.root) is None
    let_time_pass(committed, PAUSE_S)
    assert work_if_due(committed.root, done.append)
    assert len(done) == 2


def test_a_stamp_of_the_future_does_not_count(committed: Repository) -> None:
    done: list[EventQueue] = []
    work_if_due(committed.root, done.append)
    committed.commit()
    let_time_pass(committed, -100 * PAUSE_S)
    assert work_if_due(committed.root, done.append)


def test_without_events_nothing_is_started(repository: Repository, tmp_path: Path) -> None:
    assert not work_if_due(repository.root, no_work)
    install_hooks(repository.root)
    assert not work_if_due(repository.root)
    assert not work_if_due(tmp_path)
    with pytest.raises(NotFound):
        start_detached(tmp_path)
    assert not (repository.root / ".git" / "graphmem" / "started").exists()


def test_work_that_fails_does_not_fail_the_command_and_keeps_its_events(committed: Repository) -> None:
    def fail(_: EventQueue) -> None:
        raise InvalidInput("no store")

    assert not work_if_due(committed.root, fail)
    assert len(pending(committed.root).refs) == 1


def test_a_command_starts_a_detached_process(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    popen = subprocess.Popen

    def record(command: list[str], **options: object) -> object:
        started.append(command)
        return popen([sys.executable, "-c", "pass"], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", record)
    assert work_if_due(committed.root)
    assert started[0][1:] == ["-P", "-m", "graphmem.cli", "hooks", "run", str(committed.root)]

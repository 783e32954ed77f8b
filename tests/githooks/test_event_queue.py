"""The queue of events: lenient reading, folding, and taking without losing a line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.file_locks import try_lock
from graphmem.githooks import event_queue
from graphmem.githooks.event_queue import WRITE_LIMIT_S, EventQueue, RefEvents, drain, has_events, pending
from graphmem.githooks.repository_folders import repository_folders
from tests.githooks.conftest import no_work
from tests.sources.git.repositories import Repository

A, B, C = ("a" * 40, "b" * 40, "c" * 40)
COMMIT = "1 post-commit - - refs/heads/main 1700000000\n"


@pytest.fixture
def queue(repository: Repository) -> Path:
    """The file to which hooks append."""
    folder = repository.root / ".git" / "graphmem"
    folder.mkdir()
    return folder / "queue"


def append(queue: Path, text: str | bytes) -> None:
    with queue.open("ab") as stream:
        stream.write(text.encode() if isinstance(text, str) else text)


def commits(count: int) -> EventQueue:
    """Events of so many lines `COMMIT`."""
    at = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    return EventQueue((RefEvents("refs/heads/main", ("post-commit",), count, at),))


def test_many_commits_of_a_branch_are_a_single_move(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT * 40)
    assert pending(repository.root) == commits(40)


def test_refs_are_in_the_order_of_their_latest_events(repository: Repository, queue: Path) -> None:
    append(
        queue, COMMIT + COMMIT.replace("main", "side").replace("17", "18") + COMMIT.replace("post-commit", "post-merge")
    )
    found = pending(repository.root).refs
    assert [(ref.ref, ref.events, ref.hooks) for ref in found] == [
        ("refs/heads/side", 1, ("post-commit",)),
        ("refs/heads/main", 2, ("post-commit", "post-merge")),
    ]


def test_rewrites_are_followed_to_their_end(repository: Repository, queue: Path) -> None:
    for old, new in ((A, B), (B, C), (C, C)):
        append(queue, f"1 post-rewrite {old} {new} refs/heads/main 1700000000\n")
    assert pending(repository.root).rewritten == {A: C, B: C}


def test_rewrites_that_were_undone_end_somewhere(repository: Repository, queue: Path) -> None:
    for old, new in ((A, B), (B, A)):
        append(queue, f"1 post-rewrite {old} {new} refs/heads/main 1700000000\n")
    assert set(pending(repository.root).rewritten.values()) <= {A, B}


def test_unknown_refs_and_times_are_events_too(repository: Repository, queue: Path) -> None:
    append(queue, f"1 post-checkout {A} {B} - 0\n1 post-commit - - refs/heads/.invalid 0\n")
    assert pending(repository.root).refs == (RefEvents(None, ("post-checkout", "post-commit"), 2, None),)


@pytest.mark.parametrize(
    "line",
    [
        b"1 post-commit - - refs/heads/ma1 post-commit - - refs/heads/main 1700000000\n",
        b"2 post-commit - - refs/heads/main 1700000000\n",
        b"1 pre-push - - refs/heads/main 1700000000\n",
        b"1 post-commit - abc refs/heads/main 1700000000\n",
        b"1 post-commit - - refs/heads/main 99999999999999\n",
        b"1 post-commit - - main 1700000000\n",
        b"\xff\x00\n",
        b"\n",
        b"1 post-commit - - refs/heads/main 17000",
    ],
)
def test_a_line_that_is_no_event_is_skipped_and_counted(repository: Repository, queue: Path, line: bytes) -> None:
    append(queue, COMMIT.encode() + line)
    found = pending(repository.root)
    assert (found.refs, found.skipped) == (commits(1).refs, 1)


@given(lines=st.lists(st.binary(max_size=40) | st.just(COMMIT.encode())))
def test_every_line_is_an_event_or_skipped(lines: list[bytes]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        (root / ".git" / "graphmem").mkdir(parents=True)
        (root / ".git" / "graphmem" / "queue").write_bytes(b"".join(line + b"\n" for line in lines))
        found = pending(root)
    events = sum(ref.events for ref in found.refs)
    assert events + found.skipped == sum(line.count(b"\n") + 1 for line in lines)


def test_a_very_long_line_is_read_in_parts(repository: Repository, queue: Path) -> None:
    append(queue, b"x" * 100_000 + b"\n" + COMMIT.encode())
    assert pending(repository.root).refs == commits(1).refs


@pytest.mark.parametrize("device", ["/dev/zero", "pipe"])
def test_a_queue_without_an_end_is_not_read(repository: Repository, queue: Path, device: str) -> None:
    if device == "pipe":
        os.mkfifo(queue.with_name(device))
    queue.symlink_to(device)
    assert pending(repository.root).is_empty


def test_a_name_that_is_no_utf_8_is_a_ref(repository: Repository, queue: Path) -> None:
    append(queue, b"1 post-commit - - refs/heads/\xe9 1700000000\n")
    assert pending(repository.root).refs[0].ref == "refs/heads/\udce9"


# ---- taking


def test_work_is_done_once(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT)
    done: list[EventQueue] = []
    assert drain(repository.root, done.append) == commits(1)
    assert drain(repository.root, done.append) == EventQueue()
    assert done == [commits(1)]
    assert not has_events(repository_folders(repository.root))


def test_files_whose_work_is_done_are_removed_after_a_minute(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT)
    drain(repository.root, lambda _: None)
    (taken,) = queue.parent.glob("queue.taken.*")
    drain(repository.root, lambda _: None)
    assert taken.exists()
    os.utime(taken, (taken.stat().st_mtime - WRITE_LIMIT_S - 1,) * 2)
    drain(repository.root, lambda _: None)
    assert [path.name for path in queue.parent.iterdir()] == ["lock"]


def test_without_hooks_there_is_no_work(repository: Repository) -> None:
    assert drain(repository.root, no_work) == EventQueue()
    assert not (repository.root / ".git" / "graphmem").exists()


def test_lines_that_come_during_the_work_wait_for_the_next(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT)
    drain(repository.root, lambda _: append(queue, COMMIT * 2))
    assert pending(repository.root) == commits(2)


def test_a_hook_that_opened_the_queue_before_it_was_taken_loses_nothing(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT * 2)
    with queue.open("ab", buffering=0) as late:
        assert drain(repository.root, lambda _: late.write(COMMIT.encode())) == commits(2)
        assert drain(repository.root, lambda _: None) == commits(1)
        late.write(COMMIT.encode())
    assert has_events(repository_folders(repository.root))
    assert drain(repository.root, lambda _: None) == commits(1)
    assert pending(repository.root).is_empty


def test_work_that_fails_is_done_again_with_later_events(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT)

    def fail(_: EventQueue) -> None:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            drain(repository.root, fail)
        append(queue, COMMIT)
    assert pending(repository.root) == commits(3)
    assert drain(repository.root, lambda _: None) == commits(3)


_KILLED = """
import os, signal, sys
from pathlib import Path
from graphmem.githooks.event_queue import drain
drain(Path(sys.argv[1]), lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_process_that_is_killed_leaves_its_events(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT)
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(repository.root)], check=False)
    assert killed.returncode == -signal.SIGKILL
    append(queue, COMMIT)
    assert has_events(repository_folders(repository.root))
    assert drain(repository.root, lambda _: None) == commits(2)


def test_two_processes_do_not_work_at_once(repository: Repository, queue: Path) -> None:
    append(queue, COMMIT)
    handle = os.open(queue.parent / "lock", os.O_CREAT | os.O_RDWR)
    assert try_lock(handle)
    assert drain(repository.root, no_work) is None
    os.close(handle)
    assert drain(repository.root, lambda _: None) == commits(1)


def test_a_file_system_without_locks_is_worked_on(
    repository: Repository, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> bool:
        raise OSError

    monkeypatch.setattr(event_queue, "try_lock", refuse)
    append(queue, COMMIT)
    assert drain(repository.root, lambda _: None) == commits(1)


_APPENDS = 'n=0; while [ $n -lt 200 ]; do printf \'%s\' "$1" >>"$0"; n=$((n + 1)); done'


def test_lines_are_neither_lost_nor_seen_twice_while_others_append(repository: Repository, queue: Path) -> None:
    workers = [subprocess.Popen(["sh", "-c", _APPENDS, str(queue), COMMIT]) for _ in range(4)]
    events = 0
    while True:
        is_over = all(worker.poll() is not None for worker in workers)
        drained = drain(repository.root, lambda _: None)
        assert drained is not None
        assert not drained.skipped
        events += sum(ref.events for ref in drained.refs)
        if is_over:
            break
    assert events == 800

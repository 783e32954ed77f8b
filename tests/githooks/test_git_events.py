"""The lines that real git makes the hooks append, for each command that moves a ref, and for some that do not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graphmem.githooks.event_queue import EventQueue, pending
from graphmem.githooks.installation import install_hooks
from tests.githooks.conftest import queue_lines
from tests.sources.git.repositories import Repository

MAIN = "refs/heads/main"
NOWHERE = "0" * 40


@pytest.fixture
def hooked(repository: Repository) -> Repository:
    """The repository with hooks, and the settings that a rebase needs."""
    install_hooks(repository.root)
    repository.git("config", "user.email", "a@example.org")
    repository.git("config", "user.name", "a")
    return repository


def events(repository: Repository) -> list[list[str]]:
    """Hook, old, new and ref of each line, after which the queue is empty."""
    found = [line[1:-1] for line in queue_lines(repository)]
    (repository.root / ".git" / "graphmem" / "queue").unlink(missing_ok=True)
    return found


def change(repository: Repository, name: str, message: str) -> str:
    """Commit a new file; returns the hash."""
    repository.write(**{name: name})
    repository.git("add", "--all")
    repository.git("commit", "--quiet", f"--message={message}")
    return repository.git("rev-parse", "HEAD")


def test_a_commit_names_its_branch(hooked: Repository) -> None:
    hooked.commit()
    assert events(hooked) == [["post-commit", "-", "-", MAIN]]


def test_an_amended_commit_has_both_hashes(hooked: Repository) -> None:
    old = change(hooked, "b", "b")
    events(hooked)
    hooked.git("commit", "--quiet", "--amend", "--message=better")
    new = hooked.git("rev-parse", "HEAD")
    assert events(hooked) == [["post-commit", "-", "-", MAIN], ["post-rewrite", old, new, MAIN]]


def test_a_checkout_of_a_branch_counts_and_that_of_a_file_does_not(hooked: Repository) -> None:
    hooked.git("checkout", "--quiet", "-b", "side")
    tip = hooked.git("rev-parse", "HEAD")
    assert events(hooked) == [["post-checkout", tip, tip, "refs/heads/side"]]
    hooked.git("checkout", "--quiet", "HEAD", "--", "a")
    assert events(hooked) == []
    hooked.git("checkout", "--quiet", "--detach")
    assert events(hooked) == [["post-checkout", tip, tip, "HEAD"]]


def test_a_merge_counts_and_a_squash_only_when_it_is_committed(hooked: Repository) -> None:
    hooked.git("checkout", "--quiet", "-b", "side")
    change(hooked, "b", "b")
    hooked.git("checkout", "--quiet", "main")
    events(hooked)
    hooked.git("merge", "--quiet", "--squash", "side")
    assert events(hooked) == []
    hooked.git("commit", "--quiet", "--message=squashed")
    assert events(hooked) == [["post-commit", "-", "-", MAIN]]
    hooked.git("merge", "--quiet", "--no-edit", "side")
    assert [line[0] for line in events(hooked)] == ["post-merge"]


def rebased(hooked: Repository, todo: str) -> tuple[list[str], EventQueue]:
    """Five hashes, the last four of which were rebased with an edited list, and the events of the rebase."""
    commits = [change(hooked, name, name) for name in "bcdef"]
    (hooked.root / ".git" / "graphmem" / "queue").unlink()
    editor = hooked.root.parent / "editor"
    editor.write_text(f"#!/bin/sh\ncat >\"$1\" <<'X'\n{todo.format(*commits)}X\n", encoding="utf-8")
    editor.chmod(0o755)
    hooked.git("-c", f"sequence.editor={editor}", "-c", "core.editor=true", "rebase", "--quiet", "-i", commits[0])
    return commits, pending(hooked.root)


def test_squashed_commits_share_a_new_hash_and_dropped_commits_are_absent(hooked: Repository) -> None:
    old, queue = rebased(hooked, "pick {2}\nfixup {3}\nsquash {4}\ndrop {1}\n")
    new = hooked.git("rev-parse", "HEAD")
    assert queue.rewritten.items() >= {old[2]: new, old[3]: new, old[4]: new}.items()
    assert old[1] not in queue.rewritten
    assert "post-rewrite" in next(ref.hooks for ref in queue.refs if ref.ref == MAIN)


def test_reordered_commits_have_a_hash_each_and_an_unchanged_start_is_left_out(hooked: Repository) -> None:
    old, queue = rebased(hooked, "pick {1}\npick {3}\npick {2}\npick {4}\n")
    third, second, fourth = (hooked.git("rev-parse", f"HEAD~{back}") for back in (2, 1, 0))
    assert queue.rewritten == {old[3]: third, old[2]: second, old[4]: fourth}
    assert (queue.skipped, hooked.git("rev-parse", "HEAD~3")) == (0, old[1])


def test_a_reset_and_a_deleted_branch_run_no_hook(hooked: Repository) -> None:
    hooked.commit()
    hooked.git("branch", "side")
    events(hooked)
    hooked.git("branch", "--move", "side", "other")
    hooked.git("branch", "--delete", "other")
    hooked.git("reset", "--quiet", "--hard", "HEAD~1")
    assert events(hooked) == []


def test_a_work_tree_notes_in_the_common_directory(hooked: Repository, tmp_path: Path) -> None:
    hooked.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    tip = hooked.git("rev-parse", "HEAD")
    assert events(hooked) == [["post-checkout", NOWHERE, tip, "-"]]
    side = Repository(tmp_path / "side")
    side.commit()
    assert events(hooked) == [["post-commit", "-", "-", "refs/heads/side"]]
    assert pending(side.root) == pending(hooked.root)


def test_a_repository_with_its_git_directory_elsewhere_notes_there(hooked: Repository, tmp_path: Path) -> None:
    hooked.git("init", "--quiet", f"--separate-git-dir={tmp_path / 'separate'}")
    hooked.commit()
    queue = pending(hooked.root)
    assert [(ref.ref, ref.hooks) for ref in queue.refs] == [(MAIN, ("post-commit",))]


def test_a_commit_from_a_folder_below_the_root_is_noted(hooked: Repository) -> None:
    (hooked.root / "sub").mkdir()
    Repository(hooked.root / "sub").git("commit", "--quiet", "--allow-empty", "--message=x")
    assert events(hooked) == [["post-commit", "-", "-", MAIN]]


def test_a_commit_succeeds_in_silence_on_a_full_disk(hooked: Repository) -> None:
    (hooked.root / ".git" / "graphmem" / "queue").symlink_to("/dev/full")
    done = subprocess.run(
        ["git", "commit", "--quiet", "--allow-empty", "--message=x"],
        cwd=hooked.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.heavy
def test_lines_of_many_processes_are_not_torn(hooked: Repository) -> None:
    loop = "n=0; while [ $n -lt 300 ]; do .git/hooks/post-commit; n=$((n + 1)); done"
    workers = [subprocess.Popen(["sh", "-c", loop], cwd=hooked.root) for _ in range(8)]
    assert [worker.wait() for worker in workers] == [0] * 8
    (ref,), skipped = pending(hooked.root).refs, pending(hooked.root).skipped
    assert (ref.ref, ref.events, skipped) == (MAIN, 2_400, 0)

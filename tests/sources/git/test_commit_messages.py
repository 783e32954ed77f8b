"""Messages of commits of repositories made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git.commit_messages import MAX_MESSAGE_CHARS, arrivals, messages_of
from graphmem.sources.git.mainline import find_mainline
from graphmem.sources.git.runner import GitFailure
from tests.sources.git.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def commit(repository: Repository, message: str) -> str:
    repository.git("commit", "--quiet", "--allow-empty", "--file=-", text=message)
    return repository.git("rev-parse", "HEAD")


def test_messages_come_ancestors_first(repository: Repository) -> None:
    first, second = commit(repository, "Add a\n\nWith a reason.\n"), commit(repository, "Zoë adds b\n")
    messages = list(messages_of(repository.root, "HEAD"))
    assert [(message.sha, message.parents, message.subject) for message in messages] == [
        (first, (), "Add a"), (second, (first,), "Zoë adds b")
    ]  # fmt: skip
    assert messages[0].text == "Add a\n\nWith a reason.\n"


def test_a_long_message_is_cut(repository: Repository) -> None:
    commit(repository, "x" * 50_000)
    (message,) = messages_of(repository.root, "HEAD")
    assert len(message.text) == MAX_MESSAGE_CHARS


def test_merged_commits_arrive_with_their_merge(repository: Repository) -> None:
    first = commit(repository, "Add a")
    repository.git("switch", "--quiet", "-c", "side")
    side = commit(repository, "Add b")
    repository.git("switch", "--quiet", "main")
    second = commit(repository, "Add c")
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", "side")
    line = find_mainline(repository.root).shas
    assert arrivals(messages_of(repository.root, "HEAD"), line) == {first: 0, second: 1, line[2]: 2, side: 2}


def test_a_missing_commit_is_a_failure(repository: Repository) -> None:
    commit(repository, "Add a")
    with pytest.raises(GitFailure):
        list(messages_of(repository.root, "f" * 40))

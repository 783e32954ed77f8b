"""The folders of a repository, from any path in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import NotFound, Unsupported
from graphmem.githooks.repository_folders import RepositoryFolders, repository_folders
from tests.sources.git.repositories import Repository


def test_folders_are_found_from_below_and_from_other_work_trees(repository: Repository, tmp_path: Path) -> None:
    root, common = repository.root, repository.root / ".git"
    (root / "sub").mkdir()
    assert repository_folders(root / "sub") == RepositoryFolders(root, common)
    repository.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = repository_folders(tmp_path / "side")
    assert side == RepositoryFolders(tmp_path / "side", common)
    assert (side.effective_hooks(), side.queue_folder) == (common / "hooks", common / "graphmem")


def test_a_link_from_the_git_directory_to_a_tracked_folder_does_not_share_it(repository: Repository) -> None:
    folders = repository_folders(repository.root)
    assert folders.shares_directory(folders.own_hooks)
    (repository.root / "tracked").mkdir()
    (repository.root / ".git" / "linked").symlink_to("../tracked")
    assert not folders.shares_directory(repository.root / ".git" / "linked")


def test_a_damaged_repository_is_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(Unsupported, match="cannot name the hooks folder"):
        repository_folders(tmp_path).effective_hooks()
    with pytest.raises(NotFound):
        repository_folders(Path("/"))

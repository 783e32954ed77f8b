"""Folders of two repositories with equal files."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git.equal_contents import EqualFolders, equal_folders
from graphmem.sources.git.runner import GitFailure
from tests.sources.git.repositories import Repository


def text(word: str) -> str:
    return f"{word}\n" * 80


@pytest.fixture
def moved(tmp_path: Path) -> tuple[Repository, Repository]:
    """Three files of `packages/parser` are deleted, and are in another repository under `src`."""
    old, new = Repository.made(tmp_path / "old"), Repository.made(tmp_path / "new")
    names = ("grammar", "tokens", "deep__tree")
    old.write(**{f"packages__parser__{name}": text(name) for name in names}, LICENSE=text("free"), shop=text("shop"))
    old.write(small="x", twice__a=text("twice"), twice__b=text("twice"))
    old.commit()
    old.git("rm", "-r", "--quiet", "packages")
    old.commit()
    new.write(**{f"src__{name}": text(name) for name in names}, LICENSE=text("free"), small="x", twice__a=text("twice"))
    new.write(other__shop_copy=text("shop"))
    new.commit()
    return old, new


def test_a_folder_that_moved_is_found_by_its_deleted_files(moved: tuple[Repository, Repository]) -> None:
    old, new = moved
    assert equal_folders(old.root, new.root) == [EqualFolders("packages/parser", "src", 3)]
    assert equal_folders(new.root, old.root) == []
    assert equal_folders(old.root, old.root, least=1)[0].old == ""


def test_without_commits_there_is_nothing_to_compare(tmp_path: Path, moved: tuple[Repository, Repository]) -> None:
    with pytest.raises(GitFailure):
        equal_folders(moved[0].root, Repository.made(tmp_path / "empty").root)

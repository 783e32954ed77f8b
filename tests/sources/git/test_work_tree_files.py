"""Files of a work tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphmem.sources.git.work_tree_files import WorkTreeFiles


@pytest.fixture
def files(tmp_path: Path) -> WorkTreeFiles:
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    (root / "src/a").write_bytes(b"a")
    (root / "big").write_bytes(b"x" * 11)
    (tmp_path / "secret").write_bytes(b"s")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    return WorkTreeFiles(root, 10)


def test_regular_files_are_read(files: WorkTreeFiles) -> None:
    assert files.content("src/a") == b"a"
    assert files.is_entry("src/a")
    assert files.is_entry("src/")
    assert not files.is_entry("src/a/")


OTHER = ("link", "folder/secret", "../secret", "src/../../secret", "/etc/passwd", "pipe", "big", "src", "", "a\0b")


@pytest.mark.parametrize("path", [*OTHER, "x" * 5_000])
def test_links_ways_out_and_other_entries_are_not_read(files: WorkTreeFiles, path: str) -> None:
    assert files.content(path) is None


def test_a_link_is_an_entry_but_its_target_is_not_reached(files: WorkTreeFiles) -> None:
    assert files.is_entry("link")
    assert files.is_entry("folder/")
    assert not files.is_entry("folder/secret")

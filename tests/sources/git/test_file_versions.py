"""Versions and contents of chosen files of repositories made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git import file_versions as module
from graphmem.sources.git.file_versions import FileVersion, contents, file_versions
from graphmem.sources.git.mainline import find_mainline
from tests.sources.git.repositories import Repository, body

NOW_US = 2_000_000_000_000_000


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def versions(repository: Repository, *names: str) -> list[FileVersion]:
    return list(file_versions(find_mainline(repository.root).commits(NOW_US), lambda path: path in names))


def test_each_version_of_a_file_has_its_commit(repository: Repository) -> None:
    repository.write(rules=body("one"), other=body("x"))
    repository.commit()
    repository.write(rules=body("two"))
    second = repository.commit()
    first, later = versions(repository, "rules")
    assert (first.change.status, later.change.status) == ("A", "M")
    assert (later.sha, later.position) == (second, 1)
    assert first.at < later.at


def test_a_rename_away_from_a_chosen_path_is_a_version(repository: Repository) -> None:
    repository.write(rules=body("one"))
    repository.commit()
    repository.git("mv", "rules", "other")
    repository.commit()
    _, gone = versions(repository, "rules")
    assert (gone.change.status, gone.change.old_path, gone.path) == ("R", "rules", "other")


def test_contents_come_in_order_and_repeated(repository: Repository) -> None:
    repository.write(a="first\n", b="second\n", empty="")
    repository.commit()
    blobs = {version.path: version.change.blob for version in versions(repository, "a", "b", "empty")}
    asked = [blobs["b"], blobs["a"], blobs["b"], blobs["empty"]]
    assert [text for _, text in contents(repository.root, asked)] == [b"second\n", b"first\n", b"second\n", b""]


def test_a_missing_content_and_a_large_one_are_none(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONTENT_BYTES", 6)
    repository.write(a="first\n", b="seconds\n")
    repository.commit()
    blobs = {version.path: version.change.blob for version in versions(repository, "a", "b")}
    asked = ["0" * 39 + "1", blobs["b"], blobs["a"]]
    assert [text for _, text in contents(repository.root, asked)] == [None, None, b"first\n"]


def test_a_larger_content_is_read_on_demand(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONTENT_BYTES", 10)
    repository.write(a="x" * 11, b="y" * 12)
    repository.commit()
    blobs = [version.change.blob for version in versions(repository, "a", "b")]
    assert [text for _, text in contents(repository.root, blobs)] == [None, None]
    assert [text for _, text in contents(repository.root, blobs, max_bytes=12, at_once=1)] == [b"x" * 11, b"y" * 12]

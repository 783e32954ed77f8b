"""Lineages of files in repositories made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.repository.mainline_rows import PathOrigin
from graphmem.sources.git.lineages import Lineages, PathSegment
from graphmem.sources.git.mainline import content_sizes, find_mainline
from tests.sources.git.repositories import Repository, body

NOW_US = 2_000_000_000_000_000


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def lineages(repository: Repository) -> Lineages:
    mainline = find_mainline(repository.root)
    found = Lineages()
    commits = list(mainline.commits(NOW_US))
    found.read(commits, lambda blobs: content_sizes(repository.root, blobs))
    return found


def paths_of(found: Lineages) -> dict[int, list[str]]:
    """The paths of each lineage in the order of their starts."""
    paths: dict[int, list[str]] = {}
    for segment in found.segments:
        paths.setdefault(segment.lineage, []).append(segment.path)
    return paths


def segment(found: Lineages, path: str) -> PathSegment:
    return next(one for one in reversed(found.segments) if one.path == path)


def test_a_renamed_file_is_the_same_lineage(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    repository.git("mv", "a", "b")
    repository.commit()
    found = lineages(repository)
    assert paths_of(found) == {0: ["a", "b"]}
    renamed = segment(found, "b")
    assert (renamed.start, renamed.origin, renamed.similarity, renamed.previous) == (1, PathOrigin.RENAMED, 100, 0)
    assert segment(found, "a").end == 1


def test_a_rename_of_low_similarity_is_marked(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    repository.git("mv", "a", "b")
    repository.write(b=body("a", 30).replace("number 1", "item 1", 14) + body("other", 12))
    repository.commit()
    renamed = segment(lineages(repository), "b")
    assert renamed.is_weak == (renamed.similarity is not None and renamed.similarity < 60)


def test_a_path_may_name_several_files_over_time(repository: Repository) -> None:
    repository.write(a=body("first"))
    repository.commit()
    repository.git("mv", "a", "b")
    repository.commit()
    repository.write(a=body("second"))
    repository.commit()
    assert paths_of(lineages(repository)) == {0: ["a", "b"], 1: ["a"]}


def test_two_files_that_swap_their_paths_keep_their_lineages(repository: Repository) -> None:
    repository.write(a=body("first"), b=body("second"))
    repository.commit()
    first, second = (repository.root / name for name in "ab")
    content = first.read_text(), second.read_text()
    second.write_text(content[0])
    first.write_text(content[1])
    repository.commit()
    # Git reports two modified files: a path keeps its lineage unless git reports a rename.
    assert paths_of(lineages(repository)) == {0: ["a"], 1: ["b"]}


def test_the_same_content_deleted_and_added_again_is_the_same_file(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    repository.git("rm", "--quiet", "a")
    repository.commit()
    repository.write(b=body("a"))
    repository.commit()
    found = lineages(repository)
    assert paths_of(found) == {0: ["a", "b"]}
    assert segment(found, "b").origin is PathOrigin.RESTORED


@pytest.mark.parametrize(("gap", "is_same"), [(49, True), (51, False)])
def test_after_fifty_commits_the_same_content_is_another_file(
    repository: Repository, gap: int, *, is_same: bool
) -> None:
    repository.write(a=body("a"))
    repository.commit()
    repository.git("rm", "--quiet", "a")
    repository.commit()
    for _ in range(gap - 1):
        repository.commit()
    repository.write(b=body("a"))
    repository.commit()
    assert (len(paths_of(lineages(repository))) == 1) is is_same


def test_a_copy_whose_original_is_deleted_soon_has_moved(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    repository.write(b=body("a"))
    repository.commit()
    repository.git("rm", "--quiet", "a")
    repository.commit()
    found = lineages(repository)
    assert paths_of(found) == {0: ["a", "b"]}
    assert (segment(found, "b").origin, segment(found, "b").start) == (PathOrigin.COPIED, 1)


@pytest.mark.parametrize(
    "content", ["", "tiny\n", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"]
)
def test_small_contents_are_not_paired_across_commits(repository: Repository, content: str) -> None:
    repository.write(a=content)
    repository.commit()
    repository.git("rm", "--quiet", "a")
    repository.commit()
    repository.write(b=content)
    repository.commit()
    assert paths_of(lineages(repository)) == {0: ["a"], 1: ["b"]}


def test_an_empty_file_goes_where_the_files_of_its_folder_go(repository: Repository) -> None:
    repository.write(old__init="", old__code=body("code"), old__other="")
    repository.commit()
    repository.git("mv", "old", "new")
    repository.git("mv", "new/other", "new/renamed")
    repository.commit()
    by_path = {one.path: one.lineage for one in lineages(repository).segments}
    assert by_path["old/init"] == by_path["new/init"]
    assert by_path["old/other"] != by_path["new/renamed"]


def test_licences_are_not_paired_across_commits(repository: Repository) -> None:
    repository.write(LICENSE=body("terms"))
    repository.commit()
    repository.git("rm", "--quiet", "LICENSE")
    repository.commit()
    repository.write(vendored__LICENSE=body("terms"))
    repository.commit()
    assert len(paths_of(lineages(repository))) == 2

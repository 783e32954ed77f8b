"""The mainline of repositories made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git import mainline
from graphmem.sources.git.mainline import MainlineCommit, find_mainline
from graphmem.sources.git.runner import GitFailure
from tests.sources.git.repositories import Repository, body

NOW_US = 2_000_000_000_000_000
S = 1_000_000


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def commits(repository: Repository, ref: str | None = None) -> list[MainlineCommit]:
    return list(find_mainline(repository.root, ref).commits(NOW_US))


def test_each_commit_has_a_time_of_its_own(repository: Repository) -> None:
    for at_s in (1_000_000_000, 1_000_000_000, 900_000_000, 1_000_000_001):
        repository.commit(at_s)
    times = [commit.at_us for commit in commits(repository)]
    assert times == [1_000_000_000 * S, 1_000_000_000 * S + 1, 1_000_000_000 * S + 2, 1_000_000_001 * S]


def test_a_commit_of_the_future_is_clamped_to_the_time_of_reading(repository: Repository) -> None:
    repository.commit(1_000_000_000)
    repository.commit(4_102_444_800)
    repository.commit(1_000_000_005)
    read = commits(repository)
    assert [(commit.at_us, commit.is_clamped) for commit in read] == [
        (1_000_000_000 * S, False),
        (NOW_US, True),
        (NOW_US + 1, False),
    ]


def test_a_commit_of_1970_is_read(repository: Repository) -> None:
    repository.commit(0)
    assert [commit.at_us for commit in commits(repository)] == [0]


def test_merged_work_arrives_with_its_merge(repository: Repository) -> None:
    repository.write(a="1")
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "side")
    repository.write(b=body("b"))
    side = repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.commit()
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    read = commits(repository)
    assert side not in [commit.raw.sha for commit in read]
    assert [change.path for change in read[-1].raw.changes] == ["b"]
    assert len(read[-1].raw.parents) == 2


def test_several_roots_and_an_octopus_merge_are_read(repository: Repository) -> None:
    repository.write(a="1")
    repository.commit()
    for name in ("x", "y"):
        repository.git("checkout", "--quiet", "--orphan", name)
        repository.git("rm", "-rfq", ".")
        repository.write(**{name: body(name)})
        repository.commit()
        repository.git("checkout", "--quiet", "main")
    tree = repository.git("write-tree")
    merge = repository.git(
        "commit-tree", tree, *(word for name in ("main", "x", "y") for word in ("-p", name)), text="octopus"
    )
    repository.git("reset", "--quiet", "--hard", merge)
    assert len(commits(repository)[-1].raw.parents) == 3


def test_the_default_branch_of_the_remote_comes_first(repository: Repository, tmp_path: Path) -> None:
    repository.write(a="1")
    first = repository.commit()
    clone = Repository(tmp_path / "clone")
    repository.git("clone", "--quiet", str(repository.root), str(clone.root))
    clone.write(b="2")
    second = clone.commit()
    assert find_mainline(clone.root).tip == first
    assert find_mainline(clone.root, "HEAD").tip == second


def test_a_ref_that_is_not_there_is_named(repository: Repository) -> None:
    repository.commit()
    with pytest.raises(GitFailure, match="no commit v9"):
        find_mainline(repository.root, "v9")


def test_a_shallow_clone_begins_at_its_boundary(repository: Repository, tmp_path: Path) -> None:
    for number in range(4):
        repository.write(a=str(number))
        repository.commit()
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth=2", f"file://{repository.root}", str(clone))
    found = find_mainline(clone)
    assert len(found.shas) == 2
    assert found.boundary == {found.shas[0]}


def test_a_commit_whose_content_is_missing_is_read_with_exact_renames(repository: Repository, tmp_path: Path) -> None:
    repository.write(a=body("a"), c=body("c"))
    repository.commit()
    repository.git("mv", "a", "b")
    repository.write(b=body("a") + "more\n")
    repository.git("mv", "c", "d")
    repository.commit()
    repository.write(e=body("e"))
    repository.commit()
    clone = tmp_path / "clone"
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{repository.root}", str(clone))
    read = list(find_mainline(clone, "HEAD").commits(NOW_US))
    assert [commit.is_exact_only for commit in read] == [False, True, False]
    assert [(change.status, change.path) for change in read[1].raw.changes] == [("D", "a"), ("A", "b"), ("R", "d")]


def test_a_damaged_commit_is_listed_and_the_rest_is_read(repository: Repository) -> None:
    shas = []
    for number in range(3):
        repository.write(**{f"f{number}": body(str(number))})
        shas.append(repository.commit())
    tree = repository.git("rev-parse", f"{shas[1]}^{{tree}}")
    file = repository.root / ".git" / "objects" / tree[:2] / tree[2:]
    file.chmod(0o644)
    file.write_bytes(b"damaged")
    found = find_mainline(repository.root)
    read = [commit.position for commit in found.commits(NOW_US)]
    assert 0 in read
    assert [one.sha for one in found.quarantined] == [shas[1], shas[2]]
    assert all(one.reason for one in found.quarantined)


def test_a_commit_beyond_the_rename_limit_is_marked(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mainline, "RENAME_LIMIT", 2)
    repository.write(**{f"old{number}": body(f"old {number}") for number in range(3)})
    repository.commit()
    for number in range(3):
        (repository.root / f"old{number}").unlink()
        repository.write(**{f"new{number}": body(f"new {number}")})
    repository.commit()
    assert [commit.is_over_limit for commit in commits(repository)] == [False, True]


def test_reading_goes_on_from_a_position(repository: Repository) -> None:
    for number in range(4):
        repository.write(a=str(number))
        repository.commit()
    every = commits(repository)
    rest = list(find_mainline(repository.root).commits(NOW_US, start=2, after_us=every[1].at_us))
    assert rest == every[2:]

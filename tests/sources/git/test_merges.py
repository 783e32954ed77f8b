"""Whether a branch was merged: nothing is reported that the mainline does not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git import merges
from graphmem.sources.git.merges import MainlinePatches, Merge, MergeFinder, MergeWay, mainline_patches
from graphmem.sources.git.runner import GitFailure
from tests.sources.git.repositories import Repository, body


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A file `a` of 30 lines on the main line; a branch `fix` with two commits of its own; main goes on meanwhile."""
    made = Repository.made(tmp_path / "repository")
    made.write(a=body("a"), b=body("b"))
    made.commit()
    made.git("checkout", "--quiet", "-b", "fix")
    made.write(a=body("a") + "first\n")
    made.commit()
    made.write(a=body("a") + "first\nsecond\n", c=body("c"))
    made.commit()
    made.git("checkout", "--quiet", "main")
    made.write(b="above\n" + body("b"))
    made.commit()
    return made


def finder(repository: Repository) -> MergeFinder:
    tip = repository.git("rev-parse", "main")
    return MergeFinder(repository.root, tip, mainline_patches(repository.root, tip))


def merge_of(repository: Repository, head: str = "fix", *, has_own_commits: bool = False) -> Merge | None:
    return finder(repository).merge_of(head, has_own_commits=has_own_commits)


def merged(repository: Repository) -> str:
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", "fix")
    return repository.git("rev-parse", "HEAD")


def squashed(repository: Repository, **edits: str) -> str:
    repository.git("merge", "--quiet", "--squash", "fix")
    repository.write(**edits)
    return repository.commit()


def picked(repository: Repository, *commits: str) -> str:
    for commit in commits:
        repository.git("cherry-pick", commit, at_s=1_800_000_000)
    return repository.git("rev-parse", "HEAD")


def reverted(repository: Repository, *words: str) -> str:
    repository.git("revert", "--no-edit", *words, at_s=1_800_000_000)
    return repository.git("rev-parse", "HEAD")


def goes_on(repository: Repository, seed: str) -> str:
    repository.write(**{seed: body(seed)})
    return repository.commit()


def test_a_branch_that_nobody_merged_is_open(repository: Repository) -> None:
    assert merge_of(repository) is None


def test_a_merge_commit_contains_the_branch(repository: Repository) -> None:
    commit = merged(repository)
    goes_on(repository, "later")
    assert merge_of(repository) == Merge(MergeWay.ANCESTRY, commit)


def test_a_branch_may_come_by_way_of_another(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "develop", "main")
    merged(repository)
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=release", "develop")
    commit = repository.git("rev-parse", "HEAD")
    goes_on(repository, "later")
    assert merge_of(repository) == Merge(MergeWay.ANCESTRY, commit)


def test_a_branch_without_commits_of_its_own_is_not_merged(repository: Repository) -> None:
    repository.git("branch", "fresh")
    assert merge_of(repository, "fresh") is None
    goes_on(repository, "later")
    assert merge_of(repository, "fresh") is None
    assert merge_of(repository, "main") is None


def test_a_fast_forward_is_a_merge_of_commits_known_to_be_of_the_branch(repository: Repository) -> None:
    repository.git("reset", "--quiet", "--hard", "fix~2")
    repository.git("merge", "--quiet", "--ff-only", "fix")
    head = repository.git("rev-parse", "fix")
    goes_on(repository, "later")
    assert merge_of(repository) is None
    assert merge_of(repository, has_own_commits=True) == Merge(MergeWay.ANCESTRY, head)


def test_a_squash_makes_the_changes_of_the_branch_at_once(repository: Repository) -> None:
    commit = squashed(repository)
    goes_on(repository, "later")
    assert merge_of(repository) == Merge(MergeWay.SQUASH, commit)


def test_a_squash_after_the_main_line_was_merged_into_the_branch(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "fix")
    repository.git("merge", "--quiet", "--message=update", "main")
    repository.git("checkout", "--quiet", "main")
    assert merge_of(repository) is None
    assert merge_of(repository, "fix~1") is None
    commit = squashed(repository)
    assert merge_of(repository) == Merge(MergeWay.SQUASH, commit)


@pytest.mark.parametrize("name", ["a", "c", "unrelated"])
def test_a_squash_that_was_edited_is_not_recognised(repository: Repository, name: str) -> None:
    squashed(repository, **{name: "edited\n" + body(name)})
    assert merge_of(repository) is None


def test_a_rebase_makes_the_changes_of_each_commit(repository: Repository) -> None:
    commit = picked(repository, "fix~1", "fix")
    goes_on(repository, "later")
    assert merge_of(repository) == Merge(MergeWay.REBASE, commit)


def test_commits_may_land_with_others_between_them(repository: Repository) -> None:
    picked(repository, "fix~1")
    goes_on(repository, "between")
    assert merge_of(repository) is None
    assert merge_of(repository, "fix~1") == Merge(MergeWay.SQUASH, repository.git("rev-parse", "HEAD~1"))
    commit = picked(repository, "fix")
    assert merge_of(repository) == Merge(MergeWay.REBASE, commit)


def test_a_branch_of_which_a_part_was_picked_is_open(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "fix")
    goes_on(repository, "third")
    repository.git("checkout", "--quiet", "main")
    picked(repository, "fix~2", "fix~1")
    assert merge_of(repository) is None


def test_a_rebase_that_was_edited_is_not_recognised(repository: Repository) -> None:
    picked(repository, "fix~1")
    repository.git("cherry-pick", "--no-commit", "fix")
    repository.write(c="edited\n" + body("c"))
    repository.commit()
    assert merge_of(repository) is None


def test_a_branch_with_merges_of_its_own_is_not_taken_apart(repository: Repository) -> None:
    """Edits in a merge commit are in no patch of the other commits."""
    repository.git("checkout", "--quiet", "fix")
    repository.git("merge", "--quiet", "--no-commit", "main")
    repository.write(hidden=body("hidden"))
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    picked(repository, "fix^1~1", "fix^1")
    assert merge_of(repository) is None


def test_a_commit_that_makes_all_changes_of_a_longer_branch_is_no_proof(repository: Repository) -> None:
    """The first and the third commit cancel out; the first two are picked, then all three."""
    repository.git("checkout", "--quiet", "-b", "back", "main")
    repository.write(b="first\nabove\n" + body("b"))
    repository.commit()
    goes_on(repository, "kept")
    repository.write(b="above\n" + body("b"))
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    picked(repository, "back~2", "back~1")
    assert merge_of(repository, "back") is None
    assert merge_of(repository, "back~1") == Merge(MergeWay.REBASE, repository.git("rev-parse", "HEAD"))
    commit = picked(repository, "back")
    assert merge_of(repository, "back") == Merge(MergeWay.REBASE, commit)
    repository.git("reset", "--quiet", "--hard", "back~3")
    repository.git("merge", "--quiet", "--squash", "back")
    assert merge_of(repository, "back") is None
    commit = repository.commit()
    assert merge_of(repository, "back") == Merge(MergeWay.SQUASH, commit)


def test_a_squash_that_was_reverted_says_so(repository: Repository) -> None:
    commit = squashed(repository)
    undone = reverted(repository, "HEAD")
    goes_on(repository, "later")
    assert merge_of(repository) == Merge(MergeWay.SQUASH, commit, reverted_by=undone)
    again = reverted(repository, undone)
    assert merge_of(repository) == Merge(MergeWay.SQUASH, again)


def test_a_merge_commit_that_was_reverted_says_so(repository: Repository) -> None:
    commit = merged(repository)
    undone = reverted(repository, "-m", "1", "HEAD")
    assert merge_of(repository) == Merge(MergeWay.ANCESTRY, commit, reverted_by=undone)


def test_a_rebase_is_reverted_when_all_of_it_is(repository: Repository) -> None:
    commit = picked(repository, "fix~1", "fix")
    reverted(repository, "HEAD")
    assert merge_of(repository) == Merge(MergeWay.REBASE, commit)
    undone = reverted(repository, "HEAD~2")
    assert merge_of(repository) == Merge(MergeWay.REBASE, commit, reverted_by=undone)


def test_the_same_patch_before_the_fork_is_no_merge(repository: Repository) -> None:
    """The patch landed once and was reverted; then somebody makes the same change on a branch."""
    squashed(repository)
    reverted(repository, "HEAD")
    repository.git("checkout", "--quiet", "-b", "again")
    picked(repository, "main~1")
    repository.git("checkout", "--quiet", "main")
    goes_on(repository, "later")
    assert merge_of(repository, "again") is None
    commit = picked(repository, "again")
    assert merge_of(repository, "again") == Merge(MergeWay.SQUASH, commit)


def test_changes_that_differ_in_white_space_are_not_equal(repository: Repository) -> None:
    squashed(repository, a=body("a") + "    first\n  second\n")
    assert merge_of(repository) is None


def test_a_change_that_is_its_own_reverse_was_not_undone(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "swap", "main")
    repository.write(a="".join(reversed(body("a").splitlines(keepends=True)[:2])) + body("a").split("\n", 2)[2])
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    commit = picked(repository, "swap")
    assert merge_of(repository, "swap") == Merge(MergeWay.SQUASH, commit)


def test_binary_files_are_compared_by_content(repository: Repository) -> None:
    for name, content in (("left", b"\0left"), ("right", b"\0right"), ("main", b"\0left")):
        repository.git("checkout", "--quiet", *(("-b", name, "fix~2") if name != "main" else ("main",)))
        (repository.root / "logo.png").write_bytes(content)
        commit = repository.commit()
    assert merge_of(repository, "left") == Merge(MergeWay.SQUASH, commit)
    assert merge_of(repository, "right") is None


def test_commits_without_a_change_show_nothing(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "empty", "fix~2")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.commit()
    assert merge_of(repository, "empty") is None


def test_a_branch_of_another_history_is_open(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit()
    assert merge_of(repository, "other") is None


def test_a_commit_that_there_is_not_is_refused(repository: Repository) -> None:
    with pytest.raises(GitFailure):
        merge_of(repository, "0" * 40)


def test_patches_of_a_later_part_go_on_from_the_earlier(repository: Repository) -> None:
    before = repository.git("rev-parse", "main")
    first = mainline_patches(repository.root, before)
    squashed(repository)
    tip = repository.git("rev-parse", "main")
    later = mainline_patches(repository.root, tip, after=before)
    assert [patch.commit for patch in later.patches] == [tip]
    assert first.plus(later) == mainline_patches(repository.root, tip)
    assert MergeFinder(repository.root, tip, later).merge_of("fix") == Merge(MergeWay.SQUASH, tip)
    assert mainline_patches(repository.root, tip, after=tip) == MainlinePatches()


def test_a_merge_before_the_known_patches_is_found_without_its_revert(repository: Repository) -> None:
    commit = merged(repository)
    assert MergeFinder(repository.root, commit, MainlinePatches()).merge_of("fix") == Merge(MergeWay.ANCESTRY, commit)


def test_configuration_does_not_change_patches(repository: Repository) -> None:
    tip = squashed(repository)
    before = mainline_patches(repository.root, tip)
    for name, value in (("diff.context", "0"), ("diff.noprefix", "true"), ("diff.algorithm", "patience")):
        repository.git("config", name, value)
    repository.git("config", "diff.interHunkContext", "50")
    repository.git("config", "diff.renames", "copies")
    assert mainline_patches(repository.root, tip) == before


def test_commits_whose_contents_are_missing_are_listed(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = squashed(repository)
    blob = repository.git("rev-parse", "main~1:b")
    (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    read = mainline_patches(repository.root, tip)
    assert read.unread == (repository.git("rev-parse", "main~1"),)
    assert len(read.patches) == 2
    monkeypatch.setattr(merges, "_MOST_UNREAD", 1)
    monkeypatch.setattr(merges, "_PART", 1)
    assert mainline_patches(repository.root, tip).unread == tuple(
        repository.git("rev-list", "--reverse", "main").split()[1:]
    )


def test_parts_make_the_whole(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = merged(repository)
    whole = mainline_patches(repository.root, tip)
    monkeypatch.setattr(merges, "_PART", 1)
    assert mainline_patches(repository.root, tip) == whole
    assert len(whole.patches) == 3

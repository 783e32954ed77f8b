"""The first-parent line of a commit, and what arrived with its merges."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git.ancestry import Ancestry, ancestry_of, continued
from graphmem.sources.git.runner import GitFailure
from tests.sources.git.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def merged(repository: Repository, commits: int = 1) -> tuple[list[str], str]:
    """The hashes of new commits of a branch that is merged at once, and that of the merge."""
    repository.git("checkout", "--quiet", "-b", "side")
    side = [repository.commit() for _ in range(commits)]
    repository.git("checkout", "--quiet", "main")
    repository.commit()
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    repository.git("branch", "--quiet", "-D", "side")
    return side, repository.git("rev-parse", "HEAD")


def test_commits_arrive_with_the_first_merge_that_has_them(repository: Repository) -> None:
    first = repository.commit()
    side, merge = merged(repository, 2)
    later, tip = merged(repository)
    found = ancestry_of(repository.root, tip)
    assert (found.line[0], found.line[2], found.line[-1], len(found.line)) == (first, merge, tip, 5)
    assert found.arrivals == (*((sha, 2) for sha in sorted(side)), (later[0], 4))
    assert found.arrived(0, 3) == found.arrivals[:2]
    assert found.arrived(3, 5) == found.arrivals[2:]


def test_a_line_that_begins_later_has_all_before_as_arrivals_of_its_first_commit(repository: Repository) -> None:
    first = repository.commit()
    side, merge = merged(repository)
    later, tip = merged(repository)
    whole = ancestry_of(repository.root, tip)
    cut = whole.since(merge)
    assert (cut.line, cut.before) == (whole.line[2:], whole.line[1])
    assert cut.arrivals == (*((sha, 0) for sha in sorted([first, whole.line[1], *side])), (later[0], 2))
    assert whole.since(first) is whole


def test_a_continued_line_has_only_new_arrivals(repository: Repository) -> None:
    repository.commit()
    _, merge = merged(repository)
    recorded = ancestry_of(repository.root, merge).line
    later, tip = merged(repository)
    found = continued(repository.root, tip, recorded)
    assert found == Ancestry(ancestry_of(repository.root, tip).line, ((later[0], 4),))
    assert continued(repository.root, merge, recorded) == Ancestry(recorded)


def test_another_line_does_not_continue_the_recorded_one(repository: Repository) -> None:
    repository.commit()
    side, merge = merged(repository)
    recorded = ancestry_of(repository.root, side[0]).line
    assert continued(repository.root, merge, recorded) is None
    with pytest.raises(GitFailure):
        continued(repository.root, merge, ["1" * 40])
